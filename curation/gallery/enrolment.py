"""What every gallery does alike: names, vectors as they are stored, and which faces of a person are kept."""

from __future__ import annotations

import datetime
import unicodedata
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from curation.domain.labelling.labels import MAX_NAME_CHARS, same_name
from curation.domain.recognition.known import KnownFaces
from curation.domain.recognition.varied import varied
from curation.errors import GalleryError, InputError, KnownPersonNotFoundError, KnownPersonTakenError
from curation.gallery.store import Exemplar

__all__ = [
    "arrived",
    "checked_exemplars",
    "checked_name",
    "faces_of",
    "gone",
    "kept",
    "new_id",
    "now",
    "same_name",
    "stored_vector",
    "taken",
    "unit_vectors",
    "vector_of",
]

_LONGEST_TEXT = 4096


def new_id() -> str:
    """A random id, never given twice."""
    return uuid.uuid4().hex


def now() -> str:
    """The date and time, ISO 8601 in UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def checked_name(name: str) -> str:
    """A name as it is stored: in NFC, without surplus spaces.

    Raises:
        InputError: If it is empty, too long, or not plain text.
    """
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not name:
        raise InputError("the name of a known person is empty: write one")
    if len(name) > MAX_NAME_CHARS:
        raise InputError(f"the name of a known person has {len(name)} characters: at most {MAX_NAME_CHARS} are allowed")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise InputError(f"the name {name!r} of a known person has control characters: write plain text")
    return name


def checked_exemplars(exemplars: Sequence[Exemplar]) -> list[Exemplar]:
    """The exemplars with vectors as they come back from the store, and ids.

    Raises:
        InputError: If one has no embedder, or a vector that is not finite or not of unit length; or if vectors of one
            embedder have different lengths.
    """
    lengths: dict[str, int] = {}
    out = []
    for exemplar in exemplars:
        vector = np.asarray(exemplar.vector, dtype=np.float32)
        texts = (exemplar.embedder, exemplar.engine, exemplar.event, exemplar.photo_sha256, exemplar.added)
        if not exemplar.embedder or any(unicodedata.category(one) in ("Cc", "Cs") for one in "".join(texts)):
            raise InputError("a face for the gallery must name its embedder, and all its texts must be plain")
        if vector.ndim != 1 or not np.isfinite(vector).all() or abs(float(np.linalg.norm(vector)) - 1) > 1e-2:
            raise InputError("a face for the gallery needs a vector of finite numbers and unit length")
        if len(vector) != lengths.setdefault(exemplar.embedder, len(vector)):
            raise InputError("faces of one embedder must have vectors of one length")
        if not 0 <= exemplar.quality <= 1 or len(exemplar.event) > _LONGEST_TEXT:
            raise InputError("a face for the gallery needs a quality from 0 to 1, and its event a shorter name")
        out.append(
            replace(exemplar, exemplar_id=exemplar.exemplar_id or new_id(), vector=vector_of(stored_vector(vector)))
        )
    return out


def stored_vector(vector: NDArray[np.float32]) -> bytes:
    """A vector as it is stored: little-endian half floats, which change distances by less than 0.001."""
    return vector.astype("<f2").tobytes()


def vector_of(stored: bytes) -> NDArray[np.float32]:
    """The inverse of `stored_vector`, of unit length.

    Raises:
        GalleryError: If it is not a vector.
    """
    if not stored or len(stored) % 2:
        raise GalleryError("the gallery has a face without a vector: check it with  python -m curation gallery check")
    vector = np.frombuffer(stored, dtype="<f2").astype(np.float32)
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-6), dtype=np.float32)


def kept(old: Iterable[Exemplar], new: Iterable[Exemplar], most: int) -> list[Exemplar]:
    """Which faces of a person stay: of each embedder the best and most varied, of each photo one.

    Args:
        old: The faces that the person has; those of their photos are preferred.
        new: Further ones, as `checked_exemplars` returns them.
        most: How many of each embedder.
    """
    groups: dict[str, dict[object, Exemplar]] = defaultdict(dict)
    vectors: dict[str, set[bytes]] = defaultdict(set)
    by_quality = sorted(new, key=lambda one: (-one.quality, one.photo_sha256, one.face_box, stored_vector(one.vector)))
    for exemplar in (*old, *by_quality):
        group, known = groups[exemplar.embedder], vectors[exemplar.embedder]
        content = stored_vector(exemplar.vector)
        if content not in known:
            known.add(content)
            group.setdefault(exemplar.photo_sha256 or content, exemplar)
    return [exemplar for group in groups.values() for exemplar in varied(list(group.values()), most)]


def unit_vectors(stored: NDArray[np.float16]) -> NDArray[np.float32]:
    """Stored vectors, (N, D), of unit length; of some rows at a time, so that a large gallery needs its memory once."""
    vectors = stored.astype(np.float32)
    lengths = np.sqrt((vectors * vectors).sum(axis=1, dtype=np.float32))
    vectors /= np.maximum(lengths, 1e-6)[:, None]
    return vectors


def faces_of(
    people: Sequence[tuple[str, str]], counts: Sequence[int], vectors: NDArray[np.float32], embedder: str
) -> KnownFaces:
    """Everybody's faces from what a store read.

    Args:
        people: (P,) id and name, sorted by id.
        counts: (P,) how many vectors each has.
        vectors: (N, D) of unit length, in the order of people.
        embedder: SHA-256 of its weights.
    """
    starts = np.zeros(len(people) + 1, dtype=np.int64)
    np.cumsum(np.asarray(counts, dtype=np.int64), out=starts[1:])
    return KnownFaces(
        tuple(person for person, _ in people), tuple(name for _, name in people), starts, vectors, embedder
    )


def gone(what: str) -> KnownPersonNotFoundError:
    """The error for an id that the gallery does not have."""
    return KnownPersonNotFoundError(
        f"the gallery has no {what}: it may have been forgotten or merged;  python -m curation gallery list  shows all"
    )


def taken(name: str) -> KnownPersonTakenError:
    """The error for a name that another person has."""
    return KnownPersonTakenError(
        f"the gallery has another person called {name!r}: choose another name, or merge the two with  "
        "python -m curation gallery merge"
    )


def arrived(exemplars: Sequence[Exemplar]) -> tuple[str, str]:
    """The earliest and latest date of enrolment of some faces; now without any."""
    dates = sorted(exemplar.added for exemplar in exemplars if exemplar.added) or [now()]
    return dates[0], dates[-1]
