"""The event judged by the current rules and picks: ranking, bursts, coverage of people, and reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from curation.domain.choosing.coverage import PersonCoverage, PhotoPeople, coverage, people_of_photos
from curation.domain.choosing.day import CoverDay, Day, day_of
from curation.domain.choosing.shortcomings import NoGoodPhoto, no_good_photos
from curation.domain.judging.photo_reasons import PhotoReason, photo_reasons
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.scoring_rules import ScoringRules
from curation.event.catalog import Catalog
from curation.event.file_cache import Derived
from curation.event.people.seen import SeenNow
from curation.event.rules.current_ranking import CurrentRanking, RankedEvent
from curation.pipelines.scoring.rescoring import MeasuredEvent

__all__ = ["Judged", "Judgement"]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """An event judged by some rules and picks.

    Attributes:
        event: Its photos, with their faces and measures.
        rules: The rules.
        ranked: All photos, best first.
        scores: The same by image path.
        bursts: The photos of each burst, by burst id.
        people: The main and important people of each photo, by image path.
        coverage: How each main and important person is covered.
    """

    event: MeasuredEvent
    rules: ScoringRules
    ranked: tuple[PhotoScore, ...]
    scores: Mapping[str, PhotoScore]
    bursts: Mapping[int, tuple[PhotoScore, ...]]
    people: Mapping[str, PhotoPeople]
    coverage: tuple[PersonCoverage, ...]
    _made: dict[object, object] = field(default_factory=dict)

    def day(self, cover: CoverDay) -> Day:
        """The parts of the event by the times of its photos."""
        found = self._made.get(cover)
        if found is None:
            found = self._made[cover] = day_of(
                {path: shot.measures.capture_time for path, shot in self.event.shots.items()}, cover
            )
        assert isinstance(found, Day)
        return found

    def no_good_photos(self) -> Mapping[str, NoGoodPhoto]:
        """The people without a good photo that shows them large enough to be judged, by their keys."""
        found = self._made.get("no good photo")
        if found is None:
            rules = self.rules
            people = no_good_photos(self.coverage, self.scores, self.event.shots, rules.thresholds, rules.excuses)
            found = self._made["no good photo"] = {one.covered.person.key: one for one in people}
        assert isinstance(found, dict)
        return found

    def reasons(self, image_path: str) -> tuple[PhotoReason, ...]:
        """What is good and bad about a photo, in words; empty for an unknown photo."""
        score = self.scores.get(image_path)
        if score is None:
            return ()
        burst = self.bursts.get(score.burst_id, ()) if score.burst_id is not None else ()
        return photo_reasons(score, self.event.shots, burst, self.rules.thresholds, self.rules.excuses)


class Judgement:
    """Caches the event as the current rules and picks judge it. Thread-safe."""

    def __init__(self, catalog: Catalog, ranking: CurrentRanking) -> None:
        """Remember the parts; nothing is read yet."""
        self._catalog = catalog
        self._ranking = ranking
        self._people: Derived[Mapping[str, PhotoPeople]] = Derived()
        self._judged: Derived[Judged] = Derived()

    def now(self) -> Judged:
        """The event with the current labels, corrections, rules and picks; the same object until one of them changes.

        Raises:
            NotClusteredError: If there was no clustering yet.
            NotScoredError: If there was no scoring yet.
            SettingsFileError: If config.yaml is not valid.
            FaceDataError: If a table is not valid.
            LabelsError: If cluster_labels.json is not valid.
            PicksError: If picks.json is not valid.
            PeopleSeenError: If people_seen.json is not valid.
            StorageError: If a file cannot be read.
        """
        self._catalog.photos()
        by = self._ranking.demand()
        ranked = self._catalog.ranked.ranked_by(by)
        seen = self._catalog.seen.now()
        return self._judged.get((by.event, by.scores, ranked, seen), lambda: self._judge(by, ranked, seen))

    def _judge(self, by: RankedEvent, ranked: tuple[PhotoScore, ...], seen: SeenNow) -> Judged:
        event, rules = by.event, by.rules
        people = self._people.get(
            (event, by.scoring), lambda: people_of_photos(event.shots, rules.thresholds, rules.excuses)
        )
        bursts: defaultdict[int, list[PhotoScore]] = defaultdict(list)
        for score in ranked:
            if score.burst_id is not None:
                bursts[score.burst_id].append(score)
        return Judged(
            event=event,
            rules=rules,
            ranked=ranked,
            scores={score.image_path: score for score in ranked},
            bursts={number: tuple(of_burst) for number, of_burst in bursts.items()},
            people=people,
            coverage=coverage(ranked, people, event.persons.values(), seen.keys_by_photo()),
        )
