"""Stage two: every photo measured, judged and ranked."""

from curation.pipelines.scoring.pipeline import PhotoScorer, ScoringPipeline

__all__ = ["PhotoScorer", "ScoringPipeline"]
