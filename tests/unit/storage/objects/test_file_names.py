from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.storage.objects.file_names import file_name_of, key_of

_PARTS = st.one_of(
    st.sampled_from(
        ["", ".", "..", "%", "%00", "%2E", "%2E%2E", "%N", "%N%2500", "%+", "%-", "a%+", "%25", "%curation"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.text(st.sampled_from("%+-N.ü0"), min_size=150, max_size=500),
)


@given(st.lists(_PARTS, min_size=1, max_size=5).map("/".join))
def test_each_key_has_a_file_of_its_own_below_the_folder(key: str) -> None:
    name = file_name_of(key)
    assert key_of(name) == key
    for part in name.split("/"):
        assert part not in ("", ".", "..")
        assert "\0" not in part
        assert part != "%curation"
        assert len(part.encode()) <= 255 - len(".") - len(".1234567.curation-tmp")


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("a/b c.jpg", "a/b c.jpg"),
        ("a%20b.jpg", "a%20b.jpg"),
        ("100%.jpg", "100%.jpg"),
        ("日本/back\\slash.jpg", "日本/back\\slash.jpg"),
        ("../etc/passwd", "%2E%2E/etc/passwd"),
        ("/etc/passwd", "%00/etc/passwd"),
        ("a//b", "a/%00/b"),
        ("a/", "a/%00"),
        ("%2E%2E/x", "%N%252E%252E/x"),
    ],
)
def test_almost_every_key_is_its_own_name(key: str, name: str) -> None:
    assert file_name_of(key) == name


def test_a_long_name_keeps_its_extension() -> None:
    assert file_name_of("ä" * 400 + ".jpeg").rpartition("/")[2].endswith("ä.jpeg")
