"""remembered.npz: ids of all faces that ever had one, and looks of the photos that the user said something about.

Written by runs, beside said.json. It is a memory and not a word of the user: without it ids are taken from the last
table, and photos that were edited meanwhile are not recognised.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.domain.identity.photo_looks import PhotoLook
from curation.domain.identity.remembered import NOTHING_REMEMBERED, LookKey, Remembered
from curation.domain.identity.remembered_ids import KEY_BYTES, RememberedIds
from curation.domain.measuring.measures import MINIATURE_BYTES
from curation.errors import StorageError
from curation.parsing.arrays import parse_npz
from curation.parsing.json_text import parse_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.parsing.plain_files import read_plain
from curation.storage.atomic import explained, set_aside, write_bytes
from curation.storage.embeddings_file import npz_bytes
from curation.storage.together.finishing import finish_pending

__all__ = ["REMEMBERED", "read_remembered", "write_remembered"]

logger = logging.getLogger(__name__)

REMEMBERED = "remembered.npz"
"""The name of the file in the output folder."""

_VERSION = 1
_KEY = np.dtype((np.void, KEY_BYTES))
_LEVELS = 127


def read_remembered(output_dir: Path) -> Remembered:
    """What is remembered; nothing if there is no file. A damaged file is renamed, and begun anew.

    Raises:
        StorageError: If it cannot be read, or was written by a newer version.
    """
    finish_pending(output_dir)
    path = output_dir / REMEMBERED
    try:
        arrays = parse_npz(read_plain(path))
        meta = parse_json(arrays["meta"].tobytes())
        if meta["version"] > _VERSION:
            raise StorageError(f"{path} was written by a newer version of Curation: update")
        return Remembered(
            ids=_ids(arrays, meta),
            photos=dict(zip(meta["photos"], (row.tobytes().hex() for row in arrays["photo_contents"]), strict=True)),
            seen=frozenset(row.tobytes() for row in arrays["seen"]),
            looks=_looks(arrays, meta["looks"]),
        )
    except FileNotFoundError:
        return NOTHING_REMEMBERED
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS as error:
        aside = set_aside(path)
        logger.warning("%s is damaged (%s) and was renamed to %s; it is begun anew", path, error, aside.name)
        return NOTHING_REMEMBERED


def write_remembered(output_dir: Path, remembered: Remembered) -> None:
    """Write remembered.npz, unless it has the same content already.

    Raises:
        StorageError: If it cannot be written; the old file is then unchanged.
    """
    ids = remembered.ids
    seen = sorted(remembered.seen)
    looks = dict(sorted(remembered.looks.items()))
    photos = dict(sorted(remembered.photos.items()))
    meta = {
        "version": _VERSION,
        "photos": list(photos),
        "groupings": [len(of_grouping) for of_grouping in ids.groupings.values()],
        "looks": [_look_json(key, look) for key, look in looks.items()],
    }
    arrays = {
        "meta": np.frombuffer(json.dumps(meta, separators=(",", ":")).encode(), dtype=np.uint8),
        "photo_contents": _bytes(map(bytes.fromhex, photos.values()), 32),
        "seen": _bytes(seen, len(seen[0]) if seen else 1),
        "face_keys": np.frombuffer(ids.keys.tobytes(), dtype=np.uint8).reshape(-1, KEY_BYTES),
        "face_ids": np.stack([ids.first, ids.last], axis=1).astype("<i4"),
        "grouping_keys": _bytes(ids.groupings, KEY_BYTES),
        "grouping_ids": np.array([id_ for of in ids.groupings.values() for id_ in of], dtype="<i4"),
        **_look_arrays(list(looks.values())),
    }
    write_bytes(output_dir / REMEMBERED, npz_bytes(arrays))


def _bytes(rows: Any, width: int) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(-1, width)


def _ids(arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any]) -> RememberedIds:
    keys = np.frombuffer(arrays["face_keys"].tobytes(), dtype=_KEY)
    first, last = arrays["face_ids"].T.astype(np.int64)
    if len(first) != len(keys):
        raise ValueError("it has not as many ids as faces")
    ends = np.cumsum(meta["groupings"]).astype(int).tolist()
    of_groupings = [part.tolist() for part in np.split(arrays["grouping_ids"], ends[:-1])] if ends else []
    names = [row.tobytes() for row in arrays["grouping_keys"]]
    return RememberedIds(keys, first, last, dict(zip(names, map(tuple, of_groupings), strict=True)))


def _look_json(key: LookKey, look: PhotoLook) -> list[Any]:
    return [
        *key,
        look.image_path,
        look.width,
        look.height,
        look.capture_time,
        look.miniature is not None,
        len(look.boxes),
        look.vectors.shape[1],
    ]


def _look_arrays(looks: Sequence[PhotoLook]) -> dict[str, NDArray[Any]]:
    miniatures = [look.miniature for look in looks if look.miniature is not None]
    quantised = [_quantised(look.vectors).reshape(-1) for look in looks]
    return {
        "look_miniatures": _bytes(miniatures, MINIATURE_BYTES),
        "look_boxes": np.concatenate([np.zeros((0, 4)), *(look.boxes for look in looks)]).astype("<f4"),
        "look_landmarks": np.concatenate([np.zeros((0, 5, 2)), *(look.landmarks for look in looks)]).astype("<f4"),
        "look_vectors": np.concatenate([np.zeros(0, dtype=np.int8), *quantised]),
    }


def _quantised(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Vectors as whole numbers up to 127: their direction changes by less than half a degree."""
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=1e-9)
    return np.asarray(np.round(vectors / largest * _LEVELS), dtype=np.int8)


def _looks(arrays: Mapping[str, NDArray[Any]], entries: Sequence[Sequence[Any]]) -> dict[LookKey, PhotoLook]:
    boxes, landmarks = arrays["look_boxes"].astype(np.float64), arrays["look_landmarks"].astype(np.float64)
    miniatures, vectors = arrays["look_miniatures"], arrays["look_vectors"]
    out: dict[LookKey, PhotoLook] = {}
    face = miniature = value = 0
    for key, space, path, width, height, time, has_miniature, faces, dimensions in entries:
        rows = vectors[value : value + faces * dimensions].reshape(faces, dimensions).astype(np.float32)
        out[str(key), str(space)] = PhotoLook(
            image_path=str(path),
            width=int(width),
            height=int(height),
            capture_time=None if time is None else str(time),
            miniature=miniatures[miniature].tobytes() if has_miniature else None,
            boxes=boxes[face : face + faces],
            landmarks=landmarks[face : face + faces],
            vectors=rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9),
        )
        face, miniature, value = face + faces, miniature + bool(has_miniature), value + faces * dimensions
    if (face, miniature, value) != (len(boxes), len(miniatures), len(vectors)):
        raise ValueError("its looks are incomplete")
    return out
