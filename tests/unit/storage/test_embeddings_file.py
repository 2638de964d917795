from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pytest

from curation.errors import FaceDataError, StorageError
from curation.storage.embeddings_file import EmbeddingsFile, EmbeddingsWriter, npz_bytes

VECTORS = np.random.default_rng(0).standard_normal((9001, 12)).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    np.save(tmp_path / "e.npy", VECTORS)
    return tmp_path / "e.npy"


@pytest.mark.parametrize("count", [0, 1, 9, 10, 9001])
def test_the_same_bytes_as_numpy_writes(tmp_path: Path, count: int) -> None:
    with (tmp_path / "mine").open("wb") as file:
        writer = EmbeddingsWriter(file)
        for start in range(0, count, 7):
            writer.add(VECTORS[start : min(start + 7, count)])
        writer.finish()
    with (tmp_path / "numpy's").open("wb") as file:
        np.save(file, VECTORS[:count] if count else np.zeros((0, 0), dtype=np.float32))
    assert (tmp_path / "mine").read_bytes() == (tmp_path / "numpy's").read_bytes()


def test_vectors_of_different_lengths_are_refused(tmp_path: Path) -> None:
    with (tmp_path / "e.npy").open("wb") as file:
        writer = EmbeddingsWriter(file)
        writer.add(VECTORS[:2])
        with pytest.raises(ValueError, match="12"):
            writer.add(VECTORS[:2, :5])


@pytest.mark.parametrize(
    "rows", [[], [0], [9000], [3, 4, 5], [5, 4, 3], [7, 7, 7, 8], [8999, 9000, 0, 1, 4, 6], list(range(9001))]
)
def test_rows_in_any_order(path: Path, rows: list[int]) -> None:
    with EmbeddingsFile(path) as file:
        assert (len(file), file.shape) == (9001, (9001, 12))
        assert np.array_equal(file[rows], VECTORS[rows])
        assert file[np.array(rows, dtype=np.int64)].dtype == np.float32


def test_all_of_it_in_blocks(path: Path) -> None:
    with EmbeddingsFile(path) as file:
        starts, blocks = zip(*file.blocks(), strict=True)
        assert np.array_equal(np.concatenate(blocks), VECTORS)
        assert starts == (0, 4096, 8192)
        assert file.sha256() == hashlib.sha256(VECTORS.tobytes()).hexdigest()


@pytest.mark.parametrize("rows", [[9001], [-1], [0, 9001]])
def test_rows_that_are_not_there(path: Path, rows: list[int]) -> None:
    with EmbeddingsFile(path) as file, pytest.raises(IndexError):
        file[rows]


def test_no_embeddings_file(path: Path) -> None:
    content = path.read_bytes()
    for wrong in (VECTORS.astype(np.float64), VECTORS[0], np.asfortranarray(VECTORS)):
        np.save(path, wrong)
        with pytest.raises(FaceDataError, match="damaged"):
            EmbeddingsFile(path)
    for damaged in (b"", b"nonsense", content[:50], content[:-1], content + b"x", b"\x93NUMPY\x03\x00" + content[8:]):
        path.write_bytes(damaged)
        with pytest.raises(FaceDataError, match="damaged"):
            EmbeddingsFile(path)
    path.unlink()
    with pytest.raises(FaceDataError, match="there is no"):
        EmbeddingsFile(path)
    path.mkdir()
    with pytest.raises(StorageError):
        EmbeddingsFile(path)


def test_cut_off_while_it_is_open(path: Path) -> None:
    with EmbeddingsFile(path) as file:
        path.write_bytes(path.read_bytes()[:1000])
        with pytest.raises(StorageError, match="cut off"):
            file[[9000]]


def test_an_archive_of_arrays_says_nothing_of_the_release_of_python() -> None:
    arrays = {"one": np.arange(5, dtype="<i4"), "two": np.ones((2, 3), dtype="<f4"), "none": np.zeros((0, 4), np.uint8)}
    content = npz_bytes(arrays)
    # The bytes of Python 3.11.2 and 3.11.7, which differ where an entry may pass 4 GB.
    assert hashlib.sha256(content).hexdigest() == "71f1f215863155914683b6e00a1e40ef95e5d698075ba4429e94e74e452ad644"
    with np.load(io.BytesIO(content), allow_pickle=False) as read:
        assert sorted(read) == sorted(arrays)
        for name, array in arrays.items():
            assert read[name].dtype == array.dtype
            np.testing.assert_array_equal(read[name], array)
