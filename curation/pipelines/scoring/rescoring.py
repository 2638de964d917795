"""Ranking an event again in memory, from its cached measures: no photo is opened and nothing is written."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.domain.bursts.best_photo import event_bursts, mark_bursts
from curation.domain.bursts.clocks import NO_CLOCKS, EventClocks
from curation.domain.bursts.finding import BurstRules
from curation.domain.faces.face import FaceRow
from curation.domain.judging.photo_composition import PhotoComposition
from curation.domain.judging.photo_facts import ScoringInput
from curation.domain.judging.photo_score import PhotoScore, failed_photo_score, with_problem
from curation.domain.judging.picks import Picks
from curation.domain.judging.ranking import with_picks
from curation.domain.judging.scoring import (
    ExaminationKey,
    ExaminedPhoto,
    ScorePart,
    examination_key,
    examine_photo,
    score_examined,
    score_parts,
)
from curation.domain.judging.scoring_rules import ScoringRules
from curation.domain.labelling.labels import Category, EventPeople, Labels, Person
from curation.domain.measuring.measures import PhotoMeasures
from curation.errors import CurationError, FaceDataError
from curation.pipelines.event_clocks import clock_rules, people_of, read_clocks
from curation.pipelines.scoring.composition import NO_COMPOSITIONS, EventCompositions
from curation.pipelines.scoring.event import (
    PHOTO_IS_GONE,
    ScoringEvent,
    event_ages,
    find_measures,
    read_event,
    read_event_labels,
    scored_faces,
    with_times,
)
from curation.pipelines.scoring.sources import RankingSources
from curation.settings import ScoringSettings, Settings
from curation.storage.analysis_store import AnalysisStore
from curation.storage.face_data_file import FACE_DATA
from curation.storage.file_stamps import FileStamp
from curation.storage.run_records import CLUSTERING_RUN, SCORING_RUN, landmark_model_sha256, read_run_record
from curation.storage.together.new_files import read_together

__all__ = ["MeasuredEvent", "Rescorer"]

logger = logging.getLogger(__name__)

_MAX_CACHED = 3  # for the current rules, those being tried, and those tried just before


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredEvent:
    """Everything that scores depend on besides the rules.

    Attributes:
        shots: The photos that were measured, by image path.
        failures: Why other photos cannot be judged, by image path.
        unmeasured: Photos without measures, which the next scoring measures; they are in neither of the above.
        people: How many people of each category the event has.
        clusters: The clusters of each person in ascending order, by the key of the person.
        persons: The people by key.
        faces: The faces of all photos, by image path.
        contents: SHA-256 of the photos that could be read, by image path.
        source: The outputs of the clustering that all this comes from; None in tests of what needs none.
        labels: The labels, and whether they come from a file.
        has_ages: Whether ages are known.
        clocks: When the photos were taken, by the clocks of the cameras as the pictures set them.
    """

    shots: Mapping[str, ScoringInput]
    failures: Mapping[str, str]
    unmeasured: tuple[str, ...]
    people: EventPeople
    clusters: Mapping[str, tuple[int, ...]]
    persons: Mapping[str, Person]
    faces: Mapping[str, Sequence[FaceRow]] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)
    source: ScoringEvent | None = None
    labels: tuple[Labels, bool] = (Labels({}, Category.OTHER), False)
    has_ages: bool = False
    clocks: EventClocks = NO_CLOCKS


class Rescorer:
    """Keeps an event in memory and ranks it by any rules. All methods may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        """Set the files; nothing is read yet."""
        self._settings = settings
        self._compositions = EventCompositions(settings)
        self._sources = RankingSources(settings)
        self._guard = threading.Lock()
        self._version: str | None = None
        self._run: object = None
        self._event: MeasuredEvent | None = None
        self._remembered: dict[tuple[str, str], PhotoMeasures] = {}
        self._bursts: OrderedDict[tuple[int, BurstRules], list[tuple[str, ...]]] = OrderedDict()
        self._examined: OrderedDict[ExaminationKey, list[ExaminedPhoto]] = OrderedDict()
        self._ranked: OrderedDict[tuple[int, int], tuple[list[PhotoScore], Picks, tuple[PhotoScore, ...]]] = (
            OrderedDict()
        )
        self._marked: OrderedDict[tuple[int, ScoringRules, BurstRules], list[PhotoScore]] = OrderedDict()

    def read_ahead(self) -> None:
        """Read the event in advance, so that the first request is as fast as the others; never raises."""
        try:
            self.event()
        except CurationError as error:
            logger.debug("nothing to read ahead: %s", error)

    def knows_last_run(self) -> None:
        """The last run of the scoring looked at no photo: the event need not be read again because of it."""
        with self._guard:
            self._run = self._sources.run()

    def event(self) -> MeasuredEvent:
        """The event as in its files now; the same object until one of them changes.

        Raises:
            FaceDataError: If the event is not clustered or not scored yet, or a table is not valid.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file or the analysis store cannot be read.
        """
        with self._guard:
            return self._current()

    def ranked(self, scoring: ScoringSettings, picks: Picks) -> tuple[MeasuredEvent, tuple[PhotoScore, ...]]:
        """The event, and its photos ranked by these settings and picks, best first.

        Args:
            scoring: Its thresholds, weights, rules and bursts are used; the labels are those of the file.
            picks: Of the user.

        Raises:
            FaceDataError: If the event is not clustered or not scored yet, or a table is not valid.
            LabelsError: If cluster_labels.json is not valid.
            StorageError: If a file or the analysis store cannot be read.
        """
        rules = ScoringRules.from_mapping(scoring.model_dump())
        with self._guard:
            event = self._current()
            marked = self._judged(event, rules, BurstRules(**scoring.bursts.model_dump()))
            cached = self._ranked.get((id(marked), id(picks)))
            if cached is None:
                # The entry refers to both objects, so that their ids cannot be reused by others.
                cached = _remember(
                    self._ranked, (id(marked), id(picks)), (marked, picks, tuple(with_picks(marked, picks, rules)))
                )
            self._ranked.move_to_end((id(marked), id(picks)))
        return event, cached[2]

    def marked(self, scoring: ScoringSettings) -> tuple[MeasuredEvent, Sequence[PhotoScore]]:
        """The event, and the scores of its photos with their bursts, in no particular order and without picks.

        Args:
            scoring: See `ranked`, which also tells what is raised.
        """
        rules = ScoringRules.from_mapping(scoring.model_dump())
        with self._guard:
            event = self._current()
            return event, self._judged(event, rules, BurstRules(**scoring.bursts.model_dump()))

    def parts(self, event: MeasuredEvent, image_path: str, scoring: ScoringSettings) -> tuple[ScorePart, ...]:
        """The components of the score of a photo; empty for a photo that was not measured."""
        shot = event.shots.get(image_path)
        if shot is None:
            return ()
        rules = ScoringRules.from_mapping(scoring.model_dump())
        with self._guard:
            composition = self._compositions_of(event, rules).get(image_path)
        return score_parts(shot.faces, shot.measures, event.people, rules, composition)

    def _compositions_of(self, event: MeasuredEvent, rules: ScoringRules) -> Mapping[str, PhotoComposition]:
        """How people lie in the frame, if that has a weight; what was judged by older records is forgotten."""
        if not rules.composition_asked_for:
            return NO_COMPOSITIONS
        before = self._compositions.last
        now = self._compositions.now(event, event.faces, event.contents)
        if now is not before:
            self._examined.clear()
            self._marked.clear()
            self._ranked.clear()
        return now

    def _current(self) -> MeasuredEvent:
        version, run = self._sources.event(), self._sources.run()
        if self._event is None or self._version != version or self._run != run:
            self._event = None
            event = self._read()
            self._bursts.clear()
            self._marked.clear()
            self._examined.clear()
            self._ranked.clear()
            self._event, self._version, self._run = event, version, run
        return self._event

    def _read(self) -> MeasuredEvent:
        settings = self._settings
        record = read_run_record(settings.io.output_dir / SCORING_RUN)
        predictor = landmark_model_sha256(record)
        if predictor is None:
            raise FaceDataError("the photos are not scored yet; run the scoring first: python run_scoring.py")
        event = read_together(
            settings.io.output_dir, (FACE_DATA, CLUSTERING_RUN), lambda: read_event(settings.io.output_dir)
        )
        labels, is_labelled = read_event_labels(settings, event)
        with closing(AnalysisStore(settings.io.state_dir, read_only=True)) as store:
            cached_store = _CachedStore(store, self._remembered)
            found = find_measures(event, cached_store, settings.io.input_dir, predictor, {})
            hashes = store.known_hashes(found.stamps.values())
            contents = {path: hashes[stamp.path] for path, stamp in found.stamps.items() if stamp.path in hashes}
            clocks = read_clocks(
                store,
                {path: contents[path] for path in found.measures if path in contents},
                people_of(event.faces),
                clock_rules(settings),
                known={path: measured.capture_time for path, measured in found.measures.items()},
            )
        self._remembered = cached_store.used
        ages = event_ages(settings, event, labels)
        shots = {
            path: ScoringInput(measured, scored_faces(event.faces[path], labels, measured, ages))
            for path, measured in with_times(found.measures, clocks).items()
        }
        clusters: dict[str, set[int]] = defaultdict(set)
        persons: dict[str, Person] = {}
        for rows in event.faces.values():
            for row in rows:
                person = labels.person(row.cluster_id)
                if person is not None:
                    clusters[person.key].add(row.cluster_id)
                    persons[person.key] = person
        return MeasuredEvent(
            shots=shots,
            failures={**event.failed, **dict.fromkeys(found.gone, PHOTO_IS_GONE)},
            unmeasured=tuple(path for path in found.stamps if path not in shots),
            people=labels.event_people({cluster for of_person in clusters.values() for cluster in of_person}),
            clusters={key: tuple(sorted(ids)) for key, ids in clusters.items()},
            persons=persons,
            faces=event.faces,
            contents=contents,
            source=event,
            labels=(labels, is_labelled),
            has_ages=bool(ages),
            clocks=clocks,
        )

    def _judged(self, event: MeasuredEvent, rules: ScoringRules, bursts: BurstRules) -> list[PhotoScore]:
        """Scores with their bursts, in no particular order; `event` must be the current one."""
        compositions = self._compositions_of(event, rules)
        key = (id(event), rules, bursts)
        known = self._marked.get(key)
        if known is None:
            found = self._bursts.get((id(event), bursts))
            if found is None:
                found = _remember(
                    self._bursts, (id(event), bursts), event_bursts(event.shots, bursts, event.clocks.steps_s)
                )
            examined = self._examined.get(examination_key(rules))
            if examined is None:
                photos = [
                    examine_photo(path, shot.faces, shot.measures, event.people, rules, compositions.get(path))
                    for path, shot in event.shots.items()
                ]
                examined = _remember(self._examined, examination_key(rules), photos)
            broken = {} if event.source is None else event.source.broken
            scores = [with_problem(score_examined(one, rules), broken.get(one.image_path)) for one in examined]
            scores += [failed_photo_score(path, reason) for path, reason in event.failures.items()]
            facts = {photo.image_path: photo.facts for photo in examined}
            known = _remember(self._marked, key, mark_bursts(scores, event.shots, found, rules, facts))
        self._marked.move_to_end(key)
        return known


def _remember(cache: OrderedDict[Any, Any], key: Any, value: Any) -> Any:
    """Add a value to a cache, and remove the oldest ones; returns the value."""
    cache[key] = value
    while len(cache) > _MAX_CACHED:
        cache.popitem(last=False)
    return value


class _CachedStore:
    """The store with parsed measures in memory, because the files of an event change more often than its photos."""

    def __init__(self, store: AnalysisStore, remembered: Mapping[tuple[str, str], PhotoMeasures]) -> None:
        self._store = store
        self._remembered = remembered
        self.used: dict[tuple[str, str], PhotoMeasures] = {}

    def known_hashes(self, stamps: Iterable[FileStamp]) -> dict[Path, str]:
        return self._store.known_hashes(stamps)

    def analysed(self, sha256s: Iterable[str], key: str) -> set[str]:
        return self._store.analysed(sha256s, key)

    def measures(self, wanted: Mapping[str, tuple[str, str]]) -> dict[str, PhotoMeasures]:
        known = {name: self._remembered[place] for name, place in wanted.items() if place in self._remembered}
        out = known | self._store.measures({name: place for name, place in wanted.items() if name not in known})
        self.used = {wanted[name]: measures for name, measures in out.items()}
        return {name: out[name] for name in wanted if name in out}
