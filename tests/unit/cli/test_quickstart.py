from __future__ import annotations

import argparse
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from curation.cli import project, quickstart
from curation.errors import PhotosMissingError
from curation.settings import load_settings


def test_a_signal_that_comes_while_the_script_is_being_started_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "waits.py").write_text("import time\ntime.sleep(60)\n", encoding="utf-8")
    start = subprocess.Popen

    def slow_start(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        child = start(command, **options)
        os.kill(os.getpid(), signal.SIGTERM)
        return child

    monkeypatch.setattr(project, "PROGRAM_FOLDER", tmp_path)
    monkeypatch.setattr(subprocess, "Popen", slow_start)
    assert quickstart._call("waits.py", []) == 128 + signal.SIGTERM


def test_photos_that_are_elsewhere_are_not_taken_for_none(tmp_path: Path) -> None:
    """The sample event is for an empty folder; here are the user's own photos, but in iCloud only."""
    photos = tmp_path / "event_images"
    photos.mkdir()
    (photos / ".IMG_1.HEIC.icloud").write_bytes(b"bplist00")
    settings = load_settings(None, default_root=tmp_path)
    with pytest.raises(PhotosMissingError, match="iCloud only"):
        quickstart._event(argparse.Namespace(input=None, output=None), settings)
