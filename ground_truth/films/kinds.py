"""The kinds of films that are assembled from photos, as scenes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

import numpy as np

from curation.domain.faces.face import Box
from ground_truth.films.scenes import Layer, Pose, Scene, feathered, glide, shaken
from ground_truth.films.stills import Picture, Still
from ground_truth.films.writing import FilmFile

__all__ = ["KINDS", "FilmKind", "Material", "nearest_pair"]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a film is made of.

    Attributes:
        people: Stills of each of its people, by name, in the order in which they come.
        groups: Stills on which several of the people are, if the kind needs such.
        backgrounds: Places without people.
        random: For whatever is left to chance.
        width: Of the film, in pixels.
        height: Likewise.
    """

    people: Mapping[str, Sequence[Still]]
    groups: Sequence[Still]
    backgrounds: Sequence[Picture]
    random: np.random.Generator
    width: int
    height: int


_PLAIN = FilmFile()


@dataclass(frozen=True, slots=True)
class FilmKind:
    """A kind of film.

    Attributes:
        words: What it is.
        scenes: Makes its scenes.
        people: How many people of the portraits it needs; 0 for group photos only.
        size: Width and height in pixels, as seen.
        rate: Pictures a second.
        form: How it is written.
        varies: Whether the time between pictures varies.
        delay_s: When the first picture is shown.
        light: Brightness, 1 as it is.
        noise: Standard deviation in levels of 8 bits.
        bars: Share of the height that is black, above and below together.
        alike: Whether its first two people are the two of the half who look most alike.
    """

    words: str
    scenes: Callable[[Material], list[Scene]]
    people: int
    size: tuple[int, int] = (640, 360)
    rate: Fraction = Fraction(24)
    form: FilmFile = _PLAIN
    varies: bool = False
    delay_s: Fraction = Fraction(0)
    light: float = 1.0
    noise: float = 0.0
    bars: float = 0.0
    alike: bool = False


def nearest_pair(people: Mapping[str, Sequence[Still]]) -> tuple[str, str]:
    """The two people whose mean vectors are nearest."""
    names = sorted(people)
    means = np.array([np.mean([still.vector for still in people[name]], axis=0) for name in names])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    likeness = means @ means.T - 2 * np.eye(len(names))
    first, second = divmod(int(likeness.argmax()), len(names))
    return names[first], names[second]


def _cut(still: Still, reach: float) -> tuple[Picture, tuple[tuple[str, Box], ...]]:
    """A square around the main face, `reach` times as high as the face, as far as the picture goes."""
    x, y, w, h = still.main
    half = reach * max(w, h) / 2
    middle = (x + w / 2, y + h / 2 + 0.08 * h)
    height, width = still.picture.shape[:2]
    left, top = max(int(middle[0] - half), 0), max(int(middle[1] - half), 0)
    right, bottom = min(int(middle[0] + half), width), min(int(middle[1] + half), height)
    faces = tuple((name, Box(box.x - left, box.y - top, box.w, box.h)) for name, box in still.faces)
    return np.ascontiguousarray(still.picture[top:bottom, left:right]), faces


def _close(material: Material, still: Still, length_s: float, *, zoom: float = 0.2) -> list[Layer]:
    """A face that fills the picture, passed over as documentaries do."""
    random = material.random
    picture, faces = _cut(still, 2.4)
    scale = 1.12 * max(material.width / picture.shape[1], material.height / picture.shape[0])
    face = faces[0][1]
    half = picture.shape[0] * scale / 2 / material.height
    middle = 0.5 - (face.y + face.h / 2 - picture.shape[0] / 2) * scale / material.height
    y = float(np.clip(middle, 1.02 - half, half - 0.02))
    xs, scales = random.uniform(0.45, 0.55, 2), scale * (1 + random.uniform(0, zoom, 2))
    ends = [Pose(float(x), y, float(size)) for x, size in zip(xs, scales, strict=True)]
    return [Layer(picture, faces, glide(ends[0], ends[1], length_s))]


def _half_close(material: Material, still: Still, length_s: float, *, zoom: float = 0.2) -> list[Layer]:
    """Head and shoulders, as high as the picture, before a place."""
    random = material.random
    picture, faces = _cut(still, 2.4)
    scale = 1.05 * material.height / picture.shape[0]
    xs, scales = random.uniform(0.4, 0.6, 2), scale * (1 + random.uniform(0, zoom, 2))
    ends = [Pose(float(x), 0.5, float(size)) for x, size in zip(xs, scales, strict=True)]
    sides = np.clip(np.minimum(np.arange(picture.shape[1]), np.arange(picture.shape[1])[::-1]) / 12, 0, 1)
    alpha = np.repeat(sides[None].astype(np.float32), picture.shape[0], axis=0)
    return [_place(material, int(random.integers(99))), Layer(picture, faces, glide(ends[0], ends[1], length_s), alpha)]


def _shown(material: Material, still: Still, length_s: float, *, zoom: float = 0.2) -> list[Layer]:
    """Mostly head and shoulders, sometimes the face alone."""
    is_close = material.random.random() < _CLOSE_SHARE
    return (_close if is_close else _half_close)(material, still, length_s, zoom=zoom)


def _place(material: Material, number: int) -> Layer:
    picture = material.backgrounds[number % len(material.backgrounds)]
    scale = 1.2 * max(material.width / picture.shape[1], material.height / picture.shape[0])
    return Layer(picture, (), lambda _: Pose(0.5, 0.5, scale))


def _figure(
    material: Material,
    still: Still,
    start: tuple[float, float],
    end: tuple[float, float],
    length_s: float,
    *,
    height: float = 0.42,
    grows: float = 1.0,
    span_s: tuple[float, float] = (0.0, float("inf")),
) -> Layer:
    """A person cut out roughly, who goes from one place to another one; `height` is that of the face."""
    picture, faces = _cut(still, 1.9)
    scale = height * material.height / still.main.h
    motion = glide(Pose(*start, scale, -2), Pose(*end, scale * grows, 2), length_s)
    return Layer(picture, faces, motion, feathered(picture.shape[1], picture.shape[0]), span_s)


def _portraits(material: Material) -> list[Scene]:
    scenes = []
    for turn in range(2):
        for stills in material.people.values():
            length = float(material.random.uniform(1.4, 2.6))
            still = stills[turn]
            scenes.append(Scene(length, _shown(material, still, length), shaken(material.random, 0.012)))
    return scenes


def _dialogue(material: Material) -> list[Scene]:
    first, second, third = material.people.values()
    scenes = []
    for number, still in enumerate((first[0], second[0], first[1], second[1], third[0], first[0], second[2], third[1])):
        length = float(material.random.uniform(1.6, 2.8))
        fades = 0.5 if number % 3 == 2 else 0.0
        scenes.append(Scene(length, _shown(material, still, length), shaken(material.random, 0.006), fades))
    both = [
        _place(material, 0),
        _figure(material, first[1], (0.28, 0.52), (0.30, 0.5), 3.0),
        _figure(material, second[1], (0.72, 0.52), (0.70, 0.54), 3.0),
    ]
    scenes.insert(4, Scene(3.0, both, shaken(material.random, 0.01)))
    return scenes


def _crossings(material: Material) -> list[Scene]:
    one, two, three, four = material.people.values()
    scenes = []
    for number, (left, right) in enumerate(((one[0], two[0]), (three[0], four[0]), (two[1], three[1]))):
        length = 4.0
        layers = [
            _place(material, number),
            _figure(material, left, (-0.05, 0.5), (1.05, 0.54), length, height=0.36),
            _figure(material, right, (1.1, 0.52), (-0.1, 0.5), length, height=0.40),
        ]
        scenes.append(Scene(length, layers, shaken(material.random, 0.008)))
    # Somebody goes out of the picture and comes back.
    back = [
        _place(material, 3),
        _figure(material, one[1], (0.3, 0.5), (-0.25, 0.5), 2.0, span_s=(0.0, 2.0)),
        _figure(material, one[1], (-0.25, 0.5), (0.35, 0.5), 2.0 + 2.5, span_s=(2.5, 9.0)),
        _figure(material, four[1], (0.75, 0.5), (0.70, 0.52), 5.0),
    ]
    scenes.append(Scene(5.0, back))
    return scenes


def _call(material: Material) -> list[Scene]:
    """Two pages of a video conference; some people join late, some leave early."""
    scenes = []
    names = list(material.people)
    columns, rows = 4, 2
    for turn, length in ((0, 6.0), (1, 5.0), (0, 4.0)):
        layers = [_place(material, turn)]
        order = material.random.permutation(len(names))
        for cell, who in enumerate(order):
            still = material.people[names[who]][turn]
            picture, faces = _cut(still, 1.9)
            side = 0.9 * min(material.width / columns, material.height / rows)
            scale = side / max(picture.shape[:2])
            x, y = (cell % columns + 0.5) / columns, (cell // columns + 0.5) / rows
            sway = material.random.uniform(-0.01, 0.01, 4)
            motion = glide(Pose(x + sway[0], y + sway[1], scale), Pose(x + sway[2], y + sway[3], scale), length)
            begins = float(material.random.uniform(0.8, 2.0)) if turn == 0 and cell in (1, 6) else 0.0
            ends = length - 1.5 if turn == 1 and cell in (0, 5) else float("inf")
            layers.append(Layer(picture, faces, motion, None, (begins, ends)))
        scenes.append(Scene(length, layers))
    return scenes


def _night(material: Material) -> list[Scene]:
    scenes = []
    for turn in range(2):
        for number, stills in enumerate(material.people.values()):
            length = float(material.random.uniform(1.8, 2.6))
            layers = [
                _place(material, number),
                _figure(material, stills[turn], (0.35, 0.5), (0.6, 0.52), length, height=0.45, grows=1.2),
            ]
            scenes.append(Scene(length, layers, shaken(material.random, 0.02)))
    return scenes


def _alike(material: Material) -> list[Scene]:
    """Two people of one look, one after the other and beside each other."""
    one, two, three = material.people.values()
    scenes = []
    for still in (one[0], two[0], three[0], one[1], two[1]):
        scenes.append(Scene(1.8, _shown(material, still, 1.8)))
    for number, (left, right) in enumerate(((one[2], two[2]), (two[0], three[1]))):
        layers = [
            _place(material, number),
            _figure(material, left, (0.25, 0.5), (0.32, 0.5), 2.5),
            _figure(material, right, (0.75, 0.5), (0.68, 0.5), 2.5),
        ]
        scenes.append(Scene(2.5, layers))
    scenes += [Scene(1.8, _shown(material, still, 1.8)) for still in (two[2], one[2])]
    return scenes


def _upright(material: Material) -> list[Scene]:
    """What a phone films: one long shot after the other, by hand, upright."""
    scenes = []
    stills = list(material.people.values())
    for turn in range(2):
        for number, each in enumerate(stills):
            length = float(material.random.uniform(2.2, 3.2))
            layers = [
                _place(material, number + turn),
                _figure(material, each[turn], (0.5, 0.55), (0.48, 0.4), length, height=0.24, grows=1.25),
            ]
            scenes.append(Scene(length, layers, shaken(material.random, 0.03)))
    return scenes


def _apart(material: Material) -> list[Scene]:
    """People who are never seen together, each with a scene of their own and a return."""
    scenes = []
    for turn in range(3):
        for stills in list(material.people.values())[: 4 if turn < 2 else 2]:
            length = float(material.random.uniform(1.2, 2.2))
            fades = 0.4 if material.random.random() < 0.4 else 0.0
            scenes.append(Scene(length, _shown(material, stills[turn], length, zoom=0.4), dissolve_s=fades))
    return scenes


def _albums(material: Material) -> list[Scene]:
    """Photos of groups, passed over slowly."""
    scenes = []
    for still in material.groups:
        height, width = still.picture.shape[:2]
        scale = 1.08 * max(material.width / width, material.height / height)
        over_x, over_y = width * scale / material.width - 1, height * scale / material.height - 1
        from_pose = Pose(0.5 + 0.35 * over_x, 0.5 + 0.45 * over_y, scale)
        to_pose = Pose(0.5 - 0.35 * over_x, 0.5 + 0.1 * over_y, scale * 1.06)
        length = 3.0
        scenes.append(Scene(length, [Layer(still.picture, still.faces, glide(from_pose, to_pose, length))]))
    return scenes


def _crowd(material: Material) -> list[Scene]:
    """Rows of people, small, whom the camera passes; then some of them alone."""
    scenes = []
    names = list(material.people)
    layers = [_place(material, 1)]
    for number, name in enumerate(names):
        x = 0.12 + 1.5 * number / len(names)
        y = 0.42 if number % 2 else 0.56
        layers.append(_figure(material, material.people[name][0], (x, y), (x - 0.65, y), 7.0, height=0.2))
    scenes.append(Scene(7.0, layers, shaken(material.random, 0.004)))
    for name in names[:4]:
        scenes.append(Scene(1.6, _shown(material, material.people[name][1], 1.6)))
    return scenes


_CLOSE_SHARE = 0.25
_MILLISECOND = Fraction(1, 1000)
KINDS: Mapping[str, FilmKind] = MappingProxyType(
    {
        "portraits": FilmKind("pans and zooms over portraits, cuts, 720p", _portraits, 5, (1280, 720)),
        "dialogue": FilmKind("shot and reverse shot, dissolves, 25 a second", _dialogue, 3, rate=Fraction(25)),
        "crossings": FilmKind(
            "people cross, leave and come back, 29.97 a second", _crossings, 4, (960, 540), Fraction(30000, 1001)
        ),
        "call": FilmKind("eight people at once, some join late", _call, 8, (1280, 720), Fraction(24000, 1001)),
        "night": FilmKind("dark, noisy, black bars", _night, 4, rate=Fraction(25), light=0.35, noise=7.0, bars=0.25),
        "alike": FilmKind("the two who look most alike, 50 a second", _alike, 3, rate=Fraction(50), alike=True),
        "phone": FilmKind(
            "upright (turned in the file), variable rate, begins 1.7 s late",
            _upright,
            3,
            (360, 640),
            Fraction(30),
            FilmFile(rotation_deg=90, has_sound=True),
            varies=True,
            delay_s=Fraction(17, 10),
        ),
        "web": FilmKind(
            "never together, WebM with whole milliseconds, begins 0.5 s late",
            _apart,
            4,
            rate=Fraction(30),
            form=FilmFile(".webm", _MILLISECOND, has_sound=True),
            delay_s=Fraction(1, 2),
        ),
        "album": FilmKind("photos of groups, families among them", _albums, 0, (960, 540)),
        "crowd": FilmKind("eight people, small, in one pass", _crowd, 8, (1280, 720), Fraction(25)),
    }
)
"""By name; each is made once for each half of the people."""
