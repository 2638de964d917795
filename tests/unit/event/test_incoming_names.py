from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from curation.errors import PhotoPresentError
from curation.event.incoming_names import kept_names, numbered, of_one_name
from curation.event.incoming_photos import IncomingPhoto
from curation.event.photo_places import FolderPlace
from tests.photo_files import four_corners, write_dng
from tests.unit.photos.finding.test_twins import LATER, TEN, jpeg, noise

A, B, B_RAW, PHONE = "A", "B", "B raw", "phone"


@pytest.fixture
def sent(tmp_path: Path) -> dict[str, tuple[str, bytes]]:
    """IMG_0001 of three cameras: one with a JPEG, one with a JPEG and its RAW file, a phone."""
    made = tmp_path / "made"
    made.mkdir()
    a = jpeg(made / "a.jpg", TEN, "Camera A1", noise()).read_bytes()
    b = jpeg(made / "b.jpg", LATER, "Made Up").read_bytes()
    raw = write_dng(made / "b.dng", size=(96, 64), preview=(96, 64), shown=four_corners(96, 64)).read_bytes()
    phone = jpeg(made / "p.jpg", "", "", noise()[::-1]).read_bytes()
    return {
        A: ("IMG_0001.JPG", a),
        B: ("IMG_0001.JPG", b),
        B_RAW: ("IMG_0001.DNG", raw),
        PHONE: ("img_0001.jpg", phone),
    }


def send(folder: Path, name: str, content: bytes) -> str:
    photo = IncomingPhoto(FolderPlace(folder), name, max_bytes=1e9)
    try:
        photo.write(content)
        return photo.store(max_megapixels=100)
    finally:
        photo.close()


@pytest.mark.parametrize("order", list(itertools.permutations((A, B, B_RAW))), ids="-".join)
def test_files_of_one_shot_get_one_stem_in_whatever_order_they_come(
    tmp_path: Path, sent: dict[str, tuple[str, bytes]], order: tuple[str, ...]
) -> None:
    folder = tmp_path / "photos"
    kept = {which: send(folder, *sent[which]) for which in order}
    stems = {which: name.rpartition(".")[0] for which, name in kept.items()}
    assert stems[B] == stems[B_RAW] != stems[A]
    assert {name.rpartition(".")[2] for name in kept.values()} == {"JPG", "DNG"}
    for which, name in kept.items():
        assert (folder / name).read_bytes() == sent[which][1]
        with pytest.raises(PhotoPresentError) as error:
            send(folder, *sent[which])
        assert error.value.stored_as == name
    # Names that only differ in case are one name for many systems.
    assert send(folder, *sent[PHONE]).casefold() not in {name.casefold() for name in kept.values()}
    assert len(list(folder.iterdir())) == 4


def test_what_cannot_be_told_is_kept_apart(tmp_path: Path, sent: dict[str, tuple[str, bytes]]) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "IMG_0001.JPG").write_bytes(sent[B][1][:200])
    assert send(folder, *sent[B_RAW]) == "IMG_0001 (2).DNG"


def test_pictures_of_two_formats_share_a_stem_unless_they_are_two_shots(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    made = tmp_path / "made"
    send(folder, "IMG_1.jpeg", jpeg(made / "1.jpg", TEN, "Camera A1").read_bytes())
    assert send(folder, "IMG_1.jpg", jpeg(made / "2.jpg", TEN, "Camera A1", noise()).read_bytes()) == "IMG_1.jpg"
    assert send(folder, "IMG_1.jpe", jpeg(made / "3.jpg", LATER, "Camera A1").read_bytes()) == "IMG_1 (2).jpe"


def test_names_with_numbers() -> None:
    assert [numbered("a.b.jpg", number) for number in (1, 2)] == ["a.b.jpg", "a.b (2).jpg"]
    present = ["a.JPG", "a (2).jpg", "a (2).nef", "a (x).jpg", "ab.jpg", "a (2) (3).jpg"]
    assert of_one_name("a.jpg", present) == ["a (2).jpg", "a.JPG"]
    assert next(kept_names(Path("gone.jpg"), "a.jpg", ["a.JPG", "a (2).jpg"], None, 9)) == "a (3).jpg"  # type: ignore[arg-type]
