"""Where the results of an event lie whose user named only its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.settings import EventPlaces, Settings, event_places, load_settings, own_event, sample_places


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(None, default_root=tmp_path)


@pytest.mark.parametrize("name", ["wedding", "Anna's wedding", 'a "b" $HOME `c`', "日本"])
def test_results_are_named_after_the_folder(settings: Settings, tmp_path: Path, name: str) -> None:
    found = event_places(settings, f"/media/photos/{name}")
    assert found == EventPlaces(f"/media/photos/{name}", str(tmp_path / "curated" / name))


def test_a_link_keeps_the_name_that_the_user_wrote(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "summer").symlink_to(tmp_path / "real")
    assert event_places(settings, str(tmp_path / "summer")).output == str(tmp_path / "curated" / "summer")


def test_the_own_event_keeps_its_results(settings: Settings, tmp_path: Path) -> None:
    assert event_places(settings, str(tmp_path / "event_images")) == own_event(settings)


def test_so_does_the_sample_event(settings: Settings) -> None:
    assert event_places(settings, sample_places(settings).input) == sample_places(settings)


def test_an_output_of_the_users_choice(settings: Settings, tmp_path: Path) -> None:
    assert event_places(settings, "/a", str(tmp_path / "out")).output == str(tmp_path / "out")
    assert event_places(settings, "/a", "s3://bucket/out").output == "s3://bucket/out"


def test_an_address_has_its_results_here(settings: Settings, tmp_path: Path) -> None:
    assert event_places(settings, "s3://bucket/events/party/") == EventPlaces(
        "s3://bucket/events/party", str(tmp_path / "curated" / "party")
    )
