from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from curation.engines import selection
from curation.engines.base import WeightsFile
from curation.engines.onnx_sessions import usable_providers
from curation.engines.retinaface import engine as retinaface_arcface
from curation.engines.selection import select_engine
from curation.engines.weights import registry as weights
from curation.engines.weights.registry import ARCFACE_FILE, RETINAFACE_FILE, KnownWeights
from curation.errors import FaceDataError, SettingsError, StorageError, WeightsBrokenError, WeightsMissingError
from curation.settings import Settings, load_settings


def _settings(models_dir: Path, **engine: Any) -> Settings:
    overrides: dict[str, dict[str, Any]] = {"io": {"models_dir": str(models_dir)}, "engine": engine}
    return load_settings(None, default_root=models_dir, overrides=overrides)


@pytest.fixture(autouse=True)
def _nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {
        name: KnownWeights(name, "", "", addresses=("http://127.0.0.1:9/a", "http://127.0.0.1:9/b"))
        for name in (RETINAFACE_FILE, ARCFACE_FILE)
    }
    registry = MappingProxyType({**weights.REGISTRY, **known})
    monkeypatch.setattr(weights, "REGISTRY", registry)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def loadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any file passes for a network, unless it says `garbage`."""

    def check(found: WeightsFile, providers: Sequence[str]) -> None:
        if found.path.read_bytes() == b"garbage":
            raise WeightsBrokenError(f"{found.path} is garbage")

    monkeypatch.setattr(retinaface_arcface, "check_detector", check)
    monkeypatch.setattr(retinaface_arcface, "check_embedder", check)


def _put(models_dir: Path, *names: str, content: bytes = b"net") -> None:
    for name in names:
        (models_dir / name).write_bytes(content)


@pytest.mark.usefixtures("loadable")
def test_auto_takes_retinaface_arcface_where_its_weights_are(tmp_path: Path) -> None:
    _put(tmp_path, RETINAFACE_FILE, ARCFACE_FILE)
    spec = select_engine(_settings(tmp_path), pinned=None, allow_download=True)
    assert spec.name == "retinaface-arcface"
    assert [found.name for found in spec.weights] == [RETINAFACE_FILE, ARCFACE_FILE]
    assert spec.distance_threshold == 0.68 and "published" in spec.threshold_source
    assert str(tmp_path) in spec.reason
    assert dict(spec.options) == {"min_confidence": 0.8, "revision": 8, "tiling": "auto", "working_size_px": 1600}


def test_auto_goes_on_with_dlib_without_network(tmp_path: Path) -> None:
    spec = select_engine(_settings(tmp_path), pinned=None, allow_download=True)
    assert spec.name == "dlib"
    assert RETINAFACE_FILE in spec.reason and "no source answered within 5 s" in spec.reason
    assert "measured" in spec.threshold_source
    assert spec.providers == ("CPUExecutionProvider",)
    assert [found.path.parent.name for found in spec.converted] == ["converted"] * 3


@pytest.mark.parametrize(
    ("engine", "allow_download", "why"),
    [({"download": False}, True, "engine.download is off"), ({}, False, "weights fetch")],
)
def test_auto_does_not_download_where_it_may_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: dict[str, Any], allow_download: bool, why: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("nothing may be downloaded")

    monkeypatch.setattr(selection, "fetch", refuse)
    spec = select_engine(_settings(tmp_path, **engine), pinned=None, allow_download=allow_download)
    assert spec.name == "dlib"
    assert why in spec.reason


@pytest.mark.usefixtures("loadable")
def test_auto_downloads_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(tmp_path, RETINAFACE_FILE)
    asked: list[str] = []

    def fetch(name: str, models_dir: Path, **_: Any) -> WeightsFile:
        asked.append(name)
        _put(models_dir, name)
        return WeightsFile(name, models_dir / name, "f" * 64)

    monkeypatch.setattr(selection, "fetch", fetch)
    spec = select_engine(_settings(tmp_path), pinned=None, allow_download=True)
    assert spec.name == "retinaface-arcface" and asked == [ARCFACE_FILE]
    assert "downloaded" in spec.reason


@pytest.mark.usefixtures("loadable")
@pytest.mark.parametrize("failure", [WeightsBrokenError("a web page came"), StorageError("the disk is full")])
def test_a_failed_download_stops_only_who_asked_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fetch(*_: Any, **__: Any) -> None:
        raise failure

    monkeypatch.setattr(selection, "fetch", fetch)
    spec = select_engine(_settings(tmp_path), pinned=None, allow_download=True)
    assert spec.name == "dlib" and str(failure) in spec.reason
    with pytest.raises(type(failure)):
        select_engine(_settings(tmp_path, name="retinaface-arcface"), pinned=None, allow_download=True)


@pytest.mark.parametrize("allow_download", [True, False])
def test_asked_for_by_name_it_says_what_is_missing_where_and_from_where(tmp_path: Path, allow_download: bool) -> None:
    settings = _settings(tmp_path, name="retinaface-arcface")
    with pytest.raises(WeightsMissingError) as caught:
        select_engine(settings, pinned=None, allow_download=allow_download)
    message = str(caught.value)
    assert str(tmp_path / RETINAFACE_FILE) in message
    assert "http://127.0.0.1:9/a" in message and "http://127.0.0.1:9/b" in message
    assert "--engine dlib" in message


@pytest.mark.usefixtures("loadable")
def test_face_data_pins_the_engine_but_a_name_wins(tmp_path: Path) -> None:
    _put(tmp_path, RETINAFACE_FILE, ARCFACE_FILE)
    pinned = select_engine(_settings(tmp_path), pinned="dlib", allow_download=True)
    assert pinned.name == "dlib" and "face_data.csv" in pinned.reason
    asked = select_engine(_settings(tmp_path, name="retinaface-arcface"), pinned="dlib", allow_download=True)
    assert asked.name == "retinaface-arcface" and "by name" in asked.reason


def test_a_pinned_engine_without_weights_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError):
        select_engine(_settings(tmp_path), pinned="retinaface-arcface", allow_download=False)


def test_an_unknown_pinned_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FaceDataError, match="known are retinaface-arcface, dlib"):
        select_engine(_settings(tmp_path), pinned="facenet", allow_download=False)


@pytest.mark.usefixtures("loadable")
@pytest.mark.parametrize("name", ["auto", "retinaface-arcface"])
def test_broken_weights_are_not_passed_over(tmp_path: Path, name: str) -> None:
    _put(tmp_path, RETINAFACE_FILE, ARCFACE_FILE, content=b"garbage")
    with pytest.raises(WeightsBrokenError, match=r"retinaface\.onnx"):
        select_engine(_settings(tmp_path, name=name), pinned=None, allow_download=True)


def test_garbage_is_recognised_by_onnxruntime(tmp_path: Path) -> None:
    _put(tmp_path, RETINAFACE_FILE, ARCFACE_FILE, content=b"garbage" * 99)
    with pytest.raises(WeightsBrokenError, match="cannot be loaded"):
        select_engine(_settings(tmp_path), pinned=None, allow_download=True)


def test_an_unknown_provider_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    settings = _settings(tmp_path, name="retinaface-arcface", providers=["WarpDriveExecutionProvider"])
    with pytest.raises(SettingsError, match=r"WarpDrive.*offers .*CPUExecutionProvider"):
        select_engine(settings, pinned=None, allow_download=False)


def test_a_provider_that_is_not_installed_is_named_with_its_package(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SettingsError, match=r"install onnxruntime-gpu in place of onnxruntime, see docs"):
        usable_providers(["TensorrtExecutionProvider", "CUDAExecutionProvider"])
    with caplog.at_level(logging.WARNING):
        assert usable_providers(["CUDAExecutionProvider", "CPUExecutionProvider"]) == ("CPUExecutionProvider",)
    assert "onnxruntime-gpu" in caplog.text and "continuing with CPUExecutionProvider" in caplog.text
    caplog.clear()
    assert usable_providers(["CPUExecutionProvider"]) == ("CPUExecutionProvider",)
    assert not caplog.records
