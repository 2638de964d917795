"""What stands in a JPEG behind its picture: the film of a motion photo."""

from __future__ import annotations

import re

from curation.domain.files.health import FileFault
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.findings import cut
from curation.photos.whole.iso.boxes import top_boxes

__all__ = ["jpeg_faults"]

_FTYP = b"ftyp"
_OF_FILMS = frozenset({b"moov", b"mdat", b"free"})
_END = b"\xff\xd9"
# A short first box of the brand of a film, and a second box as films have one.
_FILM = re.compile(
    rb"\0\0\0[\x10-\x40]ftyp(?:mp4|iso|qt  |avc|M4V|3gp)[\0-\xff]{1,60}?[\0-\xff]{4}(?:moov|mdat|free|wide|skip|uuid)"
)


def jpeg_faults(file: PhotoFile) -> tuple[FileFault, ...]:
    """What is wrong with the film behind a JPEG's picture, which itself is judged by its decoder.

    A film that is not there at all is no fault: programs that send photos leave it out.

    Raises:
        OSError: If the file cannot be read.
    """
    data = file.read()
    if data.find(_FTYP) < 0:
        return ()
    found = _FILM.search(data, max(0, data.find(_END)))
    if found is None:
        return ()
    start = found.start()

    def read(at: int, count: int) -> bytes:
        return data[start + at : start + at + count]

    boxes = top_boxes(read, len(data) - start)
    # Some phones append their own words behind the film, which may look like a box.
    missing = boxes[-1].end - (len(data) - start) if boxes and boxes[-1].kind in _OF_FILMS else 0
    return (cut("its moving part", missing, good="the photo", is_seen=False),) if missing > 0 else ()
