"""Where the photos of an event lie, for whoever opens them: a folder of this machine, or object storage."""

from __future__ import annotations

from curation.photos.originals import LocalOriginals, Originals
from curation.settings import Settings

__all__ = ["originals_of"]


def originals_of(settings: Settings) -> Originals:
    """What gets the photos of these settings to hand; nothing is fetched or connected yet."""
    if not settings.input_address:
        return LocalOriginals()
    from curation.storage.objects.originals import ObjectOriginals

    io = settings.io
    return ObjectOriginals(settings.input_address, io.input_dir, cache_mb=io.cache_mb, timeout_s=io.object_timeout_s)
