"""Small pictures of every format in which descriptions are written, and copies of them."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path

import pillow_heif
from PIL import Image, ImageCms

from curation.domain.choosing.export import PhotoDescription
from curation.photos.embedding.copies import described_copy
from curation.photos.embedding.edits import edited
from curation.photos.files.formats import SNIFF_BYTES, sniff
from tests.photo_files import exif_block, four_corners, write_dng

__all__ = ["MADE", "copy_of", "make", "packet_text", "psd"]

MADE = (
    "a.jpg",
    "a.tif",
    "big-endian.tif",
    "big.btf",
    "a.png",
    "a.webp",
    "lossless.webp",
    "simple.webp",
    "a.psd",
    "a.dng",
    "a.heic",
    "a.avif",
)


def make(folder: Path, name: str) -> Path:
    """A picture of 48 x 32 pixels with EXIF and a colour profile where the format has them."""
    path = folder / name
    image = Image.fromarray(four_corners(48, 32))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = b"Exif\0\0" + exif_block(1, "2026:06:20 21:14:03")
    if name == "a.psd":
        path.write_bytes(psd(image))
    elif name == "a.heic":
        heif = pillow_heif.from_pillow(image)
        heif.info["exif"] = exif
        heif.save(path, quality=80)
    elif name == "a.dng":
        write_dng(path, size=(48, 32), preview=(48, 32))
    elif name == "big-endian.tif":
        path.write_bytes(_big_endian_tiff(image))
    elif name == "simple.webp":
        image.save(path, quality=80)
    elif name == "big.btf":  # with offsets of 64 bits
        image.save(path, "TIFF", big_tiff=True, dpi=(72, 72))
    elif name.endswith(".tif"):
        image.save(path, compression="tiff_lzw", icc_profile=profile, software="Made", dpi=(72, 72))
    elif name.endswith(".webp"):
        image.save(path, lossless=name.startswith("lossless"), icc_profile=profile, exif=exif)
    else:
        image.save(path, icc_profile=profile, exif=exif)
    return path


def copy_of(path: Path, description: PhotoDescription) -> tuple[bytes, tuple[str, ...]] | None:
    """The copy of a photo with its description inside, and the notes; None if nothing is written."""
    content = path.read_bytes()
    kind = sniff(content[:SNIFF_BYTES], path.suffix[1:])
    assert kind is not None
    copy = described_copy(BytesIO(content), kind, description)
    return None if copy is None else (edited(content, copy.edits), copy.notes)


def packet_text(properties: str) -> str:
    """A packet with properties as XML."""
    spaces = {
        "xmp": "http://ns.adobe.com/xap/1.0/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "lr": "http://ns.adobe.com/lightroom/1.0/",
        "digiKam": "http://www.digikam.org/ns/1.0/",
        "xmpDM": "http://ns.adobe.com/xmp/1.0/DynamicMedia/",
        "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
        "photomechanic": "http://ns.camerabits.com/photomechanic/1.0/",
        "acdsee": "http://ns.acdsee.com/iptc/1.0/",
        "mediapro": "http://ns.iview-multimedia.com/mediapro/1.0/",
        "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    }
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in spaces.items())
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {declared}>{properties}</rdf:Description></rdf:RDF></x:xmpmeta>'
    )


def psd(image: Image.Image) -> bytes:
    """A PSD without layers: resolution and a caption as resources, then the pixels, not compressed."""
    width, height = image.size
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, height, width, 8, 3)
    resolution = struct.pack(">IHHIHH", 72 << 16, 1, 1, 72 << 16, 1, 1)
    resources = b"8BIM" + struct.pack(">H", 0x03ED) + b"\0\0" + struct.pack(">I", len(resolution)) + resolution
    planes = b"".join(bytes(plane.tobytes()) for plane in image.split())
    return header + struct.pack(">I", 0) + struct.pack(">I", len(resources)) + resources + bytes(4) + b"\0\0" + planes


def _big_endian_tiff(image: Image.Image) -> bytes:
    """A TIFF in the byte order of Motorola, with its directory behind its pixels, and a second page."""
    width, height = image.size
    pixels = image.tobytes()

    def directory(at: int, next_at: int) -> bytes:
        bits_at = at + 2 + 12 * 12 + 4
        entries = [(256, 3, 1, width << 16), (257, 3, 1, height << 16), (258, 3, 3, bits_at), (259, 3, 1, 1 << 16)]
        entries += [(262, 3, 1, 2 << 16), (273, 4, 1, 8), (277, 3, 1, 3 << 16), (278, 3, 1, height << 16)]
        entries += [(279, 4, 1, len(pixels)), (282, 5, 1, bits_at + 6), (283, 5, 1, bits_at + 14), (296, 3, 1, 2 << 16)]
        packed = b"".join(struct.pack(">HHII", *entry) for entry in entries)
        return (
            struct.pack(">H", len(entries))
            + packed
            + struct.pack(">I", next_at)
            + struct.pack(">HHHIIII", 8, 8, 8, *(72, 1) * 2)
        )

    first = 8 + len(pixels)
    second = first + len(directory(0, 0))
    return b"MM" + struct.pack(">HI", 42, first) + pixels + directory(first, second) + directory(second, 0)
