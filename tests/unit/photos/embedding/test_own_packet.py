"""Two packets in one photo: the copy has one, which does not contradict itself."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from curation.domain.choosing.export import PhotoDescription
from curation.errors import PhotoUnreadableError
from curation.photos.embedding.own_packet import join_packets
from curation.photos.xmp.packet import XmpPacket
from tests.unit.photos.embedding.made_files import copy_of, make, packet_text
from tests.xmp_files import read_back

FIRST = packet_text(
    "<xmp:Rating>2</xmp:Rating><dc:title><rdf:Alt><rdf:li xml:lang='x-default'>first</rdf:li></rdf:Alt></dc:title>"
    "<dc:subject><rdf:Bag><rdf:li>Garden</rdf:li></rdf:Bag></dc:subject>"
)
SECOND = packet_text(
    "<xmp:Rating>4</xmp:Rating><xmp:Label>Red</xmp:Label>"
    "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>second</rdf:li></rdf:Alt></dc:title>"
    "<dc:subject><rdf:Bag><rdf:li>Wedding</rdf:li><rdf:li>Garden</rdf:li></rdf:Bag></dc:subject>"
)
DAMAGED = SECOND.replace("</rdf:RDF>", "</rdf:RDX>")
XMP = b"http://ns.adobe.com/xap/1.0/\0"
FIVE = PhotoDescription(5, names=("Anna",))


def with_packets(folder: Path, name: str, *packets: str) -> Path:
    """A photo with these packets, as other programs leave them."""
    path = make(folder, name)
    content = path.read_bytes()
    encoded = [packet.encode() for packet in packets]
    if name == "a.jpg":
        segments = b"".join(struct.pack(">BBH", 0xFF, 0xE1, len(each) + 31) + XMP + each for each in encoded)
        path.write_bytes(content[:2] + segments + content[2:])
    elif name == "a.png":
        chunks = b""
        for each in encoded:
            body = b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + each
            chunks += struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        path.write_bytes(content[:33] + chunks + content[33:])
    elif name == "a.webp":
        chunks = b"".join(b"XMP " + struct.pack("<I", len(each)) + each + b"\0" * (len(each) % 2) for each in encoded)
        content += chunks
        path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    elif name == "a.tif":
        (first,) = struct.unpack_from("<I", content, 4)
        (count,) = struct.unpack_from("<H", content, first)
        entries = content[first + 2 : first + 2 + 12 * count]
        at = len(content)
        added = b"".join(encoded)
        offsets = [at + sum(len(each) for each in encoded[:k]) for k in range(len(encoded))]
        new = [struct.pack("<HHII", 700, 1, len(each), offset) for each, offset in zip(encoded, offsets, strict=True)]
        every = sorted([entries[k : k + 12] for k in range(0, len(entries), 12)] + new, key=lambda e: e[:2][::-1])
        directory = struct.pack("<H", len(every)) + b"".join(every) + bytes(4)
        content = content[:4] + struct.pack("<I", at + len(added)) + content[8:] + added + directory
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_two_become_one(name: str, tmp_path: Path) -> None:
    made = copy_of(with_packets(tmp_path, name, FIRST, SECOND), FIVE)
    assert made is not None
    out = tmp_path / f"out-{name}"
    out.write_bytes(made[0])
    found = read_back(out)
    assert found["XMP-xmp:Rating"] == 5 and found["XMP-xmp:Label"] == "Red"
    assert found["XMP-dc:Title"] == "first"
    assert found["XMP-dc:Subject"] == ["Garden", "Wedding", "Anna"]
    assert made[1] == (
        "it had 2 XMP packets that did not agree: the copy has one, where they differed with what the first said",
    )
    assert (
        b"second" not in made[0] or name == "a.tif"
    )  # in a TIFF the old bytes stay, without anything that leads there


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_the_same_packet_twice(name: str, tmp_path: Path) -> None:
    path = with_packets(tmp_path, name, FIRST, FIRST)
    made = copy_of(path, PhotoDescription(2))
    assert made is not None and made[1] == ("it had its XMP packet twice: the copy has it once",)
    out = tmp_path / f"out-{name}"
    out.write_bytes(made[0])
    assert copy_of(out, PhotoDescription(2)) is None
    assert copy_of(path, PhotoDescription()) is None  # nothing was said: the copy is as the original


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize("packets", [(FIRST, DAMAGED), (DAMAGED, FIRST)])
def test_a_damaged_one_besides_is_left_out(name: str, packets: tuple[str, str], tmp_path: Path) -> None:
    made = copy_of(with_packets(tmp_path, name, *packets), FIVE)
    assert made is not None and b"RDX" not in made[0]
    assert "damaged and was left out" in made[1][0]


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_only_damaged_ones_are_not_touched(name: str, tmp_path: Path) -> None:
    with pytest.raises(PhotoUnreadableError, match="damaged"):
        copy_of(with_packets(tmp_path, name, DAMAGED, DAMAGED), FIVE)


def test_a_packet_within_exif_joins_the_one_of_the_photo(tmp_path: Path) -> None:
    path = make(tmp_path, "a.jpg")
    content = path.read_bytes()
    packet = SECOND.encode()
    tiff = b"II*\0" + struct.pack("<I", 8) + struct.pack("<HHHIII", 1, 700, 1, len(packet), 26, 0) + packet
    segment = struct.pack(">BBH", 0xFF, 0xE1, len(tiff) + 8) + b"Exif\0\0" + tiff
    path.write_bytes(content[:2] + segment + content[2:])
    made = copy_of(path, FIVE)
    assert made is not None
    out = tmp_path / "out.jpg"
    out.write_bytes(made[0])
    found = read_back(out)
    assert found["XMP-xmp:Rating"] == 5 and found["XMP-dc:Subject"] == ["Wedding", "Garden", "Anna"]
    assert copy_of(out, FIVE) is None


@pytest.mark.parametrize("count", [1, 2, 3])
def test_lists_are_joined_and_sequences_are_not(count: int) -> None:
    history = "<xmp:History><rdf:Seq><rdf:li>{}</rdf:li></rdf:Seq></xmp:History>"
    packets = [packet_text(history.format(k)).encode() for k in range(count)]
    own = join_packets([(packet, None) for packet in packets])
    assert own.packet.values("{http://ns.adobe.com/xap/1.0/}History") == ("0",)
    assert own.is_single is (count == 1) and len(own.notes) == (count > 1)


def test_an_attribute_and_an_element_say_the_same() -> None:
    attribute = packet_text("").replace('rdf:about=""', 'rdf:about="" xmp:Rating="2"')
    assert not XmpPacket.parse(attribute.encode()).join(
        XmpPacket.parse(packet_text("<xmp:Rating>2</xmp:Rating>").encode())
    )
