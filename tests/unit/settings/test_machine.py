"""The settings of a process that others start: those of the file that the environment names."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import SettingsError
from curation.settings import CONFIG_VARIABLE
from curation.settings.machine import machine_settings


def test_the_environment_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.yaml").write_text("io: {input_dir: pictures}\nworkers: {concurrency: 3}\n")
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "config.yaml"))
    settings = machine_settings()
    assert settings.io.input_dir == tmp_path / "pictures" and settings.workers.concurrency == 3
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "gone.yaml"))
    with pytest.raises(SettingsError, match="there is no settings file"):
        machine_settings()


def test_without_a_name_it_is_that_of_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    assert machine_settings().io.input_dir == Path(__file__).parents[3] / "event_images"
