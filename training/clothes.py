"""Train the join of what is known of a person's pixels, on the choosing half of the labelled street photos.

    python -m training.clothes ../shared [--cache DIR] [--folds 3]

Needs no torch. Boosted trees tell from the numbers of `curation.engines.bodies.clothes.evidence` whether a cell of a
person's window is clothes. The people are found and masked as the program does it, with the cheap and with the exact
network for masks, in whole photos, in photos that cut them, and beside others; skeleton and face are left out of a part
of the samples, so that the trees know what to do without. Writes curation/engines/bodies/clothes/data/join.onnx: the
same data and versions of the packages give the same bytes. `--folds` trains on a part of the photos and tests on
the others instead. The other half of the photos is for `make eval`.
"""

from __future__ import annotations

import argparse
import pickle
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from curation.domain.bodies.person import Person
from curation.domain.faces.face import Box
from curation.engines.base import Pixels
from curation.engines.bodies.base import BodyMask
from curation.engines.bodies.clothes.evidence import FEATURES, evidence_of, worth_asking
from curation.engines.bodies.clothes.join import JOIN_FILE
from curation.engines.bodies.clothes.parsing_network import ParsedPicture, ParsingNetwork
from curation.engines.bodies.clothes.segmenter import GRID_PX
from curation.engines.bodies.clothes.window import Window, window_of
from ground_truth.array_photo import ArrayPhoto
from ground_truth.clothed_photos import PixelKind, clothed_photos, overlap
from ground_truth.people_networks import PeopleNetworks, person_at
from training.samples.clothed_views import ClothedView, views
from training.tree_files import tree_model

__all__ = ["Looking", "Sample", "cells", "main", "overlaps", "samples", "trained"]

_BESIDE_EVERY, _EXACT_CUT_EVERY = 4, 3  # of the photos: pairs of people, and cut photos with the exact mask
_CELLS = 400  # of each variant of a view
_TREES, _LEAVES, _RATE, _LEAST_CELLS, _RIDGE = 90, 31, 0.12, 100, 2.0
# Variants of a view: whether skeleton and face are left out. Each view is taken as it is, and in one other variant.
_LEFT_OUT = ((False, False), (True, False), (False, True), (True, True))


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A view with what the networks say of it.

    Attributes:
        name: Of the person's photo.
        form: See `ClothedView`.
        size: Width and height of the picture.
        person: As found.
        masks: One or two masks of the person.
        picture: Of the person's window, on a fine grid.
        parsed: Likewise.
        kinds: (H, W) uint8 values of `PixelKind` of the whole picture.
    """

    name: str
    form: str
    size: tuple[int, int]
    person: Person
    masks: tuple[BodyMask, ...]
    picture: NDArray[np.uint8]
    parsed: ParsedPicture
    kinds: NDArray[np.uint8]

    @property
    def window(self) -> Window:
        """Of the person."""
        return window_of(self.person.box, *self.size, grid_px=GRID_PX)

    def evidence(self, person: Person, mask: BodyMask) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The numbers of all cells, and which of them may be clothes."""
        window = self.window
        on_grid = window.mask_on_grid(mask)
        return evidence_of(window, self.picture, self.parsed, on_grid, person), worth_asking(on_grid)

    def wanted(self) -> NDArray[np.uint8]:
        """What each cell is, `PixelKind`."""
        area = self.window.area
        inside = self.kinds[area.y : area.y + area.h, area.x : area.x + area.w]
        size = (self.window.width, self.window.height)
        return np.asarray(cv2.resize(inside, size, interpolation=cv2.INTER_NEAREST), dtype=np.uint8)


class Looking:
    """The program's networks, as they are used on photos."""

    def __init__(self, data: Path, scratch: Path) -> None:
        """Load them."""
        self._networks = PeopleNetworks(data, scratch)
        self._parsing = ParsingNetwork(self._networks.clothes[0])

    def sample(self, view: ClothedView, *, exact: bool) -> Sample | None:
        """What the networks say of a view, with the cheap mask and the exact one or not; None if nobody is found."""
        photo = ArrayPhoto(view.photo)
        people = self._networks.people(photo)
        place = person_at(people, view.box)
        if place is None:
            return None
        kinds = (True, False) if exact else (False,)
        masks = tuple(self._networks.segmenter(exact=each).segment(photo, people)[place] for each in kinds)
        window = window_of(people[place].box, photo.width, photo.height, grid_px=GRID_PX)
        picture = window.picture(Pixels(view.photo, 1.0))
        return Sample(
            view.name,
            view.form,
            (photo.width, photo.height),
            people[place],
            masks,
            window.on_grid(picture).round().astype(np.uint8),
            ParsedPicture(*(window.on_grid(each) for each in self._parsing.parse(picture))),
            view.kinds,
        )


def samples(data: Path, scratch: Path) -> Iterator[Sample]:
    """All samples of the choosing half."""
    looking = Looking(data, scratch)
    photo = -1
    for view in views(clothed_photos(data, test_half=False)):
        photo += view.form == "whole"
        if view.form == "beside" and photo % _BESIDE_EVERY:
            continue
        exact = view.form == "whole" or (view.form == "cut" and photo % _EXACT_CUT_EVERY == 0)
        sample = looking.sample(view, exact=exact)
        if sample is not None:
            yield sample


def cells(chosen: Sequence[Sample], *, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Random cells of samples in two variants: (N, len(FEATURES)) numbers, and (N,) whether they are clothes."""
    random = np.random.default_rng(seed)
    numbers, answers = [], []
    for sample in chosen:
        wanted = sample.wanted()
        for mask in sample.masks:
            for without_pose, without_face in (_LEFT_OUT[0], _LEFT_OUT[random.integers(1, len(_LEFT_OUT))]):
                person = replace(
                    sample.person,
                    pose=None if without_pose else sample.person.pose,
                    face=None if without_face else sample.person.face,
                )
                evidence, worth = sample.evidence(person, mask)
                places = np.flatnonzero(worth & (wanted != PixelKind.IGNORED))
                few = random.choice(places, min(_CELLS, len(places)), replace=False)
                numbers.append(evidence.reshape(-1, len(FEATURES))[few])
                answers.append(wanted.ravel()[few] == PixelKind.CLOTHES)
    return np.concatenate(numbers), np.concatenate(answers)


def trained(numbers: NDArray[np.float32], answers: NDArray[np.bool_]) -> HistGradientBoostingClassifier:
    """Boosted trees (Friedman, 2001; histograms as in LightGBM, Ke et al., 2017)."""
    trees = HistGradientBoostingClassifier(
        max_iter=_TREES,
        max_leaf_nodes=_LEAVES,
        learning_rate=_RATE,
        min_samples_leaf=_LEAST_CELLS,
        l2_regularization=_RIDGE,
        early_stopping=False,
        random_state=0,
    )
    return trees.fit(numbers, answers)


def overlaps(trees: Any, chosen: Sequence[Sample]) -> dict[str, list[float]]:
    """Intersection over union by form of the view, kind of mask, and what is left out."""
    out: dict[str, list[float]] = {}
    for sample in chosen:
        for number, mask in enumerate(sample.masks):
            kind = "exact" if number == 0 and len(sample.masks) == 2 else "cheap"
            for without_pose, without_face in (_LEFT_OUT[0], _LEFT_OUT[-1]):
                person = replace(
                    sample.person,
                    pose=None if without_pose else sample.person.pose,
                    face=None if without_face else sample.person.face,
                )
                evidence, worth = sample.evidence(person, mask)
                found = np.zeros(worth.shape, dtype=np.float32)
                found[worth] = trees.predict_proba(evidence[worth])[:, 1]
                whole = BodyMask(np.zeros(sample.kinds.shape, np.float32), Box(0, 0, *sample.size), 1.0)
                moved = sample.window.grid_on_mask(found, whole)
                key = f"{sample.form}, {kind} mask{', box only' if without_pose else ''}"
                out.setdefault(key, []).append(overlap(moved > 0.5, sample.kinds))
    return out


def _cached(cache: Path, data: Path) -> list[Sample]:
    path = cache / "clothed_samples.pickle"
    if path.is_file():
        with path.open("rb") as file:
            return list(pickle.load(file))
    found = list(samples(data, cache / "body models"))
    with path.open("wb") as file:
        pickle.dump(found, file)
    return found


def main() -> None:
    """Train, or test by folds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds photos/ and weights/")
    parser.add_argument("--cache", type=Path, help="keep what the networks say here")
    parser.add_argument("--folds", type=int, default=0, help="test by so many folds instead of writing")
    options = parser.parse_args()
    with ExitStack() as stack:
        cache = options.cache or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = _cached(cache, options.data)
    names = sorted({sample.name for sample in found})
    print(f"{len(found)} views of {len(names)} photos")
    for fold in range(options.folds):
        left_out = set(names[fold :: options.folds])
        trees = trained(*cells([sample for sample in found if sample.name not in left_out]))
        for key, values in sorted(overlaps(trees, [each for each in found if each.name in left_out]).items()):
            print(f"fold {fold}: {key}: {np.mean(values):.3f}, tenth {np.percentile(values, 10):.3f} ({len(values)})")
    if not options.folds:
        JOIN_FILE.parent.mkdir(exist_ok=True)
        JOIN_FILE.write_bytes(tree_model(trained(*cells(found)), len(FEATURES)))
        print(f"{JOIN_FILE}: {JOIN_FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
