"""The state of an event for its page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from curation.api.context import ServiceContext
from curation.domain.files.broken import told
from curation.domain.judging.picks import Pick
from curation.domain.labelling.labels import Category
from curation.errors import PhotosMissingError
from curation.event.folder.presence import Presence, presence_of
from curation.jobs.events.known_event import event_name_of
from curation.jobs.job import Job, Stage
from curation.settings import own_event
from curation.workflow import event_listing

__all__ = ["STAGE_WORDS", "EventState", "FolderState", "NextStep", "event_state", "folder_state"]

_RECENT_JOBS = 8

STAGE_WORDS: Mapping[str, Mapping[str, str]] = {
    Stage.CLUSTERING: {"doing": "Finding the people", "name": "Find the people"},
    Stage.SCORING: {"doing": "Ranking the photos", "name": "Rank the photos"},
    Stage.EXPORT: {"doing": "Exporting", "name": "Export"},
    Stage.SIDECARS: {"doing": "Writing beside the originals", "name": "Write beside the originals"},
    Stage.VIDEO: {"doing": "Looking at a film", "name": "Look at a film"},
    Stage.WEIGHTS: {"doing": "Fetching the better engine", "name": "Fetch the better engine"},
    "other": {"doing": "Working", "name": "Work"},
}
"""What a stage is called while it runs, and afterwards."""
_BESIDE = {Stage.WEIGHTS: 1, Stage.VIDEO: 2}


class NextStep(StrEnum):
    """The step that the page recommends next."""

    FIND = "find"
    LABEL = "label"
    RANK = "rank"
    CHOOSE = "choose"


@dataclass(frozen=True, slots=True)
class EventState:
    """The counts of the finished runs, and the jobs.

    Attributes:
        name: Of the event: that of the folder of photos.
        input_place: The folder of photos, or their address.
        output_place: The folder of all results, or their address.
        presence: Whether the folder of photos is there.
        can_add: Whether photos can be added to it here.
        not_stored: Why what was said last is not in object storage yet; empty if it is.
        clustered: Whether the photos were clustered.
        photos: Photos of the last clustering.
        failed: Of these, photos that could not be read.
        with_raw: Of these, photos that have a RAW file of the same shot.
        files_told: What to know of broken files and of photos that are not on this disk, in sentences.
        faces: Faces in them.
        people: Clusters that have faces.
        labelled: Of these, clusters with a category.
        named: Of these, clusters with a name.
        of_category: Of the labelled clusters, how many are of each category.
        scored: Whether the photos are ranked.
        ranked: Photos in the ranking.
        vetoed: Of these, photos with a veto.
        picked: Of these, photos that the user picked.
        ranking_problem: Why the ranking cannot follow what was said since; empty if it can.
        follows: Whether new photos are looked through by themselves.
        following_words: What is waited for before that, as a sentence; empty for nothing.
        followed_runs: How often they were, since the event was opened.
        jobs: The last jobs, newest first.
        active: The running one of these; None if there is none.
    """

    name: str
    input_place: str
    output_place: str
    presence: Presence
    can_add: bool
    not_stored: str
    clustered: bool
    photos: int
    failed: int
    with_raw: int
    files_told: tuple[str, ...]
    faces: int
    people: int
    labelled: int
    named: int
    of_category: dict[Category, int]
    scored: bool
    ranked: int
    vetoed: int
    picked: int
    ranking_problem: str
    follows: bool
    following_words: str
    followed_runs: int
    jobs: tuple[Job, ...]
    active: Job | None

    @property
    def next_step(self) -> NextStep:
        """The first step that is not done."""
        if not self.clustered:
            return NextStep.FIND
        if not self.labelled and self.people:
            return NextStep.LABEL
        if not self.scored:
            return NextStep.RANK
        return NextStep.CHOOSE


@dataclass(frozen=True, slots=True)
class FolderState:
    """The current content of the folder of photos.

    Attributes:
        presence: Whether it is there.
        photos: All photos in it; 0 also if there is no such folder.
        new: Photos that were not in the last clustering.
        clustered: Whether there was a clustering.
    """

    presence: Presence
    photos: int
    new: int
    clustered: bool


def folder_state(context: ServiceContext) -> FolderState:
    """Read the folder of photos.

    Raises:
        FaceDataError: If face_data.csv or photo_scores.csv is not valid.
        StorageError: If a file cannot be read.
    """
    clustered = context.catalog.face_data_path.is_file()
    known = {photo.image_path for photo in context.catalog.photos_by_id().values()} if clustered else set()
    presence = presence_of(context.settings)
    try:
        photos = event_listing(context.settings).photos
    except PhotosMissingError:
        return FolderState(presence, 0, 0, clustered)
    return FolderState(presence, len(photos), sum(photo.image_path not in known for photo in photos), clustered)


def event_state(context: ServiceContext) -> EventState:
    """The current state.

    Raises:
        FaceDataError: If face_data.csv or photo_scores.csv is not valid.
        LabelsError: If cluster_labels.json is not valid.
        StorageError: If a file cannot be read.
    """
    catalog = context.catalog
    settings = context.settings
    clustered = catalog.face_data_path.is_file()
    clusters = catalog.clusters() if clustered else ()
    labels = [cluster.label for cluster in clusters if cluster.label is not None]
    of_category = Counter(label.category for label in labels)
    counts = catalog.clustering_record().get("counts", {}) if clustered else {}
    scored = catalog.photo_scores_path.is_file()
    ranked = catalog.photos() if scored else ()
    presence = presence_of(settings)
    following = context.follower.now
    _, jobs = context.runner.list(stage=None, limit=_RECENT_JOBS, offset=0)
    return EventState(
        name=event_name_of(own_event(settings)),
        input_place=settings.input_place,
        output_place=settings.output_place(),
        presence=presence,
        can_add=presence is Presence.THERE,
        not_stored="" if context.mirror is None else context.mirror.problem,
        clustered=clustered,
        photos=int(counts.get("photos", 0)),
        failed=int(counts.get("failed", 0)),
        with_raw=int(counts.get("with_raw", 0)),
        files_told=told(catalog.broken_files()) if clustered else (),
        faces=int(counts.get("faces", 0)),
        people=len(clusters),
        labelled=len(labels),
        named=sum(label.name is not None for label in labels),
        of_category={category: of_category[category] for category in Category if of_category[category]},
        scored=scored,
        ranked=len(ranked),
        picked=sum(photo.pick is Pick.PICKED for photo in ranked),
        vetoed=sum(bool(photo.vetoes) for photo in ranked),
        ranking_problem=context.ranking.state().problem if scored and not context.ranking.settle() else "",
        follows=following.is_on,
        following_words=following.words,
        followed_runs=following.runs,
        jobs=jobs,
        # Films and downloads run beside everything else; films are watched on their own page.
        active=min(
            (job for job in jobs if job.state.is_active), key=lambda job: _BESIDE.get(job.stage, 0), default=None
        ),
    )
