"""Stage two: measuring, judging and ranking the photos."""

from curation.pipelines.per_photo import score_photo_worker
from curation.pipelines.scoring.pipeline import ScoringPipeline
from curation.pipelines.scoring.scorer import PhotoScorer

__all__ = ["PhotoScorer", "ScoringPipeline", "score_photo_worker"]
