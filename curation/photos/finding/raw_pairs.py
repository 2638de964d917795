"""RAW files and the pictures of the same shots, by their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from curation.photos.finding.twins import StampedFile, TwinFinder

__all__ = ["RawPair", "found_pairs", "left_out", "raw_files_beside", "raw_files_of"]


class RawPair(NamedTuple):
    """A RAW file and a picture.

    Attributes:
        raw: `image_path` of the RAW file.
        photo: `image_path` of the picture.
        is_sure: Whether they are one shot; if not, nothing sets them apart, but one of them cannot be seen.
        is_first: Whether it is the picture that is kept for the RAW file; another development of it is not.
    """

    raw: str
    photo: str
    is_sure: bool = True
    is_first: bool = True


def found_pairs(photos: Sequence[StampedFile], finder: TwinFinder) -> tuple[RawPair, ...]:
    """The pairs among photos, sorted."""
    kept, also, unsure = (
        [(photos[pair.raw].image_path, photos[pair.photo].image_path) for pair in pairs]
        for pairs in finder.pairs(photos)
    )
    return tuple(
        sorted(
            [
                *(RawPair(raw, photo) for raw, photo in kept),
                *(RawPair(raw, photo, is_first=False) for raw, photo in also),
                *(RawPair(raw, photo, is_sure=False, is_first=False) for raw, photo in unsure),
            ]
        )
    )


def left_out(pairs: Iterable[RawPair], failed: Collection[str] = ()) -> dict[str, str]:
    """The RAW files that need not be looked at, with the picture that is looked at in their place.

    Args:
        pairs: All.
        failed: Pictures that cannot be read.
    """
    good = sorted(
        (not pair.is_first, pair.photo, pair.raw) for pair in pairs if pair.is_sure and pair.photo not in failed
    )
    return {raw: photo for _, photo, raw in reversed(good)}


def raw_files_of(pairs: Iterable[RawPair]) -> dict[str, tuple[str, ...]]:
    """The RAW files of each picture that are surely of its shot."""
    found: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        if pair.is_sure:
            found[pair.photo].append(pair.raw)
    return {photo: tuple(raws) for photo, raws in found.items()}


class _File(NamedTuple):
    """A file without a listing; implements `StampedFile`."""

    image_path: str
    path: Path
    size_bytes: int
    mtime_ns: int


def raw_files_beside(photo: Path, named: Sequence[Path]) -> list[Path]:
    """Those of some RAW files that are one shot with a photo; for files that are in no listing.

    Args:
        photo: The picture.
        named: RAW files of its name, beside it.
    """
    files = []
    for path in (photo, *named):
        try:
            status = path.stat()
        except OSError:
            continue
        files.append(_File(path.name, path, status.st_size, status.st_mtime_ns))
    found = raw_files_of(found_pairs(files, TwinFinder())) if len(files) > 1 else {}
    return [photo.with_name(raw) for raw in found.get(photo.name, ())]
