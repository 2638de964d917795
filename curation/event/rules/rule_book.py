"""The rules in force: read from config.yaml, tried, and written back into it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from pydantic import ValidationError

from curation.errors import CurationError, RulesError, SettingFixedError, SettingsError, SettingsFileError
from curation.event.rules.controls import SECTIONS
from curation.settings import ScoringSettings, Settings, reload_settings, set_elsewhere
from curation.settings.config_text import Scalar, changed_config
from curation.storage.settings_file import config_etag, read_config, write_config

__all__ = ["CurrentRules", "RuleBook"]

logger = logging.getLogger(__name__)

CurrentRules = tuple[str, ScoringSettings]
"""The entity tag of the settings file, and the settings that it makes."""


class HoldsSettings(Protocol):
    """Whoever runs the stages by its settings, and takes others for its next run: the orchestrator."""

    settings: Settings


class RuleBook:
    """The section `scoring` of the settings, as far as it can change while the service runs.

    Every method may be called from any thread.
    """

    def __init__(self, runs: HoldsSettings) -> None:
        """Take the orchestrator, whose next run goes by the rules in force; nothing is read yet."""
        self._runs = runs
        self._guard = threading.Lock()
        self._read: CurrentRules | None = None

    def current(self) -> CurrentRules:
        """What the settings file says now; whoever edits it by hand need not start the service again.

        Raises:
            SettingsFileError: If the file is not valid.
            StorageError: If it cannot be read.
        """
        with self._guard:
            return self._read_current()

    def adopt(self) -> None:
        """Let the next run go by the settings file as it is now; one that is not valid is told in the log."""
        try:
            self.current()
        except CurationError as error:
            logger.warning("%s", error)

    def fixed(self) -> dict[tuple[str, ...], str]:
        """The keys below `scoring` that the file cannot change, and what sets them."""
        return {path[1:]: by for path, by in set_elsewhere(self._runs.settings).items() if path[0] == "scoring"}

    def tried(self, change: Mapping[str, Any]) -> ScoringSettings:
        """The settings in force with some values changed; nothing is written.

        Args:
            change: As below `scoring` in config.yaml; what it leaves out stays.

        Raises:
            RulesError: If a value is not known or out of its range.
            SettingsFileError: If the file is not valid.
            StorageError: If the file cannot be read.
        """
        return _changed(self.current()[1], change)

    def save(self, change: Mapping[str, Any], *, only_if: Callable[[str], bool]) -> CurrentRules | None:
        """Write changed values into the settings file, and let them be in force.

        Args:
            change: As below `scoring` in config.yaml; what it leaves out stays.
            only_if: Told the entity tag of the file as it is now; False refuses.

        Returns:
            What is in force then; None if it was refused.

        Raises:
            RulesError: If a value is not known or out of its range.
            SettingFixedError: If something stronger than the file sets one.
            SettingsFileError: If the file is not valid or cannot be changed.
            StorageError: If the file cannot be read or written; the old one is then untouched.
        """
        with self._guard:
            etag, scoring = self._read_current()
            if not only_if(etag):
                return None
            _changed(scoring, change)
            values = {("scoring", *path): value for path, value in _leaves(change)}
            fixed = self.fixed()
            for path in values:
                if path[1:] in fixed:
                    raise SettingFixedError(
                        f"{'.'.join(path)} is set by {fixed[path[1:]]}, which is stronger than the settings file; "
                        "change it there"
                    )
            origin = self._runs.settings.origin
            if origin is None:
                raise SettingsFileError("the service was started without a settings file to write to")
            try:
                content = read_config(origin.path)
                # The file that was checked, and no later one.
                if config_etag(content) != etag:
                    return None
                if values:
                    write_config(origin.path, changed_config(content, values))
            except SettingsError as error:
                raise SettingsFileError(f"{origin.path.name}: {error}") from error
            return self._read_current()

    def _read_current(self) -> CurrentRules:
        settings = self._runs.settings
        origin = settings.origin
        if origin is None:
            return config_etag(b""), settings.scoring
        etag = config_etag(read_config(origin.path))
        if self._read is None or self._read[0] != etag:
            try:
                scoring = _adopted(settings.scoring, reload_settings(settings))
            except SettingsError as error:
                raise SettingsFileError(f"{error}\nthe rules before this change stay in force") from error
            if scoring != settings.scoring:
                logger.info("the rules of %s are in force", origin.path)
                self._runs.settings = settings.model_copy(update={"scoring": scoring})
            self._read = (etag, scoring)
        return self._read


def _adopted(scoring: ScoringSettings, read: Settings) -> ScoringSettings:
    """What may change while the service runs; paths and the like wait for its next start."""
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
