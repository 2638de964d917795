"""The event as an export needs it: who is in which photo, the ranking, and the user's picks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from curation.domain.choosing.export import ExportRequest, written_name
from curation.domain.faces.face import FaceRow
from curation.domain.faces.regions import FaceRegion, StoredPicture, stored_area
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import UNJUDGED, Pick, Picks
from curation.domain.labelling.labels import Category, Labels, Person
from curation.photos.originals import LocalOriginals, Originals
from curation.pipelines.originals import originals_of
from curation.pipelines.said.words import read_picked_away, read_picks_now
from curation.pipelines.scoring.event import read_event, read_event_labels
from curation.settings import Settings
from curation.storage.face_data_file import FACE_DATA
from curation.storage.photo_scores_file import PHOTO_SCORES, read_photo_scores
from curation.storage.run_records import CLUSTERING_RUN
from curation.storage.said.corrections_file import CORRECTIONS
from curation.storage.said.picks_file import PICKS
from curation.storage.said.said_file import SAID
from curation.storage.together.new_files import read_together

__all__ = [
    "ExportEvent",
    "away_words",
    "best_photos",
    "chosen_photos",
    "passed_over",
    "passed_words",
    "picked_photos",
    "read_export_event",
]

_IMPORTANCE = list(Category)


_SHOWN_PASSED = 5


@dataclass(frozen=True, slots=True, eq=False)
class ExportEvent:
    """An event as read from its files.

    Attributes:
        input_dir: The folder of photos.
        faces: The faces of every analysed photo, by image path.
        labels: Names and categories of the clusters.
        scores: The ranked photos by image path, best first; empty before scoring.
        picks: Picks and ratings of the user.
        originals: Gets the photos to hand.
        raw_files: The RAW files of the shots that photos show, by image path; None if they were not looked for, and
            then those beside a photo are.
        broken: What is wrong with the files of photos that were analysed all the same, by image path.
        picked_away: Photos that the user picked and that are not there or cannot be read.
    """

    input_dir: Path
    faces: Mapping[str, Sequence[FaceRow]]
    labels: Labels
    scores: Mapping[str, PhotoScore]
    picks: Picks
    originals: Originals = field(default_factory=LocalOriginals)
    raw_files: Mapping[str, Sequence[str]] | None = None
    broken: Mapping[str, str] = field(default_factory=dict)
    picked_away: tuple[str, ...] = ()

    def named_faces(self, image_path: str) -> list[tuple[Person, FaceRow]]:
        """The faces of a photo that have a named person, the most important first, then from left to right."""
        found = []
        for row in self.faces.get(image_path, ()):
            person = self.labels.person(row.cluster_id)
            label = self.labels.by_cluster.get(row.cluster_id)
            if person is not None and label is not None and label.name is not None:
                found.append((person, row))
        return sorted(found, key=lambda each: (_IMPORTANCE.index(each[0].category), each[1].face_index))

    def names(self, image_path: str) -> tuple[str, ...]:
        """The names of the people in a photo, the most important first."""
        people = {person.key: written_name(person.display_name) for person, _ in self.named_faces(image_path)}
        return tuple(people.values())

    def regions(self, image_path: str, picture: StoredPicture, upright_size: tuple[int, int]) -> tuple[FaceRegion, ...]:
        """The named faces of a photo as areas of a stored picture; none if the picture has another shape.

        Args:
            image_path: Of the photo.
            picture: The areas are relative to it: the picture of the photo, or of the RAW file beside it.
            upright_size: Width and height of the upright photo in pixels; the boxes of faces refer to it.
        """
        faces = self.named_faces(image_path)
        width, height = upright_size
        if any(box.x + box.w > width or box.y + box.h > height for box in (row.facial_area for _, row in faces)):
            return ()
        seen = StoredPicture(*((height, width) if picture.is_swapped else (width, height)), picture.orientation)
        if not picture.shows_same(seen.width, seen.height):
            return ()
        return tuple(
            FaceRegion(written_name(person.display_name), stored_area(row.facial_area, seen)) for person, row in faces
        )


def read_export_event(settings: Settings, raw_files: Mapping[str, Sequence[str]] | None = None) -> ExportEvent:
    """Read the event from the output folder.

    Args:
        settings: Name the folders.
        raw_files: As `ExportEvent.raw_files`.

    Raises:
        FaceDataError: If face_data.csv is missing or not valid, or photo_scores.csv is not valid.
        LabelsError: If cluster_labels.json is not valid.
        PicksError: If picks.json is not valid.
        StorageError: If a file cannot be read.
    """
    names = (FACE_DATA, CLUSTERING_RUN, PHOTO_SCORES, CORRECTIONS, SAID, PICKS, str(settings.scoring.labels_json))
    return read_together(settings.io.output_dir, names, lambda: _read(settings, raw_files))


def _read(settings: Settings, raw_files: Mapping[str, Sequence[str]] | None) -> ExportEvent:
    output_dir = settings.io.output_dir
    event = read_event(output_dir)
    labels, _ = read_event_labels(settings, event)
    table = output_dir / PHOTO_SCORES
    scores = read_photo_scores(table) if table.is_file() else []
    return ExportEvent(
        input_dir=settings.io.input_dir,
        faces=event.faces,
        labels=labels,
        scores={score.image_path: score for score in scores},
        picks=read_picks_now(output_dir),
        originals=originals_of(settings),
        raw_files=raw_files,
        broken=event.broken,
        picked_away=read_picked_away(output_dir),
    )


def chosen_photos(request: ExportRequest, event: ExportEvent) -> tuple[str, ...]:
    """The photos that a request selects, without duplicates."""
    if request.image_paths is not None:
        return tuple(dict.fromkeys(request.image_paths))
    return picked_photos(event) if request.best is None else best_photos(event, request.best)


def picked_photos(event: ExportEvent) -> tuple[str, ...]:
    """The picked photos in the order of the ranking; those without a score last."""
    picked = {path for path, said in event.picks.by_path.items() if said.pick is Pick.PICKED}
    ranked = [path for path in event.scores if path in picked]
    return (*ranked, *sorted(picked.difference(ranked)))


def best_photos(event: ExportEvent, count: int) -> tuple[str, ...]:
    """The best photos of the ranking, without unreadable ones, and those that the user or their own files reject.

    A photo that is rejected in its file only is in again as soon as the user says anything else of it.
    """
    good = (
        path
        for path, score in event.scores.items()
        if not score.error
        and event.picks.of(path).pick is not Pick.REJECTED
        and not (score.file_pick is Pick.REJECTED and event.picks.of(path) == UNJUDGED)
    )
    return tuple(path for path, _ in zip(good, range(count), strict=False))


def passed_over(event: ExportEvent, count: int) -> tuple[str, ...]:
    """The photos that would be among the best ones, had their files not said that they are rejected."""
    out: list[str] = []
    taken = 0
    for path, score in event.scores.items():
        if taken == count:
            break
        if score.error or event.picks.of(path).pick is Pick.REJECTED:
            continue
        if score.file_pick is Pick.REJECTED and event.picks.of(path) == UNJUDGED:
            out.append(path)
        else:
            taken += 1
    return tuple(out)


def passed_words(passed: Sequence[str]) -> tuple[str, ...]:
    """That photos are not among the best ones because their own files reject them; nothing if there are none."""
    if not passed:
        return ()
    those = "1 photo is" if len(passed) == 1 else f"{len(passed)} photos are"
    return (
        f"{those} not among the best ones because another program rejected them in their files ({_named(passed)}): "
        "pick them here to have them in",
    )


def away_words(request: ExportRequest, event: ExportEvent) -> tuple[str, ...]:
    """That photos which the user picked are missing in an export of the picked ones; nothing if none is."""
    away = () if request.best is not None or request.image_paths is not None else event.picked_away
    if not away:
        return ()
    is_one = len(away) == 1
    those, them = ("1 picked photo is", "it") if is_one else (f"{len(away)} picked photos are", "them")
    return (
        f"{those} not in this export: not there or not readable in the last run ({_named(away)}). Copy {them} again, "
        "find the people again, and export again",
    )


def _named(paths: Sequence[str]) -> str:
    return ", ".join(paths[:_SHOWN_PASSED]) + (", ..." if len(paths) > _SHOWN_PASSED else "")
