"""How often the clocks of two cameras are set right by the pictures, how exactly, and how often wrongly.

    python -m benchmarks.camera_clocks DATA [--draws 40] [--seed 1]

Days of weddings are made of real photos (codebasics_sports and groups): scenes with pauses, in which one or both
cameras take photos. Where both press their buttons at one moment, the second one's picture is another crop of the
photo, lighter or darker and of another white balance. Which people are in a photo is what a clustering would say, with
one face in seven missed. Photos come again in other scenes, as the same people stand before the same wall twice a day.
The constants were chosen with `--seed 1`, and the figures in docs/accuracy.md are of another seed.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curation.domain.bursts.clock_offsets import ClockMoment, find_offset, moments_of
from curation.photos.decoding import open_photo
from curation.photos.looks.miniature import miniature

Picture = NDArray[np.uint8]

_VIEWS = 6
_MISSED_FACE = 1 / 7
_GUESTS = 40
_TYPICAL_S = (3600.0, -3600.0, 7200.0, 43200.0, -43200.0, 86400.0, -21600.0, 757_382_400.0)
_RIGHT_WITHIN_S = 20.0
_ROUGHLY_WITHIN_S = 180.0


@dataclass(frozen=True)
class _Base:
    """A real photo: miniatures of views of it, and who is in it."""

    looks: tuple[bytes, ...]
    people: frozenset[str]


@dataclass(frozen=True)
class _Kind:
    """A kind of event.

    Attributes:
        name: In words.
        shared: The share of scenes at which both cameras are.
        together: The share of the first camera's moments at which the second one presses its button, too.
        lag_s: How much later the second camera takes the same photos, with the spread of that; (0, 3) for one moment.
        again: The share of moments that show what another scene showed.
        has_people: Whether faces were found.
        one_wall: Whether all photos are portraits before one backdrop.
        scenes: How many there are.
        moments: Of each camera at a scene.
    """

    name: str
    shared: float = 0.7
    together: float = 0.35
    lag_s: tuple[float, float] = (0.0, 3.0)
    again: float = 0.15
    has_people: bool = True
    one_wall: bool = False
    scenes: int = 12
    moments: int = 15


_KINDS = (
    _Kind("both at most scenes"),
    _Kind("both at most scenes, faces not grouped", has_people=False),
    _Kind("both at few scenes", shared=0.3, together=0.25),
    _Kind("rarely the same moment", shared=0.6, together=0.1),
    _Kind("a short event: 4 scenes", scenes=4, moments=10),
    _Kind("seconds apart: up to 30", lag_s=(0.0, 15.0)),
    _Kind("portraits before one wall", one_wall=True, again=0.0, scenes=6),
)
_FALSE_KINDS = (
    _Kind("never at the same scene", shared=0.0),
    _Kind("never at the same scene, one family all day", shared=0.0, again=0.6),
    _Kind("one family, two scenes: morning and evening", shared=0.0, again=0.8, scenes=2, moments=30),
    _Kind("portraits before one wall, taking turns", shared=0.0, one_wall=True, scenes=6),
    _Kind("the same tables ten minutes later", lag_s=(600.0, 120.0), together=0.6),
    _Kind("the same tables three minutes later", lag_s=(180.0, 60.0), together=0.6),
)


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--examples", action="store_true", help="print each wrong answer")
    options = parser.parse_args()
    bases = _bases(options.data, random.Random(0))
    print(f"{len(bases)} photos, {options.draws} events of each kind")
    print("| event | found | off by 20 to 180 s | wrong | not found | seconds off: median, 90 % |")
    print("|---|---|---|---|---|---|")
    for kind in _KINDS:
        print(_row(kind, bases, options, lambda rng: _wrong_clock(rng)))
    print("| clocks agree | agreement told | | an offset told wrongly | nothing told | |\n|---|---|---|---|---|---|")
    for kind in (*_KINDS, *_FALSE_KINDS):
        print(_row(kind, bases, options, lambda rng: rng.uniform(-8, 8)))
    print("| clocks wrong, pictures cannot tell | found | | wrong | not found | |\n|---|---|---|---|---|---|")
    for kind in _FALSE_KINDS[:4]:
        print(_row(kind, bases, options, lambda rng: _wrong_clock(rng)))
    return 0


def _wrong_clock(rng: random.Random) -> float:
    drift = rng.uniform(-75, 75)
    if rng.random() < 0.7:
        return rng.choice(_TYPICAL_S) + drift
    return rng.choice((-1, 1)) * rng.uniform(120, 3000)


def _row(
    kind: _Kind, bases: Sequence[_Base], options: argparse.Namespace, offset_of: Callable[[random.Random], float]
) -> str:
    found = roughly = wrong = nothing = 0
    off: list[float] = []
    for draw in range(options.draws):
        rng = random.Random(f"{options.seed}/{kind.name}/{draw}")
        offset = offset_of(rng)
        first, second = _event(kind, bases, offset, rng)
        told = find_offset(moments_of(first), moments_of(second))
        is_wrong_clock = abs(offset) > 60
        if told is None:
            nothing += 1
        elif abs(told.offset_s - offset) <= _RIGHT_WITHIN_S:
            found += 1
            if is_wrong_clock:
                off.append(abs(told.offset_s - offset))
        elif is_wrong_clock and abs(told.offset_s - offset) <= _ROUGHLY_WITHIN_S:
            roughly += 1
        else:
            wrong += 1
            if options.examples:
                print("   ", kind.name, draw, f"{offset:.0f}", told)
    exact = f"{np.median(off):.1f}, {np.quantile(off, 0.9):.1f}" if off else ""
    return f"| {kind.name} | {found} | {roughly} | {wrong} | {nothing} | {exact} |"


# --- Made events ------------------------------------------------------------------------------------------


def _event(
    kind: _Kind, bases: Sequence[_Base], offset: float, rng: random.Random
) -> tuple[list[ClockMoment], list[ClockMoment]]:
    """The photos of both cameras, the second one's clock `offset` seconds ahead."""
    guests = {person: f"guest {number}" for number, person in enumerate(sorted({p for b in bases for p in b.people}))}
    wall = bases[rng.randrange(len(bases))] if kind.one_wall else None
    first: list[ClockMoment] = []
    second: list[ClockMoment] = []
    seen: list[_Base] = []
    start = 1.7e9 + rng.uniform(0, 1e6)
    for _ in range(kind.scenes):
        here = rng.sample(bases, max(4, kind.moments // 3))
        both = rng.random() < kind.shared
        who = (True, True) if both else rng.choice(((True, False), (False, True)))
        at = start
        for _ in range(kind.moments):
            at += rng.expovariate(1 / 25)
            base = rng.choice(seen) if seen and rng.random() < kind.again else rng.choice(here)
            seen.append(base)
            if who[0]:
                first.append(_shot(base, at, 0.0, kind, wall, guests, rng, len(first)))
            elif who[1]:
                second.append(_shot(base, at, offset, kind, wall, guests, rng, len(second)))
            if both and rng.random() < kind.together:
                second.append(_shot(base, at + rng.gauss(*kind.lag_s), offset, kind, wall, guests, rng, len(second)))
            elif both:
                other = rng.choice(here)
                second.append(_shot(other, at + rng.uniform(-15, 15), offset, kind, wall, guests, rng, len(second)))
        start = at + rng.uniform(200, 2400)
    return first, second


def _shot(
    base: _Base,
    at: float,
    ahead: float,
    kind: _Kind,
    wall: _Base | None,
    guests: dict[str, str],
    rng: random.Random,
    number: int,
) -> ClockMoment:
    people = {guests[one] for one in base.people if rng.random() > _MISSED_FACE} if kind.has_people else set()
    look = rng.choice(base.looks)
    if wall is not None:
        look = _before(look, wall.looks[0], rng)
    return ClockMoment(round(at + ahead), f"{number:05}.jpg", look, frozenset(people))


def _before(look: bytes, wall: bytes, rng: random.Random) -> bytes:
    """A small picture of somebody before a wall that fills most of the photo."""
    page = np.frombuffer(wall, dtype=np.uint8).reshape(16, 16, 3).copy()
    person = cv2.resize(np.frombuffer(look, dtype=np.uint8).reshape(16, 16, 3), (6, 9), interpolation=cv2.INTER_AREA)
    left = 5 + rng.choice((-1, 0, 0, 1))
    page[7:, left : left + 6] = person
    return page.tobytes()


def _bases(data: Path, rng: random.Random) -> list[_Base]:
    found: list[_Base] = []
    for folder in ("codebasics_sports", "groups"):
        root = data / "photos" / folder
        labels: dict[str, set[str]] = {}
        for line in (root / "labels.csv").read_text(encoding="utf-8").splitlines()[1:]:
            name, person = line.rsplit(",", 1)
            labels.setdefault(name, set()).add(person)
        for path in sorted(root.rglob("*")):
            if path.suffix.lower() not in (".jpg", ".jpeg", ".png"):
                continue
            try:
                picture = open_photo(path, max_megapixels=120).reduced(256).array
            except Exception:  # a damaged file of the set
                continue
            people = labels.get(path.relative_to(root).as_posix())
            if people is None:
                # Groups without names: some of the guests, the couple in half of them.
                people = {f"guest-{number}" for number in rng.sample(range(_GUESTS), rng.randint(2, 6))}
                people |= {"bride", "groom"} if rng.random() < 0.5 else set()
            found.append(_Base(tuple(miniature(_view(picture, rng)) for _ in range(_VIEWS)), frozenset(people)))
    return found


def _view(picture: Picture, rng: random.Random) -> Picture:
    """Another photographer's picture: nearer or farther, from beside, lighter or darker, of another white balance."""
    height, width = picture.shape[:2]
    share = rng.uniform(0.5, 0.8) if rng.random() < 0.4 else rng.uniform(0.78, 1.0)
    h, w = round(height * share), round(width * share)
    y, x = rng.randint(0, height - h), rng.randint(0, width - w)
    cut = picture[y : y + h, x : x + w].astype(np.float32)
    gains = np.array([rng.uniform(0.88, 1.12) for _ in range(3)], dtype=np.float32)
    lit = 255 * (cut / 255 * gains * rng.uniform(0.75, 1.25)).clip(0, 1) ** rng.uniform(0.8, 1.25)
    return np.asarray(lit.clip(0, 255), dtype=np.uint8)


if __name__ == "__main__":
    raise SystemExit(main())
