"""Opening photos, for everybody outside: see `curation.photos.files.decoding`."""

from __future__ import annotations

from curation.photos.files.decoding import open_photo, open_photo_bytes

__all__ = ["open_photo", "open_photo_bytes"]
