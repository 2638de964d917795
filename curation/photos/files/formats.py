"""Which files are photos: by their names when a folder is listed, by their first bytes when one is opened."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

__all__ = [
    "JPEG_LIKE_EXTENSIONS",
    "PHOTO_EXTENSIONS",
    "RAW_EXTENSIONS",
    "SNIFF_BYTES",
    "SUPPORTED_FORMATS",
    "UNSUPPORTED_PICTURES",
    "VIDEO_EXTENSIONS",
    "VIDEO_PROXY_EXTENSIONS",
    "PhotoFormat",
    "describe_other",
    "is_something_else",
    "sniff",
]


def _extensions(words: str) -> frozenset[str]:
    return frozenset(words.split())


SUPPORTED_FORMATS = "JPEG, PNG, WebP, TIFF, HEIC, AVIF, BMP, GIF, JPEG 2000, JPEG XL, PNM, PSD and RAW files"
"""For messages that tell a user which photos are supported."""

RAW_EXTENSIONS = _extensions(
    "3fr arw cr2 cr3 crw dcr dcs dng erf fff gpr iiq k25 kdc mef mos mrw nef nrw orf ori pef raf raw rw2 "
    "rwl sr2 srf srw x3f"
)
JPEG_LIKE_EXTENSIONS = _extensions("jpg jpeg jpe jfif heic heif hif")
"""Formats that cameras write beside a RAW file of the same name."""

PHOTO_EXTENSIONS = (
    RAW_EXTENSIONS
    | JPEG_LIKE_EXTENSIONS
    | _extensions(
        "mpo jps jp2 j2k jpf jpx jpc j2c jxl png apng webp tif tiff heics avif avifs bmp dib gif pbm pgm ppm pnm pfm "
        "psd"
    )
)
"""Lower case, without the dot."""

UNSUPPORTED_PICTURES: Mapping[str, str] = {
    "ai": "an Illustrator drawing",
    "cdr": "a CorelDRAW drawing",
    "clip": "a Clip Studio drawing",
    "cur": "a mouse pointer",
    "dds": "a texture",
    "djvu": "a scanned document",
    "emf": "a drawing",
    "eps": "a PostScript drawing",
    "exr": "an OpenEXR picture",
    "hdr": "a Radiance picture",
    "icns": "an icon",
    "ico": "an icon",
    "jxr": "a JPEG XR picture",
    "kra": "a Krita drawing",
    "pcx": "a PCX picture",
    "psb": "a large Photoshop document",
    "svg": "an SVG drawing",
    "svgz": "an SVG drawing",
    "tga": "a Targa picture",
    "wmf": "a drawing",
    "xcf": "a GIMP document",
}
"""Extensions of pictures that are not photos or cannot be opened, with their names for the report."""

VIDEO_EXTENSIONS = _extensions(
    "3g2 3gp asf avi flv insv lrf lrv m2t m2ts m4v mkv mov mp4 mpeg mpg mts mxf ogv ts vob webm wmv"
)
VIDEO_PROXY_EXTENSIONS = _extensions("lrf lrv")
"""Small copies that action cameras and drones write beside each clip: whoever is in them is in the clip, too."""

SNIFF_BYTES = 64


class PhotoFormat(Enum):
    """A photo's format; the value is Pillow's name for it if Pillow opens it."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    TIFF = "TIFF"
    BMP = "BMP"
    GIF = "GIF"
    JPEG_2000 = "JPEG2000"
    PNM = "PPM"
    PSD = "PSD"
    AVIF = "AVIF"
    HEIF = "HEIF"
    JPEG_XL = "JXL"
    RAW = "RAW"


_PREFIXES: tuple[tuple[bytes, PhotoFormat], ...] = (
    (b"\xff\xd8\xff", PhotoFormat.JPEG),
    (b"\x89PNG\r\n\x1a\n", PhotoFormat.PNG),
    (b"GIF87a", PhotoFormat.GIF),
    (b"GIF89a", PhotoFormat.GIF),
    (b"BM", PhotoFormat.BMP),
    (b"8BPS", PhotoFormat.PSD),
    (b"\0\0\0\x0cjP  \r\n\x87\n", PhotoFormat.JPEG_2000),
    (b"\xff\x4f\xff\x51", PhotoFormat.JPEG_2000),
    (b"\0\0\0\x0cJXL \r\n\x87\n", PhotoFormat.JPEG_XL),
    (b"\xff\x0a", PhotoFormat.JPEG_XL),
    (b"FUJIFILMCCD-RAW", PhotoFormat.RAW),
    (b"FOVb", PhotoFormat.RAW),
    (b"\0MRM", PhotoFormat.RAW),
    (b"IIRO", PhotoFormat.RAW),
    (b"IIRS", PhotoFormat.RAW),
    (b"MMOR", PhotoFormat.RAW),
    (b"IIU\0", PhotoFormat.RAW),
)
_TIFF_PREFIXES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"mif2"}
)


def sniff(start: bytes, extension: str) -> PhotoFormat | None:
    """A photo's format by its content; the name decides only where the content does not.

    Args:
        start: The first `SNIFF_BYTES` bytes of the file.
        extension: Of its name, lower case, without the dot; needed since most RAW files begin like a TIFF.

    Returns:
        The format; None if it is not supported.
    """
    for prefix, kind in _PREFIXES:
        if start.startswith(prefix):
            return kind
    if start.startswith(_TIFF_PREFIXES):
        return PhotoFormat.RAW if extension in RAW_EXTENSIONS or start[8:10] == b"CR" else PhotoFormat.TIFF
    if start[6:14] == b"HEAPCCDR":
        return PhotoFormat.RAW
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return PhotoFormat.WEBP
    if len(start) > 2 and start[:1] == b"P" and start[1:2] in b"123456Ff" and start[2:3].isspace():
        return PhotoFormat.PNM
    if start[4:8] == b"ftyp":
        return _sniff_iso_media(start)
    return PhotoFormat.RAW if extension in RAW_EXTENSIONS else None


def _sniff_iso_media(start: bytes) -> PhotoFormat | None:
    box_end = max(16, min(int.from_bytes(start[:4], "big"), len(start)))
    brands = {start[8:12], *(start[i : i + 4] for i in range(16, box_end - 3, 4))}
    if start[8:12] == b"crx ":
        return PhotoFormat.RAW
    if brands & _AVIF_BRANDS:
        return PhotoFormat.AVIF
    if brands & _HEIF_BRANDS:
        return PhotoFormat.HEIF
    return None


_UNKNOWN = "not a picture, or of a format that cannot be opened: save it as JPEG or PNG"


def is_something_else(start: bytes) -> bool:
    """Whether a file that is not a photo is known to be something else, and so need not be a broken photo."""
    return describe_other(start) != _UNKNOWN


def describe_other(start: bytes) -> str:
    """What a file that is not a photo seems to be, in words for the report."""
    if not start.strip(b"\0"):
        return "not a picture: the file contains only zeros"
    if start[4:8] == b"ftyp" or start[:4] == b"\x1aE\xdf\xa3" or start[8:12] == b"AVI ":
        return "a video, not a photo"
    if start[:4] in (b"\0\0\1\0", b"\0\0\2\0") or start[:4] == b"icns":
        return "an icon, not a photo"
    if start.startswith((b"%!PS", b"%PDF", b"gimp xcf", b"\xc5\xd0\xd3\xc6")) or b"<svg" in start:
        return "a drawing or document, not a photo: export it as JPEG or PNG"
    return _UNKNOWN
