"""How tracks become people: the time it takes for long films, and how many people are split or merged.

    python -m benchmarks.film_people ../shared [--full]

The tracks of long films are made of random vectors. Splits and merges are counted on photos of lfw, as if each were a
track, or three of one person together; nothing was chosen on them. Joining is tried with five photos of each person
known, and with strangers.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.report import Row, main, median_seconds
from curation.domain.faces.face import AnalysedFace, DetectedFace
from curation.domain.film.grouping import group_tracks, screen_mates
from curation.domain.film.joining import KnownPeople, joined_people
from curation.domain.film.times import Interval
from curation.domain.film.track import Sighting, Track, TrackFace
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.engines.base import FaceEngine
from curation.engines.whispers import chinese_whispers
from curation.photos.files.decoding import open_photo
from curation.pipelines.measuring import face_quality
from ground_truth.engines import small_engine
from ground_truth.errors import Unavailable

__all__ = ["rows"]

_SET = "lfw"
_PHOTOS, _QUICK_PHOTOS = 900, 250
_KNOWN_PHOTOS = 5


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """Seconds for long films; then splits, merges and joins."""
    engine = small_engine(data)
    rule = engine.spec.grouping
    if rule is None:
        raise Unavailable("the small weights have no measured rule")
    by_person = _faces(data, engine, _QUICK_PHOTOS if quick else _PHOTOS)
    some = next(iter(by_person.values()))[0]
    for count in (500,) if quick else (2000, 5000):
        yield _long_film(count, some, rule)
    for each in (1, 3):
        tracks = [
            (person, _track(place, faces[first : first + each]))
            for person, faces in by_person.items()
            for place, first in enumerate(range(0, len(faces) - each + 1, each))
        ]
        yield from _told_apart(tracks, each, engine, rule)
    yield from _joined(by_person, rule)


def _faces(data: Path, engine: FaceEngine, count: int) -> dict[str, list[AnalysedFace]]:
    """The largest face of each photo, by person."""
    folder = data / "photos" / _SET
    labels = folder / "labels.csv"
    if not labels.is_file():
        raise Unavailable(f"{labels} is not there")
    with labels.open(encoding="utf-8-sig", newline="") as file:
        photos = [(line["path"], line["person"]) for line in csv.DictReader(file)]
    out: dict[str, list[AnalysedFace]] = defaultdict(list)
    for path, person in photos[:count]:
        photo = open_photo(folder / path, max_megapixels=100)
        found = engine.analyse(photo)
        if found:
            face = max(found, key=lambda one: one.box.w * one.box.h)
            out[person].append(AnalysedFace(face, face_quality(photo.full(), face), b""))
    return out


def _track(start: float, faces: Sequence[AnalysedFace]) -> Track:
    """A track of some faces, that nobody else is on screen with."""
    best = sorted(faces, key=lambda face: -face.quality.score)
    total = sum(max(face.quality.score, 1e-3) * face.detected.embedding.astype(np.float64) for face in best)
    mean = np.asarray(total / np.linalg.norm(total), dtype=np.float32)
    time = Fraction(start)
    shown = tuple(TrackFace(time, round(start), face) for face in best)
    detected = best[0].detected
    look = Sighting(time, round(start), detected.box, detected.landmarks, detected.confidence)
    return Track(0, Interval(time, time + Fraction(1, 2)), (look,), shown, mean)


def _long_film(count: int, face: AnalysedFace, rule: GroupingRule) -> Row:
    """A film of random people, a third of whom have most of the tracks."""
    numbers = np.random.default_rng(0)
    people = numbers.normal(size=(max(count // 50, 5), len(face.detected.embedding)))
    who = numbers.integers(len(people), size=count) // np.where(numbers.random(count) < 0.5, 3, 1)
    vectors = people[who] + numbers.uniform(0.4, 0.9, (count, 1)) * numbers.normal(size=(count, people.shape[1]))
    tracks = [_track(place, [_with_embedding(face, vector)]) for place, vector in enumerate(vectors)]
    embeddings = np.concatenate([_shaken(track.mean, numbers) for track in tracks])
    ours, whispers = median_seconds(
        [partial(group_tracks, tracks, rule), partial(chinese_whispers, embeddings)], rounds=1
    )
    return Row(
        "film_people",
        f"grouping {count} tracks of {len(people)} people",
        ours,
        "s",
        f"Chinese Whispers over three faces of each: {whispers:.2f} s",
        whispers / ours,
    )


def _shaken(vector: NDArray[np.float32], numbers: np.random.Generator) -> NDArray[np.float32]:
    """(3, D) faces of a track, about its mean."""
    faces = vector + 0.02 * numbers.normal(size=(3, len(vector)))
    return np.asarray(faces / np.linalg.norm(faces, axis=1, keepdims=True), dtype=np.float32)


def _with_embedding(face: AnalysedFace, vector: NDArray[np.float64]) -> AnalysedFace:
    old = face.detected
    unit = np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
    return AnalysedFace(DetectedFace(old.box, old.landmarks, old.confidence, unit), face.quality, b"")


def _told_apart(
    tracks: Sequence[tuple[str, Track]], each: int, engine: FaceEngine, rule: GroupingRule
) -> Iterator[Row]:
    # One after the other, so that no two are on screen together.
    films = list(range(len(tracks)))
    labels = group_tracks(
        [track for _, track in tracks], rule, film_of=films, unreadable=engine.spec.unreadable
    ).labels.tolist()
    pairs = {(person, label) for (person, _), label in zip(tracks, labels, strict=True) if label >= 0}
    people, groups = Counter(person for person, _ in pairs), Counter(label for _, label in pairs)
    what = f"{len(tracks)} tracks of {each} photo{'s' if each > 1 else ''} each, {len(people)} people of {_SET}"
    for name, count in (("splits", _beyond_one(people)), ("merges", _beyond_one(groups))):
        yield Row("film_people", f"{name}: {what}", count, name)


def _beyond_one(counts: Counter[str] | Counter[int]) -> int:
    """How many more there are than one of each."""
    return sum(counts.values()) - len(counts)


def _joined(by_person: dict[str, list[AnalysedFace]], rule: GroupingRule) -> Iterator[Row]:
    """Single photos of people of whom others are known, and of strangers."""
    known = [person for person, faces in by_person.items() if len(faces) > _KNOWN_PHOTOS]
    if not known:
        raise Unavailable(f"nobody has more than {_KNOWN_PHOTOS} photos among those that were taken")
    embeddings = [[face.detected.embedding for face in by_person[person][:_KNOWN_PHOTOS]] for person in known]
    people = KnownPeople(
        np.arange(len(known)), np.stack([np.mean(of, axis=0) for of in embeddings]), np.full(len(known), _KNOWN_PHOTOS)
    )
    tracks = [
        (person, _track(0, [face]))
        for person, faces in by_person.items()
        for face in faces[_KNOWN_PHOTOS if person in known else 0 :]
    ]
    used = [track for _, track in tracks]
    mates = screen_mates(used, np.arange(len(used)))
    found = joined_people(np.stack([track.mean for track in used]), np.arange(len(used)), mates, people, rule)
    outcome: Counter[str] = Counter()
    for place, (person, _) in enumerate(tracks):
        name = known[found[place]] if place in found else None
        kind = "strangers joined" if person not in known else "right" if name == person else "wrong"
        outcome[kind] += name is not None
    theirs = sum(person in known for person, _ in tracks)
    what = f"{theirs} photos of {len(known)} known people, {len(tracks) - theirs} of strangers"
    for kind in ("right", "wrong", "strangers joined"):
        yield Row("film_people", f"joining, {kind}: {what}", outcome[kind], "photos")


if __name__ == "__main__":
    main(__doc__, rows)
