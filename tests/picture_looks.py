"""Everything that the program does with a picture's file, in a process of its own: `python -m tests.picture_looks`.

`tests.looking` says how it is asked.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from curation.domain.choosing.export import PhotoDescription
from curation.domain.judging.picks import Pick
from curation.photos.decoding import open_photo, open_photo_bytes
from curation.photos.embedding.copies import can_hold_description, described_copy, told_inside
from curation.photos.embedding.edits import edited
from curation.photos.files.content import read_content
from curation.photos.files.own_colours import in_own_colours
from curation.photos.files.stored_picture import format_of, stored_picture
from curation.photos.looks.pictures import PictureSize, kept_jpeg, picture_of_bytes
from curation.photos.taken.camera_facts import read_clock
from curation.photos.taken.times import read_taken
from curation.photos.told.reading import FolderReader
from tests.looking import Trials, answer

__all__ = ["look_at"]

_MAX_MEGAPIXELS = 20.0
_DESCRIPTION = PhotoDescription(rating=4, label="Green", names=("Anna", "Zoë"), pick=Pick.PICKED)


def look_at(path: Path) -> dict[str, Any]:
    """Do all of it; what was raised that is no error of this program stands in `bugs`."""
    trials = Trials()
    tried = trials.tried
    content = tried(lambda: read_content(path)[1]) or b""
    photo = tried(lambda: open_photo(path, max_megapixels=_MAX_MEGAPIXELS, content=content))
    if photo is not None:
        tried(lambda: photo.reduced(200).array)
        tried(lambda: photo.full().array)
        tried(lambda: photo.clock)
        tried(lambda: in_own_colours(photo, content, max_megapixels=_MAX_MEGAPIXELS, name=path.name).photo.reduced(90))
        tried(lambda: kept_jpeg(content, max_megapixels=_MAX_MEGAPIXELS))
        tried(lambda: picture_of_bytes(content, PictureSize.THUMBNAIL, max_megapixels=_MAX_MEGAPIXELS, name=path.name))
    tried(lambda: stored_picture(path, max_megapixels=_MAX_MEGAPIXELS))
    with path.open("rb") as file:
        tried(lambda: read_taken(file))
        file.seek(0)
        tried(lambda: read_clock(file))
    reader = FolderReader(path.parent, [path.name], lambda _: None)
    tried(lambda: reader.told(path, reader.beside(path.name)))
    kind = tried(lambda: format_of(path))
    if kind is not None and can_hold_description(path.name, kind):
        tried(lambda: told_inside(BytesIO(content), kind))
        copy = tried(lambda: described_copy(BytesIO(content), kind, _DESCRIPTION))
        if copy is not None:
            written = tried(lambda: edited(content, copy.edits))
            if written is not None and photo is not None:
                tried(lambda: open_photo_bytes(written, max_megapixels=_MAX_MEGAPIXELS, name=path.name).reduced(90))
    return trials.seen()


if __name__ == "__main__":
    answer(look_at)
