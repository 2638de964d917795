"""What must hold for whatever stands in XMP, EXIF and IPTC: read in time, nothing foreign lost, own words read back."""

from __future__ import annotations

import io
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from curation.domain.choosing.export import PhotoDescription
from curation.domain.faces.regions import StoredPicture
from curation.domain.judging.picks import Pick
from curation.domain.told.file_told import FileTold
from curation.errors import PhotoError, PhotoUnreadableError
from curation.photos.embedding.copies import can_hold_description, described_copy, told_inside
from curation.photos.embedding.edits import edited
from curation.photos.files.formats import SNIFF_BYTES, sniff
from curation.photos.taken.camera_facts import read_clock
from curation.photos.taken.times import read_taken
from curation.photos.told.reading import FolderReader
from curation.photos.told.words import SourceWords, words_of_packet
from curation.photos.xmp.description import described_sidecar
from curation.photos.xmp.packet import XmpPacket
from tests.hostile.exif import hostile_exif, hostile_iptc, sane_exif, sane_iptc
from tests.hostile.xmp import extended_jpeg, hostile_packet, sane_packet

__all__ = ["DESCRIPTION", "file_trouble", "foreign", "made_file", "sidecar_trouble"]

DESCRIPTION = PhotoDescription(rating=4, label="Green", names=("Anna", "Zoë"), pick=Pick.PICKED)
_FOREIGN = "urn:example:foreign/"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_MOST_NAMES = 200
_STORED = StoredPicture(120, 80, 1)


def foreign(content: bytes) -> Counter[tuple[str, ...]]:
    """All in a packet that no program but its own knows, and the items of all lists."""
    found: Counter[tuple[str, ...]] = Counter()
    root = XmpPacket.parse(content)._root
    for element in root.iter():
        if not isinstance(element.tag, str):
            found[str(element.tag), element.text or ""] += 1
            continue
        if element.tag.startswith(f"{{{_FOREIGN}}}"):
            found[element.tag, (element.text or "").strip()] += 1
        for name, value in element.attrib.items():
            if str(name).startswith(f"{{{_FOREIGN}}}"):
                # A property may be an attribute in one packet, and an element in the next.
                found[str(name), str(value).strip()] += 1
        if element.tag == f"{_RDF}li":
            words = " ".join(" ".join(map(str, element.itertext())).split())
            if words:
                found["item", words] = 1  # lists of one name may be joined
    return found


def sidecar_trouble(content: bytes, *, is_sane: bool = False) -> str:
    """What is wrong with how a sidecar of this content is read and written; empty if nothing."""
    try:
        words = words_of_packet(XmpPacket.parse(content))
    except PhotoUnreadableError as error:
        return f"a packet as programs write it is refused: {error}" if is_sane else ""
    assert words is not None
    written, _ = described_sidecar(content, DESCRIPTION)
    lost = _lost(content, written, is_sane)
    if lost:
        return f"lost: {dict(lost)}"
    back = words_of_packet(XmpPacket.parse(written))
    missing = _unsaid(back)
    if missing:
        return f"written, but not read back: {missing}"
    again, _ = described_sidecar(written, DESCRIPTION)
    return "" if again == written else "written again, it is another one"


def _lost(before: bytes, after: bytes, is_sane: bool) -> Counter[tuple[str, ...]]:
    lost = foreign(before) - foreign(after)
    if not is_sane:
        # A property that is there twice is set once, and then has the qualifiers of one.
        del lost[f"{{{_FOREIGN}}}q", "1"]
    return lost


def _unsaid(words: SourceWords) -> str:
    if words.rating != DESCRIPTION.rating:
        return f"rating {words.rating}"
    known = [*words.names, *(region.name for each in words.regions for region in each.regions)]
    if len(words.names) >= _MOST_NAMES:
        return ""  # of lists of thousands only the first are read
    lacking = [name for name in DESCRIPTION.names if name not in known]
    return f"names {lacking} among {known[:9]}" if lacking else ""


def made_file(chance: random.Random, *, is_sane: bool) -> tuple[str, bytes]:
    """A small picture with metadata: its name and content."""
    packet = sane_packet if is_sane else hostile_packet
    exif = (sane_exif if is_sane else hostile_exif)(chance) if chance.random() < 0.7 else b""
    xmp = packet(chance) if chance.random() < 0.7 else b""
    iptc = (sane_iptc if is_sane else hostile_iptc)(chance) if chance.random() < 0.5 else b""
    kind = chance.choice(("jpg", "jpg", "jpg", "rest", "png", "webp", "tif", "exif alone"))
    if kind == "rest":
        return "a.jpg", extended_jpeg(packet(chance), packet(chance), chance, is_sane=is_sane)
    file = io.BytesIO()
    image = Image.new("RGB", (120, 80), (90, 120, 150))
    if kind == "png":
        text = PngInfo()
        if xmp:
            text.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8", "replace"), zip=chance.random() < 0.5)
        image.save(file, "PNG", pnginfo=text, exif=exif or None)
        return "a.png", file.getvalue()
    if kind == "webp":
        image.save(file, "WEBP", exif=exif, xmp=xmp)
        return "a.webp", file.getvalue()
    if kind == "tif":
        image.save(file, "TIFF", tiffinfo={tag: block for tag, block in ((700, xmp), (33723, iptc)) if block})
        return "a.tif", file.getvalue()
    if kind == "exif alone" and not is_sane:
        return chance.choice(("a.tif", "a.nef", "a.dng")), exif or hostile_exif(chance)
    image.save(file, "JPEG")
    segments = [(0xE1, b"Exif\0\0" + exif)] if exif else []
    segments += [(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)] if xmp else []
    segments += [(0xED, b"Photoshop 3.0\0" + iptc)] if iptc else []
    if not is_sane:
        segments = [each for each in segments for _ in range(chance.choice((1, 1, 1, 2)))]
        chance.shuffle(segments)
    head = b"".join(
        bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body
        for marker, body in segments
        if len(body) < 65_500
    )
    jpeg = file.getvalue()
    return "a.jpg", jpeg[:2] + head + jpeg[2:]


def file_trouble(folder: Path, name: str, content: bytes, *, is_sane: bool = False) -> tuple[str, bytes]:
    """What is wrong with how a picture's metadata is read and written into a copy, and the copy; empty if nothing."""
    path = folder / name
    path.write_bytes(content)
    reads: tuple[Callable[[], object], ...] = (
        lambda: read_taken(io.BytesIO(content)),
        lambda: read_clock(io.BytesIO(content)),
        lambda: _told(path),
    )
    for read in reads:
        read()
    kind = sniff(content[:SNIFF_BYTES], path.suffix[1:])
    if kind is None or not can_hold_description(name, kind):
        return "", b""
    try:
        before = told_inside(io.BytesIO(content), kind)
        copy = described_copy(io.BytesIO(content), kind, DESCRIPTION)
    except PhotoError as error:
        return (f"a file as programs write it is refused: {error}" if is_sane else ""), b""
    if copy is None:
        return "nothing is written", b""
    written = edited(content, copy.edits)
    after = told_inside(io.BytesIO(written), kind)
    assert before is not None and after is not None
    lost = _lost(before.packet.to_packet(), after.packet.to_packet(), is_sane)
    if lost:
        return f"lost: {dict(lost)}", b""
    back = words_of_packet(after.packet)
    missing = _unsaid(back)
    if missing:
        return f"written, but not read back: {missing}", b""
    path.write_bytes(written)
    told = _told(path)
    if is_sane and told.rating != DESCRIPTION.rating:
        return f"the program reads {told.rating} stars back", b""
    if described_copy(io.BytesIO(written), kind, DESCRIPTION) is not None:
        return "written again, it is another one", b""
    return "", written


def _told(path: Path) -> FileTold:
    reader = FolderReader(path.parent, [path.name], lambda _: _STORED)
    return reader.told(path, reader.beside(path.name))
