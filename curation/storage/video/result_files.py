"""The files of one film: result.json, its embeddings, and a picture of each character.

result.json           the document of `curation.domain.film.document`; written last, so what it names is there
embeddings.npy        (N, D) float32, the vectors to which it refers by row
chips.npz             the pictures of all faces (JPEG), for pages; a film can be read without them
faces/cluster_N.jpg   the best face of character N
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.domain.film.document import (
    film_chips,
    film_document,
    film_embeddings,
    poster_of_document,
    result_of_document,
    source_of_document,
)
from curation.domain.film.people import NOBODY_KNOWN, KnownCharacter, PosterResult, TrailerResult
from curation.errors import FilmDocumentError
from curation.parsing.arrays import parse_npy, parse_npz
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS, NotValidError
from curation.parsing.plain_files import read_plain
from curation.storage.atomic import explained, write_bytes
from curation.storage.embeddings_file import npz_bytes

__all__ = [
    "EMBEDDINGS",
    "FACES_DIR",
    "RESULT",
    "read_document",
    "read_poster",
    "read_result",
    "read_source",
    "write_result",
]

RESULT = "result.json"
EMBEDDINGS = "embeddings.npy"
FACES_DIR = "faces"
_CHIPS = "chips.npz"
_PICTURE = re.compile(r"cluster_\d+\.jpg")
_REMEDY = "look at the film anew (python -m curation video trailer)"
_MAX_DOCUMENT_BYTES = 2**31


def write_result(
    folder: Path,
    result: TrailerResult,
    *,
    poster: PosterResult | None = None,
    source: str = "",
    known: Mapping[int, KnownCharacter] = NOBODY_KNOWN,
) -> None:
    """Write the files of a film into a folder, which is created if it is missing; other files in it stay.

    An earlier result there is replaced; if the process is killed in between, there is either the old one, or none, or
    the new one, never a mixture. Files that have the same content already are not touched.

    Args:
        folder: For this film alone.
        result: The film.
        poster: Its poster.
        source: Path or address of the film, as the user knows it.
        known: Names of known people that are proposed, by cluster id.

    Raises:
        StorageError: If a file cannot be written.
        FilmDocumentError: If the embeddings are not all of one length.
    """
    beside = {EMBEDDINGS: _npy(film_embeddings(result)), _CHIPS: _packed(film_chips(result))}
    document = film_document(result, poster, source=source, with_chips=False, known=known)
    document["files"] = {name: hashlib.sha256(content).hexdigest() for name, content in beside.items()}
    content = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(
        "utf-8", "backslashreplace"
    )
    path = folder / RESULT
    if _is_there(path, content) and all(_is_there(folder / name, each) for name, each in beside.items()):
        _write_pictures(folder / FACES_DIR, result)
        return
    try:
        path.unlink(missing_ok=True)  # it would name files that are not its own while they are replaced
    except OSError as error:
        raise explained(error, path, "replaced") from error
    for name, each in beside.items():
        write_bytes(folder / name, each)
    _write_pictures(folder / FACES_DIR, result)
    write_bytes(path, content)


def read_result(path: Path) -> TrailerResult:
    """Read the film that `write_result` wrote.

    Args:
        path: Of result.json, or of its folder.

    Raises:
        FilmDocumentError: If there is none, or it is of another version, damaged, or its files do not belong together.
        StorageError: If a file cannot be read.
    """
    path = _document_path(path)
    document = read_document(path)
    sums = document.get("files")
    if not isinstance(sums, dict):
        raise FilmDocumentError(f"{path} does not say which files belong to it; {_REMEDY}")
    vectors = _vectors(path.with_name(EMBEDDINGS), sums)
    chips = _chips(path.with_name(_CHIPS), sums)
    try:
        return result_of_document(document, vectors, chips=chips)
    except FilmDocumentError as error:
        raise FilmDocumentError(f"{path}: {error}") from error


def read_poster(path: Path) -> PosterResult | None:
    """Read the poster beside a film that `write_result` wrote; None if it has none. Errors as for `read_result`."""
    return poster_of_document(read_document(path))


def read_source(path: Path) -> str:
    """Where a film that `write_result` wrote came from. Errors as for `read_result`."""
    return source_of_document(read_document(path))


def read_document(path: Path) -> dict[str, Any]:
    """Read a JSON object from a file; what is in it is not looked at.

    Args:
        path: Of a JSON file, or of a folder with result.json.

    Raises:
        FilmDocumentError: If there is none, or it is no JSON object.
        StorageError: If it cannot be read.
    """
    path = _document_path(path)
    try:
        document = read_json(path, limit_bytes=_MAX_DOCUMENT_BYTES)
    except FileNotFoundError as error:
        raise FilmDocumentError(f"there is no {path}: the film was not looked at to its end; {_REMEDY}") from error
    except PARSER_ERRORS as error:
        raise FilmDocumentError(f"{path} is no valid JSON ({str(error)[:100]}); {_REMEDY}") from error
    except OSError as error:
        raise explained(error, path, "read") from error
    if not isinstance(document, dict):
        raise FilmDocumentError(f"{path} does not hold the results of a film; {_REMEDY}")
    return document


def _document_path(path: Path) -> Path:
    return path / RESULT if path.is_dir() else path


def _is_there(path: Path, content: bytes) -> bool:
    try:
        return path.stat().st_size == len(content) and path.read_bytes() == content
    except FileNotFoundError:
        return False
    except OSError as error:
        raise explained(error, path, "read") from error


def _write_pictures(folder: Path, result: TrailerResult) -> None:
    pictures = {}
    for person in result.people:
        faces = result.film.tracks[person.best_track].faces
        if faces and faces[0].face.chip_jpeg:
            pictures[f"cluster_{person.cluster_id}.jpg"] = faces[0].face.chip_jpeg
    for name, jpeg in pictures.items():
        write_bytes(folder / name, jpeg, durable=False)
    try:
        stale = [path for path in folder.glob("cluster_*.jpg") if _PICTURE.fullmatch(path.name)]
        for path in stale:
            if path.name not in pictures:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise explained(error, folder, "cleared") from error


def _npy(vectors: NDArray[np.float32]) -> bytes:
    file = io.BytesIO()
    np.save(file, vectors, allow_pickle=False)
    return file.getvalue()


def _packed(chips: Sequence[bytes]) -> bytes:
    """All pictures one after the other, and where each ends."""
    ends = np.cumsum([len(chip) for chip in chips], dtype=np.int64)
    return npz_bytes({"jpegs": np.frombuffer(b"".join(chips), dtype=np.uint8), "ends": ends})


def _own_content(path: Path, sums: Mapping[str, Any]) -> bytes:
    try:
        content = read_plain(path)
    except FileNotFoundError as error:
        raise FilmDocumentError(f"there is no {path} beside {RESULT}; {_REMEDY}") from error
    except OSError as error:
        raise explained(error, path, "read") from error
    except NotValidError as error:
        raise FilmDocumentError(f"{path} cannot be used: {error}; {_REMEDY}") from error
    if hashlib.sha256(content).hexdigest() != sums.get(path.name):
        raise FilmDocumentError(f"{path} does not belong to {RESULT} beside it, or is damaged; {_REMEDY}")
    return content


def _vectors(path: Path, sums: Mapping[str, Any]) -> NDArray[np.float32]:
    content = _own_content(path, sums)
    try:
        return parse_npy(content)
    except NotValidError as error:
        raise FilmDocumentError(f"{path} is damaged ({error}); {_REMEDY}") from error


def _chips(path: Path, sums: Mapping[str, Any]) -> tuple[bytes, ...]:
    if not path.exists():
        return ()  # somebody wanted to save space
    content = _own_content(path, sums)
    try:
        arrays = parse_npz(content)
        jpegs, ends = arrays["jpegs"].tobytes(), [0, *map(int, arrays["ends"])]
    except PARSER_ERRORS as error:
        raise FilmDocumentError(f"{path} is damaged ({error}); {_REMEDY}") from error
    return tuple(jpegs[start:end] for start, end in pairwise(ends))
