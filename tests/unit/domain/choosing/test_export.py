"""Names of exported files, and requests that contradict themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.choosing.export import ExportMode, ExportRequest, free_name, name_key, portable_name


@pytest.mark.parametrize(
    ("name", "portable"),
    [
        ("IMG_0132.jpg", "IMG_0132.jpg"),
        ("Fête 日本 é.jpg", "Fête 日本 é.jpg"),
        ('a:b?"c".jpg', "a_b__c_.jpg"),
        ("..\\..\\autoexec.bat", ".._.._autoexec.bat"),
        ("line\nbreak.jpg", "line_break.jpg"),
        ("caf\udce9.jpg", "caf_.jpg"),
        ("holiday. ", "holiday__"),
        ("..", "__"),
        ("con.jpg", "_con.jpg"),
        ("Lpt1", "_Lpt1"),
        ("console.jpg", "console.jpg"),
    ],
)
def test_names_that_every_system_can_unpack(name: str, portable: str) -> None:
    assert portable_name(name) == portable


@given(st.text(min_size=1))
def test_a_portable_name_stays_as_it_is(name: str) -> None:
    once = portable_name(name)
    assert portable_name(once) == once
    assert once.encode("utf-8") and "/" not in once and once not in (".", "..")


def test_a_taken_name_gets_a_number_before_its_extension() -> None:
    taken = {name_key(name) for name in ("day 1/a.jpg", "day 1/a (2).jpg", ".jpg", "README")}
    assert free_name("day 1/a.jpg", taken) == "day 1/a (3).jpg"
    assert free_name("day 1/A.JPG", taken) == "day 1/A (3).JPG"  # one file for Windows and macOS
    assert free_name("day 2/a.jpg", taken) == "day 2/a.jpg"
    assert free_name("readme", taken) == "readme (2)"
    assert free_name(".jpg", taken) == ".jpg (2)"


def test_composed_and_decomposed_letters_are_one_name() -> None:
    assert name_key("Zoe\u0308.jpg") == name_key("ZOË.jpg")


def test_hard_links_embed_nothing() -> None:
    with pytest.raises(ValueError, match="hard links are the originals"):
        ExportRequest(("a.jpg",), mode=ExportMode.HARDLINK, embed=True)
    assert ExportRequest(("a.jpg",), mode=ExportMode.HARDLINK, embed=False).mode is ExportMode.HARDLINK


@pytest.mark.parametrize("name", ["a/b", "..", ".hidden", "a:b", "NUL", "end."])
def test_a_name_must_do_everywhere(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        ExportRequest(("a.jpg",), name=name)


def test_a_name_must_not_be_too_long() -> None:
    assert ExportRequest(name="日" * 66).name
    with pytest.raises(ValueError, match="too long"):
        ExportRequest(name="日" * 67)


def test_certain_photos_or_the_best_ones() -> None:
    with pytest.raises(ValueError, match="not both"):
        ExportRequest(("a.jpg",), best=3)
