"""The settings of config.yaml as frozen values: types, ranges and defaults in one place.

Sources, the later ones win: defaults, config.yaml, environment (`CURATION_SECTION__KEY`), the
`overrides` that the scripts make of their options. Relative paths of the file and the defaults
start at the file's folder; those of the environment and of options at the current folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as UnparsedSettingsError

from curation.errors import SettingsError

__all__ = [
    "BurstSettings",
    "CategoryWeights",
    "ClusteringSettings",
    "ComponentWeights",
    "CountRuleSettings",
    "DlibSettings",
    "EngineSettings",
    "IoSettings",
    "PerformanceSettings",
    "RetinaFaceArcFaceSettings",
    "RuleMode",
    "RuleSettings",
    "RulesSettings",
    "ScoringSettings",
    "ServiceSettings",
    "Settings",
    "SettingsOrigin",
    "SwitchRuleSettings",
    "ThresholdSettings",
    "TilingMode",
    "load_settings",
    "reload_settings",
    "set_elsewhere",
]

ENV_PREFIX = "CURATION_"
CONFIG_VARIABLE = "CURATION_CONFIG"


def _off_word(value: object) -> object:
    # YAML 1.1 reads a bare `off` as false.
    return "off" if value is False else value


RuleMode = Annotated[Literal["off", "veto", "weight"], BeforeValidator(_off_word)]
TilingMode = Annotated[Literal["auto", "off", "always"], BeforeValidator(_off_word)]
Unit = Annotated[float, Field(ge=0.0, le=1.0)]
Weight = Annotated[float, Field(ge=0.0, le=100.0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class IoSettings(_Section):
    """Folders and limits of reading photos."""

    input_dir: Path = Path("event_images")
    output_dir: Path = Path()
    export_dir: Path | None = None
    state_dir: Path = Path(".curation")
    models_dir: Path = Path("models")
    max_photo_megapixels: Annotated[float, Field(ge=1, le=1000)] = 120
    skip_raw_with_jpeg: bool = True

    @property
    def exports(self) -> Path:
        """The folder of exports, `export_dir` or its default."""
        return self.output_dir / "export" if self.export_dir is None else self.export_dir


class RetinaFaceArcFaceSettings(_Section):
    """The engine of the packages retina-face and deepface."""

    detector_weights: Annotated[str, Field(min_length=1)] = "retinaface.onnx"
    embedder_weights: Annotated[str, Field(min_length=1)] = "arcface_weights.onnx"
    working_size_px: Annotated[int, Field(ge=320, le=4096)] = 1600
    min_confidence: Annotated[float, Field(ge=0.1, le=0.999)] = 0.8
    tiling: TilingMode = "auto"


class DlibSettings(_Section):
    """The engine that needs no download."""

    detector: Literal["mmod", "hog"] = "mmod"
    working_size_px: Annotated[int, Field(ge=320, le=4096)] = 2000
    min_confidence: Annotated[float, Field(ge=0.1, le=0.999)] = 0.5
    tiling: TilingMode = "auto"


class EngineSettings(_Section):
    """Which engine finds and embeds the faces."""

    name: Literal["auto", "retinaface-arcface", "dlib"] = "auto"
    download: bool = True
    connect_timeout_s: Annotated[float, Field(ge=0.5, le=120)] = 5
    providers: Annotated[tuple[str, ...], Field(min_length=1)] = ("CPUExecutionProvider",)
    retinaface_arcface: RetinaFaceArcFaceSettings = RetinaFaceArcFaceSettings()
    dlib: DlibSettings = DlibSettings()


class ClusteringSettings(_Section):
    """When faces are one person, and which faces are fit to be asked."""

    distance_threshold: Annotated[float, Field(gt=0, le=2)] | None = None
    same_photo_penalty: Annotated[float, Field(ge=0, le=2)] | None = None
    second_look: bool = True
    min_face_px: Annotated[int, Field(ge=8, le=1000)] = 32
    min_sharpness: Unit = 0.08
    max_yaw_deg: Annotated[float, Field(ge=10, le=90)] = 75
    min_cluster_photos: Annotated[int, Field(ge=1, le=1000)] = 3
    samples_per_cluster: Annotated[int, Field(ge=1, le=100)] = 12
    thumbnail_px: Annotated[int, Field(ge=64, le=1024)] = 256


class ThresholdSettings(_Section):
    """From where on a measure counts as fulfilled, and which faces are judged at all."""

    eyes_open: Unit = 0.5
    smile: Unit = 0.5
    focus: Unit = 0.4
    min_face_px: Annotated[int, Field(ge=16, le=1000)] = 40
    max_yaw_deg: Annotated[float, Field(ge=10, le=90)] = 45


class ComponentWeights(_Section):
    """Weights of the components of a photo's final score."""

    eyes: Weight = 3.0
    smile: Weight = 2.0
    focus: Weight = 2.0
    exposure: Weight = 1.0
    people: Weight = 2.0

    @model_validator(mode="after")
    def _not_all_zero(self) -> ComponentWeights:
        if self.eyes + self.smile + self.focus + self.exposure + self.people <= 0:
            raise ValueError("at least one weight must be above 0")
        return self


class CategoryWeights(_Section):
    """How much a face counts within a component, by the category of its person."""

    main: Weight = 1.0
    important: Weight = 0.6
    other: Weight = 0.1
    unknown: Weight = 0.05

    @model_validator(mode="after")
    def _not_all_zero(self) -> CategoryWeights:
        if self.main + self.important + self.other + self.unknown <= 0:
            raise ValueError("at least one category must weigh more than 0")
        return self


class RuleSettings(_Section):
    """A rule that is off, a veto, or a weighted part of the score."""

    mode: RuleMode = "off"
    weight: Annotated[float, Field(gt=0, le=100)] = 1.0


class CountRuleSettings(RuleSettings):
    """A rule about a number of people or faces."""

    count: Annotated[int, Field(ge=0, le=1000)] = 1


class SwitchRuleSettings(_Section):
    """A rule that is on or off."""

    enabled: bool = False


class RulesSettings(_Section):
    """The rules of scoring, see docs/scoring.md."""

    require_all_eyes_open: RuleSettings = RuleSettings()
    require_main_eyes_open: RuleSettings = RuleSettings(mode="veto")
    require_smile: RuleSettings = RuleSettings()
    require_in_focus: RuleSettings = RuleSettings()
    min_main_people: CountRuleSettings = CountRuleSettings()
    min_important_people: CountRuleSettings = CountRuleSettings()
    ignore_others: SwitchRuleSettings = SwitchRuleSettings()
    max_unknown_faces: CountRuleSettings = CountRuleSettings(count=5)


class BurstSettings(_Section):
    """When photos are of one moment."""

    enabled: bool = True
    max_gap_s: Annotated[float, Field(ge=0.1, le=3600)] = 15
    max_span_s: Annotated[float, Field(ge=0.1, le=86400)] = 60


class ScoringSettings(_Section):
    """How photos are judged."""

    dlib_model_path: Path | None = None
    labels_json: Path = Path("cluster_labels.json")
    unlabelled_category: Literal["main", "important", "other"] = "other"
    thresholds: ThresholdSettings = ThresholdSettings()
    weights: ComponentWeights = ComponentWeights()
    category_weights: CategoryWeights = CategoryWeights()
    bursts: BurstSettings = BurstSettings()
    rules: RulesSettings = RulesSettings()


class PerformanceSettings(_Section):
    """Processes and patience."""

    workers: Annotated[int, Field(ge=0, le=256)] = 0
    photo_timeout_s: Annotated[float, Field(ge=1, le=3600)] = 120
    photos_per_batch: Annotated[int, Field(ge=0, le=64)] = 0


def _sendable(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("a token goes into a header: letters, digits and signs without spaces")
    return token


class ServiceSettings(_Section):
    """Where the service listens, whom it answers, and what it takes."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    token: Annotated[SecretStr, Field(min_length=16, max_length=200), AfterValidator(_sendable)] | None = None
    allowed_hosts: tuple[str, ...] = ()
    log_format: Literal["text", "json"] = "text"
    max_body_mb: Annotated[float, Field(ge=0.1, le=100)] = 4
    upload_photo_mb: Annotated[float, Field(ge=0.1, le=10_000)] = 200
    upload_total_mb: Annotated[float, Field(ge=1, le=1_000_000)] = 4000
    upload_photos: Annotated[int, Field(ge=1, le=100_000)] = 1000
    picture_cache_mb: Annotated[int, Field(ge=10, le=1_000_000)] = 2000


@dataclass(frozen=True, slots=True, eq=False)
class SettingsOrigin:
    """Where settings were read. Any two are equal: it is no part of what the settings say.

    Attributes:
        path: The settings file; it need not be there.
        named: Whether somebody asked for this very file.
        default_root: The folder that relative paths start at without a file.
        overrides: What was set beside the file and the environment, by section and key.
    """

    path: Path
    named: bool
    default_root: Path
    overrides: Mapping[str, Mapping[str, Any]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SettingsOrigin)

    def __hash__(self) -> int:
        return 0


class Settings(BaseSettings):
    """All settings. Build it with `load_settings`, which also resolves the paths."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        allow_inf_nan=False,
    )

    io: IoSettings = IoSettings()
    engine: EngineSettings = EngineSettings()
    clustering: ClusteringSettings = ClusteringSettings()
    scoring: ScoringSettings = ScoringSettings()
    performance: PerformanceSettings = PerformanceSettings()
    service: ServiceSettings = ServiceSettings()
    _origin: SettingsOrigin | None = PrivateAttr(None)

    @property
    def origin(self) -> SettingsOrigin | None:
        """Where they were read; None for settings that were not read by `load_settings`."""
        return self._origin

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing but what `load_settings` passes in: it merges the sources itself."""
        return (init_settings,)


_PATH_KEYS = (
    ("io", "input_dir"),
    ("io", "output_dir"),
    ("io", "export_dir"),
    ("io", "state_dir"),
    ("io", "models_dir"),
    ("scoring", "dlib_model_path"),
)


def load_settings(
    config_path: Path | None,
    *,
    default_root: Path,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """Read the settings from config.yaml, the environment and the overrides.

    Args:
        config_path: A YAML file that must exist; None takes `default_root / "config.yaml"` if it
            is there, else the defaults.
        default_root: The folder that relative paths start at when there is no file: the project's root.
        overrides: `{section: {key: value}}`, the strongest source; relative paths in it start at
            the current folder.

    Returns:
        The settings, with absolute paths in `io` and `scoring.dlib_model_path`.

    Raises:
        SettingsError: For a missing or unreadable file, a YAML error, an unknown key, a value of
            the wrong type or out of its range. The message names each key and what may stand there.
    """
    path = config_path if config_path is not None else default_root / "config.yaml"
    if config_path is None and not path.is_file():
        data: dict[str, Any] = {}
        root = default_root
    else:
        data = _read_yaml(path)
        root = path.resolve().parent
    data = _anchored(data, root, with_defaults=True)
    _refuse_unknown_variables()
    merged = _merged(data, _anchored(_environment(), Path.cwd()), path)
    merged = _merged(merged, _anchored(dict(overrides or {}), Path.cwd()), path)
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        raise SettingsError(_explained(error, path)) from error
    settings._origin = SettingsOrigin(path.absolute(), config_path is not None, default_root, dict(overrides or {}))
    return settings


def reload_settings(settings: Settings) -> Settings:
    """Read the settings again where they were read before; those that were not read anywhere stay as they are.

    Raises:
        SettingsError: As `load_settings`.
    """
    origin = settings.origin
    if origin is None:
        return settings
    path = origin.path if origin.named else None
    return load_settings(path, default_root=origin.default_root, overrides=origin.overrides)


def set_elsewhere(settings: Settings) -> dict[tuple[str, ...], str]:
    """The keys that something stronger than the settings file sets, and what that is.

    Raises:
        SettingsError: If an environment variable is not valid.
    """
    out: dict[tuple[str, ...], str] = {}
    for path in _leaves(_environment()):
        out[path] = f"the environment variable {ENV_PREFIX}{'__'.join(path).upper()}"
    for path in _leaves(settings.origin.overrides if settings.origin is not None else {}):
        out[path] = "an option of the command"
    return out


def _leaves(data: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from ((key, *rest) for rest in _leaves(value))
        else:
            yield (key,)


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise SettingsError(
            f"there is no settings file {path}; give --config (or {CONFIG_VARIABLE}) the path of an existing one"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error}") from error
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SettingsError(f"the settings file {path} is not valid YAML: {error}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise SettingsError(
            f"the settings file {path} must hold sections such as `io:` and `scoring:`, not a {type(data).__name__}"
        )
    return {str(key): ({} if value is None else value) for key, value in data.items()}


def _anchored(data: Mapping[str, Any], root: Path, *, with_defaults: bool = False) -> dict[str, Any]:
    """Copy `data` with the paths of `_PATH_KEYS` made absolute, starting at `root`."""
    out = {key: dict(value) if isinstance(value, Mapping) else value for key, value in data.items()}
    for section, key in _PATH_KEYS:
        if with_defaults:
            default = getattr(getattr(Settings.model_fields[section].default, key), "as_posix", lambda: None)()
            if default is not None and isinstance(out.setdefault(section, {}), dict):
                out[section].setdefault(key, default)
        values = out.get(section)
        if isinstance(values, dict) and isinstance(values.get(key), str | Path):
            values[key] = root.resolve() / Path(values[key]).expanduser()
    return out


def _merged(low: Mapping[str, Any], high: Mapping[str, Any], path: Path) -> dict[str, Any]:
    out = dict(low)
    for key, value in high.items():
        old = out.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            out[key] = _merged(old, value, path)
        elif isinstance(value, Mapping) and old is not None:
            raise SettingsError(f"`{key}` in {path} must hold keys of its own, not {old!r}")
        else:
            out[key] = value
    return out


def _environment() -> dict[str, Any]:
    try:
        return EnvSettingsSource(Settings)()
    except UnparsedSettingsError as error:
        # Only lists and whole sections are parsed here; the library names the section, not the variable.
        suspects = [
            name
            for name in sorted(os.environ)
            if name.startswith(ENV_PREFIX) and name.removeprefix(ENV_PREFIX).split("__")[0].lower() in str(error)
        ]
        raise SettingsError(
            f"an environment variable is not valid JSON, one of {', '.join(suspects)}: "
            'write lists as ["a", "b"], and one variable for each key of a section'
        ) from error


def _refuse_unknown_variables() -> None:
    for name in sorted(os.environ):
        if not name.startswith(ENV_PREFIX) or "__" not in name:
            continue
        model: type[BaseModel] = Settings
        walked: list[str] = []
        for part in name[len(ENV_PREFIX) :].lower().split("__"):
            fields = model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {}
            if part not in fields:
                known = ", ".join(sorted(fields)) or "nothing below it"
                place = ".".join(walked) or "the settings"
                raise SettingsError(f"environment variable {name}: {place} has no `{part}`; known: {known}")
            walked.append(part)
            annotation = fields[part].annotation
            model = annotation if isinstance(annotation, type) else object  # type: ignore[assignment]


def _explained(error: ValidationError, path: Path) -> str:
    lines = [f"settings are not valid (file {path}, environment {ENV_PREFIX}SECTION__KEY, or an option):"]
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"  {key}: unknown key; known here: {', '.join(_siblings(problem['loc']))}")
        else:
            # Nobody's token stands in a log.
            found = "" if "token" in problem["loc"] else f" (found {problem['input']!r})"
            lines.append(f"  {key}: {problem['msg']}{found}")
    return "\n".join(lines)


def _siblings(loc: tuple[int | str, ...]) -> list[str]:
    model: Any = Settings
    for part in loc[:-1]:
        field = model.model_fields.get(part) if hasattr(model, "model_fields") else None
        model = field.annotation if field is not None else None
    return sorted(model.model_fields) if hasattr(model, "model_fields") else []
