"""Values of films for tests: tracks, characters and results without any file or network."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from curation.domain.faces.face import AnalysedFace, Box, DetectedFace, FaceQuality, FiveLandmarks, Point
from curation.domain.film.clip import ClipFacts, ClipStatus, Shot
from curation.domain.film.people import FilmPerson, TrailerResult
from curation.domain.film.times import Interval
from curation.domain.film.track import FilmAnalysis, Sighting, Track, TrackFace

WIDTH, HEIGHT, DIMENSIONS = 1280, 720, 8
FACE_BOX = Box(500, 200, 160, 200)
CHIP = b"\xff\xd8\xff\xd9"


def unit(values: ArrayLike) -> NDArray[np.float32]:
    """A vector of unit length."""
    vector = np.asarray(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def vector_of(person: int, *, noise: float = 0.0, seed: int = 0) -> NDArray[np.float32]:
    """(8,) the direction of a person, 0 to 7, with some noise."""
    direction = np.zeros(DIMENSIONS)
    direction[person] = 1
    return unit(direction + noise * np.random.default_rng(seed).normal(size=DIMENSIONS))


def points_in(box: Box) -> FiveLandmarks:
    """Five landmarks as they lie in a frontal face."""
    places = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))
    return FiveLandmarks(*(Point(box.x + x * box.w, box.y + y * box.h) for x, y in places))


def made_track(
    start: float,
    end: float,
    person: int = 0,
    *,
    shot: int = 0,
    box: Box = FACE_BOX,
    quality: float = 0.8,
    step_s: float = 0.5,
    noise: float = 0.05,
    fps: int = 25,
) -> Track:
    """A track of one person whose face does not move; times are multiples of 1 / fps."""
    first, last = round(start * fps), round(end * fps)
    numbers = sorted({*range(first, last, max(round(step_s * fps), 1)), last - 1})
    points = points_in(box)
    sightings = tuple(Sighting(Fraction(number, fps), number, box, points, 0.99) for number in numbers)
    faces = tuple(
        TrackFace(
            sighting.time,
            sighting.frame_index,
            AnalysedFace(
                DetectedFace(box, points, 0.99, vector_of(person, noise=noise, seed=sighting.frame_index)),
                FaceQuality(min(box.w, box.h), 0.6, 5.0, quality),
                CHIP,
            ),
        )
        for sighting in sightings[:3]
    )
    mean = unit(sum(face.face.detected.embedding for face in faces))
    return Track(shot, Interval(Fraction(first, fps), Fraction(last, fps)), sightings, faces, mean)


def made_film(
    tracks: Sequence[Track], *, duration: float = 10, cuts: Sequence[float] = (), fps: int = 25
) -> FilmAnalysis:
    """A film of 1280 x 720 pixels with these tracks."""
    ends = [Fraction(0), *(Fraction(round(cut * fps), fps) for cut in cuts), Fraction(round(duration * fps), fps)]
    shots = tuple(Shot(index, Interval(a, b), Box(0, 0, WIDTH, HEIGHT)) for index, (a, b) in enumerate(pairwise(ends)))
    ordered = tuple(sorted(tracks, key=lambda track: (track.span.start, track.sightings[0].box.x)))
    facts = ClipFacts(ends[-1], WIDTH, HEIGHT, fps_average=Fraction(fps), codec="h264")
    frames = round(duration * fps)
    looks = len({sighting.frame_index for track in tracks for sighting in track.sightings})
    return FilmAnalysis(facts, ClipStatus.OK, "", (), 0, frames, looks, 0.5, shots, ordered)


def made_result(film: FilmAnalysis, people: Sequence[tuple[Sequence[int], str]] = ()) -> TrailerResult:
    """The characters of a film: for each one the indices of its tracks, and its name."""
    characters = []
    for cluster, (indices, name) in enumerate(people):
        tracks = [film.tracks[index] for index in indices]
        screen_time = sum((track.span.length for track in tracks), Fraction(0))
        characters.append(
            FilmPerson(
                cluster_id=cluster,
                name=name,
                category="main" if name else "",
                tracks=tuple(indices),
                confidence=0.9,
                intervals=tuple(track.span for track in tracks),
                screen_time=screen_time,
                screen_share=float(screen_time / film.facts.duration),
                occupied_area=0.03,
                largest_area=0.04,
                faces=sum(len(track.sightings) for track in tracks),
                best_track=indices[0],
                attributes=None,
                mean=unit(sum(track.mean for track in tracks)),
            )
        )
    used = {index for indices, _ in people for index in indices}
    dropped = tuple(index for index in range(len(film.tracks)) if index not in used)
    return TrailerResult(film, tuple(characters), dropped, "fake")
