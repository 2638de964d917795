"""The REST service: `uvicorn main_api:app`, then http://127.0.0.1:8000/docs."""

from __future__ import annotations

import os
from pathlib import Path

from curation.api.app import create_app
from curation.cli.project import default_root
from curation.disk.file_modes import follow_settings, keep_private
from curation.settings import CONFIG_VARIABLE, Settings, load_settings


def read_settings() -> Settings:
    """The settings from config.yaml in the program's folder, or from the file that CURATION_CONFIG names."""
    keep_private()
    named = os.environ.get(CONFIG_VARIABLE)
    settings = load_settings(Path(named) if named else None, default_root=default_root())
    follow_settings(settings.io.file_mode)
    return settings


app = create_app(read_settings)
