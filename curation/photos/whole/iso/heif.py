"""Whether a HEIF or AVIF file is whole: every item lies inside the file, and coded pictures look like such."""

from __future__ import annotations

from curation.domain.files.health import FileFault
from curation.photos.files.photo_file import PhotoFile
from curation.photos.whole.colour_profiles import profile_fault
from curation.photos.whole.findings import cut, damaged, upper_part, zeroed
from curation.photos.whole.iso.boxes import Box, BoxError, top_boxes
from curation.photos.whole.iso.coded import CODINGS
from curation.photos.whole.iso.films import track_faults
from curation.photos.whole.iso.items import Item, ItemList, read_items
from curation.photos.whole.zero_runs import first_zeros

__all__ = ["heif_faults"]

_HEADER_ZEROS = 64
_MOST_SHARED = 4
_NAMES = {b"Exif": "its EXIF part", b"mime": "its XMP part"}
_GRID = b"grid"
_MOVING_PART = b"mpvd"  # the film of Samsung's and Google's motion photos


def heif_faults(file: PhotoFile) -> tuple[FileFault, ...]:
    """What is wrong with a HEIF, HEIC or AVIF file.

    Raises:
        OSError: If it cannot be read.
    """
    data = file.read()

    def read(at: int, count: int) -> bytes:
        return data[at : at + count]

    boxes = top_boxes(read, len(data))
    meta = next((box for box in boxes if box.kind == b"meta"), None)
    films = [box for box in boxes if box.kind == b"moov"]
    if meta is None and not films:
        return (_without_lists(boxes, len(data)),)
    try:
        faults = () if meta is None else _item_faults(data, meta, read_items(data, meta))
    except BoxError as error:
        return (_broken_lists(data, error, boxes),)
    if films:
        faults += track_faults(read, len(data), films[0], is_seen=meta is None)
    if not faults and boxes[-1].kind == _MOVING_PART and boxes[-1].end > len(data):
        return (cut("its moving part", boxes[-1].end - len(data), good="the photo", is_seen=False),)
    return faults


def _without_lists(boxes: list[Box], size: int) -> FileFault:
    last = boxes[-1].end if boxes else 0
    if last > size:
        return cut("its picture", last - size, good="nothing")
    return damaged("the list of its parts is missing", good="nothing")


def _broken_lists(data: bytes, error: BoxError, boxes: list[Box]) -> FileFault:
    meta = next(box for box in boxes if box.kind == b"meta")
    if meta.end > len(data):
        return cut("the list of its parts", meta.end - len(data), good="nothing")
    run = first_zeros(data, _HEADER_ZEROS, meta.start, meta.end)
    if run is not None:
        return zeroed("the list of its parts", *run, good="nothing")
    return damaged(str(error), good="nothing")


def _item_faults(data: bytes, meta: Box, listed: ItemList) -> tuple[FileFault, ...]:
    shown = listed.shown()
    if not shown:
        return (damaged("it does not say which of its pictures is the photo", good="nothing"),)
    if sum(item.size_within(len(data)) for item in listed.items.values()) > _MOST_SHARED * len(data):
        return (damaged("the places of its parts overlap", good="nothing"),)
    coded = [number for number in shown if listed.items[number].kind != _GRID]
    broken: FileFault | None = None
    missing, whole, present, total = 0, 0, 0, 0
    for number in shown:
        item = listed.items[number]
        inside = item.size_within(len(data))
        fault = _fault_of(data, item, "its picture", is_seen=True)
        broken = broken or fault
        missing += item.size - inside
        if item.kind != _GRID:
            total += max(1, item.size)
            present += inside if fault is None or inside < item.size else _good_bytes(data, item)
            whole += fault is None
    faults: list[FileFault] = []
    if broken is not None:
        good = f"{whole} of the {len(coded)} tiles of the picture" if len(coded) > 1 else upper_part(present / total)
        good = good if whole or len(coded) == 1 else "nothing"
        faults.append(
            cut("its picture", missing, good=good)
            if missing
            else FileFault(broken.kind, broken.reason, good, is_seen=True)
        )
    profile = next((one for place in listed.profiles if (one := profile_fault(data, *place)) is not None), None)
    if profile is not None:
        faults.append(profile)
    beside = [item for number, item in listed.items.items() if number not in shown]
    fault = next(
        (
            one
            for item in beside
            if (one := _fault_of(data, item, _NAMES.get(item.kind, "a picture beside the photo"), is_seen=False))
        ),
        None,
    )
    return (*faults, fault) if fault is not None else tuple(faults)


def _fault_of(data: bytes, item: Item, what: str, *, is_seen: bool) -> FileFault | None:
    inside = item.size_within(len(data))
    if inside < item.size or any(start > len(data) for start, _ in item.extents):
        return cut(what, item.size - inside, is_seen=is_seen)
    look = CODINGS.get(item.kind)
    if look is None:
        if is_seen and item.kind == _GRID and item.size < 8:
            return damaged("it does not say how the tiles of its picture lie")
        content = item.content(data)
        if item.size >= _HEADER_ZEROS and not content.strip(b"\0"):
            return zeroed(what, item.extents[0][0], item.extents[0][0] + item.size, is_seen=is_seen)
        return None
    found = look(item.content(data), item.length_bytes)
    if found is None:
        return None
    start = _place_in_file(item, found[0])
    if found[1] > found[0]:
        return zeroed(what, start, start + found[1] - found[0], is_seen=is_seen)
    return damaged(f"{what} does not look like one, from byte {start:,} on", is_seen=is_seen)


def _good_bytes(data: bytes, item: Item) -> int:
    """How many bytes of a coded item come before what is wrong with it."""
    look = CODINGS.get(item.kind)
    found = None if look is None else look(item.content(data), item.length_bytes)
    return item.size if found is None else found[0]


def _place_in_file(item: Item, at: int) -> int:
    for start, end in item.extents:
        if at < end - start:
            return start + at
        at -= end - start
    return item.extents[-1][1] if item.extents else 0
