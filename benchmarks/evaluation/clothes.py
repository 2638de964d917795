"""Clothing masks and colours on labelled street photos that neither trees nor constants were chosen on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.tables import Table
from curation.domain.bodies.person import Person
from curation.domain.faces.face import Box
from curation.domain.outfits.outfit import ColourName, Garment, GarmentPart, Outfit
from curation.domain.outfits.reading import read_outfit
from curation.domain.outfits.searching import wears
from curation.engines.base import Pixels
from curation.engines.bodies.base import BodyMask, ClothesSegmenter
from curation.engines.bodies.clothes.building import build_clothes_segmenter
from ground_truth.array_photo import ArrayPhoto
from ground_truth.clothed_photos import ClothedPhoto, GarmentLabels, PixelKind, clothed_photos, garment_labels, overlap
from ground_truth.evaluation import Evaluation
from ground_truth.people_networks import PeopleNetworks, person_at

__all__ = ["Case", "colours", "masks", "searches", "tables"]

_COLOURS = 5  # `assets.colours`
_EXACT, _CHEAP = "cut-outs on", "cut-outs off"
# What is left out: skeleton and face.
_EXACT_FORMS = {"without skeleton": (True, False), "without face": (False, True), "by the box alone": (True, True)}
_CHEAP_FORMS = {"by the box alone": (True, True)}


@dataclass(slots=True)
class Case:
    """What was found in one way of looking.

    Attributes:
        overlaps: Of the clothing masks with the labelled clothes.
        of_person: Of the whole person masks with the labelled clothes.
        outfits: What was read, by name of the photo.
        seconds: Processor time of clothing masks and colours.
        mask_seconds: Of the person masks.
    """

    overlaps: list[float] = field(default_factory=list)
    of_person: list[float] = field(default_factory=list)
    outfits: dict[str, Outfit] = field(default_factory=dict)
    seconds: float = 0.0
    mask_seconds: float = 0.0


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Masks, names of colours, searches."""
    photos = clothed_photos(evaluation.data, test_half=True)
    networks = PeopleNetworks(evaluation.data, evaluation.scratch / "body models")
    segmenter = build_clothes_segmenter(networks.clothes)
    cases: dict[str, Case] = {}
    people_seconds = 0.0
    for photo in photos:
        people_seconds += _look(photo, networks, segmenter, cases)
    labels = {name: each for name, each in garment_labels(evaluation.data).items() if name in {p.name for p in photos}}
    yield masks(cases, len(photos), people_seconds)
    yield colours(cases, labels)
    yield searches(cases, labels)


def _look(photo: ClothedPhoto, networks: PeopleNetworks, segmenter: ClothesSegmenter, cases: dict[str, Case]) -> float:
    """All ways of looking at a photo; returns the processor time that finding people took."""
    pixels, kinds = photo.pixels(), photo.kinds()
    opened = ArrayPhoto(pixels)
    began = time.process_time()
    people = networks.people(opened)
    seconds = time.process_time() - began
    place = person_at(people, _bounds(kinds))
    for name, exact in ((_EXACT, True), (_CHEAP, False)):
        if place is None:
            cases.setdefault(name, Case()).overlaps.append(0.0)
            continue
        began = time.process_time()
        mask = networks.segmenter(exact=exact).segment(opened, people)[place]
        mask_seconds = time.process_time() - began
        forms = _EXACT_FORMS if exact else _CHEAP_FORMS
        variants = {name: (False, False), **{f"{name}, {form}": left_out for form, left_out in forms.items()}}
        for key, (without_pose, without_face) in variants.items():
            case = cases.setdefault(key, Case())
            person = _without(people[place], pose=without_pose, face=without_face)
            began = time.process_time()
            (clothes,) = segmenter.segment(opened, [person], [mask])
            case.outfits[photo.name] = read_outfit(Pixels(pixels, 1.0), clothes, person, colours=_COLOURS)
            case.seconds += time.process_time() - began
            case.mask_seconds += mask_seconds
            case.overlaps.append(overlap(_full(clothes, kinds) > 0.5, kinds))
            case.of_person.append(overlap(_full(mask, kinds) > 0.5, kinds))
    return seconds


def _without(person: Person, *, pose: bool, face: bool) -> Person:
    return replace(person, pose=None if pose else person.pose, face=None if face else person.face)


def _full(mask: BodyMask, kinds: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A mask at the photo's size; 0 outside of its area."""
    out = np.zeros(kinds.shape, dtype=np.float32)
    area = mask.area
    out[area.y : area.y + area.h, area.x : area.x + area.w] = cv2.resize(mask.values, (area.w, area.h))
    return out


def _bounds(kinds: NDArray[np.uint8]) -> Box:
    rows, columns = np.nonzero(kinds != PixelKind.BACKGROUND)
    left, top = int(columns.min()), int(rows.min())
    return Box(left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top)


def masks(cases: dict[str, Case], count: int, people_seconds: float) -> Table:
    """One row for each way of looking."""
    rows = []
    for name, case in cases.items():
        person = f"{np.mean(case.of_person):.3f}" if case.of_person else ""
        rows.append(
            [
                name,
                f"{np.mean(case.overlaps):.3f}",
                f"{np.percentile(case.overlaps, 10):.3f}",
                person,
                f"{case.seconds / max(people_seconds, 1e-9):.2f}",
                f"{case.mask_seconds / max(people_seconds, 1e-9):.2f}",
            ]
        )
    return Table(
        f"Clothing masks of {count} street photos whose half was not used for choosing, against pixel labels (bags, "
        "jewellery and glasses do not count): mean and tenth percentile of the intersection over union; the same of "
        "the whole person's mask, for comparison; processor time of the clothing mask with the colours, and of the "
        "person masks, as parts of the time that finding the people takes.",
        ("how", "clothes", "tenth percentile", "person as clothes", "time", "time of person masks"),
        rows,
    )


def colours(cases: dict[str, Case], labels: dict[str, GarmentLabels]) -> Table:
    """How often the dominant colour's name is acceptable."""
    rows = []
    for name, case in cases.items():
        cells = [name]
        for part in GarmentPart:
            right, told, asked = 0, 0, 0
            for photo, wanted in labels.items():
                accepted = wanted.top if part is GarmentPart.TOP else wanted.bottom
                if not accepted:
                    continue
                asked += 1
                garment = _garment(case, photo, part)
                if garment is not None and garment.colours:
                    told += 1
                    right += garment.colours[0].name in accepted
            cells += [f"{right / max(1, asked):.2f}", f"{right / max(1, told):.2f}", f"{told} of {asked}"]
        rows.append(cells)
    return Table(
        f"Names of the dominant colour on the {len(labels)} of these photos whose top and bottom were named by eye: "
        'share that is acceptable (of all garments, where "cannot tell" is wrong, and of those told).',
        ("how", "top", "of those told", "told", "bottom", "of those told", "told"),
        rows,
    )


def searches(cases: dict[str, Case], labels: dict[str, GarmentLabels]) -> Table:
    """What a search for a colour finds, tops and bottoms together."""
    rows = []
    for colour in ColourName:
        cells = [str(colour)]
        for name in (_EXACT, _CHEAP):
            right = wrong = missed = 0
            for photo, wanted in labels.items():
                for part, accepted in ((GarmentPart.TOP, wanted.top), (GarmentPart.BOTTOM, wanted.bottom)):
                    garment = _garment(cases.get(name, Case()), photo, part)
                    found = garment is not None and wears(garment, colour)
                    right += found and colour in accepted
                    wrong += found and bool(accepted) and colour not in accepted
                    missed += not found and accepted == (colour,)
            cells.append(f"{right} / {wrong} / {missed}")
        rows.append(cells)
    return Table(
        "Searches by colour on the same photos: garments that are found and of that colour, found and not, and of that "
        "colour alone and not found.",
        ("colour", _EXACT, _CHEAP),
        rows,
    )


def _garment(case: Case, photo: str, part: GarmentPart) -> Garment | None:
    outfit = case.outfits.get(photo)
    if outfit is None:
        return None
    return outfit.top if part is GarmentPart.TOP else outfit.bottom
