"""What kind of file a film is, by its first bytes, and whether browsers play it."""

from __future__ import annotations

from pathlib import Path

from curation.storage.atomic import explained

__all__ = ["UNKNOWN_TYPE", "is_playable", "media_type_by_name", "media_type_of"]

UNKNOWN_TYPE = "application/octet-stream"
_HEAD_BYTES = 4096
_BY_EXTENSION = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".avi": "video/x-msvideo",
}
_PLAYED = {
    # Chromium, Firefox and Safari of today; HEVC, ProRes and MPEG-2 are played by some of them at most.
    "video/mp4": frozenset({"h264", "av1", "vp9"}),
    "video/webm": frozenset({"vp8", "vp9", "av1"}),
}


def media_type_of(path: Path) -> str:
    """The media type of a film's file; `application/octet-stream` for a container that is not known.

    Raises:
        StorageError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise explained(error, path, "read") from error
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        # Also QuickTime files: browsers play their H.264 under this name only.
        return "video/mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "video/x-msvideo"
    if head.startswith(b"\x00\x00\x01\xba"):
        return "video/mpeg"
    if head[:1] == b"\x47" and head[188:189] == b"\x47":
        return "video/mp2t"
    if head.startswith(b"OggS"):
        return "video/ogg"
    return UNKNOWN_TYPE


def media_type_by_name(path: Path) -> str:
    """The media type that a film's extension promises, for a film whose file is not on this machine."""
    return _BY_EXTENSION.get(path.suffix.lower(), UNKNOWN_TYPE)


def is_playable(media_type: str, codec: str) -> bool:
    """Whether browsers in general play a film of this kind."""
    return codec in _PLAYED.get(media_type, frozenset())
