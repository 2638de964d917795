"""Where edges cut bodies, on photos of whole people that were cut at known heights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.evaluation.tables import Table
from curation.domain.bodies.composition import CutAt
from curation.domain.bodies.cutting import composition
from curation.domain.bodies.person import FaceOfBody
from curation.pipelines.assets.masks import edge_contact
from curation.pipelines.assets.setup import AssetNetworks
from ground_truth.array_photo import ArrayPhoto
from ground_truth.asset_pipelines import asset_setup_on
from ground_truth.cut_bodies import HEIGHTS, CutBody, cut_bodies
from ground_truth.evaluation import Evaluation

__all__ = ["Told", "flagged", "looked_at", "named", "tables"]

_PHOTOS = 30  # of the half that no constant was chosen on; 12 pictures each
_WHOLE = ("whole", "whole, tight")
_WAYS = ("with_outline", "by_box")
_JOINTS = frozenset({CutAt.FEET, CutAt.KNEES, CutAt.HIPS})


@dataclass(frozen=True, slots=True)
class Told:
    """A picture and what is said of its main person.

    Attributes:
        name: Of the photo.
        cut: See `CutBody`.
        right: Likewise.
        with_outline: What is said with the person's outline.
        by_box: Without it, as of people who are too small for one; None if nobody was found.
    """

    name: str
    cut: str
    right: frozenset[CutAt]
    with_outline: CutAt | None
    by_box: CutAt | None


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """How many cuts are seen, how many are imagined, and how often the right joint is named."""
    setup = asset_setup_on(evaluation.data, evaluation.scratch, cutouts="off")
    networks = setup.build(setup)
    told = [looked_at(body, networks) for body in cut_bodies(evaluation.data, test_half=True, limit=_PHOTOS)]
    yield flagged(told)
    yield named(told)


def looked_at(body: CutBody, networks: AssetNetworks) -> Told:
    """What is said of the largest person of a picture."""
    photo = ArrayPhoto(body.pixels)
    faces = [
        FaceOfBody(number, face.box, face.landmarks, face.confidence)
        for number, face in enumerate(networks.faces.find(photo))
    ]
    people = networks.people.find(photo, faces)
    if not people:
        return Told(body.name, body.cut, body.right, None, None)
    person = max(people, key=lambda each: each.box.w * each.box.h)
    contact = edge_contact(networks.masks.segment(photo, [person])[0], photo.width, photo.height)
    seen = composition(person, people, photo.width, photo.height, contact=contact).cut_at
    return Told(body.name, body.cut, body.right, seen, composition(person, people, photo.width, photo.height).cut_at)


def flagged(told: Sequence[Told]) -> Table:
    """Whether a cut is seen at all."""
    rows = []
    cut = [each for each in told if each.cut not in _WHOLE]
    for label, here in (("all cuts", cut), *((place, _at(told, place)) for place in (*HEIGHTS, "head", "side"))):
        rows.append([label, str(len(here)), *(_share(here, way) for way in _WAYS)])
    for place in _WHOLE:
        here = _at(told, place)
        rows.append([f"{place}: said to be cut", str(len(here)), *(_share(here, way) for way in _WAYS)])
    return Table(
        f"Is a body cut? {len({each.name for each in told})} photos of the half of `clothes` that no constant was "
        "chosen on, whole and cut at known shares of the body's height above the soles (feet 0.02, ankles 0.06, "
        "shins 0.16, knees 0.285, thighs 0.41, hips 0.53, waist 0.63, chest 0.74), through the head, and from crown to sole. "
        "Usually the person's outline tells; by box and skeleton alone, people are judged that are too small for one.",
        ("cut at", "pictures", "flagged", "by box and skeleton alone"),
        rows,
    )


def named(told: Sequence[Told]) -> Table:
    """Whether the right word is said."""
    rows = []
    for place in (*HEIGHTS, "head", "side"):
        here = _at(told, place)
        words = [each.with_outline for each in here]
        right = sum(each.with_outline in each.right for each in here)
        wrong_joint = sum(word in _JOINTS and word not in each.right for word, each in zip(words, here, strict=True))
        common = sorted({word for word in words if word is not None}, key=lambda word: (-words.count(word), word))
        said = ", ".join(f"{word} {words.count(word)}" for word in common)
        rows.append([place, str(len(here)), _of(right, len(here)), _of(wrong_joint, len(here)), said])
    joints = [each for each in told if each.with_outline in _JOINTS]
    right = sum(each.with_outline in each.right for each in joints)
    rows.append(["wherever a joint is named", str(len(joints)), _of(right, len(joints)), "", ""])
    return Table(
        "Which word is said, with the outline. A joint is named only if the skeleton puts the edge near it; else the "
        "coarser word `legs` stands, which is not wrong.",
        ("cut at", "pictures", "right word", "wrong joint", "what is said"),
        rows,
    )


def _at(told: Sequence[Told], place: str) -> list[Told]:
    return [each for each in told if each.cut == place]


def _share(told: Sequence[Told], way: str) -> str:
    said = [getattr(each, way) for each in told]
    return _of(sum(word not in (None, CutAt.NONE, CutAt.UNKNOWN) for word in said), len(said))


def _of(count: int, total: int) -> str:
    return f"{count / total:.1%}" if total else ""
