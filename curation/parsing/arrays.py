"""Arrays in numpy's files: the header is checked against the length of the content before anything is allocated."""

from __future__ import annotations

import io
import math
import re
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

_MAGIC = b"\x93NUMPY"
_LENGTH_BYTES = {b"\1\0": 2, b"\2\0": 4, b"\3\0": 4}  # of the header's length, by the version of the format
# Numpy evaluates it as a literal of Python, and if it is none as one of Python 2. No array of this program has fields.
_HEADER = re.compile(
    rb"\{'descr': '([<>|=]?[A-Za-z?]\d{0,9})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,19}, ?)*(?:\d{1,19})?)\),? ?\}\s*"
)


def read_npy_header(file: BinaryIO, size_bytes: int) -> NpyHeader:
    """Read the header of a .npy file, and leave the file at the first value.

    Args:
        file: Open at its beginning.
        size_bytes: Of the whole file.

    Raises:
        OSError: If it cannot be read.
        NotValidError: If it is no .npy file, holds Python objects, or has not as many values as it says.
    """
    start = file.read(len(_MAGIC) + 2)
    width = _LENGTH_BYTES.get(start[len(_MAGIC) :])
    if not start.startswith(_MAGIC) or width is None:
        raise NotValidError("no array of numpy")
    length = int.from_bytes(file.read(width), "little")
    found = _HEADER.fullmatch(file.read(min(length, _MAX_HEADER)))
    if found is None:
        raise NotValidError("its header is not that of a plain array")
    try:
        dtype = np.dtype(found[1].decode("ascii"))
        shape = tuple(int(side) for side in found[3].split(b",") if side.strip())
    except PARSER_ERRORS as error:
        raise NotValidError(f"its header is not that of an array ({str(error)[:80]})") from error
    is_fortran = found[2] == b"True"
    if dtype.hasobject or dtype.itemsize == 0:
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
