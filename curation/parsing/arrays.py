"""Arrays in numpy's files: the header is checked against the length of the content before anything is allocated."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from curation.parsing.not_valid import PARSER_ERRORS, READING_ERRORS, NotValidError

__all__ = ["NpyHeader", "parse_npy", "parse_npz", "read_npy_header"]

NpyHeader = tuple[tuple[int, ...], bool, np.dtype[Any]]
"""Shape, whether the first index runs fastest (Fortran order), and the type of the values."""

_MAX_HEADER = 10_000
_SUFFIX = ".npy"
_MAX_UNPACKED_BYTES = 2**28
"""Of the arrays of an archive together, if that is more than the archive itself, which may be packed tightly."""

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
# Its header is a literal of Python, which numpy tries to read as one of Python 2 if it is none.
_NUMPY_ERRORS: tuple[type[Exception], ...] = (*PARSER_ERRORS, SyntaxError, tokenize.TokenError)


def read_npy_header(file: BinaryIO, size_bytes: int) -> NpyHeader:
    """Read the header of a .npy file, and leave the file at the first value.

    Args:
        file: Open at its beginning.
        size_bytes: Of the whole file.

    Raises:
        OSError: If it cannot be read.
        NotValidError: If it is no .npy file, holds Python objects, or has not as many values as it says.
    """
    try:
        version = np.lib.format.read_magic(file)
        if version not in _HEADERS:
            raise NotValidError(f"format {version}")
        shape, is_fortran, dtype = _HEADERS[version](file, max_header_size=_MAX_HEADER)
    except NotValidError:
        raise
    except _NUMPY_ERRORS as error:
        raise NotValidError(f"no header of an array ({str(error)[:80]})") from error
    if dtype.hasobject or dtype.itemsize == 0 or not all(type(side) is int and side >= 0 for side in shape):
        raise NotValidError(f"an array of the shape {shape} of {dtype} values")
    if math.prod(shape) * dtype.itemsize != size_bytes - file.tell():
        raise NotValidError("its length does not match its header")
    return shape, is_fortran, dtype


def parse_npy(content: bytes) -> NDArray[Any]:
    """The array in the content of a .npy file, which may be changed.

    Raises:
        NotValidError: As for `read_npy_header`.
    """
    file = io.BytesIO(content)
    shape, is_fortran, dtype = read_npy_header(file, len(content))
    values = np.frombuffer(bytearray(memoryview(content)[file.tell() :]), dtype=dtype)
    return values.reshape(shape, order="F" if is_fortran else "C")


def parse_npz(content: bytes) -> Mapping[str, NDArray[Any]]:
    """The arrays in the content of a .npz file, by name.

    Raises:
        NotValidError: If it is no ZIP archive of .npy files, or unpacks to far more than it is.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            size = sum(entry.file_size for entry in entries)
            if size > max(_MAX_UNPACKED_BYTES, len(content)):
                raise NotValidError(f"it says that it unpacks to {size:,} bytes")
            return dict(_unpacked(archive, entries))
    except NotValidError:
        raise
    except READING_ERRORS as error:  # of the archive: it lies in memory
        raise NotValidError(f"no archive of arrays ({str(error)[:80]})") from error


def _unpacked(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Iterator[tuple[str, NDArray[Any]]]:
    for entry in entries:
        if not entry.filename.endswith(_SUFFIX):
            raise NotValidError(f"{entry.filename[:60]!a} is no array")
        yield entry.filename.removesuffix(_SUFFIX), parse_npy(archive.read(entry))
