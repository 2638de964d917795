"""Which folders are no places of the user's photos: by what programs write there, and never by a weak name alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.photos.files.listing import Listing, list_photos
from curation.photos.object_listing import ListedFile, list_object_photos

UUID = "F88C2797-D829-495D-8FAE-517D2A00DD12"


def made(root: Path, *names: str, size: int = 8) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)


def here(root: Path) -> Listing:
    return list_photos(root, exclude=[], skip_raw_with_jpeg=True, needs_photos=False)


def there(root: Path) -> Listing:
    """The same as objects of a bucket."""
    files = [
        ListedFile(path.relative_to(root).as_posix(), path.stat().st_size, 7)
        for path in root.rglob("*")
        if path.is_file()
    ]
    return list_object_photos(
        f"s3://bucket/{root.name}", root, files, exclude=[], skip_raw_with_jpeg=True, needs_photos=False
    )


def photos(listing: Listing) -> list[str]:
    return [photo.image_path for photo in listing.photos]


LEFT_OUT = [
    "PRIVATE/M4ROOT/THMBNL/C0001T01.JPG",
    "XDROOT/Thmbnl/C0001T01.JPG",
    "AVF_INFO/AVIN0001.JPG",
    "CONTENTS/ICON/0001AB.BMP|CONTENTS/CLIP/0001AB.XML",
    "MISC/THM/100/DJI_0001.JPG",
    "A.photoslibrary/resources/derivatives/A/A1_1_105_c.jpeg",
    "A.photoslibrary/scopes/cloudsharing/data/x.jpg",
    "A.photolibrary/Thumbnails/2012/x.jpg",
    "A.photolibrary/Previews/2012/x.jpg",
    "A.aplibrary/Previews/2012/x.jpg",
    "A.migratedphotolibrary/Masters/x.jpg|A.photoslibrary/database/Photos.sqlite",
    "iPhoto Library/Data/x.jpg|iPhoto Library/AlbumData.xml",
    "Trip Smart Previews.lrdata/0/00AB/x.dng",
    "100MSDCF/CaptureOne/Cache/Thumbnails/a.JPG.jpg",
    "Trip.cocatalog/Cache/Proxies/a.jpg",
    "immich/thumbs/u/aa/bb/x-preview.jpeg",
    "server/thumbs/0b5e/12/34/0b5e1234-aaaa_thumbnail.webp",
    "server/profile/u/me.jpg|server/thumbs/.immich|server/upload/x/y.txt|server/library/admin/z.txt",
    "cloud/appdata_oc12/preview/a/1/1024-768.jpg",
    "cloud/anna/files_trashbin/files/a.jpg.d1718|cloud/anna/files_trashbin/files/b.jpg|cloud/anna/files/x.txt",
    "cloud/anna/files_versions/b.jpg|cloud/anna/files/x.txt",
    "storage/cache/thumbnails/0/a.jpg|storage/sidecar/a.yml|storage/config/x.yml",
    "Bridge CC/Cache/256/a.jpg",
    "mipmaps-0f3a.d/2/17.jpg",
    "[Originals]/a.jpg",
    ".picasaoriginals/a.jpg",
    "$RECYCLE.BIN/S-1-5/$RAB12.jpg",
    ".Trash-1000/files/a.jpg",
    "Trash/files/a.jpg|Trash/info/a.jpg.trashinfo",
    "#recycle/a.jpg",
    "Network Trash Folder/a.jpg",
    "WhatsApp/Media/WhatsApp Stickers/STK-1.webp",
    ".dtrash/files/a.jpg",
    "#snapshot/daily/a.jpg",
    "PhotoData/Thumbnails/V2/a.JPG/5005.JPG|DCIM/x.txt",
    "Android/data/com.app.name/cache/a.jpg",
    "Plex Media Server/Cache/PhotoTranscoder/0a/0a1b.jpg",
    "_data/i/upload/a-th.jpg|galleries/x.txt",
    "Film.imovielibrary/Trip/Original Media/a.jpg",
    "Tool.app/Contents/Resources/a.png",
]


@pytest.mark.parametrize("names", LEFT_OUT)
def test_a_place_of_a_program_is_one_line_of_the_report(tmp_path: Path, names: str) -> None:
    made(tmp_path, "own.jpg", *names.split("|"))
    for listing in (here(tmp_path), there(tmp_path)):
        assert photos(listing) == ["own.jpg"]
        told = [reason for path, reason in listing.ignored if path.endswith("/")]
        assert len(told) == 1
        assert told[0].startswith(("1 picture: ", "2 pictures: "))


@pytest.mark.parametrize(
    "name",
    [
        "thumbs/a.jpg", "Thumbnails/a.jpg", "cache/a.jpg", "profile/a.jpg", "icon/a.jpg", "originals/a.jpg",
        "data/a.jpg",
        "Trash/a.jpg", "CaptureOne/a.jpg", "sidecar/a.jpg", "thm/a.jpg", "PhotoData/a.jpg", "Modified/a.jpg",
        "THMBNL/a.jpg", "appdata_of_a_friend/a.jpg", "Party.app/a.jpg", "A.photoslibrary/originals/A/a.jpg",
        "A.photoslibrary/Masters/a.jpg", "A.aplibrary/Masters/a.jpg", "A.cocatalog/Originals/a.jpg",
        "A.migratedphotolibrary/Masters/a.jpg", "immich/upload/u/aa/a.jpg", "anna/files/a.jpg", "Preview/a.jpg",
        "IMG_1-edited.jpg", "encoded-video/a.jpg", "_data/a.jpg", "small/a.jpg", "proxies/a.jpg",
        "WhatsApp/Media/WhatsApp Images/a.jpg",
    ],
)  # fmt: skip
def test_a_name_alone_proves_little_and_originals_are_photos(tmp_path: Path, name: str) -> None:
    made(tmp_path, name)
    assert photos(here(tmp_path)) == photos(there(tmp_path)) == [name]


@pytest.mark.parametrize(
    "name", [".thumbnails/1.jpg", "@tmp/a.jpg", "@eaDir/a.jpg/X.jpg", "@__thumb/a.jpg", "__MACOSX/._a.jpg", "._a.jpg"]
)
def test_thumbnails_of_systems_are_left_out_without_a_word(tmp_path: Path, name: str) -> None:
    made(tmp_path, "own.jpg", name)
    for listing in (here(tmp_path), there(tmp_path)):
        assert (photos(listing), listing.ignored) == (["own.jpg"], ())


def test_many_pictures_are_one_line_that_counts_them(tmp_path: Path) -> None:
    made(tmp_path, "own.jpg", *(f"[Originals]/{k}/{k}.jpg" for k in range(30)), "[Originals]/x.txt")
    ((path, reason),) = here(tmp_path).ignored
    assert (path, reason.partition(":")[0]) == ("[Originals]/", "30 pictures")
    assert here(tmp_path).ignored == there(tmp_path).ignored


def test_a_photo_in_the_trash_of_a_phone_is_told(tmp_path: Path) -> None:
    made(tmp_path, "own.jpg", "DCIM/.trashed-1718000000-IMG_1.jpg", "DCIM/.trashed-1718000000-note.txt")
    for listing in (here(tmp_path), there(tmp_path)):
        assert listing.ignored == (("DCIM/.trashed-1718000000-IMG_1.jpg", "in the trash of the phone"),)


def test_who_names_such_a_folder_means_it(tmp_path: Path) -> None:
    made(tmp_path / "PRIVATE" / "M4ROOT" / "THMBNL", "C0001T01.JPG")
    made(tmp_path / "A.photoslibrary", "resources/derivatives/x.jpg", "originals/a.jpg")
    assert photos(here(tmp_path / "PRIVATE" / "M4ROOT" / "THMBNL")) == ["C0001T01.JPG"]
    assert photos(here(tmp_path / "A.photoslibrary" / "resources")) == ["derivatives/x.jpg"]
    assert photos(here(tmp_path / "A.photoslibrary")) == ["originals/a.jpg"]  # the library, not its previews


def test_small_copies_of_photos_beside_the_folder_are_left_out(tmp_path: Path) -> None:
    made(tmp_path, "a.jpg", "b.CR2", "c.heic", size=4000)
    made(tmp_path, "thumbs/a.jpg", "thumbs/b.CR2.jpg", "thumbs/tn_c.jpg", size=400)
    for listing in (here(tmp_path), there(tmp_path)):
        assert photos(listing) == ["a.jpg", "b.CR2", "c.heic"]
        assert listing.ignored[0][0] == "thumbs/"


@pytest.mark.parametrize(("other", "size"), [("thumbs/own.jpg", 400), ("thumbs/a.png", 3000)])
def test_one_picture_of_the_user_among_them_keeps_the_folder(tmp_path: Path, other: str, size: int) -> None:
    made(tmp_path, "a.jpg", size=4000)
    made(tmp_path, "thumbs/a.jpg", size=400)
    made(tmp_path, other, size=size)
    assert photos(here(tmp_path)) == photos(there(tmp_path)) == sorted(["a.jpg", "thumbs/a.jpg", other])


def test_photos_of_which_a_library_has_only_small_copies_are_not_on_this_disk(tmp_path: Path) -> None:
    other = UUID.replace("F88C", "A00C")
    for uuid in (UUID, other):
        made(tmp_path, f"P.photoslibrary/resources/derivatives/masters/{uuid[0]}/{uuid}_4_5005_c.jpeg")
        made(tmp_path, f"P.photoslibrary/resources/derivatives/{uuid[0]}/{uuid}_1_105_c.jpeg")
    made(tmp_path, f"P.photoslibrary/originals/A/{other}.heic")
    for listing in (here(tmp_path), there(tmp_path)):
        assert photos(listing) == [f"P.photoslibrary/originals/A/{other}.heic"]
        ((path, reason),) = listing.absent
        assert path == f"P.photoslibrary/originals/F/{UUID}"
        assert "only a small copy" in reason
