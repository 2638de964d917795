"""Whether a JPEG XL file is whole: its boxes lie in the file, and there are no long runs of zeros in its code."""

from __future__ import annotations

from curation.domain.files.health import FileFault
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.findings import cut, zeroed
from curation.photos.whole.iso.boxes import top_boxes
from curation.photos.whole.zero_runs import first_zeros

__all__ = ["jpeg_xl_faults"]

_CODE = (b"jxlc", b"jxlp")
_BARE = b"\xff\x0a"
# The code says as much as there is news; so many zeros were seen in none, but are not impossible.
_ZEROS = 64


def jpeg_xl_faults(file: PhotoFile) -> tuple[FileFault, ...]:
    """What is wrong with a JPEG XL file; of one without boxes, only its decoder knows where it ends.

    Raises:
        OSError: If it cannot be read.
    """
    data = file.read()
    if data.startswith(_BARE):
        parts = [(0, len(data))]
    else:
        boxes = top_boxes(lambda at, count: data[at : at + count], len(data))
        codes = [box for box in boxes if box.kind in _CODE]
        missing = max((box.end for box in codes), default=0) - len(data)
        if missing > 0:
            return (cut("its picture", missing),)
        if not codes and boxes and boxes[-1].end > len(data):
            return (cut("its picture", boxes[-1].end - len(data), good="nothing"),)
        parts = [(box.body, box.end) for box in codes]
    for start, end in parts:
        run = first_zeros(data, _ZEROS, start, end)
        if run is not None:
            return (zeroed("its picture", *run, is_seen=False, sure=False),)
    return ()
