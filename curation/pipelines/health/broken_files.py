"""Which files of an event are broken: told by the listing, by photos that failed, by what was seen in the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from curation.domain.files.broken import BrokenFile
from curation.domain.files.health import FaultKind, FileFault
from curation.domain.report import Failure
from curation.photos.files.listing import ClipFile, Listing, PhotoFile
from curation.photos.files.photo_file import PhotoFile as OpenedFile
from curation.photos.whole.iso.films import faults_of_film
from curation.photos.whole.tiff.raw import quick_raw_faults
from curation.storage.analysis_store import AnalysisStore

__all__ = ["broken_files"]


def broken_files(
    listing: Listing, failures: Sequence[Failure], hashes: Mapping[str, str], store: AnalysisStore
) -> tuple[BrokenFile, ...]:
    """All files that should be copied again, and photos and clips that are not on this disk, by path.

    Args:
        listing: Of the folder of photos.
        failures: Photos that could not be analysed.
        hashes: SHA-256 by image path of those that were.
        store: Has what was seen in these, also by earlier runs.

    Raises:
        StorageError: If the store fails.
    """
    sizes = {photo.image_path: photo.size_bytes for photo in listing.photos}
    found = [BrokenFile(path, FaultKind.PLACEHOLDER, reason) for path, reason in listing.absent]
    found += [
        BrokenFile(
            failure.image_path,
            FaultKind(failure.fault),
            failure.reason,
            _good(failure.good),
            sizes.get(failure.image_path),
            twin=failure.twin,
        )
        for failure in failures
        if failure.fault
    ]
    faults = store.file_faults(set(hashes.values()))
    times = store.capture_times(faults)
    found += [
        _of_faults(path, faults[sha256], sizes.get(path), times.get(sha256, ""), is_analysed=True)
        for path, sha256 in hashes.items()
        if sha256 in faults
    ]
    found += [
        _of_faults(clip.video_path, seen, clip.size_bytes, "", is_analysed=False)
        for clip in listing.clips
        if (seen := _faults_of_clip(clip))
    ]
    stands_in = {pair.raw: pair.photo for pair in listing.pairs}
    found += [
        _of_faults(raw.image_path, seen, raw.size_bytes, "", is_analysed=False, twin=stands_in.get(raw.image_path, ""))
        for raw in listing.twins
        if (seen := _faults_of_twin(raw))
    ]
    return tuple(sorted(found, key=lambda file: file.image_path))


def _of_faults(
    path: str, faults: Sequence[FileFault], size_bytes: int | None, time: str, *, is_analysed: bool, twin: str = ""
) -> BrokenFile:
    """One row for a file, of all that is wrong with it."""
    first = faults[0]
    return BrokenFile(
        path,
        first.kind,
        ", and ".join(dict.fromkeys(fault.reason for fault in faults)),
        next((good for fault in faults if (good := _good(fault.good))), ""),
        size_bytes,
        time,
        twin,
        is_analysed,
    )


def _good(good: str) -> str:
    """What is still good; a check may say "nothing", which an empty cell says, too."""
    return "" if good == "nothing" else good


def _faults_of_twin(raw: PhotoFile) -> tuple[FileFault, ...]:
    """What is wrong with a RAW file that is not looked at, as far as a few KB of it tell."""
    if raw.size_bytes == 0:
        return (FileFault(FaultKind.EMPTY, "the file is empty"),)
    return _checked(partial(quick_raw_faults, OpenedFile(raw.path)))


def _faults_of_clip(clip: ClipFile) -> tuple[FileFault, ...]:
    if clip.size_bytes == 0:
        return (FileFault(FaultKind.EMPTY, "the file is empty"),)
    return _checked(partial(faults_of_film, clip.path))


def _checked(check: Callable[[], tuple[FileFault, ...]]) -> tuple[FileFault, ...]:
    try:
        return check()
    except FileNotFoundError:
        return ()  # in object storage, from which nothing is fetched for this
    except OSError as error:
        return (FileFault(FaultKind.UNREADABLE, f"the file cannot be read: {error.strerror or error}"),)
