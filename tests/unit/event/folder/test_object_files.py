from __future__ import annotations

from pathlib import Path

from curation.event.folder.object_files import ObjectFiles
from curation.photos.finding.twins import TwinFinder
from curation.photos.object_listing import ListedFile, list_object_photos
from tests.fake_objects import MemoryStore
from tests.unit.photos.finding.test_movies import movie
from tests.unit.photos.finding.test_twins import LATER, TEN, jpeg, raw_header


def test_pairs_in_a_bucket_are_told_by_their_headers(tmp_path: Path) -> None:
    made, store, root = tmp_path / "made", MemoryStore(), tmp_path / "fetched"
    raw_header(made / "RAW/IMG_1.NEF", TEN)
    jpeg(made / "JPG/IMG_1.JPG", TEN, "Camera A1")
    raw_header(made / "IMG_2.DNG", TEN)
    jpeg(made / "IMG_2.JPG", LATER, "Phone X")
    jpeg(made / "IMG_3.JPG")
    (made / "IMG_3.MOV").write_bytes(movie(1200))
    raw_header(made / "IMG_4.DNG")
    jpeg(made / "IMG_4.JPG")
    for path in made.rglob("*.*"):
        store.objects[path.relative_to(made).as_posix()] = path.read_bytes(), 7
    files = [ListedFile(info.key, info.size_bytes, info.mtime_ns) for info in store.list()]

    def listed(finder: TwinFinder) -> list[str]:
        listing = list_object_photos(
            store.address, root, files, exclude=(), skip_raw_with_jpeg=True, finder=finder
        )  # fmt: skip
        assert [clip.beside for clip in listing.clips] == [""]
        return [photo.image_path for photo in listing.photos]

    finder = TwinFinder(files=ObjectFiles(store, root))
    found = listed(finder)
    # What would have to be fetched to be told stays two photos.
    assert found == ["IMG_2.DNG", "IMG_2.JPG", "IMG_3.JPG", "IMG_4.DNG", "IMG_4.JPG", "JPG/IMG_1.JPG"]
    store.calls.clear()
    assert listed(TwinFinder(finder.memory, ObjectFiles(store, root))) == found
    assert not store.calls
    assert not root.exists()
