from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from curation.domain.attributes.values import Attribute
from curation.engines.attributes import measured as measured_module
from curation.engines.attributes.measured import Measured
from curation.engines.attributes.selection import check_weights, fetchable_files, select_readers
from curation.engines.attributes.shelf import ReaderShelf
from curation.engines.base import WeightsFile
from curation.engines.onnx_sessions import onnx_session
from curation.engines.weights import registry as registry_module
from curation.engines.weights.files import file_sha256
from curation.errors import SettingsError, WeightsBrokenError, WeightsMissingError
from tests.attribute_networks import NETWORKS, stand_in_spec, write_network
from tests.integration.file_server import Manners, serving

CPU = ("CPUExecutionProvider",)
AGE, SEX, ETHNICITY = Attribute.AGE, Attribute.SEX, Attribute.ETHNICITY


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A models folder with stand-ins for all readers, whose hashes the registry does not insist on."""
    folder = tmp_path / "models"
    folder.mkdir()
    for reader in NETWORKS:
        stand_in_spec(reader, folder, {})
    loose = {name: replace(known, sha256=None, size_bytes=None) for name, known in registry_module.REGISTRY.items()}
    monkeypatch.setattr(registry_module, "REGISTRY", MappingProxyType(loose))
    return folder


def _select(
    names: Mapping[Attribute, str], models: Path, *, allow_download: bool = False
) -> list[tuple[str, list[str]]]:
    specs = select_readers(names, models, CPU, allow_download=allow_download)
    return [(spec.name, [str(attribute) for attribute in spec.attributes]) for spec in specs]


def test_one_spec_for_each_name_with_all_its_attributes(models: Path) -> None:
    names = {
        SEX: "dlib",
        AGE: "dlib",
        ETHNICITY: "fairface",
        Attribute.EMOTION: "off",
        Attribute.LANDMARKS: "mediapipe",
    }
    assert _select(names, models) == [
        ("dlib", ["age", "sex"]),
        ("fairface", ["ethnicity"]),
        ("mediapipe", ["landmarks"]),
    ]
    assert _select({}, models) == []
    assert _select(dict.fromkeys(Attribute, "off"), models) == []


def test_its_weights_are_those_of_its_attributes(models: Path) -> None:
    (spec,) = select_readers({SEX: "deepface"}, models, CPU, allow_download=False)
    assert [weights.name for weights in spec.weights] == ["gender_model_weights.onnx"]
    (spec,) = select_readers({AGE: "gear", ETHNICITY: "gear"}, models, CPU, allow_download=False)
    assert [weights.name for weights in spec.weights] == ["gear_age_gender_race.onnx"]


def test_unknown_names_and_attributes_are_refused(models: Path) -> None:
    with pytest.raises(SettingsError, match="no attribute reader 'crystal ball'; known: off, dlib"):
        select_readers({AGE: "crystal ball"}, models, CPU, allow_download=False)
    with pytest.raises(SettingsError, match="dlib does not tell ethnicity; these do: gear, deepface, fairface"):
        select_readers({ETHNICITY: "dlib"}, models, CPU, allow_download=False)


def test_a_missing_file_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match=r"weights fetch dlib_cydral_age_v1\.onnx"):
        select_readers({AGE: "dlib"}, tmp_path, CPU, allow_download=False)
    with pytest.raises(WeightsMissingError, match=r"(?s)face_landmarks_478\.onnx is missing.*To get it, take"):
        select_readers({Attribute.LANDMARKS: "mediapipe"}, tmp_path, CPU, allow_download=True)


def test_a_network_of_another_kind_is_refused(models: Path) -> None:
    shutil.copy(models / "gender_model_weights.onnx", models / "age_model_weights.onnx")
    with pytest.raises(WeightsBrokenError, match=r"2 numbers, but must have 101"):
        select_readers({AGE: "deepface"}, models, CPU, allow_download=False)


def test_a_known_hash_is_insisted_on(tmp_path: Path) -> None:
    stand_in_spec("dlib", tmp_path, {})
    with pytest.raises(WeightsBrokenError, match="SHA-256"):
        select_readers({AGE: "dlib"}, tmp_path, CPU, allow_download=False)


def test_warnings_are_logged_once_and_stand_in_the_spec(models: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        (spec,) = select_readers(dict.fromkeys((AGE, SEX, ETHNICITY), "gear"), models, CPU, allow_download=False)
    assert "to try things out only" in spec.warning and "nothing was measured" in spec.warning
    assert len([record for record in caplog.records if "to try things out" in record.getMessage()]) == 1
    (spec,) = select_readers({Attribute.LANDMARKS: "mediapipe"}, models, CPU, allow_download=False)
    assert spec.warning == ""


def test_openvino_takes_deepfaces_file_only_if_it_is_measured(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (models / "openvino_age_0013.onnx").unlink()
    with pytest.raises(WeightsMissingError, match=r"openvino_age_0013\.onnx"):
        select_readers({AGE: "openvino"}, models, CPU, allow_download=False)
    known = {file_sha256(models / "age_model_weights.onnx"): Measured()}
    monkeypatch.setattr(measured_module, "_MEASURED", known)
    (spec,) = select_readers({AGE: "openvino"}, models, CPU, allow_download=False)
    assert [weights.name for weights in spec.weights] == ["age_model_weights.onnx"]


def test_files_are_downloaded_if_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    source = tmp_path / "fairface.onnx"
    write_network(source, (3, 224, 224), [np.zeros(7), np.zeros(2), np.zeros(9)], has_probabilities=False)
    with serving() as server:
        # The name at the source may be another one.
        server.paths["/weights/v1-final.onnx"] = Manners(source.read_bytes())
        known = registry_module.REGISTRY["fairface.onnx"]
        here = replace(known, addresses=(f"{server.address}/weights/v1-final.onnx",), sha256=file_sha256(source))
        monkeypatch.setattr(registry_module, "REGISTRY", MappingProxyType({"fairface.onnx": here}))
        models = tmp_path / "models"
        with pytest.raises(WeightsMissingError):
            select_readers({SEX: "fairface"}, models, CPU, allow_download=False)
        assert not server.requests
        assert _select({SEX: "fairface"}, models, allow_download=True) == [("fairface", ["sex"])]
        assert _select({AGE: "fairface"}, models) == [("fairface", ["age"])]
        assert len(server.requests) == 1


def test_a_download_that_is_no_such_network_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as server:
        server.paths["/a"] = Manners(b"<html>not found</html>")
        here = replace(registry_module.REGISTRY["fairface.onnx"], addresses=(f"{server.address}/a",), sha256=None)
        monkeypatch.setattr(registry_module, "REGISTRY", MappingProxyType({"fairface.onnx": here}))
        with pytest.raises((WeightsBrokenError, WeightsMissingError)):
            select_readers({SEX: "fairface"}, tmp_path / "models", CPU, allow_download=True)
    assert not (tmp_path / "models" / "fairface.onnx").exists()


def test_files_of_a_reader_are_known_for_downloading() -> None:
    assert fetchable_files("dlib") == ("dlib_cydral_age_v1.onnx", "dlib_cydral_gender_v1.onnx")
    assert fetchable_files("fairface") == ("fairface.onnx",)
    with pytest.raises(SettingsError, match="known: off, dlib"):
        fetchable_files("nobody")


def test_a_fetched_file_is_checked_as_its_reader_does(models: Path) -> None:
    age = models / "age_model_weights.onnx"
    check_weights(WeightsFile(age.name, age, ""), CPU)
    check_weights(WeightsFile("something.onnx", age, ""), CPU)
    with pytest.raises(WeightsBrokenError):
        check_weights(WeightsFile("gender_model_weights.onnx", age, ""), CPU)


def test_the_shelf_builds_each_reader_once(models: Path) -> None:
    shelf = ReaderShelf(models, CPU)
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda _: shelf.readers({AGE: "dlib", SEX: "dlib"}), range(8)))
    assert len({id(readers[0]) for readers in got}) == 1
    first, second = shelf.readers({AGE: "openvino", SEX: "dlib"})
    assert (first.spec.name, second.spec.name) == ("openvino", "dlib")
    shutil.rmtree(models)
    assert shelf.readers({AGE: "openvino", SEX: "dlib"}) == (first, second)
    assert shelf.readers({AGE: "off"}) == ()


def test_readers_of_different_attributes_share_their_network(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    def load(weights: WeightsFile, providers: Sequence[str]) -> object:
        loaded.append(weights.name)
        return onnx_session(weights, providers)

    monkeypatch.setattr("curation.engines.attributes.network.onnx_session", load)
    shelf = ReaderShelf(models, CPU)
    shelf.readers({AGE: "fairface"})  # the file is checked, and loaded
    count = len(loaded)
    shelf.readers({AGE: "fairface", SEX: "fairface"})
    shelf.readers({ETHNICITY: "fairface"})
    assert count > 0 and len(loaded) == count


def test_the_shelf_refuses_what_the_selection_refuses(models: Path) -> None:
    with pytest.raises(SettingsError, match="known: off, dlib"):
        ReaderShelf(models, CPU).readers({AGE: "nobody"})
    with pytest.raises(SettingsError, match="does not tell"):
        ReaderShelf(models, CPU).readers({ETHNICITY: "openvino"})
