"""Person masks on labelled pictures, and the edges of cut-outs whose true colours are known; on the reserved halves."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.tables import Table
from curation.domain.bodies.person import FaceOfBody, Person
from curation.domain.faces.face import Box
from curation.engines.base import FaceEngine, PhotoPixels
from curation.engines.bodies.base import BodyMask, BodySpec, PeopleFinder, Segmenter
from curation.engines.bodies.people import build_people_finder
from curation.engines.bodies.segmenters.building import build_segmenter
from curation.engines.bodies.segmenters.forms import FORMS
from curation.engines.bodies.segmenters.network import ForegroundNetwork
from curation.engines.bodies.segmenters.segmenter import NetworkSegmenter
from curation.engines.bodies.selection import BodyEngines, select_bodies
from curation.errors import CurationError
from curation.photos.looks.cutouts import cutout_png
from ground_truth.array_photo import ArrayPhoto
from ground_truth.engines import small_engine
from ground_truth.errors import Unavailable
from ground_truth.evaluation import Evaluation
from ground_truth.known_cutouts import KnownCutout, edge_error, known_cutouts
from ground_truth.people_networks import linked_networks
from ground_truth.person_masks import LabelledPeople, labelled_people, who_is_labelled

__all__ = ["placed", "plain_cutout", "stretched", "tables"]

_COMPOSED = 24
_MOST_PICTURES = 36  # of a set; evenly chosen, as one takes seconds
_REMEMBERED = 50
_IS_INSIDE = 0.5
_GOOD = 0.9


class _Remembering(ForegroundNetwork):
    """A network that is not run twice on the same picture."""

    def __init__(self, spec: BodySpec) -> None:
        super().__init__(spec, FORMS[spec.name])
        self._known: dict[bytes, NDArray[np.float32]] = {}

    def foreground(self, picture: NDArray[np.uint8], *, release: bool = False) -> NDArray[np.float32]:
        key = hashlib.sha256(np.ascontiguousarray(picture).tobytes()).digest()
        if key not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = super().foreground(picture, release=release)
        return self._known[key]


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """How far masks agree with labels, and how wrong the edges of cut-outs look."""
    engines = _engines(evaluation)
    finder = build_people_finder(engines.people)
    faces = small_engine(evaluation.data)
    yield _agreement(evaluation, engines, finder, faces)
    yield _edges(evaluation, engines)


def placed(masks: Sequence[BodyMask], width: int, height: int) -> NDArray[np.bool_]:
    """The pixels of a picture that belong to one of the masks; (height, width)."""
    out = np.zeros((height, width), np.float32)
    for mask in masks:
        area = mask.area
        part = out[area.y : area.y + area.h, area.x : area.x + area.w]
        np.maximum(part, cv2.resize(mask.values, (area.w, area.h), interpolation=cv2.INTER_LINEAR), out=part)
    return out >= _IS_INSIDE


def stretched(values: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """A network's map as many tools take it: stretched to the full range, enlarged to the picture's size."""
    low, high = float(values.min()), float(values.max())
    full = (values - low) / max(high - low, 1e-6)
    return np.clip(cv2.resize(full, (width, height), interpolation=cv2.INTER_LANCZOS4), 0, 1).astype(np.float32)


def plain_cutout(picture: NDArray[np.uint8], alpha: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A mask as the alpha of the picture's own colours; (H, W, 4)."""
    return np.dstack([picture, np.round(alpha * 255).astype(np.uint8)])


def _engines(evaluation: Evaluation) -> BodyEngines:
    models = linked_networks(evaluation.data, evaluation.scratch / "body networks")
    try:
        return select_bodies(
            pose="full",
            cutouts="auto",
            fine_segmenter="isnet",
            models_dir=models,
            cache_dirs=[models],
            providers=["CPUExecutionProvider"],
            allow_download=False,
        )
    except CurationError as error:
        raise Unavailable(str(error)) from error


def _people(finder: PeopleFinder, faces: FaceEngine, photo: PhotoPixels) -> tuple[Person, ...]:
    found = [
        FaceOfBody(number, face.box, face.landmarks, face.confidence) for number, face in enumerate(faces.find(photo))
    ]
    return finder.find(photo, found)


def _agreement(evaluation: Evaluation, engines: BodyEngines, finder: PeopleFinder, faces: FaceEngine) -> Table:
    whole, beside = _Remembering(engines.mask), [_Remembering(spec) for spec in engines.mask.beside]
    auto = NetworkSegmenter(engines.mask, whole, beside)
    alone = NetworkSegmenter(replace(engines.mask, beside=()), whole)
    small = NetworkSegmenter(engines.mask.beside[0], beside[0])
    rows = []
    for source, words in (("clothes", "street photos of one person"), ("cutouts", "people of all kinds")):
        folder = evaluation.set_folder(source)
        found: dict[str, list[float]] = {}
        for labelled in labelled_people(folder, in_test=True, most=_MOST_PICTURES):
            height, width = labelled.people.shape
            photo = ArrayPhoto(labelled.picture)
            people = _people(finder, faces, photo)
            plain = stretched(whole.foreground(labelled.picture), width, height) >= _IS_INSIDE
            found.setdefault("u2netp on the whole picture, stretched (rembg)", []).append(_iou(plain, labelled.people))
            for name, segmenter in (
                ("selfie_segmentation", small),
                ("u2netp, each person", alone),
                ("`cutouts: auto`: u2netp, selfie_segmentation and skeletons", auto),
            ):
                found.setdefault(name, []).append(_iou(_mask_of(segmenter, photo, people, labelled), labelled.people))
        rows += [
            (f"{source} ({words}, {len(values)})", name, *_figures(np.array(values))) for name, values in found.items()
        ]
    return Table(
        "Person masks: intersection over union with the labelled pixels, on the halves that no constant was chosen "
        "on. Only the masks of people whom the labels are about count; bags and hats are parts of the person in "
        "`clothes`; the masks of `cutouts` were made by a commercial tool.",
        ("pictures", "mask", "mean", "10th percentile", f"at least {_GOOD}"),
        rows,
    )


def _mask_of(
    segmenter: Segmenter, photo: ArrayPhoto, people: Sequence[Person], labelled: LabelledPeople
) -> NDArray[np.bool_]:
    if not people:
        return np.zeros(labelled.people.shape, bool)
    masks = segmenter.segment(photo, people)
    masks = [masks[place] for place in who_is_labelled(people, labelled)]
    return placed(masks, photo.width, photo.height)


def _iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))


def _figures(values: NDArray[np.float64]) -> tuple[str, str, str]:
    return f"{values.mean():.3f}", f"{np.percentile(values, 10):.3f}", f"{(values >= _GOOD).mean():.0%}"


def _edges(evaluation: Evaluation, engines: BodyEngines) -> Table:
    evaluation.set_folder("clothes")
    folder = evaluation.set_folder("blur_focus200").parent
    spec: BodySpec = replace(engines.mask, beside=())
    segmenter, whole = build_segmenter(spec), ForegroundNetwork(spec, FORMS[spec.name])
    found: dict[str, list[tuple[float, float, float]]] = {}
    count = 0
    for known in known_cutouts(folder, in_test=True, count=_COMPOSED):
        count += 1
        height, width = known.alpha.shape
        photo = ArrayPhoto(known.picture)
        (mask,) = segmenter.segment(photo, [_known_person(known)])
        plain = plain_cutout(known.picture, stretched(whole.foreground(known.picture), width, height))
        began = time.process_time()
        png = cutout_png(photo, [mask])
        seconds = time.process_time() - began
        own = plain_cutout(known.picture, _enlarged(mask, width, height))
        for name, cut, spent in (
            ("u2netp's map as alpha, the picture's colours (rembg)", plain, 0.0),
            ("our mask as alpha, the picture's colours", own, 0.0),
            ("our cut-out", _decoded(png), seconds),
        ):
            found.setdefault(name, []).append((*edge_error(known, cut), spent))
    rows = [
        (
            name,
            f"{np.mean([value[0] for value in values]):.2f}",
            f"{np.median([value[0] for value in values]):.2f}",
            f"{np.mean([value[1] for value in values]):+.1%}",
            f"{np.mean([value[2] for value in values]):.2f}" if any(value[2] for value in values) else "",
        )
        for name, values in found.items()
    ]
    return Table(
        f"Edges of cut-outs: {count} people of the reserved half with strands of hair over other backgrounds, so that "
        "the true colours are known. Error of the pixels within 6 pixels of the edge, shown on white, black and "
        "magenta, of 255; the old background's share in them; processor seconds from mask to PNG (0.45 megapixels).",
        ("cut-out", "mean error", "median", "old background", "seconds"),
        rows,
    )


def _known_person(known: KnownCutout) -> Person:
    rows = np.nonzero((known.alpha > _IS_INSIDE).any(axis=1))[0]
    columns = np.nonzero((known.alpha > _IS_INSIDE).any(axis=0))[0]
    box = Box(int(columns[0]), int(rows[0]), int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1))
    return Person(0, box, 1.0, None, None)


def _enlarged(mask: BodyMask, width: int, height: int) -> NDArray[np.float32]:
    out = np.zeros((height, width), np.float32)
    area = mask.area
    out[area.y : area.y + area.h, area.x : area.x + area.w] = cv2.resize(mask.values, (area.w, area.h))
    return out


def _decoded(png: bytes) -> NDArray[np.uint8]:
    from PIL import Image

    with Image.open(BytesIO(png)) as image:
        return np.asarray(image.convert("RGBA"))
