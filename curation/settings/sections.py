"""The sections of config.yaml: every value with its type, range and default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from curation.disk.file_modes import FileMode
from curation.domain.judging.rules import RULES_OF_AGE
from curation.settings.forms import OffWord, Section, Token

__all__ = [
    "BurstSettings",
    "CategoryWeights",
    "ClockSettings",
    "ClusteringSettings",
    "ComponentWeights",
    "CountRuleSettings",
    "DlibSettings",
    "EngineSettings",
    "IoSettings",
    "PerformanceSettings",
    "ProblemCosts",
    "RetinaFaceArcFaceSettings",
    "RuleMode",
    "RuleSettings",
    "RulesSettings",
    "ScoringSettings",
    "ServiceSettings",
    "SwitchRuleSettings",
    "ThresholdSettings",
    "TilingMode",
]


RuleMode = Annotated[Literal["off", "veto", "weight"], OffWord]
TilingMode = Annotated[Literal["auto", "off", "always"], OffWord]
Unit = Annotated[float, Field(ge=0.0, le=1.0)]
Weight = Annotated[float, Field(ge=0.0, le=100.0)]


class IoSettings(Section):
    """Folders, and limits for reading photos."""

    input_dir: Path = Path("event_images")
    output_dir: Path = Path()
    export_dir: Path | None = None
    state_dir: Path = Path(".curation")
    models_dir: Path = Path("models")
    max_photo_megapixels: Annotated[float, Field(ge=1, le=1000)] = 120
    skip_raw_with_jpeg: bool = True
    cache_mb: Annotated[int, Field(ge=100, le=10_000_000)] = 4000
    object_timeout_s: Annotated[float, Field(ge=1, le=3600)] = 60
    file_mode: FileMode = FileMode.PRIVATE

    @property
    def exports(self) -> Path:
        """The folder of exports, `export_dir` or its default."""
        return self.output_dir / "export" if self.export_dir is None else self.export_dir


class RetinaFaceArcFaceSettings(Section):
    """The engine with the networks of the packages retina-face and deepface."""

    detector_weights: Annotated[str, Field(min_length=1)] = "retinaface.onnx"
    embedder_weights: Annotated[str, Field(min_length=1)] = "arcface_weights.onnx"
    working_size_px: Annotated[int, Field(ge=320, le=4096)] = 1600
    min_confidence: Annotated[float, Field(ge=0.1, le=0.999)] = 0.8
    tiling: TilingMode = "auto"


class DlibSettings(Section):
    """The engine of the package dlib, which needs no download."""

    detector: Literal["mmod", "hog"] = "mmod"
    working_size_px: Annotated[int, Field(ge=320, le=4096)] = 2000
    min_confidence: Annotated[float, Field(ge=0.1, le=0.999)] = 0.5
    tiling: TilingMode = "auto"


class EngineSettings(Section):
    """Which engine detects and embeds the faces."""

    name: Literal["auto", "retinaface-arcface", "dlib"] = "auto"
    download: bool = True
    connect_timeout_s: Annotated[float, Field(ge=0.5, le=120)] = 5
    providers: Annotated[tuple[str, ...], Field(min_length=1)] = ("CPUExecutionProvider",)
    retinaface_arcface: RetinaFaceArcFaceSettings = RetinaFaceArcFaceSettings()
    dlib: DlibSettings = DlibSettings()


class ClusteringSettings(Section):
    """When faces belong to the same person, and which faces are good enough to compare."""

    distance_threshold: Annotated[float, Field(gt=0, le=2)] | None = None
    same_photo_penalty: Annotated[float, Field(ge=0, le=2)] | None = None
    second_look: bool = True
    min_face_px: Annotated[int, Field(ge=8, le=1000)] = 32
    min_sharpness: Unit = 0.08
    max_yaw_deg: Annotated[float, Field(ge=10, le=90)] = 75
    min_cluster_photos: Annotated[int, Field(ge=1, le=1000)] = 3
    samples_per_cluster: Annotated[int, Field(ge=1, le=100)] = 12
    thumbnail_px: Annotated[int, Field(ge=64, le=1024)] = 256


class ThresholdSettings(Section):
    """From which value a measure counts as fulfilled, and which faces are judged at all."""

    eyes_open: Unit = 0.5
    smile: Unit = 0.5
    focus: Unit = 0.4
    min_face_px: Annotated[int, Field(ge=16, le=1000)] = 40
    max_yaw_deg: Annotated[float, Field(ge=10, le=90)] = 45


class ComponentWeights(Section):
    """Weights of the components in a photo's final score; null is the preset's."""

    eyes: Weight | None = None
    smile: Weight | None = None
    focus: Weight | None = None
    exposure: Weight | None = None
    people: Weight | None = None
    picture: Weight | None = None
    composition: Weight | None = None

    @model_validator(mode="after")
    def _not_all_zero(self) -> ComponentWeights:
        # The picture alone says nothing about who is in it; no preset has a weight of 0.
        if all(weight == 0 for weight in (self.eyes, self.smile, self.focus, self.exposure, self.people)):
            raise ValueError("at least one weight besides that of the picture must be above 0")
        return self


class ProblemCosts(Section):
    """What a problem takes away of the component that it belongs to; null is the preset's."""

    turned_away: Unit | None = None
    cut_off: Unit | None = None
    small: Unit | None = None
    nobody_looks: Unit | None = None
    stranger_in_front: Unit | None = None
    collage: Unit | None = None
    screenshot: Unit | None = None
    cut_out: Unit | None = None
    tiny_file: Unit | None = None


class CategoryWeights(Section):
    """How much a person counts within a component, by category."""

    main: Weight = 1.0
    important: Weight = 0.6
    other: Weight = 0.1
    unknown: Weight = 0.05

    @model_validator(mode="after")
    def _not_all_zero(self) -> CategoryWeights:
        if self.main + self.important + self.other + self.unknown <= 0:
            raise ValueError("at least one category must weigh more than 0")
        return self


class RuleSettings(Section):
    """A rule that is off, a veto, or a weighted part of the score."""

    mode: RuleMode = "off"
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0


class CountRuleSettings(RuleSettings):
    """A rule about a number of people or faces."""

    count: Annotated[int, Field(ge=0, le=1000)] = 1


class SwitchRuleSettings(Section):
    """A rule that is on or off."""

    enabled: bool = False


class RulesSettings(Section):
    """The rules of scoring, see docs/scoring.md."""

    require_all_eyes_open: RuleSettings = RuleSettings()
    require_main_eyes_open: RuleSettings = RuleSettings(mode="veto")
    excuse_laughs: SwitchRuleSettings = SwitchRuleSettings(enabled=True)
    excuse_moments: SwitchRuleSettings = SwitchRuleSettings(enabled=True)
    excuse_children: SwitchRuleSettings = SwitchRuleSettings()
    require_smile: RuleSettings = RuleSettings()
    require_in_focus: RuleSettings = RuleSettings()
    min_main_people: CountRuleSettings = CountRuleSettings()
    min_important_people: CountRuleSettings = CountRuleSettings()
    min_children: CountRuleSettings = CountRuleSettings()
    ignore_others: SwitchRuleSettings = SwitchRuleSettings()
    max_unknown_faces: CountRuleSettings = CountRuleSettings(count=5)

    def of_age_that_are_on(self) -> tuple[str, ...]:
        """The rules that are on and need the ages of people, by name."""
        rules: dict[str, RuleSettings | SwitchRuleSettings] = {name: getattr(self, name) for name in RULES_OF_AGE}
        return tuple(
            name
            for name, rule in sorted(rules.items())
            if (rule.enabled if isinstance(rule, SwitchRuleSettings) else rule.mode != "off")
        )

    def refuse_without_ages(self) -> None:
        """Check that no rule is on that needs the ages of people, for settings that do not read them.

        Raises:
            ValueError: If one is on; names it, and says what to do.
        """
        for name in self.of_age_that_are_on():
            raise ValueError(
                f"the rule {name} needs the ages of people: set attributes.age in config.yaml to a reader such as dlib "
                "(docs/attributes_in_events.md says what that means) and run the clustering again, or switch the rule "
                "off"
            )


class BurstSettings(Section):
    """Which photos belong to the same burst."""

    enabled: bool = True
    max_gap_s: Annotated[float, Field(ge=0.1, le=3600)] = 15
    max_span_s: Annotated[float, Field(ge=0.1, le=86400)] = 60


class ScoringSettings(Section):
    """How photos are scored."""

    dlib_model_path: Path | None = None
    labels_json: Path = Path("cluster_labels.json")
    unlabelled_category: Literal["main", "important", "other"] = "other"
    preset: Literal["general", "wedding", "portrait", "sports", "conference"] = "general"
    thresholds: ThresholdSettings = ThresholdSettings()
    weights: ComponentWeights = ComponentWeights()
    category_weights: CategoryWeights = CategoryWeights()
    problem_costs: ProblemCosts = ProblemCosts()
    bursts: BurstSettings = BurstSettings()
    rules: RulesSettings = RulesSettings()


class ClockSettings(Section):
    """The clocks of the cameras of an event."""

    by_pictures: bool = True
    ahead_s: Mapping[str, Annotated[float, Field(ge=-4e9, le=4e9)]] = {}


class PerformanceSettings(Section):
    """Who works on photos: processes of this machine or workers of many; batches and the limits of a photo."""

    workers: Annotated[int, Field(ge=0, le=256)] = 0
    photo_timeout_s: Annotated[float, Field(ge=1, le=3600)] = 120
    photo_memory_mb: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    photos_per_batch: Annotated[int, Field(ge=0, le=64)] = 0
    pool: Literal["local", "celery"] = "local"


class ServiceSettings(Section):
    """Where the service listens, which clients it accepts, and the limits of requests."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    token: Token | None = None
    allowed_hosts: tuple[str, ...] = ()
    log_format: Literal["text", "json"] = "text"
    max_connections: Annotated[int, Field(ge=8, le=100_000)] = 1000
    slow_client_s: Annotated[float, Field(ge=1, le=600)] = 20
    client_requests: Annotated[int, Field(ge=2, le=256)] = 8
    client_waiting: Annotated[int, Field(ge=8, le=100_000)] = 500
    client_streams: Annotated[int, Field(ge=4, le=10_000)] = 60
    max_body_mb: Annotated[float, Field(ge=0.1, le=100)] = 4
    upload_photo_mb: Annotated[float, Field(ge=0.1, le=10_000)] = 200
    upload_total_mb: Annotated[float, Field(ge=1, le=1_000_000)] = 4000
    upload_photos: Annotated[int, Field(ge=1, le=100_000)] = 1000
    picture_cache_mb: Annotated[int, Field(ge=10, le=1_000_000)] = 2000
    decoded_photos_mb: Annotated[int, Field(ge=10, le=100_000)] = 300
    picture_seconds: Annotated[float, Field(ge=1, le=600)] = 30
    presigned_pictures: bool = False
    open_events: Annotated[int, Field(ge=1, le=1000)] = 8
    folder_roots: tuple[str, ...] = ()
    open_browser: bool = True
    follow_folder: bool = False
    guest_selfies: bool = False
    follow_minutes: Annotated[float, Field(ge=0.1, le=1440)] = 10
