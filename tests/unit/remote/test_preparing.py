"""Networks that are made from others: those of the run, found, made or fetched; never others without a word."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from curation.engines import selection
from curation.engines.base import EngineSpec, WeightsFile
from curation.errors import WeightsMissingError
from curation.remote.machine import this_machine
from curation.remote.preparing import with_converted
from curation.remote.setups import Converted
from tests.fakes import fake_spec
from tests.remote_machine import RemoteMachine

_MADE = b"a network that was made from another one"
_SHA256 = hashlib.sha256(_MADE).hexdigest()
_WANTED = (Converted("net.onnx", _SHA256, "net-4711-v1.onnx"),)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RemoteMachine:
    return RemoteMachine(tmp_path / "worker", monkeypatch)


def _makes(monkeypatch: pytest.MonkeyPatch, machine: RemoteMachine, content: bytes) -> list[str]:
    asked: list[str] = []

    def make(engine: str, weights: object, providers: object, models_dir: Path, state_dir: Path) -> object:
        asked.append(engine)
        path = models_dir / "converted" / "net-4711-v1.onnx"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return (WeightsFile("net.onnx", path, hashlib.sha256(content).hexdigest()),)

    monkeypatch.setattr(selection, "converted_networks", make)
    return asked


def _spec() -> EngineSpec:
    return with_converted(fake_spec(), _WANTED, this_machine())


def test_they_are_made_once_and_found_then(machine: RemoteMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _makes(monkeypatch, machine, _MADE)
    (made,) = _spec().converted
    assert (made.name, made.sha256, made.path.name) == ("net.onnx", _SHA256, "net-4711-v1.onnx")
    assert _spec().converted == (made,)
    assert asked == ["fake"], "the second time it was there"


def test_another_network_is_not_used(machine: RemoteMachine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _makes(monkeypatch, machine, b"made by another version of ONNX Runtime")
    with pytest.raises(WeightsMissingError, match=r"another network is made here .* ONNX Runtime"):
        _spec()
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / _SHA256).write_bytes(_MADE)
    machine.configure(f"workers:\n  weights_url: {(tmp_path / 'bucket').as_uri()}\n")
    (fetched,) = _spec().converted
    assert fetched.name == "net.onnx" and fetched.path.read_bytes() == _MADE
    assert fetched.path.name == "net-4711-v1.onnx", "its name says that it was made"


def test_an_engine_without_any_stays_as_it_is(machine: RemoteMachine) -> None:
    assert with_converted(fake_spec(), (), this_machine()) == fake_spec()
