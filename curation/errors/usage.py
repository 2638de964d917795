"""Wrong usage: settings, rules, packages that are not installed."""

from __future__ import annotations

from collections.abc import Sequence

from curation.errors.base import CurationError

__all__ = ["ExtraMissingError", "RulesError", "SettingFixedError", "SettingsError", "SettingsFileError"]


class SettingsError(CurationError):
    """The command line, the environment or config.yaml is not valid."""

    exit_code = 2
    code = "settings_invalid"


class SettingsFileError(SettingsError):
    """The settings file cannot be used, or cannot be changed, while the program runs."""

    code = "settings_file_invalid"


class SettingFixedError(SettingsError):
    """A setting cannot be changed in the file, because the environment or an option overrides it."""

    code = "setting_fixed"


class RulesError(SettingsError):
    """Rules of scoring are not valid.

    Attributes:
        problems: The key of each error, such as `scoring.weights.smile`, and what is wrong with its value.
    """

    code = "rules_invalid"

    def __init__(self, message: str, problems: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class ExtraMissingError(SettingsError):
    """Packages of an optional extra are needed, but not installed."""

    code = "extra_missing"
