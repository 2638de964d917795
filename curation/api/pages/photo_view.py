"""The content of the page of one photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from curation.api.context import ServiceContext
from curation.api.pages.gallery import Gallery, PhotoCard, cards_of
from curation.api.pages.one_photo.close_ups import FaceMark, face_marks, worst_first
from curation.api.pages.one_photo.walk import steps
from curation.api.pages.words.times import time_words
from curation.domain.faces.face import Box
from curation.domain.faces.ids import photo_id
from curation.domain.faces.index import FaceEntry
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.labelling.labels import Category, Labels
from curation.domain.measuring.camera import CameraFacts
from curation.domain.measuring.measures import FaceMeasures, Measure
from curation.domain.told.file_told import NOTHING_TOLD, told_words
from curation.event.catalog import PhotoEntry

__all__ = ["Bar", "FaceView", "PhotoView", "photo_view"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A value from 0 to 1 as a bar.

    Attributes:
        title: The name of the measure or component.
        percent: None if it could not be measured.
        note: Why it could not be measured; empty if it could.
        is_low: Whether it is below its threshold.
    """

    title: str
    percent: int | None
    note: str = ""
    is_low: bool = False


@dataclass(frozen=True, slots=True)
class FaceView:
    """A face of a photo.

    Attributes:
        id: The id of the face.
        box: In pixels of the upright photo.
        name: The name of the person, or `Person N`; empty for a face without a cluster.
        category: None without a label.
        cluster: None for a face without a cluster.
        bars: Eyes, smile and focus; empty if they were not measured.
        marks: What is wrong with it, or that nothing is; empty if it was not measured.
    """

    id: str
    box: Box
    name: str
    category: Category | None
    cluster: int | None
    bars: tuple[Bar, ...]
    marks: tuple[FaceMark, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PhotoView:
    """A photo with its score, its faces and its place in the view.

    Attributes:
        id: The id of the photo.
        path: The path of its file, relative to the folder of photos.
        width: The width of the upright photo in pixels; None if the file is missing or cannot be read.
        height: As `width`.
        time: When it was taken, by a clock that is set by the pictures; None if unknown.
        time_words: The same in words, with what its own clock says and where that stands; empty if nothing is known.
        camera: How it was taken.
        told: What other programs said in its files, in one line; empty if nothing.
        notes: What in the files could not be used.
        error: Why it could not be read; empty if it could.
        card: Its score, people and picks; None before scoring.
        parts: The components of the score.
        faces: Its faces, the most important people first.
        close_ups: The same faces, the worst first.
        without_face: Names of people who are on it without a face, as the user accepted.
        burst: All photos of its burst, best first; empty for a photo outside of bursts.
        before: The id of the previous photo or stack in the view; None at the start.
        after: The id of the next photo or stack in the view; None at the end.
        place: Its number in the view, or that of its stack, from 1; None if it is not in it.
        total: The number of photos or stacks in the view.
        by_stack: Whether `before` and `after` lead from stack to stack.
    """

    id: str
    path: str
    width: int | None
    height: int | None
    time: datetime | None
    time_words: str
    camera: CameraFacts
    told: str
    notes: tuple[str, ...]
    error: str
    card: PhotoCard | None
    parts: tuple[Bar, ...]
    faces: tuple[FaceView, ...]
    close_ups: tuple[FaceView, ...]
    without_face: tuple[str, ...]
    burst: tuple[PhotoCard, ...]
    before: str | None
    after: str | None
    place: int | None
    total: int
    by_stack: bool


def photo_view(context: ServiceContext, entry: PhotoEntry, gallery: Gallery | None) -> PhotoView:
    """The content of the page of a photo.

    Args:
        context: The parts of the service.
        entry: The photo.
        gallery: The view from which the photo was opened; None before scoring.

    Raises:
        FaceDataError: If a table is not valid, or the photo's path leads out of the folder of photos.
        LabelsError: If cluster_labels.json is not valid.
        PeopleSeenError: If people_seen.json is not valid.
        StorageError: If a file or the analysis store cannot be read.
    """
    catalog = context.catalog
    told = catalog.ranked.told().get(entry.image_path, NOTHING_TOLD)
    facts = context.analysis.facts(entry)
    times = catalog.times()
    taken = times.clocks.times.get(entry.image_path)
    measures = facts.measures or (None,) * len(entry.faces)
    labels = catalog.labels()
    thresholds = context.orchestrator.settings.scoring.thresholds  # the current ones, which may change
    limits = {"eyes": thresholds.eyes_open, "smile": thresholds.smile, "focus": thresholds.focus}
    faces = [_face(face, labels, one, limits) for face, one in zip(entry.faces, measures, strict=True)]
    of_face = {face.id: one for face, one in zip(faces, measures, strict=True)}
    close_ups = sorted(
        faces,
        key=lambda face: worst_first(of_face[face.id], face.marks, face.category, known=face.cluster is not None),
    )
    order = [*Category, None]
    faces.sort(key=lambda face: (face.cluster is None, order.index(face.category)))
    way = steps(gallery, catalog.scores(), entry.image_path) if gallery else None
    score = entry.score
    return PhotoView(
        id=entry.photo_id,
        path=entry.image_path,
        width=facts.width,
        height=facts.height,
        time=facts.capture_time if taken is None else taken.time,
        time_words=time_words(taken, is_said=times.clocks.is_said(taken)),
        camera=catalog.cameras.of(entry.image_path),
        told=told_words(told),
        notes=told.notes,
        error=entry.error or (score.error if score else ""),
        card=next(iter(cards_of(catalog, [entry.image_path])), None),
        parts=() if score is None else _parts(score),
        faces=tuple(faces),
        close_ups=tuple(close_ups),
        without_face=catalog.seen.now().names(entry.image_path),
        burst=_burst(context, score),
        before=photo_id(way.before) if way and way.before else None,
        after=photo_id(way.after) if way and way.after else None,
        place=way.place if way else None,
        total=way.total if way else 0,
        by_stack=way is not None and way.by_stack,
    )


def _burst(context: ServiceContext, score: PhotoScore | None) -> tuple[PhotoCard, ...]:
    if score is None or score.burst_id is None:
        return ()
    photos = context.catalog.bursts().get(score.burst_id, ())
    return tuple(cards_of(context.catalog, [photo.image_path for photo in photos]))


def _parts(score: PhotoScore) -> tuple[Bar, ...]:
    values: Sequence[tuple[str, float | None]] = (
        ("Eyes", score.eyes_score),
        ("Smile", score.smile_score),
        ("Focus", score.focus_score),
        ("Exposure", score.exposure_score),
        ("People", score.people_score),
        ("Picture", score.picture_score),
    )
    return tuple(Bar(title, round(100 * value)) for title, value in values if value is not None)


def _face(face: FaceEntry, labels: Labels, measures: FaceMeasures | None, limits: dict[str, float]) -> FaceView:
    label = labels.by_cluster.get(face.cluster_id)
    name = "" if face.cluster_id < 0 else (label.name if label else None) or f"Person {face.cluster_id}"
    bars: tuple[Bar, ...] = ()
    if measures is not None:
        bars = (
            _bar("Eyes", measures.eyes, limits["eyes"]),
            _bar("Smile", measures.smile, limits["smile"]),
            _bar("Focus", measures.focus, limits["focus"]),
        )
    return FaceView(
        id=face.face_id,
        box=face.row.facial_area,
        name=name,
        category=None if label is None else label.category,
        cluster=None if face.cluster_id < 0 else face.cluster_id,
        bars=bars,
        marks=face_marks(measures, eyes_open=limits["eyes"], focus=limits["focus"]),
    )


def _bar(title: str, measure: Measure, limit: float) -> Bar:
    if measure.value is None:
        return Bar(title, None, measure.reason.value if measure.reason else "cannot tell")
    return Bar(title, round(100 * measure.value), is_low=measure.value < limit)
