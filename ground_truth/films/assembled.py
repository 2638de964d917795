"""Films assembled from photos of known people: who is where is known exactly, in each picture.

Nobody is in a film of both halves: the halves are those of `in_test_half`, by the name of the person (of group photos,
of the folder), so that one can be used for choosing and the other one for the report. Within a half nobody is in two
films.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from curation.domain.faces.face import Box
from curation.engines.base import FaceEngine
from ground_truth.errors import Unavailable
from ground_truth.films.kinds import KINDS, FilmKind, Material, nearest_pair
from ground_truth.films.scenes import Scene, dissolved, drawn
from ground_truth.films.stills import Picture, Still, backgrounds, group_stills, portrait_stills
from ground_truth.films.truth import LabelledFilm, NamedFace, labelled_film, write_labels
from ground_truth.films.writing import write_film

__all__ = ["assembled_films", "film_pictures", "made_film"]

_MARK = 1  # counts up when films are made otherwise, so that kept ones are not used
_PEOPLE_OF_LFW, _EACH, _USED = 50, 6, 3
_ALBUM_PHOTOS, _ALBUM_FACES = 6, 8


def assembled_films(
    data: Path, scratch: Path, engine: FaceEngine, *, test_half: bool, kinds: Sequence[str] = tuple(KINDS)
) -> Iterator[tuple[LabelledFilm, Mapping[str, Sequence[Still]]]]:
    """Make the films of one half, or take them from `scratch` if they were made before.

    Args:
        data: Folder of the test data.
        scratch: Where the films are kept.
        engine: That finds the faces of the photos.
        test_half: Which half of the people.
        kinds: Of `KINDS`.

    Yields:
        Each film, and stills of its people that are not in it.

    Raises:
        Unavailable: If photos are missing.
    """
    photos = data / "photos"
    folder = scratch / f"films {_MARK}" / ("report" if test_half else "tune")
    folder.mkdir(parents=True, exist_ok=True)
    people = portrait_stills(photos, engine, test_half=test_half, people=_PEOPLE_OF_LFW, each=_EACH)
    groups = group_stills(photos, engine, test_half=test_half)
    places = backgrounds(photos, engine)
    left = _shuffled(people)
    for name, kind in KINDS.items():
        if kind.people > len(left):
            raise Unavailable(f"there are too few people with {_EACH} photos for films")
        chosen = _chosen(kind, left, people)
        left = [person for person in left if person not in chosen]
        if name not in kinds:
            continue
        together = [still for stills in groups.values() for still in _largest(stills)] if not kind.people else []
        if not kind.people and not together:
            continue
        material = Material(
            {person: people[person][:_USED] for person in chosen},
            together,
            places,
            np.random.default_rng(_seed(f"{name} {test_half}")),
            *kind.size,
        )
        held_out = {person: people[person][_USED:] for person in chosen}
        yield made_film(name, kind, material, folder), held_out


def _seed(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _shuffled(people: Mapping[str, Sequence[Still]]) -> list[str]:
    return sorted(people, key=lambda person: hashlib.sha256(f"film {person}".encode()).digest())


def _chosen(kind: FilmKind, left: Sequence[str], people: Mapping[str, Sequence[Still]]) -> list[str]:
    if not kind.alike:
        return list(left[: kind.people])
    pair = nearest_pair({person: people[person] for person in left})
    return [*pair, *[person for person in left if person not in pair][: kind.people - 2]]


def _largest(stills: Sequence[Still]) -> list[Still]:
    """The photos with the most people, but no crowds, and those of the same people alone."""
    few = [still for still in stills if len(still.faces) <= _ALBUM_FACES]
    return sorted(few, key=lambda still: (-len(still.faces), still.key))[:_ALBUM_PHOTOS]


def made_film(name: str, kind: FilmKind, material: Material, folder: Path) -> LabelledFilm:
    """Make a film of a kind, or take it if it is there already."""
    path, labels = folder / f"{name}{kind.form.suffix}", folder / f"{name}.csv"
    if not labels.exists():
        truth: list[tuple[int, float, Sequence[NamedFace]]] = []

        def pictures() -> Iterator[tuple[Fraction, Picture]]:
            for number, (time, picture, faces) in enumerate(film_pictures(kind, material)):
                truth.append((number, float(time), faces))
                yield time, picture

        write_film(path, kind.form, kind.size, kind.rate, pictures())
        write_labels(labels, truth)
    return labelled_film(f"{name} ({folder.name})", path, labels, kind=kind.words)


def film_pictures(kind: FilmKind, material: Material) -> Iterator[tuple[Fraction, Picture, list[NamedFace]]]:
    """Every picture of a film with its time and its faces."""
    scenes = kind.scenes(material)
    width, height = kind.size
    bar = round(height * kind.bars / 2) // 2 * 2
    starts = np.concatenate([[0.0], np.cumsum([scene.length_s for scene in scenes])])
    for time in _times(kind, float(starts[-1]), material.random):
        place = min(int(np.searchsorted(starts, float(time), side="right")) - 1, len(scenes) - 1)
        picture, faces = _at(scenes, place, float(time) - float(starts[place]), width, height - 2 * bar)
        if bar:
            picture = np.pad(picture, ((bar, bar), (0, 0), (0, 0)))
            faces = [face._replace(box=Box(face.box.x, face.box.y + bar, face.box.w, face.box.h)) for face in faces]
        yield time + kind.delay_s, _lit(picture, kind, material.random), faces


def _times(kind: FilmKind, length_s: float, random: np.random.Generator) -> Iterator[Fraction]:
    """Of the pictures, whole units of the file's time base."""
    number, time = 0, Fraction(0)
    while time < length_s:
        yield round(time / kind.form.base) * kind.form.base
        number += 1
        step = 1 / kind.rate
        time += step * int(random.integers(1, 4)) if kind.varies else step


def _at(scenes: Sequence[Scene], place: int, time_s: float, width: int, height: int) -> tuple[Picture, list[NamedFace]]:
    scene = scenes[place]
    now = drawn(scene, time_s, width, height)
    left = scene.length_s - time_s
    if left >= scene.dissolve_s or place + 1 == len(scenes):
        return now
    # The next scene stands still until it is there alone.
    return dissolved(now, drawn(scenes[place + 1], 0.0, width, height), 1 - left / scene.dissolve_s)


def _lit(picture: Picture, kind: FilmKind, random: np.random.Generator) -> Picture:
    if kind.light == 1.0 and not kind.noise:
        return picture
    grain = random.standard_normal(picture.shape, dtype=np.float32) * np.float32(kind.noise)
    bright = picture.astype(np.float32) * np.float32(kind.light) + grain
    return np.asarray(np.clip(bright, 0, 255), dtype=np.uint8)
