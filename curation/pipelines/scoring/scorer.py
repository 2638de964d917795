"""Judging photos by labels, rules and picks, from their measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from curation.domain.attributes.age_groups import AgeGroup
from curation.domain.bursts.best_photo import event_bursts, mark_bursts
from curation.domain.bursts.clocks import NO_CLOCKS, EventClocks
from curation.domain.bursts.finding import BurstRules
from curation.domain.faces.face import Box, FaceRow, FiveLandmarks
from curation.domain.judging.photo_composition import PhotoComposition
from curation.domain.judging.photo_facts import ScoringInput
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import NO_PICKS, Picks
from curation.domain.judging.ranking import with_picks
from curation.domain.judging.scoring import score_photo
from curation.domain.judging.scoring_rules import ScoringRules
from curation.domain.labelling.labels import EventPeople, Labels
from curation.domain.measuring.measures import PhotoMeasures
from curation.engines.base import PhotoPixels
from curation.engines.landmarks import LandmarkPredictor
from curation.pipelines.measuring import measure_photo
from curation.pipelines.scoring.event import NO_AGES, scored_faces
from curation.settings import ScoringSettings

__all__ = ["PhotoScorer"]


class PhotoScorer:
    """Judges photos: `measure` uses the pixels, `score` is a pure function of the measures."""

    def __init__(self, settings: ScoringSettings) -> None:
        """Take thresholds, weights and rules from the settings."""
        self.rules = ScoringRules.from_mapping(settings.model_dump())
        self.bursts = BurstRules(**settings.bursts.model_dump())

    @staticmethod
    def measure(
        photo: PhotoPixels, faces: Sequence[tuple[Box, FiveLandmarks]], predictor: LandmarkPredictor
    ) -> PhotoMeasures:
        """Measure a photo and its faces, see `curation.pipelines.measuring.measure_photo`."""
        return measure_photo(photo, faces, predictor)

    def score(
        self,
        image_path: str,
        faces: Sequence[FaceRow],
        labels: Labels,
        measures: PhotoMeasures,
        event: EventPeople,
        ages: Mapping[str, AgeGroup] = NO_AGES,
        composition: PhotoComposition | None = None,
    ) -> PhotoScore:
        """Judge one photo, without any file, clock or pixels.

        Args:
            image_path: Of the photo.
            faces: Its faces, in the order of `measures.faces`.
            labels: Of the event.
            measures: Of the photo.
            event: The people of the whole event.
            ages: Who of them looks like a child or an adult, see `event_ages`.
            composition: How people lie in the frame, see `read_compositions`; None for "cannot tell".

        Returns:
            The score, not yet ranked.

        Raises:
            ValueError: If the numbers of faces differ.
        """
        scored = scored_faces(faces, labels, measures, ages)
        return score_photo(image_path, scored, measures, event, self.rules, composition)

    def mark_bursts(
        self,
        scores: Sequence[PhotoScore],
        faces: Mapping[str, Sequence[FaceRow]],
        labels: Labels,
        measures: Mapping[str, PhotoMeasures],
        ages: Mapping[str, AgeGroup] = NO_AGES,
        clocks: EventClocks = NO_CLOCKS,
    ) -> list[PhotoScore]:
        """Find the bursts and mark the best photo of each, see `curation.domain.bursts.best_photo`.

        Args:
            scores: Of the event.
            faces: By image path, in the order of the measures.
            labels: Of the event.
            measures: By image path; photos without measures are in no burst.
            ages: Who looks like a child or an adult, see `event_ages`.
            clocks: Of the event: which of them do not show seconds. The times are those of the measures.
        """
        shots = {
            path: ScoringInput(measured, scored_faces(faces[path], labels, measured, ages))
            for path, measured in measures.items()
        }
        return mark_bursts(scores, shots, event_bursts(shots, self.bursts, clocks.steps_s), self.rules)

    def rank(self, scores: Sequence[PhotoScore], picks: Picks = NO_PICKS) -> list[PhotoScore]:
        """Sort photos, see `curation.domain.judging.ranking.with_picks`."""
        return with_picks(scores, picks, self.rules)
