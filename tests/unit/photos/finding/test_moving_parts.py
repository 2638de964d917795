from __future__ import annotations

from pathlib import Path

from curation.photos.files.listing import list_photos
from curation.photos.finding.twins import TwinFinder
from tests.unit.photos.finding.test_movies import ID, movie
from tests.unit.photos.finding.test_twins import LATER, TEN, jpeg


def beside(folder: Path, finder: TwinFinder | None = None) -> dict[str, str]:
    listing = list_photos(folder, exclude=(), skip_raw_with_jpeg=True, finder=finder)
    return {clip.video_path: clip.beside for clip in listing.clips}


def test_films_of_the_name_of_a_photo(tmp_path: Path) -> None:
    jpeg(tmp_path / "IMG_1.JPG", TEN)
    (tmp_path / "IMG_1.MOV").write_bytes(movie(2.8))  # the moving part
    jpeg(tmp_path / "IMG_2.JPG", TEN)
    (tmp_path / "IMG_2.MOV").write_bytes(movie(1200))  # a film of another camera
    jpeg(tmp_path / "IMG_3.JPG", LATER)
    (tmp_path / "IMG_3.MOV").write_bytes(movie(2.8, made_s=1_700_000_300))  # a short one of another day
    jpeg(tmp_path / "IMG_4.JPG", TEN)
    (tmp_path / "IMG_4.MP4").write_bytes(b"broken")
    (tmp_path / "IMG_5.MOV").write_bytes(movie(2.8))
    content = jpeg(tmp_path / "IMG_6.JPG", LATER).read_bytes()
    (tmp_path / "IMG_6.JPG").write_bytes(content + ID.encode())
    (tmp_path / "IMG_6.MOV").write_bytes(movie(2.8, made_s=1_700_000_300, content_id=ID))
    finder = TwinFinder()
    found = beside(tmp_path, finder)
    assert found == {
        "IMG_1.MOV": "IMG_1.JPG", "IMG_2.MOV": "", "IMG_3.MOV": "", "IMG_4.MP4": "IMG_4.JPG", "IMG_5.MOV": "",
        "IMG_6.MOV": "IMG_6.JPG",
    }  # fmt: skip
    assert beside(tmp_path) == found
    again = TwinFinder(finder.memory)
    assert beside(tmp_path, again) == found and again.memory == finder.memory


def test_of_two_photos_of_one_name_it_belongs_to_that_of_its_time(tmp_path: Path) -> None:
    jpeg(tmp_path / "IMG_1.JPEG", LATER.replace("15:00:00", "15:07:00"))
    jpeg(tmp_path / "IMG_1.JPG", TEN)
    (tmp_path / "img_1.mov").write_bytes(movie(2.8))
    assert beside(tmp_path) == {"img_1.mov": "IMG_1.JPG"}


def test_companions_are_no_photos_and_nobody_is_told_of_them(tmp_path: Path) -> None:
    jpeg(tmp_path / "a.jpg")
    for name in ("a.jpg.pp3", "a.jpg.dop", "a.AAE", "a.wav", "a.dr4", "a.acr", "a.jpg.cos", "a_01.jpg.xmp"):
        (tmp_path / name).write_bytes(b"x")
    listing = list_photos(tmp_path, exclude=(), skip_raw_with_jpeg=True)
    assert len(listing.photos) == 1 and not listing.ignored
