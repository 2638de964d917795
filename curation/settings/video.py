"""The section `video` of config.yaml: people in films, posters and clips of events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from curation.settings.attributes import AgeReaderName, EthnicityReaderName, SexReaderName
from curation.settings.forms import OffWord, Section

__all__ = ["VideoSettings"]

Unit = Annotated[float, Field(ge=0.0, le=1.0)]


class VideoSettings(Section):
    """How films are looked at, who counts as a character, what is kept and where."""

    dir: Path = Path("videos")
    event_clips: Annotated[Literal["off", "auto", "on"], OffWord] = "auto"
    sample_step_s: Annotated[float, Field(ge=0, le=10)] = 0.5
    boundary_tolerance_s: Annotated[float, Field(ge=0, le=5)] = 0.12
    working_size_px: Annotated[int, Field(ge=320, le=4096)] = 640
    faces_per_track: Annotated[int, Field(ge=1, le=50)] = 3
    min_area: Unit = 0.0003
    max_area: Unit = 0.9
    min_conf: Unit = 0.8
    track_min_conf: Unit = 0.95
    bbox_expand_factor: Annotated[float, Field(ge=0, le=2)] = 0.3
    effective_area: Literal["auto", "full"] = "auto"
    min_conf_cla: Unit = 0.6
    min_sharpness_cla: Unit = 0.15
    max_z_cla: Annotated[float, Field(ge=0, le=180)] = 60
    min_mouth_opening_cla: Annotated[float, Field(ge=0, le=10)] = 0
    cluster_model: Literal["linkage", "chinese_whispers"] = "linkage"
    cluster_threshold: Annotated[float, Field(gt=0, le=2)] | None = None
    agr_method: Literal["weighted_mean", "mean", "majority", "best"] = "weighted_mean"
    min_cluster_faces: Annotated[int, Field(ge=1, le=10_000)] = 2
    min_screen_time_s: Annotated[float, Field(ge=0, le=3600)] = 0.3
    poster_match: Literal["person", "nearest_face"] = "person"
    poster_distance: Annotated[float, Field(gt=0, le=2)] | None = None
    age: AgeReaderName = "off"
    sex: SexReaderName = "off"
    ethnicity: EthnicityReaderName = "off"
    infer_ethnicity: bool = False
    batch_size: Annotated[int, Field(ge=0, le=256)] = 0
    device: Literal["auto", "cuda", "cpu"] = "auto"
    num_cpu: Annotated[int, Field(ge=0, le=256)] = 0
    store_visuals: bool = False
    max_video_minutes: Annotated[float, Field(gt=0, le=10_000)] = 600
    max_video_mb: Annotated[float, Field(gt=0, le=10_000_000)] = 20_000
    urls: Annotated[Literal["off", "public", "any"], OffWord] = "off"
    url_timeout_s: Annotated[float, Field(ge=1, le=86_400)] = 600

    @model_validator(mode="after")
    def _ethnicity_is_meant(self) -> VideoSettings:
        if self.ethnicity != "off" and not self.infer_ethnicity:
            raise ValueError(
                "ethnicity names a reader, and infer_ethnicity is false: to infer a person's race from a face is "
                "prohibited in the European Union for most purposes, so it needs both; set ethnicity: off, or read "
                "docs/video_people.md and set infer_ethnicity: true"
            )
        return self
