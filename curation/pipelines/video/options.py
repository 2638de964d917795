"""What the results of a film depend on besides its file and the weights; small enough to send to workers."""

from __future__ import annotations

from dataclasses import dataclass

from curation.domain.attributes.values import Attribute

__all__ = ["LookOptions", "PeopleOptions", "PosterOptions"]


@dataclass(frozen=True, slots=True)
class LookOptions:
    """How a film is looked at; the fields are those of the section `video` of config.yaml.

    Attributes:
        sample_step_s: How often faces are looked for; 0: in every picture.
        boundary_tolerance_s: How exactly the ends of an appearance are found.
        working_size_px: Longer side of the pictures that the detector gets.
        faces_per_track: Faces of a track that are embedded.
        min_area: Smaller faces do not count; share of the effective area.
        max_area: Larger ones likewise.
        min_conf: Less certain faces do not count.
        track_min_conf: The most certain face of a track has to reach this.
        uses_effective_area: Whether black bars are found, and faces outside the picture between them dropped.
        attributes: What is read of the best faces: attribute and a key for everything it depends on.
        bbox_expand_factor: By how much boxes are widened for that.
        min_conf_cla: Confidence that a face needs for that.
        min_sharpness_cla: Sharpness, likewise.
        max_z_cla: Largest turn of the head, in degrees.
        batch_size: Pictures that the detector gets at once, at least 1; no result depends on it.
    """

    sample_step_s: float = 0.5
    boundary_tolerance_s: float = 0.12
    working_size_px: int = 640
    faces_per_track: int = 3
    min_area: float = 0.0003
    max_area: float = 0.9
    min_conf: float = 0.8
    track_min_conf: float = 0.95
    uses_effective_area: bool = True
    attributes: tuple[tuple[Attribute, str], ...] = ()
    bbox_expand_factor: float = 0.3
    min_conf_cla: float = 0.6
    min_sharpness_cla: float = 0.15
    max_z_cla: float = 60.0
    batch_size: int = 1


@dataclass(frozen=True, slots=True)
class PeopleOptions:
    """How tracks become characters; the fields are those of the section `video` of config.yaml."""

    cluster_model: str = "linkage"
    cluster_threshold: float | None = None
    agr_method: str = "weighted_mean"
    min_cluster_faces: int = 2
    min_screen_time_s: float = 0.3


@dataclass(frozen=True, slots=True)
class PosterOptions:
    """How faces of posters are matched; the fields are those of the section `video` of config.yaml.

    Attributes:
        match: `person` or `nearest_face`.
        distance: Largest Euclidean distance of unit vectors; None: measured for the weights.
        min_area: Smaller faces do not count; share of the poster.
        max_area: Larger ones likewise.
        min_conf: Less certain faces do not count.
    """

    match: str = "person"
    distance: float | None = None
    min_area: float = 0.0003
    max_area: float = 0.9
    min_conf: float = 0.8
