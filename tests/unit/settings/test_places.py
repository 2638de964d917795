"""The settings of another event: what is its own, and what stays that of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.settings import (
    Settings,
    load_settings,
    place_key,
    reload_settings,
    settings_of_event,
    with_places,
    written_path,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "config.yaml").write_text(
        "io: {input_dir: photos, output_dir: out, state_dir: state, export_dir: exports}\n"
        "scoring: {labels_json: /everywhere/labels.json}\n"
        "assets: {enabled: true, database_url: 'postgresql://server/assets'}\n"
    )
    return load_settings(None, default_root=tmp_path)


def of_event(settings: Settings, folder: Path, photos: str = "party", output: str = "curated/party") -> Settings:
    return settings_of_event(
        settings,
        str(folder / photos),
        output if "://" in output else str(folder / output),
        str(folder / "kept" / "p-1"),
    )


def test_what_is_its_own(settings: Settings, tmp_path: Path) -> None:
    own = of_event(settings, tmp_path)
    out = tmp_path / "curated" / "party"
    assert (own.io.input_dir, own.io.output_dir) == (tmp_path / "party", out)
    assert own.event_dir == tmp_path / "kept" / "p-1"
    assert own.io.exports == tmp_path / "exports" / "p-1"
    assert (own.video.dir, own.assets.dir, own.assets.database_url) == (out / "videos", out / "assets", None)
    assert own.io.output_dir / own.scoring.labels_json == out / "labels.json"
    assert own.lock_dir != settings.lock_dir


def test_what_stays(settings: Settings, tmp_path: Path) -> None:
    own = of_event(settings, tmp_path)
    assert own.io.state_dir == settings.io.state_dir
    assert own.io.models_dir == settings.io.models_dir
    assert (own.gallery, own.service, own.engine, own.scoring.rules) == (
        settings.gallery,
        settings.service,
        settings.engine,
        settings.scoring.rules,
    )
    assert settings.event_dir == settings.io.state_dir
    assert settings.video.dir == tmp_path / "videos"
    assert settings.io.exports == tmp_path / "exports"


@pytest.mark.parametrize(
    ("photos", "output"),
    [("party", "party"), ("party/videos", "party"), ("party/assets/of", "party"), ("party", "s3://bucket/party")],
)
def test_films_never_lie_where_they_would_be_taken_for_photos(
    settings: Settings, tmp_path: Path, photos: str, output: str
) -> None:
    own = of_event(settings, tmp_path, photos, output)
    assert own.video.dir == tmp_path / "kept" / "p-1" / "videos"
    assert own.assets.dir == tmp_path / "kept" / "p-1" / "assets"


def test_results_in_a_folder_among_the_photos(settings: Settings, tmp_path: Path) -> None:
    own = of_event(settings, tmp_path, "party", "party/results")
    assert own.video.dir == tmp_path / "party" / "results" / "videos"


def test_a_changed_file_keeps_the_places(settings: Settings, tmp_path: Path) -> None:
    own = of_event(settings, tmp_path)
    path = tmp_path / "config.yaml"
    path.write_text(path.read_text() + "clustering: {min_cluster_photos: 7}\n")
    again = reload_settings(own)
    assert again.clustering.min_cluster_photos == 7
    assert (again.io, again.video, again.assets, again.event_dir) == (own.io, own.video, own.assets, own.event_dir)
    assert again.lock_dir == own.lock_dir
    assert reload_settings(settings).event_dir == settings.event_dir


def test_commands_and_services_find_the_same_locks(settings: Settings, tmp_path: Path) -> None:
    own = of_event(settings, tmp_path)
    command = with_places(settings, input_dir=own.io.input_dir, output_dir=own.io.output_dir)
    assert command.lock_dir == own.lock_dir
    assert command.event_dir == settings.io.state_dir


def test_a_place_has_one_key_however_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert place_key(str(tmp_path / "a")) == place_key(f"{tmp_path}/link/") == place_key(f"{tmp_path}/x/../a")
    assert place_key("s3://bucket/a/") == place_key("s3://bucket/a") != place_key("s3://bucket/b")


@pytest.mark.parametrize("text", ["~nobody-of-this-name/photos", "~a\0b/photos", "~\udcff/photos"])
def test_the_home_of_nobody_is_a_path_like_others(text: str) -> None:
    assert written_path(text) == Path(text)


def test_the_own_home_stands_for_its_path() -> None:
    assert written_path("~/photos") == Path.home() / "photos"
