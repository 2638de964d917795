from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curation.photos.finding.companions import (
    COMPANIONS,
    companion_names,
    companions_of,
    names_its_photo,
    renamed_inside,
)

HERE = [
    "IMG_0001.HEIC", "IMG_0001.MOV", "img_0001.aae", "IMG_O0001.AAE", "IMG_E0001.JPG", "IMG_E0001.MOV", "IMG_0002.MOV",
    "DSC_1.NEF", "DSC_1.JPG", "DSC_1.NEF.pp3", "DSC_1.JPG.pp3", "DSC_1.NEF.dop", "DSC_1_01.NEF.xmp", "DSC_1.WAV",
    "DSC_1.xmp", "DSC_1.NEF.xmp", "DSC_10.WAV", "DSC_1.acr", "DSC_1.dr4", "DSC_1.on1", "DSC_1.JPG.json",
]  # fmt: skip
NAMES = {
    "": companion_names(HERE),
    "CaptureOne/Settings153": companion_names(["DSC_1.NEF.cos", "DSC_2.NEF.cos"]),
    "NKSC_PARAM": companion_names(["DSC_1.NEF.nksc"]),
}


def of(photo: str) -> set[str]:
    return {one.name for one in companions_of(photo, NAMES)}


def test_what_belongs_to_a_live_photo() -> None:
    assert of("IMG_0001.HEIC") == {"IMG_0001.MOV", "img_0001.aae", "IMG_O0001.AAE", "IMG_E0001.JPG", "IMG_E0001.MOV"}


def test_what_belongs_to_a_raw_file_and_to_the_picture_beside_it() -> None:
    shared = {"DSC_1.WAV", "DSC_1.acr", "DSC_1.dr4", "DSC_1.on1"}
    assert of("DSC_1.NEF") == shared | {
        "DSC_1.NEF.pp3", "DSC_1.NEF.dop", "DSC_1_01.NEF.xmp", "CaptureOne/Settings153/DSC_1.NEF.cos",
        "NKSC_PARAM/DSC_1.NEF.nksc",
    }  # fmt: skip
    assert of("DSC_1.JPG") == shared | {"DSC_1.JPG.pp3", "DSC_1.JPG.json"}
    assert of("DSC_2.JPG") == set()


@pytest.mark.parametrize("photo", ["IMG_0001.HEIC", "DSC_1.NEF", "DSC_1.JPG"])
def test_under_another_name_they_belong_to_it_by_the_same_rules(photo: str) -> None:
    stem, _, extension = photo.rpartition(".")
    new = f"{stem} (2).{extension}"
    renamed = [one.beside(new) for one in companions_of(photo, NAMES)]
    assert len(set(renamed)) == len(renamed)
    folders: dict[str, list[str]] = {}
    for name in renamed:
        folder, _, file = name.rpartition("/")
        folders.setdefault(folder, []).append(file)
    again = companions_of(new, {folder: companion_names(names) for folder, names in folders.items()})
    assert {one.name for one in again} == set(renamed)
    # Back again; the case of the photo's name is theirs.
    assert {one.beside(photo).casefold() for one in again} == {name.casefold() for name in of(photo)}


def test_extensions_stay_as_they_are_spelled() -> None:
    (movie,) = (one for one in companions_of("IMG_0001.HEIC", NAMES) if one.name == "IMG_0001.MOV")
    assert movie.beside("party.heic") == "party.MOV"


@given(st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12))
@settings(max_examples=30)
@example("*")
@example("{stem}")
def test_any_name_has_its_companions(stem: str) -> None:
    photo, memo = f"{stem}.jpg", f"{stem}.jpg.pp3"
    assert [one.name for one in companions_of(photo, {"": companion_names([photo, memo, "z.wav"])})] == [memo]


def test_where_case_tells_files_apart_each_photo_has_its_own() -> None:
    names = {"": companion_names(["A.HEIC", "a.HEIC", "A.AAE", "a.AAE", "A.HEIC.pp3", "a.heic.out.PP3"])}
    assert [one.name for one in companions_of("A.HEIC", names)] == ["A.AAE", "A.HEIC.pp3", "a.heic.out.PP3"]
    assert [one.name for one in companions_of("a.HEIC", names)] == ["A.HEIC.pp3", "a.AAE", "a.heic.out.PP3"]


def test_the_name_inside_follows() -> None:
    text = b'Name = "DSC_1.NEF", crs:RawFileName="DSC_1.NEF" MYDSC_1.NEF DSC_1.NEFX DSC_1.NEF'
    assert renamed_inside(text, "DSC_1.NEF", "DSC_1 (2).NEF") == (
        b'Name = "DSC_1 (2).NEF", crs:RawFileName="DSC_1 (2).NEF" MYDSC_1.NEF DSC_1.NEFX DSC_1 (2).NEF'
    )
    assert names_its_photo("DSC_1.NEF.dop") and not names_its_photo("IMG_1.MOV")


def test_the_table_says_who_writes_what() -> None:
    assert all(
        rule.by and rule.name.startswith(("{", "CaptureOne/", "NKSC_PARAM/", "SILKYPIX_DS/")) for rule in COMPANIONS
    )
