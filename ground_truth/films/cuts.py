"""Cuts that are known: those of clips, read off frame by frame, and films assembled from footage and photos.

An assembled film has its cuts where it was put together. Around them it has what is mistaken for cuts: flashes, stage
lights, fast camera moves, dissolves; and what hides them: darkness, noise, shots that stand still.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["LABELLED_CUTS", "AssembledFilm", "CutCount", "assembled", "counted", "slowly_moved"]

Picture = NDArray[np.uint8]
WIDTH, HEIGHT = 320, 180

LABELLED_CUTS: Final[Mapping[str, tuple[Fraction, ...]]] = {
    "yakhyo_friends/in_video.mp4": tuple(Fraction(f"{time}") for time in (6.042, 12.965, 18.429, 20.556, 24.769)),
    "hamilton/short_hamilton_clip.mp4": tuple(Fraction(f"{time}") for time in (1.511, 3.58, 7.884)),
    "wolfgang/WolfgangLanger_Pexels.mp4": (),
    "containers/avi.avi": (),
    "containers/mp4.mp4": (),
    "containers/webm.webm": (),
}
"""Seconds since the container's start at which a shot begins, without the first; all other changes are none."""


@dataclass(frozen=True, slots=True)
class AssembledFilm:
    """A film that was put together.

    Attributes:
        name: What is in it.
        fps: Pictures a second.
        pictures: (180, 320, 3) uint8 RGB.
        cuts: Numbers of the pictures with which shots begin, without the first.
        unclear: Numbers of pictures at which a cut is neither right nor wrong: within dissolves.
        late: By how many pictures a cut may be found late: in the dark it is seen when the light comes back.
    """

    name: str
    fps: int
    pictures: Sequence[Picture]
    cuts: frozenset[int]
    unclear: frozenset[int] = frozenset()
    late: int = 0


@dataclass(frozen=True, slots=True)
class CutCount:
    """How many cuts were found at their picture, found where none is, and missed."""

    right: int = 0
    false: int = 0
    missed: int = 0

    def __add__(self, other: CutCount) -> CutCount:
        """The sum of two."""
        return CutCount(self.right + other.right, self.false + other.false, self.missed + other.missed)

    @property
    def f1(self) -> float:
        """2 right / (2 right + false + missed); 1 if nothing was to be found and nothing was."""
        total = 2 * self.right + self.false + self.missed
        return 2 * self.right / total if total else 1.0


def counted(found: Iterable[int], cuts: Collection[int], *, unclear: Collection[int] = (), late: int = 0) -> CutCount:
    """Compare cuts, each by the number of the first picture of a shot.

    Args:
        found: What was found.
        cuts: Where they are.
        unclear: Where one counts neither as right nor as false.
        late: By how many pictures one may be found late.
    """
    left = set(cuts)
    right = false = 0
    for number in sorted(found):
        if number in unclear:
            continue
        match = next((cut for cut in sorted(left) if 0 <= number - cut <= late), None)
        if match is None:
            false += 1
        else:
            left.discard(match)
            right += 1
    return CutCount(right, false, len(left))


@dataclass(slots=True)
class _Material:
    footage: Sequence[Sequence[Picture]]
    stills: Sequence[Picture]
    random: np.random.Generator
    last: int = -1

    def shot(self, length: int) -> list[Picture]:
        """Part of a piece of footage, another one than last time, or all of it where it is shorter."""
        choice = [number for number in range(len(self.footage)) if number != self.last]
        self.last = int(self.random.choice(choice))
        piece = self.footage[self.last]
        begin = int(self.random.integers(max(len(piece) - length, 0) + 1))
        return list(piece[begin : begin + length])

    def length(self, low: int = 15, high: int = 60) -> int:
        return int(self.random.integers(low, high))

    def still(self) -> Picture:
        choice = [number for number in range(len(self.stills)) if number != self.last]
        self.last = int(self.random.choice(choice))
        return self.stills[self.last]


def _cut(shots: Sequence[list[Picture]], name: str, fps: int = 25) -> AssembledFilm:
    ends = np.cumsum([len(shot) for shot in shots])[:-1]
    pictures = [picture for shot in shots for picture in shot]
    return AssembledFilm(name, fps, pictures, frozenset(int(end) for end in ends))


def _footage(material: _Material) -> AssembledFilm:
    return _cut([material.shot(material.length()) for _ in range(8)], "footage, hard cuts")


def _short_shots(material: _Material) -> AssembledFilm:
    return _cut([material.shot(material.length(5, 12)) for _ in range(16)], "shots of 5 to 11 pictures")


def _moved(still: Picture, count: int, speed: float, random: np.random.Generator) -> list[Picture]:
    """A camera that pans and zooms over a photo, `speed` pixels a picture."""
    scale = max(1.25 * WIDTH / still.shape[1], 1.25 * HEIGHT / still.shape[0])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    large = cv2.resize(still, None, fx=scale, fy=scale, interpolation=method)
    angle = random.uniform(0, 2 * np.pi)
    room = np.array([large.shape[1] - WIDTH, large.shape[0] - HEIGHT], dtype=float)
    place = room * random.uniform(0.2, 0.8, 2)
    way = speed * np.array([np.cos(angle), np.sin(angle)])
    pictures = []
    for number in range(count):
        place = place + way
        for axis in range(2):
            if not 0 <= place[axis] <= room[axis]:
                way[axis] = -way[axis]
                place[axis] = min(max(place[axis], 0), room[axis])
        zoom = 1 + 0.001 * speed * number % 0.2
        matrix = np.array([[1 / zoom, 0, -place[0] / zoom], [0, 1 / zoom, -place[1] / zoom]])
        moved = cv2.warpAffine(large, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        pictures.append(np.asarray(moved, dtype=np.uint8))
    return pictures


def _photos(material: _Material) -> AssembledFilm:
    shots = [
        _moved(material.still(), material.length(), material.random.uniform(0.3, 3), material.random) for _ in range(8)
    ]
    return _cut(shots, "photos, slow camera")


def _slides(material: _Material) -> AssembledFilm:
    shots = [_moved(material.still(), material.length(), 0, material.random) for _ in range(8)]
    return _cut(shots, "photos that stand still")


def _fast(material: _Material) -> AssembledFilm:
    shots = []
    for _ in range(6):
        still = material.still()
        wide = np.concatenate([still, still[:, ::-1], still], axis=1)
        pictures = _moved(wide, material.length(30, 60), material.random.uniform(12, 40), material.random)
        blur = int(material.random.integers(5, 25))
        shots.append([np.asarray(cv2.blur(picture, (blur, 1)), dtype=np.uint8) for picture in pictures])
    return _cut(shots, "fast camera")


def _shaken(material: _Material) -> AssembledFilm:
    shots = []
    for _ in range(6):
        pictures = material.shot(material.length(30, 60))
        shaken = []
        for picture in pictures:
            dx, dy = material.random.normal(0, 6, 2)
            matrix = np.array([[1.0, 0, dx], [0, 1.0, dy]])
            moved = cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
            shaken.append(np.asarray(moved, dtype=np.uint8))
        shots.append(shaken)
    return _cut(shots, "held in the hand, shaken")


def _flash(picture: Picture, strength: float) -> Picture:
    """A picture lit by a flash: brighter by a factor, near things more, what is over the top is white."""
    gain = 1 + strength * (0.5 + picture.astype(np.float32).mean(axis=2, keepdims=True) / 128)
    return np.asarray(np.clip(picture * gain + 30 * strength, 0, 255), dtype=np.uint8)


def _flashes(material: _Material) -> AssembledFilm:
    film = _footage(material)
    pictures = list(film.pictures)
    number = int(material.random.integers(3, 10))
    while number < len(pictures):
        length = int(material.random.integers(1, 4))
        strength = material.random.uniform(0.6, 4)
        # A flash that meets a cut is the cut's: neither shot can be told from it.
        if not film.cuts & set(range(number, number + length + 1)):
            for lit in range(number, min(number + length, len(pictures))):
                pictures[lit] = _flash(pictures[lit], strength)
        number += length + int(material.random.integers(6, 30))
    return AssembledFilm("flashes of photographers", film.fps, pictures, film.cuts)


def _strobe(material: _Material) -> AssembledFilm:
    film = _cut([material.shot(material.length(40, 70)) for _ in range(5)], "strobe")
    colours = material.random.uniform(0.6, 1.6, (6, 3))
    pictures = []
    period, dark = int(material.random.integers(2, 5)), int(material.random.integers(1, 3))
    for number, picture in enumerate(film.pictures):
        is_dark = number % (period + dark) >= period
        gain = 0.12 if is_dark else colours[number // 40 % len(colours)]
        pictures.append(np.clip(picture * gain, 0, 255).astype(np.uint8))
    return AssembledFilm("strobe light", film.fps, pictures, film.cuts, late=dark)


def _light(material: _Material) -> AssembledFilm:
    film = _footage(material)
    pictures = list(film.pictures)
    gain = 1.0
    for number in range(len(pictures)):
        near = any(abs(number - cut) < 4 for cut in film.cuts)
        if number % 23 == 11 and not near:
            gain = 0.35 if gain == 1.0 else 1.0
        pictures[number] = np.clip(pictures[number] * gain, 0, 255).astype(np.uint8)
    return AssembledFilm("light switched on and off", film.fps, pictures, film.cuts)


def _dark(material: _Material) -> AssembledFilm:
    film = _footage(material)
    pictures = [
        np.clip(picture * 0.25 + material.random.normal(0, 5, picture.shape), 0, 255).astype(np.uint8)
        for picture in film.pictures
    ]
    return AssembledFilm("dark and noisy", film.fps, pictures, film.cuts)


def _dissolves(material: _Material) -> AssembledFilm:
    pictures: list[Picture] = []
    unclear: set[int] = set()
    for number in range(6):
        shot = material.shot(50)
        if number:
            length = min(int(material.random.integers(8, 20)), len(shot) - 1, len(pictures))
            begin = len(pictures) - length
            for index in range(length):
                share = (index + 1) / (length + 1)
                mixed = (1 - share) * pictures[begin + index] + share * shot[index]
                pictures[begin + index] = mixed.astype(np.uint8)
            unclear |= set(range(begin - 1, len(pictures) + 2))
            shot = shot[length:]
        pictures += shot
    return AssembledFilm("dissolves", 25, pictures, frozenset(), frozenset(unclear))


def _doubled(material: _Material) -> AssembledFilm:
    film = _footage(material)
    pictures = [picture for picture in film.pictures for _ in range(2)]
    return AssembledFilm("50 fps, every picture twice", 50, pictures, frozenset(2 * cut for cut in film.cuts))


def _things_before_the_camera(material: _Material) -> AssembledFilm:
    film = _footage(material)
    pictures = list(film.pictures)
    colour = np.array(material.random.integers(20, 90, 3), dtype=np.uint8)
    number = 12
    while number + 14 < len(pictures):
        if not film.cuts & set(range(number - 3, number + 17)):
            for step in range(14):
                x = int((step / 13 * 2 - 0.6) * WIDTH)
                picture = pictures[number + step].copy()
                picture[:, max(x, 0) : max(x + int(0.6 * WIDTH), 0)] = colour
                pictures[number + step] = picture
        number += 40
    return AssembledFilm("somebody walks through the picture", film.fps, pictures, film.cuts)


_KINDS: Final[tuple[Callable[[_Material], AssembledFilm], ...]] = (
    _footage,
    _short_shots,
    _photos,
    _slides,
    _doubled,
    _dark,
    _flashes,
    _strobe,
    _light,
    _fast,
    _shaken,
    _things_before_the_camera,
    _dissolves,
)


def slowly_moved(photo: Picture, seed: int) -> list[Picture]:
    """Footage of 70 pictures: a camera that moves slowly over a photo."""
    return _moved(photo, 70, 1.5, np.random.default_rng(seed))


def assembled(
    footage: Sequence[Sequence[Picture]], stills: Sequence[Picture], *, seed: int, count: int = 1
) -> list[AssembledFilm]:
    """One film of each kind, `count` times.

    Args:
        footage: Pieces without a cut, each (180, 320, 3) uint8 RGB pictures.
        stills: Photos, (H, W, 3) uint8 RGB.
        seed: The same one gives the same films.
        count: Films of each kind.
    """
    films = []
    for round_number in range(count):
        for number, make in enumerate(_KINDS):
            films.append(make(_Material(footage, stills, np.random.default_rng([seed, round_number, number]))))
    return films
