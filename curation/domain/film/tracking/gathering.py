"""One film out of its segments: pictures numbered through, shots and tracks joined where a segment ends within them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import median

from curation.domain.faces.face import Box
from curation.domain.film.clip import ClipFacts, ClipStatus, Shot
from curation.domain.film.times import Interval, seconds_text
from curation.domain.film.track import FilmAnalysis, Track
from curation.domain.film.tracking.best_faces import best_spread, weighted_mean
from curation.domain.film.tracking.matching import matched
from curation.domain.film.tracking.segments import AnalysedSegment

__all__ = ["MissingSegment", "gathered"]

_MAX_CORRUPT = 1000
_LITTLE_DAMAGE = 0.01
"""A film of which so few pictures are damaged counts as whole: nobody is missed by a picture in four seconds."""


@dataclass(frozen=True, slots=True)
class MissingSegment:
    """A part of a film that could not be looked at, and why, in words for the user."""

    span: Interval
    reason: str


def gathered(
    facts: ClipFacts, parts: Sequence[AnalysedSegment | MissingSegment], *, faces_per_track: int
) -> FilmAnalysis:
    """Join what was found in the segments of a film.

    Args:
        facts: As the file tells them; duration and rate are replaced by what decoding showed.
        parts: In the order of time.
        faces_per_track: How many of the best faces of a joined track are kept.
    """
    facts = _measured(facts, parts)
    film = _Gathering(facts, faces_per_track)
    for part in parts:
        if isinstance(part, MissingSegment):
            film.skip(part)
        else:
            film.add(part)
    return film.result()


class _Gathering:
    def __init__(self, facts: ClipFacts, faces_per_track: int) -> None:
        self._facts = facts
        self._count = faces_per_track
        self._frames = 0
        self._looks = 0
        self._corrupt: list[int] = []
        self._corrupt_count = 0
        self._sharpness: list[float] = []
        self._shots: list[Shot] = []
        self._tracks: list[Track] = []
        self._problems: list[str] = []
        self._notes: list[str] = []
        self._something = False
        self._goes_on_at: Fraction | None = None  # the end of a segment that ended within a shot

    def skip(self, part: MissingSegment) -> None:
        """Go on after a part that is missing; how many pictures it has is estimated."""
        start, end = seconds_text(part.span.start), seconds_text(part.span.end)
        self._problems.append(f"seconds {start} to {end} are missing: {part.reason}")
        if self._facts.fps_average is not None:
            self._frames += round(part.span.length * self._facts.fps_average)
        self._notes.append(f"the numbers of pictures after second {end} are estimated")
        self._goes_on_at = None

    def add(self, part: AnalysedSegment) -> None:
        """Go on with the next segment."""
        if part.problem:
            self._problems.append(part.problem)
        first = self._frames
        if part.frames_decoded:
            self._something = True
            self._join(part, first)
        room = _MAX_CORRUPT - len(self._corrupt)
        self._corrupt += [first + number for number in part.corrupt_frames][:room]
        self._corrupt_count += part.corrupt_count
        self._frames += part.frames_decoded
        self._looks += part.frames_looked_at
        self._sharpness += part.sharpness

    def result(self) -> FilmAnalysis:
        """The film."""
        if self._corrupt_count:
            is_little = self._corrupt_count <= _LITTLE_DAMAGE * self._frames
            told = self._notes if is_little else self._problems
            told.append(f"{self._corrupt_count} of {self._frames} pictures are damaged and were not looked at")
        status = ClipStatus.PARTIAL if self._problems else ClipStatus.OK
        if not self._something:
            status = ClipStatus.FAILED
            if not self._problems:
                self._problems.append("the film has no picture that can be decoded: re-export it")
        tracks = sorted(self._tracks, key=lambda track: (track.span.start, track.sightings[0].box, track.span.end))
        return FilmAnalysis(
            facts=self._facts,
            status=status,
            problem="; ".join(self._problems),
            corrupt_frames=tuple(self._corrupt),
            corrupt_count=self._corrupt_count,
            frames_decoded=self._frames,
            frames_looked_at=self._looks,
            sharpness=round(median(self._sharpness), 4) if self._sharpness else 0.0,
            shots=tuple(self._shots),
            tracks=tuple(tracks),
            notes=tuple(self._notes),
        )

    def _join(self, part: AnalysedSegment, first: int) -> None:
        goes_on = self._goes_on_at is not None and bool(part.shots) and bool(self._shots)
        offset = len(self._shots) - goes_on
        shots = list(part.shots)
        if goes_on:
            begun, rest = self._shots.pop(), shots.pop(0)
            area = _both(begun.effective_area, rest.effective_area)
            shots.insert(0, Shot(begun.index, Interval(begun.span.start, rest.span.end), area))
        tracks = [_moved(track, offset, first) for track in part.tracks]
        if goes_on:
            tracks = self._joined(tracks, part.span.start)
        self._shots += [replace(shot, index=offset + number) for number, shot in enumerate(shots)]
        self._tracks += tracks
        self._goes_on_at = None if part.ends_with_cut else part.span.end

    def _joined(self, tracks: list[Track], start: Fraction) -> list[Track]:
        """The tracks of a segment; those that go on from the one before have taken its tracks over."""
        shot = len(self._shots)
        ended = [
            number
            for number, track in enumerate(self._tracks)
            if track.shot == shot and track.span.end == self._goes_on_at
        ]
        begun = [number for number, track in enumerate(tracks) if track.shot == shot and track.span.start == start]
        pairs = matched(
            [self._tracks[number].sightings[-1].box for number in ended],
            [tracks[number].sightings[0].box for number in begun],
            lambda number, other: _likeness(self._tracks[ended[number]], tracks[begun[other]]),
            lambda number, other: False,  # their means are known: ask them
        )
        for number, other in pairs:
            tracks[begun[other]] = self._one(self._tracks[ended[number]], tracks[begun[other]])
        gone = {ended[number] for number, _ in pairs}
        self._tracks = [track for number, track in enumerate(self._tracks) if number not in gone]
        return tracks

    def _one(self, first: Track, second: Track) -> Track:
        faces = sorted((*first.faces, *second.faces), key=lambda face: face.time)
        best = best_spread([face.time for face in faces], [face.face.quality.score for face in faces], self._count)
        chosen = tuple(faces[number] for number in best)
        return Track(
            shot=first.shot,
            span=Interval(first.span.start, second.span.end),
            sightings=(*first.sightings, *second.sightings),
            faces=chosen,
            mean=weighted_mean(
                [face.face.detected.embedding for face in chosen], [face.face.quality.score for face in chosen]
            ),
            start_tolerance_s=first.start_tolerance_s,
            end_tolerance_s=second.end_tolerance_s,
        )


def _measured(facts: ClipFacts, parts: Sequence[AnalysedSegment | MissingSegment]) -> ClipFacts:
    done = [part for part in parts if isinstance(part, AnalysedSegment) and part.frames_decoded]
    if not done:
        return facts
    length = sum((part.span.length for part in done), Fraction(0))
    frames = sum(part.frames_decoded for part in done)
    fps = Fraction(frames) / length if frames > 1 and length > 0 else None
    whole = all(isinstance(part, AnalysedSegment) for part in parts)
    duration = done[-1].span.end - done[0].span.start if whole else facts.duration
    return replace(facts, duration=duration, fps_average=fps)


def _moved(track: Track, shots: int, frames: int) -> Track:
    """A track of a segment with the numbers of the film."""
    return replace(
        track,
        shot=track.shot + shots,
        sightings=tuple(replace(each, frame_index=each.frame_index + frames) for each in track.sightings),
        faces=tuple(replace(each, frame_index=each.frame_index + frames) for each in track.faces),
    )


def _likeness(first: Track, second: Track) -> float | None:
    if not len(first.mean) or len(first.mean) != len(second.mean):
        return None
    return float(first.mean.astype("float64") @ second.mean.astype("float64"))


def _both(first: Box, second: Box) -> Box:
    """The smallest box around two."""
    x, y = min(first.x, second.x), min(first.y, second.y)
    right, bottom = max(first.x + first.w, second.x + second.w), max(first.y + first.h, second.y + second.h)
    return Box(x, y, right - x, bottom - y)
