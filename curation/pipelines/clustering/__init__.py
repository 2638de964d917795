"""Stage one: every face found and grouped by person."""

from curation.pipelines.clustering.pipeline import FaceClusteringPipeline

__all__ = ["FaceClusteringPipeline"]
