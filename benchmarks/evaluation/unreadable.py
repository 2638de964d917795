"""Faces that cannot be read: which are found, which good ones are taken for them, and whether strangers still merge.

All on the half that the rules were not measured on: chips of lfw spoilt on purpose, photos of lfw turned, inverted and
enlarged for the engine itself to look at, and every face of the labelled sets.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from benchmarks.evaluation.tables import Table
from curation.domain.faces.face import DetectedFace, FaceRow
from curation.domain.faces.geometry import head_pose
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.unreadable_faces import UnreadableRule, learned_rule
from curation.engines.base import FaceEngine
from curation.engines.spoilt_chips import spoilt_chips
from curation.photos.files.decoding import open_photo
from curation.pipelines.clustering.readable_faces import SAMPLE_FACES
from ground_truth.array_photo import ArrayPhoto
from ground_truth.engines import engine_at
from ground_truth.errors import Unavailable
from ground_truth.evaluation import ClusteredEvent, Evaluation
from ground_truth.grouping import grouped
from ground_truth.labelled_faces import main_face_people, people_by_position, single_face_people
from ground_truth.splits import in_test_half
from ground_truth.spoilt_faces import CHIP_SPOILERS, Chip, close_up, spoilt_chip

__all__ = ["tables"]

_SPOILT_PEOPLE = 120
_PHOTO_PEOPLE = 60
_MIXED_LEAST = 3
_PROFILE_DEG = 35.0
_CLOSE_UP_PX = 1100
_MAX_MEGAPIXELS = 120.0
_PHOTO_SPOILERS: Mapping[str, Callable[[Chip, FaceRow, int], Chip]] = MappingProxyType(
    {
        "photo upside down": lambda photo, _row, _number: photo[::-1, ::-1],
        "photo on its side": lambda photo, _row, number: np.rot90(photo, 1 + 2 * (number % 2)),
        "photo as a negative": lambda photo, _row, _number: 255 - photo,
        "close-up, 60 to 100 % of the height": lambda photo, row, number: close_up(
            photo, row.facial_area, (0.6, 0.85, 1.0)[number % 3], _CLOSE_UP_PX
        ),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class _Faces:
    """Faces with their people, None where that is not known, and numbers of their photos."""

    vectors: NDArray[np.float32]
    people: list[str | None]
    photos: NDArray[np.int64]

    def with_others(self, vectors: NDArray[np.float32], people: Sequence[str | None]) -> _Faces:
        """These and others, each on a photo of its own."""
        photos = self.photos.max(initial=-1) + 1 + np.arange(len(vectors))
        return _Faces(
            np.concatenate([self.vectors, vectors]), [*self.people, *people], np.concatenate([self.photos, photos])
        )


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Four tables per engine."""
    for name in evaluation.engines:
        engine = engine_at(name, evaluation.models)
        spec = engine.spec
        if spec.unreadable is None or spec.grouping is None:
            raise Unavailable(f"the weights of {name} were not measured")
        event = evaluation.clustered(name, evaluation.set_folder("lfw"), "lfw")
        people = main_face_people(evaluation, "lfw", event)
        reserved = [face for face, row in enumerate(event.rows) if in_test_half(row.image_path.split("/")[0])]
        whole = _faces(event, people, reserved)
        yield _good_faces(evaluation, name, spec.unreadable, event, people)
        spoilt = dict(_spoilt(evaluation, engine, event, people))
        yield _mixed(name, whole, spoilt, spec.unreadable, spec.grouping)
        yield _sets(evaluation, name, spec.unreadable, spec.grouping)
        yield _unknown_weights(evaluation, engine, spoilt, whole)


def _faces(event: ClusteredEvent, people: Sequence[str | None], rows: Sequence[int]) -> _Faces:
    paths = [event.rows[row].image_path for row in rows]
    photos = np.unique(np.array(paths, dtype=object), return_inverse=True)[1].astype(np.int64)
    return _Faces(_vectors(event, rows), [people[row] for row in rows], photos)


def _vectors(event: ClusteredEvent, rows: Sequence[int]) -> NDArray[np.float32]:
    return event.embeddings[[event.rows[row].embedding_row for row in rows]]


def _good_faces(
    evaluation: Evaluation,
    engine: str,
    rule: UnreadableRule,
    lfw: ClusteredEvent,
    people: Sequence[str | None],
) -> Table:
    """Labelled faces that the rule flags, by kind."""
    middle = [
        face
        for face, (row, person) in enumerate(zip(lfw.rows, people, strict=True))
        if person is not None and in_test_half(person)
    ]
    kinds: list[tuple[str, NDArray[np.float32]]] = [("lfw, middle faces", _vectors(lfw, middle))]
    profiles = [face for face in middle if abs(_yaw(lfw.rows[face])) >= _PROFILE_DEG]
    kinds.append((f"of them turned by {_PROFILE_DEG:.0f} degrees and more", _vectors(lfw, profiles)))
    for name in ("five_celebs", "codebasics_sports", "groups"):
        event = evaluation.clustered(engine, evaluation.set_folder(name), name)
        if name == "five_celebs":
            named = single_face_people(evaluation, name, event)
        else:
            named = people_by_position(evaluation, name, event)
        # Blurred spectators are people of their own, so people who are there twice are there to be read.
        often = {who for who, count in Counter(named).items() if who and count > 1}
        kinds.append((f"{name}, people who recur", _vectors(event, [f for f, who in enumerate(named) if who in often])))
    ages = evaluation.clustered(engine, evaluation.set_folder("utkface"), "utkface")
    parts = [row.image_path.split("_") for row in ages.rows]
    is_reserved = [in_test_half(row.image_path) for row in ages.rows]
    for what, low, high in (("1 to 12", 1, 12), ("13 to 59", 13, 59), ("60 and more", 60, 120)):
        rows = [
            face
            for face, part in enumerate(parts)
            if is_reserved[face] and part[0].isdecimal() and low <= int(part[0]) <= high
        ]
        kinds.append((f"utkface, {what} years", _vectors(ages, rows)))
    dark = [face for face, part in enumerate(parts) if is_reserved[face] and len(part) > 3 and part[2] in "13"]
    kinds.append(("utkface, labelled as black or Indian", _vectors(ages, dark)))
    cells = []
    for what, vectors in kinds:
        flagged = int(rule.is_unreadable(vectors).sum())
        highest = f"{float(rule.likeness(vectors).max()):.2f}" if len(vectors) else "-"
        share = f"{100 * flagged / len(vectors):.1f} %" if len(vectors) else "-"
        cells.append([what, str(len(vectors)), f"{flagged} ({share})", highest])
    return Table(
        f"`{engine}`, good faces that are taken for unreadable (limit {rule.limit:.2f}):",
        ("faces", "number", "taken for unreadable", "highest likeness"),
        cells,
    )


def _yaw(row: FaceRow) -> float:
    return head_pose(row.landmarks.as_array()).yaw_deg


def _spoilt(
    evaluation: Evaluation, engine: FaceEngine, event: ClusteredEvent, people: Sequence[str | None]
) -> Iterator[tuple[str, tuple[NDArray[np.float32], list[str]]]]:
    """Embeddings and people by spoiler; of each person of the reserved half of lfw one photo."""
    of_person: dict[str, FaceRow] = {}
    for row, person in zip(event.rows, people, strict=True):
        if person is not None and in_test_half(person):
            of_person.setdefault(person, row)
    chosen = list(of_person.items())
    random = np.random.default_rng(2)
    vectors: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    before: list[Chip] = []

    def spoilt(chip: Chip) -> list[Chip]:
        other = before[-1] if before else chip[:, ::-1]
        before[:] = [chip]
        return [spoilt_chip(name, chip, other, random) for name in CHIP_SPOILERS]

    folder = evaluation.set_folder("lfw")
    for _, row in chosen[:_SPOILT_PEOPLE]:
        photo = open_photo(folder / row.image_path, max_megapixels=_MAX_MEGAPIXELS)
        for name, vector in zip(CHIP_SPOILERS, engine.embed_changed(photo, row.landmarks, spoilt), strict=True):
            vectors[name].append(vector)
    for name in CHIP_SPOILERS:
        yield name, (np.array(vectors[name]), [person for person, _ in chosen[:_SPOILT_PEOPLE]])
    for name, change in _PHOTO_SPOILERS.items():
        found: list[DetectedFace] = []
        who: list[str] = []
        for number, (person, row) in enumerate(chosen[:_PHOTO_PEOPLE]):
            picture = open_photo(folder / row.image_path, max_megapixels=_MAX_MEGAPIXELS).full().array
            changed = ArrayPhoto(np.ascontiguousarray(change(picture, row, number)))
            middle = np.array([changed.width, changed.height]) / 2
            for face in engine.analyse(changed):
                box = face.box
                away = np.abs(np.array([box.x + box.w / 2, box.y + box.h / 2]) - middle).max()
                # In a close-up every box lies on the one face; elsewhere other people are in the background.
                is_person = "close-up" in name or away < changed.width / 4
                found.append(face)
                who.append(person if is_person else f"somebody on {row.image_path} ({len(found)})")
        yield name, (np.array([face.embedding for face in found]), who)


def _clusters(faces: _Faces, flagged: NDArray[np.bool_], rule: GroupingRule) -> NDArray[np.int64]:
    """(N,) clusters of the faces, -1 for those that are flagged."""
    labels = np.full(len(faces.people), -1, dtype=np.int64)
    rows = np.flatnonzero(~flagged)
    labels[rows] = grouped(faces.vectors[rows], faces.photos[rows], rule)
    return labels


def _mixed_clusters(labels: NDArray[np.int64], people: Sequence[str | None], first: int = 0) -> list[int]:
    """The number of faces of each cluster of three and more whose faces from `first` on belong to several people."""
    of: dict[int, list[int]] = defaultdict(list)
    for face, label in enumerate(labels.tolist()):
        if label >= 0:
            of[label].append(face)
    out = []
    for members in of.values():
        known = Counter(people[face] for face in members if face >= first and people[face] is not None)
        if len(members) >= _MIXED_LEAST and len(known) > 1:
            out.append(len(members))
    return sorted(out, reverse=True)


def _sizes(mixed: Sequence[int]) -> str:
    return f"{len(mixed)} ({', '.join(map(str, mixed[:4]))})" if mixed else "0"


def _mixed(
    engine: str,
    whole: _Faces,
    spoilt: dict[str, tuple[NDArray[np.float32], list[str]]],
    rule: UnreadableRule,
    grouping: GroupingRule,
) -> Table:
    rows = []
    for name, (vectors, people) in spoilt.items():
        if len(vectors) == 0:
            rows.append([name, "0", "-", "0", "0"])
            continue
        event, first = whole.with_others(vectors, people), len(whole.people)
        flagged = rule.is_unreadable(event.vectors)
        cells = [
            _sizes(_mixed_clusters(_clusters(event, flags, grouping), event.people, first))
            for flags in (np.zeros_like(flagged), flagged)
        ]
        rows.append([name, str(len(vectors)), f"{100 * flagged[first:].mean():.0f} %", *cells])
    return Table(
        f"`{engine}`, spoilt faces of {_SPOILT_PEOPLE} people (photos: {_PHOTO_PEOPLE}) among the {len(whole.people)} "
        "faces of the reserved half of lfw: clusters of three and more that hold spoilt faces of several people, and "
        "the faces in the largest of them:",
        ("spoilt by", "faces", "found unreadable", "mixed clusters before", "mixed clusters"),
        rows,
    )


def _sets(evaluation: Evaluation, engine: str, rule: UnreadableRule, grouping: GroupingRule) -> Table:
    """Every face of the sets that were labelled by eye, and of lfw, where those beside the middle are strangers."""
    rows = []
    for name in ("codebasics_sports", "groups", "lfw"):
        event = evaluation.clustered(engine, evaluation.set_folder(name), name)
        named = (
            people_by_position(evaluation, name, event) if name != "lfw" else main_face_people(evaluation, name, event)
        )
        if name == "lfw":
            named = [who or f"somebody on {row.image_path}" for who, row in zip(named, event.rows, strict=True)]
        faces = _faces(event, named, range(len(event.rows)))
        flagged = rule.is_unreadable(faces.vectors)
        cells = [
            _sizes(_mixed_clusters(_clusters(faces, flags, grouping), faces.people))
            for flags in (np.zeros_like(flagged), flagged)
        ]
        rows.append([name, str(len(faces.people)), str(int(flagged.sum())), *cells])
    return Table(
        f"`{engine}`, every face of whole sets, however small or blurred (on lfw each face beside the middle counts "
        "as a person of its photo):",
        ("set", "faces", "unreadable", "mixed clusters before", "mixed clusters"),
        rows,
    )


def _unknown_weights(
    evaluation: Evaluation,
    engine: FaceEngine,
    spoilt: dict[str, tuple[NDArray[np.float32], list[str]]],
    whole: _Faces,
) -> Table:
    """What the rule does that an event teaches, as if nobody had measured the weights."""
    rows = []
    for name in ("five_celebs", "codebasics_sports", "groups"):
        folder = evaluation.set_folder(name)
        event = evaluation.clustered(engine.spec.name, folder, name)
        best: dict[str, FaceRow] = {}
        for row in event.rows:
            if row.cluster_id >= 0 and (
                row.image_path not in best or row.face_quality > best[row.image_path].face_quality
            ):
                best[row.image_path] = row
        sample = [best[path] for path in sorted(best)][:: max(1, len(best) // SAMPLE_FACES)][:SAMPLE_FACES]
        changed = [
            engine.embed_changed(
                open_photo(folder / row.image_path, max_megapixels=_MAX_MEGAPIXELS), row.landmarks, spoilt_chips
            )
            for row in sample
        ]
        rule = learned_rule(event.embeddings[[row.embedding_row for row in sample]], np.array(changed))
        if rule is None:
            rows.append([name, str(len(sample)), "no rule", *["-" for _ in range(len(spoilt) + 1)]])
            continue
        known = [face for face, person in enumerate(whole.people) if person is not None]
        good = rule.is_unreadable(whole.vectors[known])
        cells = [f"{100 * rule.is_unreadable(vectors).mean():.0f} %" for vectors, _ in spoilt.values() if len(vectors)]
        rows.append([name, str(len(sample)), f"{rule.limit:.2f}", f"{100 * good.mean():.1f} %", *cells])
    return Table(
        f"`{engine.spec.name}`, as if its weights had never been measured: the rule is learned from an event's own "
        "faces and judged on the reserved half of lfw:",
        (
            "learned from",
            "faces",
            "limit",
            "good faces",
            *(name for name, (vectors, _) in spoilt.items() if len(vectors)),
        ),
        rows,
    )
