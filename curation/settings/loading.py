"""Loads the settings from config.yaml, the environment and command-line options into one frozen object.

Sources, from the lowest to the highest priority: defaults, config.yaml, the environment (`CURATION_SECTION__KEY`), and
`overrides`, which are the options of the scripts. Relative paths in the file and the defaults are relative to the
file's folder; those in the environment and in options to the current folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    PrivateAttr,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as UnparsedSettingsError

from curation.errors import SettingsError
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import READING_ERRORS, NotValidError
from curation.parsing.yaml_text import parse_yaml
from curation.settings.addresses import is_address, place_key, written_path
from curation.settings.assets import AssetsSettings
from curation.settings.attributes import AttributesSettings
from curation.settings.scale import GallerySettings, WorkersSettings
from curation.settings.sections import (
    ClockSettings,
    ClusteringSettings,
    EngineSettings,
    IoSettings,
    PerformanceSettings,
    ScoringSettings,
    ServiceSettings,
)
from curation.settings.services import ServicesSettings
from curation.settings.video import VideoSettings

__all__ = [
    "Settings",
    "SettingsOrigin",
    "load_settings",
    "overridden_keys",
    "with_absolute_paths",
    "with_working_copies",
]

ENV_PREFIX = "CURATION_"
CONFIG_VARIABLE = "CURATION_CONFIG"


@dataclass(frozen=True, slots=True, eq=False)
class SettingsOrigin:
    """Where settings were loaded from. All origins compare equal, so that settings compare by their values only.

    Attributes:
        path: The settings file; it may be missing.
        is_explicit: Whether the caller named this file.
        default_root: The folder that relative paths start at if there is no file.
        overrides: Values that override the file and the environment, by section and key.
    """

    path: Path
    is_explicit: bool
    default_root: Path
    overrides: Mapping[str, Mapping[str, Any]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SettingsOrigin)

    def __hash__(self) -> int:
        return 0


class Settings(BaseSettings):
    """All settings. Create them with `load_settings`, which also resolves the paths."""

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
    clocks: ClockSettings = ClockSettings()
    performance: PerformanceSettings = PerformanceSettings()
    service: ServiceSettings = ServiceSettings()
    attributes: AttributesSettings = AttributesSettings()
    services: ServicesSettings = ServicesSettings()
    assets: AssetsSettings = AssetsSettings()
    video: VideoSettings = VideoSettings()
    workers: WorkersSettings = WorkersSettings()
    gallery: GallerySettings = GallerySettings()
    _origin: SettingsOrigin | None = PrivateAttr(None)
    _addresses: dict[str, str] = PrivateAttr(default_factory=dict)
    _event_of_service: tuple[str, str, str] | None = PrivateAttr(None)

    @property
    def event_dir(self) -> Path:
        """The folder of what this machine keeps of one event alone: jobs, their logs, undo, cached pictures.

        `io.state_dir`, but for events that the service opened beside that of the settings.
        """
        return self.io.state_dir if self._event_of_service is None else Path(self._event_of_service[2])

    @property
    def lock_dir(self) -> Path:
        """The folder of the locks under which the event's files are changed, the same for scripts and services."""
        return self.io.state_dir / "locks" / place_key(self.output_place())

    @property
    def origin(self) -> SettingsOrigin | None:
        """Where the settings were loaded from; None if not by `load_settings`."""
        return self._origin

    @property
    def input_address(self) -> str:
        """Where the photos lie in object storage, such as `s3://bucket/folder`; empty if they lie in a folder.

        If there is one, `io.input_dir` is the folder of this machine into which photos are fetched.
        """
        return self._addresses.get("input_dir", "")

    @property
    def output_address(self) -> str:
        """Where outputs and labels lie in object storage; empty if they lie in a folder.

        If there is one, `io.output_dir` is this machine's working copy.
        """
        return self._addresses.get("output_dir", "")

    @property
    def input_place(self) -> str:
        """Where the photos lie, for people: an address, or a folder."""
        return self.input_address or str(self.io.input_dir)

    def output_place(self, name: str = "") -> str:
        """Where outputs lie, or the one of this name, for people: an address, or a path."""
        if self.output_address:
            return f"{self.output_address}/{name}" if name else self.output_address
        return str(self.io.output_dir / name)

    def recorded(self, *sections: str) -> dict[str, Any]:
        """Sections as plain JSON values for a run record, with addresses where photos and outputs have them."""
        out = self.model_dump(mode="json", include=set(sections))
        if "io" in out:
            out["io"] |= {"input_dir": self.input_place, "output_dir": self.output_place()}
        return out

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use only the values that `load_settings` passes: it merges the sources itself."""
        return (init_settings,)


_PATH_KEYS = (
    ("io", "input_dir"),
    ("io", "output_dir"),
    ("io", "export_dir"),
    ("io", "state_dir"),
    ("io", "models_dir"),
    ("scoring", "dlib_model_path"),
    ("services", "image_dir"),
    ("services", "log_dir"),
    ("services", "store", "faces_dir"),
    ("services", "store", "results_dir"),
    ("services", "tls_cert"),
    ("services", "tls_key"),
    ("services", "tls_ca"),
    ("assets", "dir"),
    ("video", "dir"),
    ("gallery", "path"),
    ("gallery", "key_file"),
)


def load_settings(
    config_path: Path | None,
    *,
    default_root: Path,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
) -> Settings:
    """Load the settings from config.yaml, the environment and the overrides.

    Args:
        config_path: A YAML file that must exist; None for `default_root / "config.yaml"` if it exists, else the
            defaults.
        default_root: The folder that relative paths start at if there is no file: the project's root.
        overrides: `{section: {key: value}}` with the highest priority; relative paths in it start at the current
            folder.

    Returns:
        The settings, with absolute paths in `io` and `scoring.dlib_model_path`.

    Raises:
        SettingsError: If the file is missing or unreadable, for a YAML error, an unknown key, a value of the wrong type
            or out of range, or a rule that needs ages while they are off. The message names each key and its valid
            values.
    """
    path = config_path if config_path is not None else default_root / "config.yaml"
    if config_path is None and not path.is_file():
        data: dict[str, Any] = {}
        root = default_root
    else:
        data = _read_yaml(path)
        root = path.resolve().parent
    data = with_absolute_paths(data, root, with_defaults=True)
    _refuse_unknown_variables()
    merged = _merged(data, with_absolute_paths(_environment(), Path.cwd()), path)
    merged = _merged(merged, with_absolute_paths(dict(overrides or {}), Path.cwd()), path)
    merged, addresses = with_working_copies(merged)
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        raise SettingsError(_validation_message(error, path)) from error
    if settings.attributes.age == "off":
        try:
            settings.scoring.rules.refuse_without_ages()
        except ValueError as error:
            raise SettingsError(f"settings are not valid (file {path}): scoring.rules: {error}") from error
    settings._addresses = addresses
    settings._origin = SettingsOrigin(path.absolute(), config_path is not None, default_root, dict(overrides or {}))
    return settings


def overridden_keys(settings: Settings) -> dict[tuple[str, ...], str]:
    """The keys that the environment or an option overrides, by path, with the source of the value.

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
    except READING_ERRORS as error:  # it is not UTF-8, or no file can have the name
        raise SettingsError(f"the settings file {path} cannot be read: {error}") from error
    try:
        data = parse_yaml(text)
    except NotValidError as error:
        raise SettingsError(f"the settings file {path} is not valid YAML: {error}") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise SettingsError(
            f"the settings file {path} must contain sections such as `io:` and `scoring:`, not a {type(data).__name__}"
        )
    return {str(key): ({} if value is None else value) for key, value in data.items()}


def with_absolute_paths(data: Mapping[str, Any], root: Path, *, with_defaults: bool = False) -> dict[str, Any]:
    """Copy `data`; relative paths of `_PATH_KEYS` are made absolute, starting at `root`."""
    out = _copied(data)
    for *sections, key in _PATH_KEYS:
        if with_defaults:
            default = _default_of(sections, key)
            if default is not None:
                _section(out, sections, create=True).setdefault(key, default.as_posix())
        values = _section(out, sections, create=False)
        if isinstance(values.get(key), str) and is_address(values[key]):
            continue  # of object storage, see `with_working_copies`
        if isinstance(values.get(key), str | Path):
            values[key] = root.resolve() / written_path(values[key])
    return out


def with_working_copies(data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Put folders of this machine where addresses of object storage stand.

    Returns:
        The settings with a folder in `io.state_dir` for each address, and the addresses by key of `io`.
    """
    out = _copied(data)
    io = _section(out, ["io"], create=False)
    addresses: dict[str, str] = {}
    for key, name in (("input_dir", "originals"), ("output_dir", "output")):
        address = io.get(key)
        if isinstance(address, str) and is_address(address):
            addresses[key] = address.rstrip("/")
            short = hashlib.sha256(addresses[key].encode()).hexdigest()[:16]
            # Without "..": photos are known by their paths below this folder.
            io[key] = Path(os.path.abspath(Path(io["state_dir"]) / "objects" / short / name))  # noqa: PTH100
    return out, addresses


def _copied(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _copied(value) if isinstance(value, Mapping) else value for key, value in data.items()}


def _default_of(sections: Sequence[str], key: str) -> Path | None:
    model: Any = Settings.model_fields[sections[0]].default
    for name in sections[1:]:
        model = getattr(model, name)
    value: Path | None = getattr(model, key)
    return value


def _section(data: dict[str, Any], names: Sequence[str], *, create: bool) -> dict[str, Any]:
    """The dictionary of a section; an empty one that is not part of `data` where there is none."""
    for name in names:
        inner = data.setdefault(name, {}) if create else data.get(name)
        if not isinstance(inner, dict):
            return {}
        data = inner
    return data


def _merged(low: Mapping[str, Any], high: Mapping[str, Any], path: Path) -> dict[str, Any]:
    out = dict(low)
    for key, value in high.items():
        old = out.get(key)
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            out[key] = _merged(old, value, path)
        elif isinstance(value, Mapping) and old is not None:
            raise SettingsError(f"`{key}` in {path} must contain keys of its own, not {old!r}")
        else:
            out[key] = value
    return out


class _EnvironmentSource(EnvSettingsSource):
    """The environment, whose lists and sections are read within the limits of all JSON."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        return parse_json(value)


def _environment() -> dict[str, Any]:
    try:
        return _EnvironmentSource(Settings)()
    except UnparsedSettingsError as error:
        # Only lists and whole sections are parsed as JSON; the library names the section, not the variable.
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
        path: list[str] = []
        for part in name[len(ENV_PREFIX) :].lower().split("__"):
            fields = model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {}
            if part not in fields:
                known = ", ".join(sorted(fields)) or "nothing below it"
                place = ".".join(path) or "the settings"
                raise SettingsError(f"environment variable {name}: {place} has no `{part}`; known: {known}")
            path.append(part)
            annotation = fields[part].annotation
            model = annotation if isinstance(annotation, type) else object  # type: ignore[assignment]


def _validation_message(error: ValidationError, path: Path) -> str:
    lines = [f"settings are not valid (file {path}, environment {ENV_PREFIX}SECTION__KEY, or an option):"]
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"  {key}: unknown key; known here: {', '.join(_siblings(problem['loc']))}")
        else:
            # A secret must not get into a log.
            found = "" if {"token", "password"} & set(problem["loc"]) else f" (found {problem['input']!r})"
            lines.append(f"  {key}: {problem['msg']}{found}")
    return "\n".join(lines)


def _siblings(loc: tuple[int | str, ...]) -> list[str]:
    model: Any = Settings
    for part in loc[:-1]:
        field = model.model_fields.get(part) if hasattr(model, "model_fields") else None
        model = field.annotation if field is not None else None
    return sorted(model.model_fields) if hasattr(model, "model_fields") else []
