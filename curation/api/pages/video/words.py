"""What the page Videos says of states, exports and posters."""

from __future__ import annotations

from collections.abc import Mapping

from curation.domain.film.people import PosterStatus
from curation.jobs.video.films import FilmState

__all__ = ["EXPORTS", "POSTER_FACES", "STATES"]

STATES: Mapping[FilmState, str] = {
    FilmState.WAITING: "Waiting",
    FilmState.WORKING: "Being looked at",
    FilmState.DONE: "Ready",
    FilmState.PARTIAL: "Ready in part",
    FilmState.FAILED: "Failed",
    FilmState.STOPPED: "Stopped",
}

EXPORTS: tuple[tuple[str, str, str], ...] = (
    ("vtt", "WebVTT subtitles", "who is on screen, for players"),
    ("srt", "SubRip subtitles", "the same for older players"),
    ("edl", "EDL markers", "for DaVinci Resolve"),
    ("fcpxml", "FCPXML", "keywords for Final Cut Pro"),
    ("otio", "OpenTimelineIO", "for other editing programs"),
    ("chapters", "Chapters", "by who is on screen"),
    ("csv", "Table", "all appearances as CSV"),
)
"""Format, title, and what it is for."""

POSTER_FACES: Mapping[PosterStatus, str] = {
    PosterStatus.MATCHED: "",
    PosterStatus.UNMATCHED: "nobody of this film",
    PosterStatus.TOO_SMALL: "too small to tell",
    PosterStatus.TOO_POOR: "too poor to tell",
}
