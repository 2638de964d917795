from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from curation import bootstrap
from curation.settings import Settings, load_settings


def test_ethnicity_is_never_read_of_guests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Settings] = []

    def setup(settings: Settings, **_: Any) -> None:
        asked.append(settings)

    monkeypatch.setattr(bootstrap, "video_setup", setup)
    monkeypatch.setattr(bootstrap, "video_analyser", lambda settings, _, of_event: asked.append(settings))
    wanted = {"video": {"ethnicity": "gear", "infer_ethnicity": True, "age": "dlib"}}
    settings = load_settings(None, default_root=tmp_path, overrides=wanted)
    select = bootstrap.build(settings)._parts.select_films
    assert select is not None
    select("dlib", lambda _: None)
    assert [(one.video.ethnicity, one.video.infer_ethnicity, one.video.age) for one in asked] == [
        ("off", False, "dlib")
    ] * 2
