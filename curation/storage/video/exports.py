"""The formats in which players and editors get the names of a film, each as a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from curation.domain.film.exchange.chapters import chapters, ffmetadata, webvtt_chapters
from curation.domain.film.exchange.markers import MARKER_COLUMNS, edl, marker_rows, markers
from curation.domain.film.exchange.names import shown_people
from curation.domain.film.exchange.subtitles import srt, webvtt, webvtt_boxes
from curation.domain.film.exchange.time_code import TimeCode, time_code_of
from curation.domain.film.people import TrailerResult
from curation.errors import InputError
from curation.storage.atomic import write_bytes
from curation.storage.csv_tables import csv_bytes
from curation.storage.video.timelines import fcpxml, film_title, otio_text

__all__ = ["EXPORT_FORMATS", "ExportFormat", "export_content", "write_exports"]


class ExportFormat(NamedTuple):
    """A format.

    Attributes:
        file_name: Of the file that is written.
        media_type: Of its content.
        description: What it is and who reads it, for users.
    """

    file_name: str
    media_type: str
    description: str


EXPORT_FORMATS: Mapping[str, ExportFormat] = {
    "webvtt": ExportFormat("names.vtt", "text/vtt", "who is on screen, as subtitles (WebVTT)"),
    "srt": ExportFormat("names.srt", "application/x-subrip", "the same as SubRip, for players and editors"),
    "boxes": ExportFormat("boxes.vtt", "text/vtt", "where each face is, as WebVTT metadata for pages"),
    "chapters": ExportFormat("chapters.vtt", "text/vtt", "chapters by who is on screen (WebVTT)"),
    "ffmetadata": ExportFormat("chapters.ffmeta", "text/plain", "the same chapters, for FFmpeg"),
    "edl": ExportFormat("markers.edl", "text/plain", "markers for DaVinci Resolve"),
    "markers": ExportFormat("markers.csv", "text/csv", "the same markers as a table"),
    "otio": ExportFormat("markers.otio", "application/json", "the same markers, OpenTimelineIO"),
    "fcpxml": ExportFormat("markers.fcpxml", "application/xml", "keywords for Final Cut Pro (FCPXML 1.11)"),
}
"""By the name by which users ask for them."""


def write_exports(
    folder: Path,
    result: TrailerResult,
    formats: Collection[str],
    *,
    source: str = "",
    named_only: bool = False,
    start_timecode: str = "",
) -> tuple[Path, ...]:
    """Write a film's names in some formats into a folder, which is created if it is missing.

    Args:
        folder: Where they go.
        result: The film.
        formats: Names of `EXPORT_FORMATS`.
        source: Path or address of the film, for editors; may be empty. Of a file that is there they get the full path.
        named_only: Leave out people without a name, and those of the category `other`.
        start_timecode: Of the first picture, instead of that of the film, such as `01:00:00:00`.

    Returns:
        The files, in the order of `EXPORT_FORMATS`.

    Raises:
        InputError: If there is no such format, or `start_timecode` is none; nothing was written.
        StorageError: If a file cannot be written.
        ExtraMissingError: If a format needs the extra `video` and it is not installed.
    """
    for name in formats:
        _known(name)
    _code(result, start_timecode)
    source = _located(source)
    written = []
    for name, form in EXPORT_FORMATS.items():
        if name in formats:
            content = export_content(result, name, source=source, named_only=named_only, start_timecode=start_timecode)
            write_bytes(folder / form.file_name, content)
            written.append(folder / form.file_name)
    return tuple(written)


def export_content(
    result: TrailerResult, name: str, *, source: str = "", named_only: bool = False, start_timecode: str = ""
) -> bytes:
    """A film's names in one format, see `write_exports`.

    Raises:
        InputError: If there is no such format, or `start_timecode` is none.
        ExtraMissingError: If the format needs the extra `video` and it is not installed.
    """
    _known(name)
    people = shown_people(result, named_only=named_only)
    if name in ("webvtt", "srt"):
        return _encoded((webvtt if name == "webvtt" else srt)(people))
    if name == "boxes":
        return _encoded(webvtt_boxes(result, people))
    if name in ("chapters", "ffmetadata"):
        titled = chapters(result, people)
        return _encoded((ffmetadata if name == "ffmetadata" else webvtt_chapters)(titled))
    facts = result.film.facts
    code = _code(result, start_timecode)
    marks = markers(result, people, code)
    if name == "edl":
        return _encoded(edl(marks, code, title=film_title(source)))
    if name == "otio":
        return _encoded(otio_text(marks, facts, code, source=source))
    if name == "fcpxml":
        return fcpxml(marks, facts, code, source=source)
    return csv_bytes(MARKER_COLUMNS, marker_rows(marks, code))


def _code(result: TrailerResult, start: str) -> TimeCode:
    try:
        return time_code_of(result.film.facts, start=start)
    except ValueError as error:
        raise InputError(f"{error}; give hours, minutes, seconds and frames, such as 01:00:00:00") from error


def _located(source: str) -> str:
    path = Path(source)
    try:
        return str(path.absolute()) if path.is_file() else source
    except OSError:  # not a path, or of a folder that may not be read
        return source


def _known(name: str) -> None:
    if name not in EXPORT_FORMATS:
        raise InputError(f"there is no format {name!r} for the names of a film; there are {', '.join(EXPORT_FORMATS)}")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
