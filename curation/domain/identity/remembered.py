"""What is remembered of an event between runs: ids of faces, contents of photos, and what photos look like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from curation.domain.identity.photo_looks import PhotoLook
from curation.domain.identity.remembered_ids import RememberedIds

__all__ = ["NOTHING_REMEMBERED", "LookKey", "Remembered", "short"]

LookKey = tuple[str, str]
"""The key of a photo, see `SaidPhoto`, and the name of the space that its faces' vectors are from."""

_SHORT_BYTES = 12


def short(sha256: str) -> bytes:
    """The first bytes of a SHA-256, enough to tell photos apart."""
    return bytes.fromhex(sha256)[:_SHORT_BYTES]


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """What is remembered of an event.

    Attributes:
        ids: Of faces and clusters.
        photos: SHA-256 of the content of each photo that the last clustering could read, by image path.
        seen: Beginnings of the SHA-256 of all contents that any clustering could read, see `short`.
        looks: Of the photos that the user said something about.
    """

    ids: RememberedIds = field(default_factory=RememberedIds)
    photos: Mapping[str, str] = field(default_factory=dict)
    seen: frozenset[bytes] = frozenset()
    looks: Mapping[LookKey, PhotoLook] = field(default_factory=dict)

    def has_seen(self, sha256: str) -> bool:
        """Whether a clustering could read a photo with this content before."""
        return short(sha256) in self.seen

    def with_seen(self, contents: Iterable[str]) -> frozenset[bytes]:
        """`seen` with further contents."""
        return self.seen | {short(sha256) for sha256 in contents}


NOTHING_REMEMBERED = Remembered()
"""What is remembered of an event that was never clustered."""
