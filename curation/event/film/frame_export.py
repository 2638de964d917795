"""Pictures of clips as photos: full size, as JPEG, with the time at which they were taken."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from PIL import Image

from curation.domain.choosing.best_frames import BestFrame, Worth, clock_text
from curation.domain.labelling.labels import same_name
from curation.domain.report import Failure
from curation.errors import PersonNotFoundError, PhotoError
from curation.event.film.clip_ranking import moment_capture_time
from curation.event.film.event_films import EventFilm, EventFilms
from curation.storage.new_files import file_stem, write_new

__all__ = ["FrameRequest", "FramesReport", "export_frames", "with_capture_time"]

_EXIF_IFD = 0x8769
_DATE_TIME_ORIGINAL, _OFFSET_ORIGINAL, _SUBSECONDS_ORIGINAL = 0x9003, 0x9011, 0x9291
_DESCRIPTION, _SOFTWARE = 0x010E, 0x0131
_MARKER_APP1 = b"\xff\xe1"
_MAX_SEGMENT = 0xFFFF - 2

Still = Callable[[Path, Fraction], bytes]


@dataclass(frozen=True, slots=True)
class FrameRequest:
    """Which pictures are written.

    Attributes:
        person: Only those proposed for this person, by name or cluster id; empty for everybody.
        clip: Only those of this clip, by path or id; empty for all.
        at: A time of `clip` in seconds: that picture, whether or not it is proposed; None for those that are proposed.
        count: At most so many; None for all.
        also: Also pictures of people who have good photos, too.
    """

    person: str = ""
    clip: str = ""
    at: Fraction | None = None
    count: int | None = None
    also: bool = False


@dataclass(frozen=True, slots=True)
class FramesReport:
    """What became of the pictures.

    Attributes:
        files: That hold the pictures; one that was there already is among them.
        failures: Clips from which a picture could not be taken, and why.
    """

    files: tuple[Path, ...]
    failures: tuple[Failure, ...]


def export_frames(films: EventFilms, request: FrameRequest, folder: Path, *, still: Still) -> FramesReport:
    """Write pictures of clips into a folder, which is made if it is missing; nothing is overwritten.

    Args:
        films: Of the event.
        request: Which pictures.
        folder: Where they go.
        still: Returns the picture of a film that is on screen at a time as a JPEG.

    Raises:
        VideoNotFoundError: If the event has no such clip.
        PersonNotFoundError: If no picture is proposed for such a person.
        FaceDataError: If best_frames.csv is not valid.
        StorageError: If a file cannot be written.
    """
    files, failures = [], []
    for film, time, name in _wanted(films, request):
        try:
            content = still(film.path, time)
        except PhotoError as error:
            failures.append(Failure(film.video_path, str(error)))
            continue
        clip = film.video_path.rpartition("/")[2]
        taken = moment_capture_time(film.capture_time, time)
        content = with_capture_time(content, taken, f"{clip} at {clock_text(time)}")
        stem = Path(clip).stem
        at = clock_text(time).replace(":", "-")
        path, _ = write_new(folder, file_stem(" ".join(part for part in (stem, at, name) if part)), ".jpg", content)
        files.append(path)
    return FramesReport(tuple(files), tuple(failures))


def _wanted(films: EventFilms, request: FrameRequest) -> list[tuple[EventFilm, Fraction, str]]:
    if request.at is not None:
        return [(films.film(request.clip), request.at, "")]
    frames: Sequence[BestFrame] = films.best_frames()
    if request.clip:
        path = films.film(request.clip).video_path
        frames = [frame for frame in frames if frame.video_path == path]
    if request.person:
        of_person = [frame for frame in frames if _is(frame, request.person)]
        if not of_person:
            known = ", ".join(sorted({frame.person.name for frame in frames})[:20]) or "nobody"
            raise PersonNotFoundError(f"no picture is proposed for {request.person!a}; there are pictures of: {known}")
        frames = of_person
    elif not request.also:
        frames = [frame for frame in frames if frame.worth is not Worth.ALSO]
    chosen: dict[tuple[str, Fraction], str] = {}
    for frame in frames:
        # One picture may be proposed for several people.
        place = frame.video_path, frame.time
        names = [*filter(None, [chosen.get(place, "")]), frame.person.name]
        if place in chosen or request.count is None or len(chosen) < request.count:
            chosen[place] = ", ".join(names)
    return [(films.film(path), time, name) for (path, time), name in chosen.items()]


def _is(frame: BestFrame, person: str) -> bool:
    return person == str(frame.person.cluster_id) or same_name(person) == same_name(frame.person.name)


def with_capture_time(jpeg: bytes, capture_time: str, description: str) -> bytes:
    """A JPEG with EXIF that says when it was taken and from what; its pixels stay as they are.

    Args:
        jpeg: Without EXIF.
        capture_time: ISO 8601, with or without an offset from UTC; empty if unknown.
        description: In words.
    """
    exif = Image.Exif()
    exif[_DESCRIPTION] = description.encode("ascii", "replace").decode()
    exif[_SOFTWARE] = "Curation"
    if capture_time:
        time = datetime.fromisoformat(capture_time)
        ifd = exif.get_ifd(_EXIF_IFD)
        ifd[_DATE_TIME_ORIGINAL] = time.strftime("%Y:%m:%d %H:%M:%S")
        ifd[_SUBSECONDS_ORIGINAL] = f"{time.microsecond // 1000:03d}"
        if time.utcoffset() is not None:
            offset = time.strftime("%z")
            ifd[_OFFSET_ORIGINAL] = f"{offset[:3]}:{offset[3:5]}"
    content = exif.tobytes()
    segment = content if content.startswith(b"Exif\0\0") else b"Exif\0\0" + content
    if not jpeg.startswith(b"\xff\xd8") or len(segment) > _MAX_SEGMENT:
        return jpeg
    out = io.BytesIO()
    out.write(jpeg[:2])
    out.write(_MARKER_APP1 + (len(segment) + 2).to_bytes(2, "big") + segment)
    out.write(jpeg[2:])
    return out.getvalue()
