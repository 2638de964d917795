"""Arrays in files: embeddings.npy, in parts, as those of a whole event need not fit into memory; archives of arrays."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from curation.errors import FaceDataError, StorageError
from curation.parsing.arrays import read_npy_header
from curation.parsing.not_valid import NotValidError
from curation.parsing.plain_files import open_plain
from curation.storage.atomic import explained
from curation.storage.together.finishing import finish_pending

__all__ = ["EmbeddingsFile", "EmbeddingsWriter", "npz_bytes"]

_BLOCK_ROWS = 4096  # 8 MB of 512 dimensions
_DTYPE = np.dtype("<f4")


def npz_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An archive of arrays as `numpy.load` reads it: the same arrays give the same bytes with every release of Python.

    Args:
        arrays: By name; none of objects.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            file = io.BytesIO()
            np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.create_system = 3
            entry.external_attr = 0o600 << 16
            # With its size known from the start: of entries that may pass 4 GB, which numpy writes, releases of Python
            # write different headers.
            archive.writestr(entry, file.getbuffer())
    return content.getvalue()


class EmbeddingsWriter:
    """Writes (N, D) float32 in numpy's format 1.0, N not known in advance; the file is valid only after `finish`."""

    def __init__(self, file: BinaryIO) -> None:
        """Start with an empty file that is open for writing."""
        self._file = file
        self._count = 0
        self._dimensions = 0
        self._write_header()

    def _write_header(self) -> None:
        # numpy pads the header for a growing first dimension, so its length stays the same.
        shape = (self._count, self._dimensions)
        header = {"descr": _DTYPE.str, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)

    def add(self, vectors: NDArray[np.float32]) -> None:
        """Append (n, D) vectors.

        Raises:
            ValueError: If D differs from that of earlier vectors.
            OSError: If the file cannot be written.
        """
        if self._count and vectors.shape[1] != self._dimensions:
            raise ValueError(f"vectors of {vectors.shape[1]} dimensions among those of {self._dimensions}")
        self._count += len(vectors)
        self._dimensions = vectors.shape[1]
        self._file.write(np.ascontiguousarray(vectors, dtype=_DTYPE).data)

    def finish(self) -> None:
        """Write the final shape.

        Raises:
            OSError: If the file cannot be written.
        """
        self._file.seek(0)
        self._write_header()
        self._file.flush()


class EmbeddingsFile:
    """An open embeddings.npy, (N, D) float32. Indexing with row numbers reads those rows."""

    def __init__(self, path: Path) -> None:
        """Open the file and read its header.

        Raises:
            FaceDataError: If it is missing, or not a complete .npy file of (N, D) float32.
            StorageError: If it cannot be read.
        """
        self.path = path
        finish_pending(path.parent)
        try:
            self._file = open_plain(path)
        except FileNotFoundError as error:
            raise FaceDataError(f"there is no {path}") from error
        except OSError as error:
            raise explained(error, path, "read") from error
        try:
            self.shape = self._read_shape()
        except OSError as error:
            self.close()
            raise explained(error, path, "read") from error
        except NotValidError as error:
            self.close()
            raise FaceDataError(f"{path} is damaged ({error})") from error

    def _read_shape(self) -> tuple[int, int]:
        shape, is_fortran, dtype = read_npy_header(self._file, os.fstat(self._file.fileno()).st_size)
        self._offset = self._file.tell()
        if len(shape) != 2 or is_fortran or dtype != _DTYPE:
            raise NotValidError(f"{dtype} values of the shape {shape} are not embeddings")
        return int(shape[0]), int(shape[1])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Sequence[int] | NDArray[np.integer]) -> NDArray[np.float32]:
        """Read rows.

        Args:
            rows: Row numbers from 0, in any order.

        Returns:
            (len(rows), D) float32.

        Raises:
            IndexError: If there is no such row.
            StorageError: If the file cannot be read.
        """
        wanted = np.asarray(rows, dtype=np.int64)
        if len(wanted) and not 0 <= wanted.min() <= wanted.max() < len(self):
            raise IndexError(f"{self.path} has {len(self)} rows")
        out = np.empty((len(wanted), self.shape[1]), dtype=_DTYPE)
        starts = np.flatnonzero(np.diff(wanted, prepend=-2) != 1)  # of sequences of consecutive rows
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(wanted)], strict=False):
            self._read_into(out[start:end], int(wanted[start]))
        return out

    def _read_into(self, out: NDArray[np.float32], first: int) -> None:
        view = out.data.cast("B") if out.size else memoryview(b"")
        try:
            self._file.seek(self._offset + first * self.shape[1] * _DTYPE.itemsize)
            while len(view):
                count = self._file.readinto(view)
                if not count:
                    raise StorageError(f"{self.path} was cut off while it was being read; run again")
                view = view[count:]
        except OSError as error:
            raise explained(error, self.path, "read") from error

    def blocks(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """All rows in blocks of a few thousand, with the number of each block's first row."""
        for start in range(0, len(self), _BLOCK_ROWS):
            yield start, self[range(start, min(start + _BLOCK_ROWS, len(self)))]

    def sha256(self) -> str:
        """SHA-256 of the bytes of all vectors, without the header."""
        digest = hashlib.sha256()
        for _, block in self.blocks():
            digest.update(block.data)
        return digest.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
