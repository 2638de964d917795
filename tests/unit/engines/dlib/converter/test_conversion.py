from __future__ import annotations

import logging
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from curation.engines.base import WeightsFile
from curation.engines.dlib.converter import conversion
from curation.engines.dlib.converter.conversion import converted_network
from curation.engines.weights.model_cache import CACHE_DIR
from curation.errors import StorageError, WeightsBrokenError, WeightsMissingError
from tests import dlib_files as files


@pytest.fixture
def source(tmp_path: Path) -> WeightsFile:
    return files.packaged_detector(tmp_path)


def _convert(source: WeightsFile, folder: Path) -> WeightsFile:
    return converted_network(source, folder / "models", folder / "state")


def test_a_network_is_converted_once_and_cached_by_content(
    tmp_path: Path, source: WeightsFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _convert(source, tmp_path)
    assert made.path.parent == tmp_path / "models" / CACHE_DIR
    assert source.sha256[:12] in made.path.name and made.name == source.name

    def refuse(*_: object) -> bytes:
        raise AssertionError("it is cached already")

    monkeypatch.setattr(conversion, "read_network", refuse)
    assert _convert(source, tmp_path) == made


def test_the_exact_and_the_quantised_network_are_cached_side_by_side(tmp_path: Path, source: WeightsFile) -> None:
    exact = _convert(source, tmp_path)
    quick = converted_network(source, tmp_path / "models", tmp_path / "state", screening=True)
    assert quick.path.parent == exact.path.parent and quick.path != exact.path
    assert quick.name == source.name and quick.sha256 != exact.sha256
    assert _convert(source, tmp_path) == exact


@pytest.mark.parametrize("damage", [b"", b"garbage"])
def test_a_damaged_model_is_made_again(
    tmp_path: Path, source: WeightsFile, caplog: pytest.LogCaptureFixture, damage: bytes
) -> None:
    made = _convert(source, tmp_path)
    whole = made.path.read_bytes()
    made.path.write_bytes(damage)
    with caplog.at_level(logging.WARNING):
        assert _convert(source, tmp_path) == made
    assert made.path.read_bytes() == whole and "damaged" in caplog.text
    made.path.with_name(f"{made.path.name}.sha256").unlink()
    assert _convert(source, tmp_path) == made


def test_where_the_models_folder_cannot_be_written_the_state_folder_takes_it(
    tmp_path: Path, source: WeightsFile
) -> None:
    (tmp_path / "models").write_text("a file, so that no folder can be made here, not even by root")
    made = _convert(source, tmp_path)
    assert made.path.parent == tmp_path / "state" / CACHE_DIR
    assert _convert(source, tmp_path) == made
    made.path.unlink()
    made.path.with_name(f"{made.path.name}.sha256").unlink()
    made.path.parent.rmdir()
    made.path.parent.write_text("nor here")
    with pytest.raises(StorageError, match="models"):
        _convert(source, tmp_path)


def test_a_file_that_is_gone_or_another_network_is_refused(tmp_path: Path, source: WeightsFile) -> None:
    gone = WeightsFile(source.name, tmp_path / "gone.dat", "0" * 64)
    with pytest.raises(WeightsMissingError, match=r"gone\.dat"):
        _convert(gone, tmp_path)
    swapped = WeightsFile(source.name, files.packaged_descriptor(tmp_path).path, "1" * 64)
    with pytest.raises(WeightsBrokenError, match="is a descriptor of dlib"):
        _convert(swapped, tmp_path)
    assert not (tmp_path / "models").exists()


def test_processes_that_convert_at_once_leave_one_whole_model(tmp_path: Path, source: WeightsFile) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        first, second = pool.map(_convert, [source] * 2, [tmp_path] * 2)
    assert first == second == _convert(source, tmp_path)
    assert len(list(first.path.parent.iterdir())) == 2  # the model and its hash
