"""Listing the photos of a folder, and converting between files and the names of photos (`image_path`)."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from curation.disk.answers import Steps
from curation.errors import FaceDataError, PhotosMissingError
from curation.photos.files.formats import (
    PHOTO_EXTENSIONS,
    SUPPORTED_FORMATS,
    UNSUPPORTED_PICTURES,
    VIDEO_EXTENSIONS,
    VIDEO_PROXY_EXTENSIONS,
)
from curation.photos.finding.aside import Aside
from curation.photos.finding.companions import COMPANION_EXTENSIONS
from curation.photos.finding.folder_watch import FolderWatch, SeenFolder, answer_of, shown_path
from curation.photos.finding.moving_parts import beside_photos
from curation.photos.finding.names import CLUSTERS_MARK, escaped, is_passed_over
from curation.photos.finding.names import extension_of as _extension
from curation.photos.finding.raw_pairs import RawPair, found_pairs, left_out
from curation.photos.finding.twins import TwinFinder
from curation.photos.finding.walk import Walk

__all__ = [
    "CLUSTERS_MARK",
    "ClipFile",
    "FoundFiles",
    "Listing",
    "PhotoFile",
    "escaped",
    "is_passed_over",
    "list_photos",
    "photo_path",
]

LISTING_LIMIT_S = 60.0
"""A disk that says nothing for that long while it is looked through is taken for dead; nothing that is asked at once
takes longer, but for headers of RAW files whose disk wakes up."""

# Files that accompany photos, and others that nobody expects to be analysed.
_SILENT_EXTENSIONS = frozenset({
    "aae", "csv", "db", "doc", "docx", "exif", "htm", "html", "ini", "json", "log", "lrcat", "lrdata", "md", "npy",
    "ods", "odt", "on1", "pdf", "pp3", "py", "thm", "txt", "url", "wav", "xls", "xlsx", "xml", "xmp", "yaml", "yml",
})  # fmt: skip
_CLIP_EXTENSIONS = VIDEO_EXTENSIONS - VIDEO_PROXY_EXTENSIONS
_ESCAPE = re.compile(r"\\(\\|udc[89a-f][0-9a-f])")


@dataclass(frozen=True, slots=True)
class PhotoFile:
    r"""One photo of the input folder.

    Attributes:
        image_path: POSIX path relative to the input folder; a byte that is not UTF-8 is written as
            `\udcXX`, a backslash as two. `photo_path` is the inverse.
        path: Absolute; opens the file, whatever bytes its name contains.
        size_bytes: Of the file.
        mtime_ns: When its content was last changed, in nanoseconds since 1970.
    """

    image_path: str
    path: Path
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class ClipFile:
    """One film of the input folder.

    Attributes:
        video_path: As `PhotoFile.image_path`.
        path: Absolute.
        size_bytes: Of the file.
        mtime_ns: When its content was last changed, in nanoseconds since 1970.
        beside: `image_path` of the photo of the same name in the same folder whose moving part it is; empty if it is
            none.
    """

    video_path: str
    path: Path
    size_bytes: int
    mtime_ns: int
    beside: str = ""

    @property
    def image_path(self) -> str:
        """Its path as photos have it."""
        return self.video_path


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder contains.

    Attributes:
        photos: Sorted by `image_path`.
        ignored: (relative path, reason) of skipped files that a user may ask about, clips among them; sorted.
        failed: (relative path, reason) of photos and folders that cannot be read; sorted.
        clips: Sorted by `video_path`; small copies that cameras write beside their clips are left out.
        absent: (relative path, reason) of photos that are not on this disk, by what stands for them; sorted.
        pairs: RAW files and the pictures of the same shots; sorted.
        twins: RAW files that are not looked at, because the picture of the pair is; sorted by `image_path`.
        folders: That were looked through, the folder of photos first; none if the photos lie in object storage.
    """

    photos: tuple[PhotoFile, ...]
    ignored: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, str], ...]
    clips: tuple[ClipFile, ...] = ()
    absent: tuple[tuple[str, str], ...] = ()
    pairs: tuple[RawPair, ...] = ()
    twins: tuple[PhotoFile, ...] = ()
    folders: tuple[SeenFolder, ...] = ()

    def watch(self) -> FolderWatch:
        """Tells whether the folders are still those that were looked through."""
        return FolderWatch(
            self.folders, [photo.path for photo in (*self.photos, *self.twins)] + [clip.path for clip in self.clips]
        )

    def unseen(self) -> tuple[tuple[str, str], ...]:
        """(relative path, reason) of folders that could not be looked into; each path ends with a slash."""
        return tuple(item for item in self.failed if item[0].endswith("/"))

    def why_unseen(self, image_path: str) -> str | None:
        """Why the folder of a photo could not be looked into; None if it could, or is not there."""
        return next((why for folder, why in self.unseen() if image_path.startswith(folder)), None)

    def with_twins_of(self, failed: Collection[str]) -> Listing:
        """The same with the RAW files of pictures that cannot be read among the photos."""
        kept = left_out(self.pairs, failed)
        into = tuple(raw for raw in self.twins if raw.image_path not in kept)
        if not into:
            return self
        names = {raw.image_path for raw in into}
        return replace(
            self,
            photos=tuple(sorted((*self.photos, *into), key=lambda photo: photo.image_path)),
            ignored=tuple(item for item in self.ignored if item[0] not in names),
            twins=tuple(raw for raw in self.twins if raw.image_path not in names),
        )

    def clips_apart(self) -> Listing:
        """The same without the clips in `ignored`: they are looked at."""
        names = {clip.video_path for clip in self.clips}
        return replace(self, ignored=tuple(item for item in self.ignored if item[0] not in names))


def list_photos(
    input_dir: Path,
    *,
    exclude: Sequence[Path],
    skip_raw_with_jpeg: bool,
    needs_photos: bool = True,
    finder: TwinFinder | None = None,
) -> Listing:
    """List the photos and clips of a folder and its sub-folders, by their file extensions.

    Hidden and system files are skipped without a note. Links are followed; a folder that is reached
    twice is listed once, under its own name if it is inside `input_dir`.

    Args:
        input_dir: The folder of photos.
        exclude: Files and folders inside it that are not input (the program's own outputs); they
            need not exist.
        skip_raw_with_jpeg: Whether to skip a RAW file if there is a JPEG or HEIC of the same shot.
        needs_photos: Whether a folder without a photo is an error.
        finder: Tells which files are one shot; None reads them all without a memory, if RAW files are skipped.

    Raises:
        PhotosMissingError: If there is no such folder, it cannot be read, a disk in it does not answer, or it contains
            no photo.
    """
    root = Path(os.path.abspath(input_dir))  # noqa: PTH100 - Path.absolute keeps "..", resolve follows links
    _check_root(root)
    steps = Steps()
    if finder is None and skip_raw_with_jpeg:
        finder = TwinFinder()
    if finder is not None:
        finder.step = steps.step

    def look() -> Listing:
        found = FoundFiles()
        Walk(root, exclude, found, steps.step).run()
        found.demand_root(root)
        return found.listing(
            shown_path(root), skip_raw_with_jpeg=skip_raw_with_jpeg, needs_photos=needs_photos, finder=finder
        )

    try:
        return steps.of(look, limit_s=LISTING_LIMIT_S)
    except TimeoutError as error:
        raise PhotosMissingError(
            f"the folder {shown_path(root)} could not be looked through: {error.strerror}, at "
            f"{shown_path(Path(steps.at))}; connect the disk or take that folder out of the photos, then run again. "
            "What was there before is as it was"
        ) from error


def photo_path(input_dir: Path, image_path: str) -> Path:
    """The file of an `image_path`, which need not exist.

    Raises:
        FaceDataError: If it is not a path below a folder: absolute, with `..`, or with a stray backslash.
    """
    parts = image_path.split("/")
    if image_path.startswith("/") or "\0" in image_path or any(part in ("", ".", "..") for part in parts):
        raise FaceDataError(f"{image_path!r} is not a path inside the folder of photos: run the clustering again")
    try:
        return input_dir / _unescaped(image_path)
    except ValueError as error:
        raise FaceDataError(f"{image_path!r} is not a path as the clustering writes it: {error}") from error


def _unescaped(text: str) -> str:
    if "\\" in _ESCAPE.sub("", text):
        raise ValueError(r"a backslash is only allowed in \\ and \udcXX (use / between folders)")
    name = _ESCAPE.sub(lambda match: "\\" if match[1] == "\\" else chr(int(match[1][1:], 16)), text)
    return os.fsdecode(name.encode("utf-8", "surrogateescape"))


def _check_root(root: Path) -> None:
    why = answer_of(lambda: _fault_of_root(root))
    if why:
        raise PhotosMissingError(f"{why} give --input (or io.input_dir) the folder of your photos")


def _fault_of_root(root: Path) -> str:
    shown = shown_path(root)
    try:
        if not stat.S_ISDIR(root.stat().st_mode):
            return f"{shown} is a file, not a folder:"
        with os.scandir(root) as scan:
            next(scan, None)
    except FileNotFoundError:
        return f"there is no folder {shown}:"
    except PermissionError as error:
        return f"the folder {shown} cannot be read ({error.strerror}): give yourself permission to read it; or"
    except OSError as error:
        return f"the folder {shown} cannot be read ({error.strerror}):"
    return ""


class FoundFiles:
    """What was found so far, wherever it lies; becomes a `Listing`."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.photos: list[PhotoFile] = []
        self.clips: list[ClipFile] = []
        self.ignored: list[tuple[str, str]] = []
        self.failed: list[tuple[str, str]] = []
        self.folders: list[SeenFolder] = []
        self.aside = Aside()

    def demand_root(self, root: Path) -> None:
        """Check that the folder of photos did not vanish while it was looked through.

        Raises:
            PhotosMissingError: If it did.
        """
        if not self.folders or self.folders[0].path != root:
            _check_root(root)  # says why, if it is still so
            raise PhotosMissingError(f"the folder {shown_path(root)} could not be read: run again")
        FolderWatch(self.folders[:1]).demand_all()

    def add(self, name: str, path: Path, size_bytes: int, mtime_ns: int, *, is_regular: bool = True) -> None:
        """Take a file as a photo, as a clip, as ignored, or silently as nothing, by its extension.

        Args:
            name: As `PhotoFile.image_path`.
            path: Absolute.
            size_bytes: Of the file.
            mtime_ns: As `PhotoFile.mtime_ns`.
            is_regular: Whether it is a file that can be read, not a pipe or a device.
        """
        reason = _why_not(path.name) if is_regular else "not a regular file"
        if reason is None:
            self.photos.append(PhotoFile(name, path, size_bytes, mtime_ns))
        elif reason:
            self.ignored.append((name, reason))
            if is_regular and _extension(path.name) in _CLIP_EXTENSIONS:
                self.clips.append(ClipFile(name, path, size_bytes, mtime_ns))

    def listing(
        self, place: str, *, skip_raw_with_jpeg: bool, needs_photos: bool, finder: TwinFinder | None
    ) -> Listing:
        """All that was found, sorted.

        Args:
            place: The folder or address, for the message.
            skip_raw_with_jpeg: As for `list_photos`.
            needs_photos: As for `list_photos`.
            finder: Tells which files are one shot; None looks for none.

        Raises:
            PhotosMissingError: If there is no photo, and there must be one.
        """
        photos, ignored = self.photos, [*self.ignored, *self.aside.ignored]
        clips = beside_photos(self.clips, photos, finder)
        pairs = () if finder is None else found_pairs(photos, finder)
        twins: list[PhotoFile] = []
        if skip_raw_with_jpeg and pairs:
            skipped = left_out(pairs)
            twins = [photo for photo in photos if photo.image_path in skipped]
            photos = [photo for photo in photos if photo.image_path not in skipped]
            ignored += [(raw, f"the RAW file of {photo} (io.skip_raw_with_jpeg)") for raw, photo in skipped.items()]
        if not photos and needs_photos:
            raise PhotosMissingError(self._nothing(place))
        return Listing(
            photos=tuple(sorted(photos, key=lambda photo: photo.image_path)),
            ignored=tuple(sorted(ignored)),
            failed=tuple(sorted(self.failed)),
            clips=tuple(sorted(clips, key=lambda clip: clip.video_path)),
            absent=self._absent(),
            pairs=pairs,
            twins=tuple(sorted(twins, key=lambda photo: photo.image_path)),
            folders=tuple(self.folders),
        )

    def _absent(self) -> tuple[tuple[str, str], ...]:
        return self.aside.absent_but(
            [*(photo.image_path for photo in self.photos), *(clip.video_path for clip in self.clips)]
        )

    def _nothing(self, place: str) -> str:
        skipped = [*self._absent(), *sorted(self.failed), *sorted([*self.ignored, *self.aside.ignored])]
        named = "".join(f"; {path}: {reason}" for path, reason in skipped[:3])
        more = f"; and {len(skipped) - 3} more" if len(skipped) > 3 else ""
        return (
            f"there is no photo in {place}: put photos there ({SUPPORTED_FORMATS}) or name another folder "
            f"with --input{named}{more}"
        )


def _why_not(name: str) -> str | None:
    """Why a file is not a photo, by its name: None if it is one, empty if the user need not be told."""
    extension = _extension(name)
    if extension in PHOTO_EXTENSIONS:
        return None
    if extension in _SILENT_EXTENSIONS | COMPANION_EXTENSIONS:
        return ""
    if extension in VIDEO_EXTENSIONS:
        return "a video, not a photo"
    if extension in UNSUPPORTED_PICTURES:
        return f"{UNSUPPORTED_PICTURES[extension]}, which cannot be opened: save it as JPEG or PNG"
    if not extension:
        return "its name has no extension such as .jpg"
    return "not a photo, judging by its extension"
