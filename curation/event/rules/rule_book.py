"""The current rules of scoring: read from config.yaml, previewed with changes, and saved to it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from pydantic import ValidationError

from curation.errors import CurationError, RulesError, SettingFixedError, SettingsError, SettingsFileError
from curation.event.rules.controls import SECTIONS
from curation.settings import ScoringSettings, Settings, overridden_keys, reload_settings
from curation.settings.config_text import Scalar, changed_config
from curation.storage.settings_file import config_etag, read_config, write_config

__all__ = ["CurrentRules", "RuleBook"]

logger = logging.getLogger(__name__)

CurrentRules = tuple[str, ScoringSettings]
"""The entity tag of the settings file, and its section `scoring`."""


class SettingsHolder(Protocol):
    """Runs the stages by its settings, which may be replaced between runs: the orchestrator."""

    settings: Settings


class RuleBook:
    """The part of the section `scoring` that can change while the service runs. Thread-safe."""

    def __init__(self, runs: SettingsHolder) -> None:
        """Remember the orchestrator, whose next run uses the current rules; nothing is read yet."""
        self._runs = runs
        self._guard = threading.Lock()
        self._read: CurrentRules | None = None

    def current(self) -> CurrentRules:
        """The rules of the settings file as it is now: an edit of the file needs no restart of the service.

        Raises:
            SettingsFileError: If the file is not valid.
            StorageError: If it cannot be read.
        """
        with self._guard:
            return self._read_current()

    def refresh(self) -> None:
        """Apply the current settings file to the next run; if it is not valid, log that and change nothing."""
        try:
            self.current()
        except CurationError as error:
            logger.warning("%s", error)

    def fixed(self) -> dict[tuple[str, ...], str]:
        """The keys below `scoring` that the file cannot change, with what overrides the file."""
        return {path[1:]: by for path, by in overridden_keys(self._runs.settings).items() if path[0] == "scoring"}

    def preview(self, change: Mapping[str, Any]) -> ScoringSettings:
        """The current rules with some values changed; nothing is written.

        Args:
            change: Keys and values as below `scoring` in config.yaml; other keys keep their value.

        Raises:
            RulesError: If a key is unknown or a value is out of range.
            SettingsFileError: If the file is not valid.
            StorageError: If the file cannot be read.
        """
        return self._changed(self.current()[1], change)

    def save(self, change: Mapping[str, Any], *, only_if: Callable[[str], bool]) -> CurrentRules | None:
        """Write changed values to the settings file and apply them.

        Args:
            change: Keys and values as below `scoring` in config.yaml; other keys keep their value.
            only_if: Gets the entity tag of the current file; returns whether to write.

        Returns:
            The new rules; None if nothing was written.

        Raises:
            RulesError: If a key is unknown or a value is out of range.
            SettingFixedError: If the environment or an option overrides one of the keys.
            SettingsFileError: If the file is not valid or cannot be changed.
            StorageError: If the file cannot be read or written; the old one is then unchanged.
        """
        with self._guard:
            etag, scoring = self._read_current()
            if not only_if(etag):
                return None
            self._changed(scoring, change)
            values = {("scoring", *path): value for path, value in _leaves(change)}
            fixed = self.fixed()
            for path in values:
                if path[1:] in fixed:
                    raise SettingFixedError(
                        f"{'.'.join(path)} is set by {fixed[path[1:]]}, which overrides the settings file; "
                        "change it there"
                    )
            origin = self._runs.settings.origin
            if origin is None:
                raise SettingsFileError("the service was started without a settings file to write to")
            try:
                content = read_config(origin.path)
                # Only change the version of the file that was checked.
                if config_etag(content) != etag:
                    return None
                if values:
                    write_config(origin.path, changed_config(content, values))
            except SettingsError as error:
                raise SettingsFileError(f"{origin.path.name}: {error}") from error
            return self._read_current()

    def _changed(self, scoring: ScoringSettings, change: Mapping[str, Any]) -> ScoringSettings:
        changed = _changed(scoring, change)
        settings = self._runs.settings
        # The next start takes the file's word for it, so both have to say so.
        if "off" in (settings.attributes.age, reload_settings(settings).attributes.age):
            try:
                changed.rules.refuse_without_ages()
            except ValueError as error:
                raise RulesError(f"the rules are not valid: {error}", [("scoring.rules", str(error))]) from error
        return changed

    def _read_current(self) -> CurrentRules:
        settings = self._runs.settings
        origin = settings.origin
        if origin is None:
            return config_etag(b""), settings.scoring
        etag = config_etag(read_config(origin.path))
        if self._read is None or self._read[0] != etag:
            try:
                scoring = _with_new_rules(settings.scoring, reload_settings(settings))
            except SettingsError as error:
                raise SettingsFileError(f"{error}\nthe previous rules still apply") from error
            if scoring != settings.scoring:
                logger.info("the rules of %s now apply", origin.path)
                self._runs.settings = settings.model_copy(update={"scoring": scoring})
            self._read = (etag, scoring)
        return self._read


def _with_new_rules(scoring: ScoringSettings, read: Settings) -> ScoringSettings:
    """Take over the sections that may change while the service runs; other settings need a restart."""
    return scoring.model_copy(update={name: getattr(read.scoring, name) for name in SECTIONS})


def _changed(scoring: ScoringSettings, change: Mapping[str, Any]) -> ScoringSettings:
    merged = _merged(scoring.model_dump(), change)
    try:
        return ScoringSettings.model_validate(merged)
    except ValidationError as error:
        problems = [
            (".".join(["scoring", *map(str, problem["loc"])]), str(problem["msg"])) for problem in error.errors()
        ]
        listed = "; ".join(f"{key}: {message}" for key, message in problems)
        raise RulesError(f"the rules are not valid: {listed}", problems) from error


def _merged(low: Mapping[str, Any], high: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(low)
    for key, value in high.items():
        old = out.get(key)
        out[key] = _merged(old, value) if isinstance(value, Mapping) and isinstance(old, Mapping) else value
    return out


def _leaves(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Scalar]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from (((key, *path), leaf) for path, leaf in _leaves(value))
        else:
            yield (key,), value
