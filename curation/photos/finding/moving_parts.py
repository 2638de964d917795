"""Which clips are the moving parts of photos, such as those of Live Photos."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from curation.domain.files.pairing import stem_key
from curation.photos.finding.twins import StampedFile, TwinFinder

if TYPE_CHECKING:
    from curation.photos.files.listing import ClipFile

__all__ = ["beside_photos"]


def beside_photos(
    clips: Sequence[ClipFile], photos: Sequence[StampedFile], finder: TwinFinder | None
) -> list[ClipFile]:
    """The clips with the photos whose moving parts they are.

    Args:
        clips: All.
        photos: All.
        finder: Tells films of the name of a photo from its moving part; None goes by the name alone.
    """
    if not clips:
        return []
    named: dict[tuple[Path, str], list[StampedFile]] = defaultdict(list)
    wanted = {_key(clip.path) for clip in clips}
    for photo in sorted(photos, key=lambda photo: photo.image_path):
        if (key := _key(photo.path)) in wanted:
            named[key].append(photo)
    out = []
    for clip in clips:
        candidates = named.get(_key(clip.path), [])
        found = _of(clip, candidates, finder) if candidates else None
        out.append(clip if found is None else replace(clip, beside=found.image_path))
    return out


def _of(clip: ClipFile, candidates: Sequence[StampedFile], finder: TwinFinder | None) -> StampedFile | None:
    return candidates[0] if finder is None else finder.photo_of(clip, candidates)


def _key(path: Path) -> tuple[Path, str]:
    return path.parent, stem_key(path.stem)
