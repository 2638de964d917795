"""Stage one: every face found and grouped by person; and the user's check of that grouping."""

from curation.pipelines.clustering.pipeline import FaceClusteringPipeline

__all__ = ["FaceClusteringPipeline"]
