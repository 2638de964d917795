"""Segments of films on another machine: the same findings, and whose fault it is where the film is another one."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from curation import worker_setup
from curation.domain.film.clip import ClipStatus
from curation.errors import SettingsError
from curation.pipelines.video.analysis import FilmAnalyser
from curation.remote.execution import execute
from curation.remote.work import FilmRemoteWork
from curation.settings import Settings, load_settings
from tests.fake_film_engine import Actor, acted_film, build_fake_parts, fake_analyser, fake_video_setup
from tests.remote_machine import RemoteMachine
from tests.remote_pool import RefusedError, RemotePool
from tests.unit.remote.test_codec import assert_same

_LOOKS = {"working_size_px": 320}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RemoteMachine:
    monkeypatch.setattr(worker_setup, "build_video_parts", build_fake_parts)
    return RemoteMachine(tmp_path / "worker", monkeypatch)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    io = {"input_dir": str(tmp_path / "event"), "state_dir": str(tmp_path / "state")}
    (tmp_path / "event").mkdir()
    return load_settings(None, default_root=tmp_path, overrides={"io": io})


def _film(folder: Path) -> Path:
    return acted_film(folder / "film.mp4", (50, [Actor(0, 0, 49)]), (60, [Actor(5, 5, 40)]))


def _remote(settings: Settings, folder: Path) -> tuple[FilmAnalyser, list[RemotePool]]:
    setup = fake_video_setup(folder, **_LOOKS)
    pools: list[RemotePool] = []

    def make_pool() -> RemotePool:
        pools.append(RemotePool(FilmRemoteWork(settings, setup), execute))
        return pools[-1]

    return FilmAnalyser(setup, make_pool), pools


def test_findings_are_those_of_this_machine(tmp_path: Path, machine: RemoteMachine, settings: Settings) -> None:
    path = _film(settings.io.input_dir)
    expected = fake_analyser(tmp_path / "here", **_LOOKS).analyse(path)
    assert expected.tracks
    machine.mirror(settings.io.input_dir)
    os.utime(machine.photos / "film.mp4", (1, 1))  # a copy may have another time
    analyser, pools = _remote(settings, tmp_path / "there")
    assert_same(analyser.analyse(path), expected)
    assert set(pools[0].kinds) == {"ok"}


def test_another_film_of_this_name_is_the_machines_fault(
    tmp_path: Path, machine: RemoteMachine, settings: Settings
) -> None:
    path = _film(settings.io.input_dir)
    with pytest.raises(RefusedError, match=rf"transport: {socket.gethostname()} does not see film\.mp4"):
        _remote(settings, tmp_path / "there")[0].analyse(path)
    acted_film(machine.photos / "film.mp4", (30, []))
    with pytest.raises(RefusedError, match="sees another file"):
        _remote(settings, tmp_path / "there")[0].analyse(path)


def test_a_film_that_was_changed_while_it_is_looked_at_is_told_as_here(
    tmp_path: Path, machine: RemoteMachine, settings: Settings
) -> None:
    path = _film(settings.io.input_dir)
    machine.mirror(settings.io.input_dir)
    analyser, pools = _remote(settings, tmp_path / "there")
    make_pool = analyser._make_pool

    def changed() -> RemotePool:
        os.utime(path, (1, 1))
        pool = make_pool()
        assert isinstance(pool, RemotePool)
        return pool

    analyser._make_pool = changed
    film = analyser.analyse(path)
    assert film.status is not ClipStatus.OK and "changed" in film.problem
    assert set(pools[0].kinds) == {"photo"}


def test_films_that_no_other_machine_can_find_are_refused_at_once(
    tmp_path: Path, machine: RemoteMachine, settings: Settings
) -> None:
    path = shutil.move(_film(settings.io.input_dir), tmp_path / "elsewhere.mp4")
    with pytest.raises(SettingsError, match=r"none of the folders .* performance\.pool: local"):
        _remote(settings, tmp_path / "there")[0].analyse(Path(path))
