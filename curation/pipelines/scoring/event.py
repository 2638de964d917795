"""What the scores depend on besides the rules: the faces, the people, and the cached measures of the photos."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from curation.domain.attributes.age_groups import AgeGroup, age_group
from curation.domain.attributes.event_people import people_attributes
from curation.domain.bursts.clocks import EventClocks
from curation.domain.faces.face import FaceRow
from curation.domain.files.broken import broken_from_json, problem_of
from curation.domain.identity.said import Said
from curation.domain.identity.unfound import Unfound
from curation.domain.judging.photo_facts import ScoredFace
from curation.domain.labelling.corrections import NOBODY, NOT_A_PERSON, corrected_clusters, next_free_id, not_persons
from curation.domain.labelling.labels import Category, Labels, parse_labels
from curation.domain.measuring.measures import MEASURES_VERSION, PhotoMeasures
from curation.errors import FaceDataError, LabelsError
from curation.photos.files.listing import photo_path
from curation.pipelines.said.waiting import demand_labels_folder
from curation.pipelines.said.words import read_placed_corrections, read_words, words_unfound
from curation.pipelines.stage import content_key
from curation.settings import Settings
from curation.storage.face_data_file import FACE_DATA, read_face_data
from curation.storage.file_stamps import FileStamp, stamp_of
from curation.storage.run_records import CLUSTERING_RUN, next_cluster_id, read_run_record
from curation.storage.said.corrections_file import read_corrections
from curation.storage.said.labels_file import read_labels
from curation.storage.said.last_good import keep_good, way_back
from curation.storage.video.remembered_clips import NO_CLIPS, RememberedClips, read_clips

__all__ = [
    "NO_AGES",
    "PHOTO_IS_GONE",
    "CachedMeasures",
    "MeasuresSource",
    "ScoringEvent",
    "event_ages",
    "event_unfound",
    "find_measures",
    "measures_key",
    "read_event",
    "read_event_labels",
    "scored_faces",
    "with_times",
]

NO_AGES: Mapping[str, AgeGroup] = {}
PHOTO_IS_GONE = "the photo is gone: put it back, or run the clustering again"


@dataclass(frozen=True, slots=True, eq=False)
class ScoringEvent:
    """The outputs of the clustering, with the user's corrections.

    Attributes:
        faces: The faces of every analysed photo, sorted by number, with their clusters after the corrections; empty for
            photos without faces.
        failed: Why the other photos could not be analysed, by image path.
        broken: What is wrong with the files of photos that were analysed all the same, by image path.
        analysis_key: Of the photos' analyses in the store; None without a run record.
        input_dir: The folder that was clustered.
        engine: Name of the engine that found the faces; None if there are no faces.
        known_ids: All cluster ids that labels may name, including retired ones.
        clips: The people of the clips.
    """

    faces: dict[str, list[FaceRow]]
    failed: dict[str, str]
    analysis_key: str | None
    input_dir: str
    engine: str | None
    known_ids: frozenset[int]
    clips: RememberedClips = NO_CLIPS
    broken: Mapping[str, str] = field(default_factory=dict)


def read_event(output_dir: Path) -> ScoringEvent:
    """Read face_data.csv, the corrections and the run record of the clustering.

    Raises:
        FaceDataError: If face_data.csv is missing or not valid.
        CorrectionsError: If corrections.json is not valid.
        StorageError: If a file cannot be read.
    """
    record = read_run_record(output_dir / CLUSTERING_RUN)
    rows = read_face_data(output_dir / FACE_DATA, written_sha256=(record or {}).get("face_data_sha256"))
    corrections = read_placed_corrections(output_dir, record)
    clusters = corrected_clusters(rows, corrections).tolist()
    rows = [
        row if row.cluster_id == cluster else replace(row, cluster_id=cluster)
        for row, cluster in zip(rows, clusters, strict=True)
    ]
    faces: dict[str, list[FaceRow]] = defaultdict(list)
    for row in rows:
        faces[row.image_path].append(row)
    for of_photo in faces.values():
        of_photo.sort(key=lambda row: row.face_index)
    recorded = record or {}
    for path in _texts(recorded.get("photos_without_faces")):
        faces.setdefault(path, [])
    failed = {}
    failures = recorded.get("failures")
    for failure in failures if isinstance(failures, list) else ():
        photo = failure.get("image_path") if isinstance(failure, dict) else None
        if isinstance(photo, str) and photo not in faces:
            failed[photo] = str(failure.get("reason"))
    used = {row.cluster_id for row in rows if row.cluster_id >= 0}
    key = recorded.get("analysis_key")
    clips = read_clips(output_dir)
    next_id = max(next_cluster_id(record), next_free_id(corrections), clips.next_id)
    return ScoringEvent(
        dict(faces),
        failed,
        key if isinstance(key, str) else None,
        str(recorded.get("input_dir", "another folder")),
        next((row.engine for row in rows), None),
        frozenset(used | set(range(next_id))),
        clips,
        {file.image_path: problem_of(file) for file in broken_from_json(recorded.get("files")) if file.is_analysed},
    )


def read_event_labels(settings: Settings, event: ScoringEvent) -> tuple[Labels, bool]:
    """The labels, and whether they come from a file; without one, clusters with enough photos are important.

    Raises:
        LabelsError: If cluster_labels.json is not valid.
        StorageError: If it cannot be read.
    """
    path = settings.io.output_dir / settings.scoring.labels_json
    data = read_labels(path)
    if data is None:
        demand_labels_folder(settings)
        photos_of = Counter(
            cluster
            for _, cluster in {(row.image_path, row.cluster_id) for rows in event.faces.values() for row in rows}
        )
        for nobody in (NOBODY, NOT_A_PERSON):
            photos_of.pop(nobody, None)
        minimum = settings.clustering.min_cluster_photos
        return Labels.without_file(photos_of, min_cluster_photos=minimum), False
    category = Category(settings.scoring.unlabelled_category)
    try:
        labels = parse_labels(data, known_ids=event.known_ids, unlabelled_category=category)
    except LabelsError as error:
        raise LabelsError(f"{path}: {error}{way_back(path)}") from error
    keep_good(path)
    return labels, True


def event_unfound(settings: Settings, said: Said, event: ScoringEvent) -> tuple[Unfound, ...]:
    """The words of the user that find nobody.

    Args:
        settings: Name the folders.
        said: All words, with where their photos and faces are now.
        event: As the clustering left it.

    Raises:
        CorrectionsError: If corrections.json is not valid.
        StorageError: If it cannot be read.
    """
    rows = [row for of_photo in event.faces.values() for row in of_photo]
    corrections = read_corrections(settings.io.output_dir, {})
    return words_unfound(
        said,
        read_words(settings, is_strict=False),
        corrections,
        # What is not a person is found, too: the user said so.
        {row.cluster_id for row in rows} | not_persons(corrections),
        {(row.image_path, row.facial_area): row.cluster_id for row in rows},
        event.faces.keys(),
        event.clips,
    )


def measures_key(predictor_sha256: str, faces: Sequence[FaceRow]) -> str:
    """A key for everything that the measures of a photo depend on, apart from the content of the photo."""
    places = [[list(row.facial_area), [list(point) for point in row.landmarks]] for row in faces]
    return content_key([MEASURES_VERSION, predictor_sha256, places])


@dataclass(frozen=True, slots=True, eq=False)
class CachedMeasures:
    """The measures of an event's photos that the store has.

    Attributes:
        stamps: Of the photos that exist, by image path.
        gone: Photos that do not exist any more.
        keys: The key of the measures of each existing photo.
        measures: Of the photos that were measured and have not changed since.
        analysis_key: Of the clustering's analyses; None if that is not known.
    """

    stamps: dict[str, FileStamp]
    gone: tuple[str, ...]
    keys: dict[str, str]
    measures: dict[str, PhotoMeasures]
    analysis_key: str | None


class MeasuresSource(Protocol):
    """Where `find_measures` looks: the analysis store, or a cache of it in memory."""

    def known_hashes(self, stamps: Iterable[FileStamp]) -> dict[Path, str]:
        """See `AnalysisStore.known_hashes`."""

    def analysed(self, sha256s: Iterable[str], key: str) -> set[str]:
        """See `AnalysisStore.analysed`."""

    def measures(self, wanted: Mapping[str, tuple[str, str]]) -> dict[str, PhotoMeasures]:
        """See `AnalysisStore.measures`."""


def find_measures(
    event: ScoringEvent,
    store: MeasuresSource,
    input_dir: Path,
    predictor_sha256: str,
    listed: Mapping[str, FileStamp],
) -> CachedMeasures:
    """Look for the measures of an event's photos.

    Args:
        event: The photos and their faces.
        store: With the measures.
        input_dir: Of the photos.
        predictor_sha256: Of the landmark model that the photos were measured with.
        listed: Stamps that are already known, by image path; those of other photos are read from the disk.

    Raises:
        FaceDataError: If a path of face_data.csv leads out of the folder.
        StorageError: If the store fails.
    """
    stamps: dict[str, FileStamp] = {}
    gone = []
    for path in event.faces:
        stamp = listed.get(path) or stamp_of(photo_path(input_dir, path))
        if stamp is None:
            gone.append(path)
        else:
            stamps[path] = stamp
    hashes = store.known_hashes(stamps.values())
    keys = {path: measures_key(predictor_sha256, event.faces[path]) for path in stamps}
    # Contents without an analysis by the clustering were changed since; the worker reports them.
    key = event.analysis_key
    analysed = store.analysed(set(hashes.values()), key) if key is not None else set()
    wanted = {path: hashes[stamp.path] for path, stamp in stamps.items() if stamp.path in hashes}
    cached = store.measures(
        {path: (sha256, keys[path]) for path, sha256 in wanted.items() if not analysed or sha256 in analysed}
    )
    return CachedMeasures(stamps, tuple(gone), keys, cached, key if analysed else None)


def with_times(measures: Mapping[str, PhotoMeasures], clocks: EventClocks) -> dict[str, PhotoMeasures]:
    """Measures with the times as they are used, whatever the clocks of the cameras show.

    Args:
        measures: By image path, with the times that the files tell.
        clocks: Of the event; photos that it does not know keep their times.
    """
    out = {}
    for path, measured in measures.items():
        known = clocks.times.get(path)
        is_same = known is None or known.time == measured.capture_time
        out[path] = measured if is_same or known is None else replace(measured, capture_time=known.time)
    return out


def event_ages(settings: Settings, event: ScoringEvent, labels: Labels) -> Mapping[str, AgeGroup]:
    """Who looks like a child and who like an adult, by the key of the person; nobody while ages are off."""
    if settings.attributes.age == "off":
        return NO_AGES
    rows = (row for of_photo in event.faces.values() for row in of_photo)
    people = ((None if (known := labels.person(row.cluster_id)) is None else known.key, row) for row in rows)
    return {key: age_group(person.age) for key, person in people_attributes(people).items()}


def scored_faces(
    rows: Sequence[FaceRow], labels: Labels, measures: PhotoMeasures, ages: Mapping[str, AgeGroup] = NO_AGES
) -> list[ScoredFace]:
    """The faces of a photo with their people and measures, without those that the user says are not a person.

    Args:
        rows: In the order of `measures.faces`.
        labels: Of the event.
        measures: Of the photo.
        ages: Of the people of the event, see `event_ages`.

    Raises:
        ValueError: If the numbers of faces differ.
    """
    out = []
    for row, measured in zip(rows, measures.faces, strict=True):
        if row.cluster_id == NOT_A_PERSON:
            continue
        person = labels.person(row.cluster_id)
        group = AgeGroup.CANNOT_TELL if person is None else ages.get(person.key, AgeGroup.CANNOT_TELL)
        out.append(ScoredFace(row.face_index, person, measured, group))
    return out


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise FaceDataError(
            f"{CLUSTERING_RUN} was changed (photos_without_faces is not a list of paths); run the clustering again"
        )
    return value
