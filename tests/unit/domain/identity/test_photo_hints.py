from __future__ import annotations

import pytest

from curation.domain.identity.photo_hints import Hint, hint, times_differ
from tests.unit.domain.identity.made_looks import look


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("DSC_0412.JPG", "web/DSC_0412.webp", Hint.SAME_NAME),
        ("Müller.jpg", "Mu\u0308ller.jpg", Hint.SAME_NAME),
        ("DSC_0412.JPG", "DSC_0412-Edit.jpg", Hint.NAME_VARIANT),
        ("DSC_0412.JPG", "DSC_0412 (1).jpg", Hint.NAME_VARIANT),
        ("DSC_0412.JPG", "DSC_0412 - Copy.jpg", Hint.NAME_VARIANT),
        ("DSC_0412.JPG", "DSC_0413.JPG", Hint.NONE),
        ("DSC_0412.JPG", "DSC_04123.JPG", Hint.NONE),
        ("copy.jpg", "edit.jpg", Hint.NONE),
        ("", ".jpg", Hint.NONE),
    ],
)
def test_names(old: str, new: str, expected: Hint) -> None:
    assert hint(look(None, path=old), look(None, path=new)) == expected


@pytest.mark.parametrize(
    ("old", "new", "differ", "expected"),
    [
        ("2026-05-01T10:00:00.12", "2026-05-01T10:00:00.120", False, Hint.SAME_MOMENT),
        ("2026-05-01T10:00:00.12", "2026-05-01T10:00:00.17", True, Hint.SAME_SECOND),
        ("2026-05-01T10:00:00.12", "2026-05-01T10:00:00", False, Hint.SAME_SECOND),
        ("2026-05-01T10:00:00", "2026-05-01T10:00:01", True, Hint.NONE),
        ("2026-05-01T10:00:00", None, False, Hint.NONE),
        ("nonsense", "nonsense", False, Hint.SAME_SECOND),
    ],
)
def test_times(old: str, new: str | None, differ: bool, expected: Hint) -> None:
    first, second = look(None, path="a.jpg", time=old), look(None, path="b.jpg", time=new)
    assert times_differ(first, second) == differ
    assert hint(first, second) == expected
