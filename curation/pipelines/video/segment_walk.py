"""The walk over a segment of a film.

There are looks at fixed steps and at both ends of each shot; between two looks whose faces differ, the time is halved
until it is known when they came or went.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.film.clip import Shot
from curation.domain.film.times import Interval
from curation.domain.film.track import Track
from curation.domain.film.tracking.segments import AnalysedSegment
from curation.pipelines.video.looking import Look, Looker, SeenFace
from curation.pipelines.video.options import LookOptions
from curation.pipelines.video.track_reading import TrackReader
from curation.pipelines.video.tracker import Tracker, same_faces
from curation.video.frame import ClipFrame
from curation.video.letterbox import effective_area
from curation.video.opening import Clip
from curation.video.shots import with_cuts

__all__ = ["analyse_segment"]

_HELD_PX = 1920
"""Longer side of the pictures that wait between two looks."""

_MAX_HELD = 24
"""How many wait at most: half a second at 50 pictures a second. After so many there is a look in any case."""

_MAX_CORRUPT = 1000
_MAX_SAMPLES = 64
"""Of a shot, to find its black bars."""

_AFTER_ALL = Fraction(10**9)


def analyse_segment(
    clip: Clip, span: Interval, looker: Looker, reader: TrackReader, options: LookOptions
) -> AnalysedSegment:
    """Find the tracks of a part of a film.

    Args:
        clip: The open film.
        span: Begins at a key frame; ends where the next segment begins.
        looker: Finds and embeds faces.
        reader: Judges tracks and reads their best faces.
        options: How the film is looked at.

    Raises:
        ClipUnreadableError: If the film cannot be decoded from there.
        FaceAnalysisError: If a network fails.
    """
    walk = _Walk(looker, reader, options)
    ends_with_cut = True
    # A few pictures of the next segment tell whether it begins with a cut.
    for frame, is_cut in with_cuts(clip.frames(Interval(span.start, _AFTER_ALL))):
        if frame.time >= span.end:
            ends_with_cut = is_cut
            break
        walk.add(frame, is_cut=is_cut)
    walk.end_shot()
    return walk.result(span, ends_with_cut=ends_with_cut, problem=clip.problem)


class _Walk:
    def __init__(self, looker: Looker, reader: TrackReader, options: LookOptions) -> None:
        self._looker = looker
        self._reader = reader
        self._options = options
        self._step = Fraction(str(options.sample_step_s))
        self._tolerance = Fraction(str(options.boundary_tolerance_s))
        self._tracker = self._new_tracker()
        self._waiting: list[ClipFrame] = []
        self._plans: list[tuple[list[ClipFrame], ClipFrame]] = []
        self._planned: Fraction | None = None  # time of the last picture that is looked at in any case
        self._last: Look | None = None
        self._shot_start: Fraction | None = None
        self._size = (1, 1)
        self._samples: list[NDArray[np.uint8]] = []
        self._decoded = 0
        self._corrupt: list[int] = []
        self._corrupt_count = 0
        self._first_time: Fraction | None = None
        self._end = Fraction(0)
        self._last_time: Fraction | None = None
        self._gaps: tuple[Fraction, Fraction] | None = None
        self._shots: list[Shot] = []
        self._tracks: list[Track] = []

    def add(self, frame: ClipFrame, *, is_cut: bool) -> None:
        """Go on with the next picture."""
        if self._decoded == 0:
            # Not from the clip's facts: for these the whole file would be read, in each worker.
            self._size = (frame.picture.width, frame.picture.height)
        self._decoded += 1
        self._measure_gap(frame)
        if frame.is_corrupt:
            self._corrupt_count += 1
            if len(self._corrupt) < _MAX_CORRUPT:
                self._corrupt.append(frame.number)
        if self._first_time is None:
            self._first_time = frame.time
        if is_cut or self._shot_start is None:
            self._end = frame.time if self._shot_start is not None else self._end
            self.end_shot()
            self._shot_start = frame.time
        self._end = frame.time + frame.duration
        if frame.is_corrupt:
            return
        if self._planned is None or self._is_due(frame):
            if len(self._samples) < _MAX_SAMPLES:
                self._samples.append(frame.sample())
            self._plan(frame)
            return
        self._wait(frame)

    def end_shot(self) -> None:
        """Look at the last picture of the shot, and finish its tracks."""
        if self._shot_start is None:
            return
        if self._waiting:
            self._plan(self._waiting.pop())
        self._look_as_planned()
        span = Interval(self._shot_start, self._end)
        area = self._area()
        number = len(self._shots)
        self._shots.append(Shot(number, span, area))
        for finished in self._tracker.close(self._end):
            track = self._reader.track(finished, number, area)
            if track is not None:
                self._tracks.append(track)
        self._tracker = self._new_tracker()
        self._last = None
        self._planned = None
        self._shot_start = None
        self._samples.clear()

    def result(self, span: Interval, *, ends_with_cut: bool, problem: str) -> AnalysedSegment:
        """All that was found."""
        start = span.start if self._first_time is None else self._first_time
        tracks = sorted(self._tracks, key=lambda track: (track.span.start, track.sightings[0].box, track.span.end))
        return AnalysedSegment(
            span=Interval(start, self._end if self._first_time is not None else start),
            shots=tuple(self._shots),
            tracks=tuple(tracks),
            frames_decoded=self._decoded,
            frames_looked_at=self._looker.pictures,
            faces_embedded=self._looker.embedded,
            corrupt_frames=tuple(self._corrupt),
            corrupt_count=self._corrupt_count,
            sharpness=tuple(self._looker.sharpness),
            ends_with_cut=ends_with_cut,
            problem=problem,
            gaps=self._gaps,
        )

    def _new_tracker(self) -> Tracker:
        return Tracker(self._looker, faces_per_track=self._options.faces_per_track, min_conf=self._options.min_conf)

    def _measure_gap(self, frame: ClipFrame) -> None:
        if self._last_time is not None:
            gap = frame.time - self._last_time
            least, most = self._gaps or (gap, gap)
            self._gaps = (min(least, gap), max(most, gap))
        self._last_time = frame.time

    def _is_due(self, frame: ClipFrame) -> bool:
        assert self._planned is not None
        return frame.time - self._planned >= self._step or len(self._waiting) >= _MAX_HELD

    def _wait(self, frame: ClipFrame) -> None:
        """Keep a picture in case that it has to be looked at; the newest one always, as it may be the shot's last."""
        waiting = self._waiting
        if len(waiting) >= 2 and waiting[-1].time - waiting[-2].time < self._tolerance / 4:
            waiting.pop()
        waiting.append(frame.held(_HELD_PX))

    def _plan(self, frame: ClipFrame) -> None:
        """A picture is looked at in any case: now, or together with the next ones where that is faster."""
        self._plans.append((self._waiting, frame))
        self._waiting = []
        self._planned = frame.time
        pictures = len(self._plans) + sum(len(waiting) for waiting, _ in self._plans)
        if len(self._plans) >= self._options.batch_size or pictures >= 2 * _MAX_HELD:
            self._look_as_planned()

    def _look_as_planned(self) -> None:
        self._looker.find_ahead([(frame.number, frame.picture) for _, frame in self._plans])
        for waiting, frame in self._plans:
            self._look_up_to(waiting, frame)
        self._plans.clear()

    def _look_up_to(self, waiting: Sequence[ClipFrame], frame: ClipFrame) -> None:
        """Look at a picture, and at those that wait, as far as faces came or went between."""
        look = self._look(frame, regular=True)
        if self._last is None:
            self._tracker.add(look)
        else:
            for each in self._between(self._last, waiting, look):
                self._tracker.add(each)
        self._last = look

    def _look(self, frame: ClipFrame, *, regular: bool) -> Look:
        return self._looker.look(frame.picture, frame.time, frame.time + frame.duration, frame.number, regular=regular)

    def _between(self, first: Look, frames: Sequence[ClipFrame], second: Look) -> Iterable[Look]:
        """Looks after the first one up to the second, by time."""
        times = tuple(frame.time for frame in frames)
        if not frames or second.time - first.until <= self._tolerance or not self._differ(first, second):
            yield replace(second, skipped=times)
            return
        middle_time = (first.time + second.time) / 2
        place = min(range(len(frames)), key=lambda number: (abs(frames[number].time - middle_time), number))
        middle = self._look(frames[place], regular=False)
        yield from self._between(first, frames[:place], middle)
        yield from self._between(middle, frames[place + 1 :], second)

    def _differ(self, first: Look, second: Look) -> bool:
        """Whether a face that counts came or went."""
        pairs = same_faces(first.faces, second.faces, self._looker)
        left = set(range(len(first.faces))) - {number for number, _ in pairs}
        right = set(range(len(second.faces))) - {other for _, other in pairs}
        return any(self._matters(first.faces[number]) for number in left) or any(
            self._matters(second.faces[number]) for number in right
        )

    def _matters(self, face: SeenFace) -> bool:
        """Whether the track of a face will probably be kept: doubtful ones flicker, and would be looked for forever."""
        return face.certainty >= self._options.track_min_conf

    def _area(self) -> Box:
        if not self._options.uses_effective_area or not self._samples:
            return Box(0, 0, *self._size)
        return effective_area(self._samples, *self._size)
