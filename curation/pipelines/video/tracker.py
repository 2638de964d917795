"""Tracks of one shot, built look by look in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import numpy as np

from curation.domain.faces.geometry import box_iou
from curation.domain.film.times import Interval
from curation.domain.film.tracking.best_faces import best_spread, worst_kept
from curation.domain.film.tracking.matching import SAME_FACE_IOU, matched
from curation.domain.film.tracking.purity import READABLE_QUALITY, identity_changes, is_suspicious
from curation.pipelines.video.looking import Look, Looker, SeenFace

__all__ = ["FinishedTrack", "Tracker", "same_faces"]

_BRIDGED_S = Fraction(1, 2)
"""A face that the detector misses for so long, and that is found again in its place, was there."""

_MIN_CANDIDATES = 8
"""Crops of a track that are kept until its end is known; they are spread over its time."""

_BRIDGE_COSINE = 0.3

_LIKE_FORMS = 0.6
"""Correlation of the forms of a face half a second apart, above which nobody is asked whether it is the same person."""

_SAME_FORMS = 0.85
"""The same for the ends of a track, seconds apart: two people in one pose and light are hardly more alike."""

_CHECKED_S = 1
"""In longer tracks the first and the last face are compared with the best ones, in seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class FinishedTrack:
    """A track of one face, before its best faces are read.

    Attributes:
        span: When it is seen.
        faces: All sightings, by time.
        chosen: The best faces, best first; embedded.
        start_tolerance: How far the true start may lie from that of the span, in seconds.
        end_tolerance: Likewise.
    """

    span: Interval
    faces: tuple[SeenFace, ...]
    chosen: tuple[SeenFace, ...]
    start_tolerance: Fraction
    end_tolerance: Fraction


@dataclass(slots=True, eq=False)
class _Open:
    """A track that may go on."""

    faces: list[SeenFace]
    start: Fraction
    start_tolerance: Fraction
    candidates: list[SeenFace] = field(default_factory=list)
    end: Fraction | None = None  # set when it is lost
    end_tolerance: Fraction = Fraction(0)
    last_seen: Fraction = Fraction(0)
    at_risk: bool = False


class Tracker:
    """The tracks of one shot."""

    def __init__(self, looker: Looker, *, faces_per_track: int, min_conf: float) -> None:
        """Begin a shot.

        Args:
            looker: That looked.
            faces_per_track: How many faces of a track are embedded in the end.
            min_conf: Less certain faces begin no track; they may continue one.
        """
        self._min_conf = min_conf
        self._looker = looker
        self._count = faces_per_track
        self._limit = max(_MIN_CANDIDATES, 2 * faces_per_track)
        self._active: list[_Open] = []
        self._lost: list[_Open] = []
        self._done: list[_Open] = []
        self._last: Look | None = None

    def add(self, look: Look) -> None:
        """Go on with the next look."""
        previous = self._active
        pairs = dict(same_faces([track.faces[-1] for track in previous], look.faces, self._looker))
        taken = set(pairs.values())
        for number, track in enumerate(previous):
            if number in pairs:
                self._continue(track, look.faces[pairs[number]], look)
            else:
                track.end, track.end_tolerance = self._boundary(look, begins=False)
                self._lost.append(track)
        self._active = [track for number, track in enumerate(previous) if number in pairs]
        for number, face in enumerate(look.faces):
            if number in taken:
                continue
            again = self._found_again(face, look)
            if again is not None:
                self._lost.remove(again)
                again.end = None
                again.at_risk = True
                self._continue(again, face, look)
                self._active.append(again)
                continue
            if face.sighting.confidence < self._min_conf:
                continue
            start, tolerance = self._boundary(look, begins=True)
            track = _Open([], start, tolerance)
            self._continue(track, face, look)
            self._active.append(track)
        for track in [track for track in self._lost if look.time - track.last_seen > _BRIDGED_S]:
            self._lost.remove(track)
            self._done.append(track)
        self._last = look

    def close(self, end: Fraction) -> list[FinishedTrack]:
        """End the shot.

        Args:
            end: Of its last picture.

        Returns:
            The tracks, split where the person changes, in no particular order.
        """
        for track in self._active:
            last = self._last
            track.end = end
            track.end_tolerance = Fraction(0) if last is None else max(Fraction(0), end - last.until)
        tracks = [*self._done, *self._lost, *self._active]
        self._active, self._lost, self._done, self._last = [], [], [], None
        return [part for track in tracks for part in self._finished(track)]

    def _continue(self, track: _Open, face: SeenFace, look: Look) -> None:
        if track.faces and box_iou(track.faces[-1].sighting.box, face.sighting.box) < 2 * SAME_FACE_IOU:
            track.at_risk = True
        if track.faces:
            face.certainty = max(face.certainty, track.faces[-1].certainty)
        track.faces.append(face)
        track.last_seen = look.until
        track.candidates.append(face)
        if len(track.candidates) > self._limit:
            times = [candidate.sighting.time for candidate in track.candidates]
            worst = worst_kept(times, [candidate.quality.score for candidate in track.candidates])
            track.candidates.pop(worst).crop = None

    def _found_again(self, face: SeenFace, look: Look) -> _Open | None:
        box = face.sighting.box
        for track in sorted(self._lost, key=lambda each: -box_iou(each.faces[-1].sighting.box, box)):
            if box_iou(track.faces[-1].sighting.box, box) < SAME_FACE_IOU:
                return None
            likeness = self._looker.similarity(track.candidates[-1], face)
            if likeness is not None and likeness >= _BRIDGE_COSINE:
                return track
        return None

    def _boundary(self, look: Look, *, begins: bool) -> tuple[Fraction, Fraction]:
        """The middle of what is unknown between the look before and this one, and how far the truth may be."""
        last = self._last
        if last is None:
            return look.time, Fraction(0)
        known = [time for time in look.skipped if last.until <= time < look.time]
        if not known:
            edge = look.time if begins else last.until
            return edge, look.time - last.until if look.time > last.until else Fraction(0)
        middle = known[len(known) // 2]
        return middle, max(middle - last.until, look.time - middle)

    def _finished(self, track: _Open) -> list[FinishedTrack]:
        assert track.end is not None
        candidates = track.candidates
        chosen = self._chosen(candidates)
        in_time = sorted(chosen, key=lambda face: face.sighting.time)
        if track.end - track.start >= _CHECKED_S:
            # The best faces may all be of the second of two people.
            readable = [face for face in candidates if face.quality.score >= READABLE_QUALITY]
            ends = [
                face
                for face in (*readable[:1], *readable[-1:])
                if all(face is not other and _form_likeness(face, other) < _SAME_FORMS for other in in_time)
            ]
            in_time = sorted([*in_time, *ends], key=lambda face: face.sighting.time)
        known = [face.embedding(self._looker) for face in in_time if len(face.embedding(self._looker))]
        cuts: list[int] = []
        if len(track.faces) > 1 and (track.at_risk or is_suspicious(known)):
            readable = [face for face in candidates if len(face.embedding(self._looker))]
            embeddings = [face.embedding(self._looker) for face in readable]
            changes = identity_changes(embeddings, [face.quality.score for face in readable])
            cuts = [self._place(track, readable[change - 1], readable[change]) for change in changes]
        if not cuts:
            return [
                FinishedTrack(
                    Interval(track.start, track.end),
                    tuple(track.faces),
                    tuple(chosen),
                    track.start_tolerance,
                    track.end_tolerance,
                )
            ]
        parts = []
        edges = [0, *cuts, len(track.faces)]
        start, tolerance = track.start, track.start_tolerance
        for first, last in pairwise(edges):
            faces = track.faces[first:last]
            if last == len(track.faces):
                end, next_start, after = track.end, track.end, track.end_tolerance
            else:
                before, behind = track.faces[last - 1].sighting.time, track.faces[last].sighting.time
                end = next_start = behind
                after = behind - before
            inside = [face for face in candidates if face in faces]
            parts.append(
                FinishedTrack(
                    Interval(start, end),
                    tuple(faces),
                    tuple(self._chosen(inside)),
                    tolerance,
                    after,
                )
            )
            start, tolerance = next_start, after
        return parts

    def _chosen(self, candidates: Sequence[SeenFace]) -> list[SeenFace]:
        times = [face.sighting.time for face in candidates]
        numbers = best_spread(times, [face.quality.score for face in candidates], self._count)
        chosen = [candidates[number] for number in numbers]
        return [face for face in chosen if len(face.embedding(self._looker))]

    @staticmethod
    def _place(track: _Open, before: SeenFace, behind: SeenFace) -> int:
        """The number of the first face of the other person: where the forms change most in favour of the other."""
        first, last = track.faces.index(before), track.faces.index(behind)
        best, place, balance = 0.0, last, 0.0
        for number in range(last - 1, first, -1):
            face = track.faces[number]
            balance += _form_likeness(face, behind) - _form_likeness(face, before)
            if balance > best:
                best, place = balance, number
        return place


def same_faces(first: Sequence[SeenFace], second: Sequence[SeenFace], looker: Looker) -> list[tuple[int, int]]:
    """Pairs of numbers of faces of two looks that are the same face, see `domain.film.tracking.matching`."""
    return matched(
        [face.sighting.box for face in first],
        [face.sighting.box for face in second],
        lambda number, other: looker.similarity(first[number], second[other]),
        lambda number, other: _form_likeness(first[number], second[other]) >= _LIKE_FORMS,
        lambda number, other: min(first[number].quality.score, second[other].quality.score) >= READABLE_QUALITY,
    )


def _form_likeness(first: SeenFace, second: SeenFace) -> float:
    """In [-1, 1]; 0 if one of them has no form."""
    return float(first.form.astype(np.float64) @ second.form.astype(np.float64))
