"""The contract of galleries: who is known, by which faces, and forgetting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curation.domain.recognition.known import KnownFaces

__all__ = ["Exemplar", "GalleryStore", "KnownPerson"]


@dataclass(frozen=True, slots=True, eq=False)
class Exemplar:
    """A face by which a person is known.

    Attributes:
        exemplar_id: Of the gallery; empty before it is stored.
        vector: (D,) float32 of unit length.
        embedder: SHA-256 of the embedder's weights.
        engine: Name of the engine.
        quality: As `face_quality`, in [0, 1].
        chip_jpeg: The face as a small JPEG, so that a person sees who is meant and another embedder can embed it.
        event: Where the face comes from, as a person calls it.
        photo_sha256: Of the photo's content, or of the frame's; a person has at most one face of each and embedder.
        face_box: x, y, w, h in pixels of the upright full-size photo.
        added: Date and time of the enrolment, ISO 8601 with a time zone.
        yaw_deg: Turn of the head to the side, in degrees as `FaceQuality.yaw_deg`; None if it is not known.
    """

    vector: NDArray[np.float32]
    embedder: str
    engine: str
    quality: float
    chip_jpeg: bytes
    event: str
    photo_sha256: str
    face_box: tuple[int, int, int, int]
    added: str
    exemplar_id: str = ""
    yaw_deg: float | None = None


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person of the gallery.

    Attributes:
        person_id: Random, never used again.
        name: Unique among the people, compared in NFC without case.
        category: `main`, `important`, `other`, or empty: what the person was in the last event.
        exemplars: How many faces, of all embedders.
        events: Names of the events in which the person was enrolled.
        added: Date and time of the first enrolment.
        last_seen: Of the last enrolment or accepted proposal.
    """

    person_id: str
    name: str
    category: str
    exemplars: int
    events: tuple[str, ...]
    added: str
    last_seen: str


class GalleryStore(Protocol):
    """Known people, for several processes at once; every call is whole or not at all, also if the process is killed.

    Methods raise `GalleryError`, `KnownPersonNotFoundError`, `KnownPersonTakenError`.
    """

    def people(self) -> Sequence[KnownPerson]:
        """All people, by name."""

    def person(self, person_id: str) -> KnownPerson:
        """One person."""

    def find(self, name: str) -> KnownPerson | None:
        """The person of a name, compared in NFC without case."""

    def enrol(self, name: str, category: str, exemplars: Sequence[Exemplar], *, max_exemplars: int) -> KnownPerson:
        """Add faces to the person of a name, who is added if there is none.

        Of all faces of an embedder the best and most varied `max_exemplars` are kept. A face of a photo that the person
        has already is not taken twice.
        """

    def exemplars(self, person_id: str) -> Sequence[Exemplar]:
        """The faces of a person, the best first."""

    def known_faces(self, embedder: str) -> KnownFaces:
        """Everybody's faces of one embedder."""

    def rename(self, person_id: str, name: str) -> KnownPerson:
        """Give another name."""

    def merge(self, person_id: str, into: str, *, max_exemplars: int) -> KnownPerson:
        """Make one person of two: the faces of the first go to the second, whose name stays."""

    def remove_exemplar(self, person_id: str, exemplar_id: str) -> None:
        """Take a wrong face away, for good."""

    def forget(self, person_id: str) -> None:
        """Remove a person for good: nothing of name, vectors and pictures stays in any file of the store."""

    def seen(self, person_id: str, when: str) -> None:
        """Note that a person was seen (ISO 8601)."""

    def version(self) -> str:
        """Another text whenever people, names or faces changed, so whenever an answer may be another one."""

    def check(self) -> Sequence[str]:
        """What is damaged, in words, found by reading everything; nothing if all is as it was written.

        What a server does about damage is the server's: there it is told if the server does not look for it.
        """

    def close(self) -> None:
        """Free what is held."""
