"""The settings of this machine, for programs that are started by others, such as a worker's processes."""

from __future__ import annotations

import os
from pathlib import Path

from curation.settings.loading import CONFIG_VARIABLE, Settings, load_settings

__all__ = ["machine_settings"]

_CHECKOUT = Path(__file__).resolve().parents[2]


def machine_settings() -> Settings:
    """The settings of the file that the environment names, else of the checkout's or the current folder's config.yaml.

    Raises:
        SettingsError: As `load_settings`.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    root = _CHECKOUT if (_CHECKOUT / "run_clustering.py").is_file() else Path.cwd()
    return load_settings(Path(named) if named else None, default_root=root)
