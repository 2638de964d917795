"""What was learned of the files of an event while pairs were looked for, by their stamps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from curation.domain.files.pairing import ShotFacts

__all__ = ["MovieFacts", "ShotMemory", "Stamp"]


class Stamp(NamedTuple):
    """Size in bytes and modification time in nanoseconds: a file with the same ones is taken for the same."""

    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class MovieFacts:
    """What the header of a short film says.

    Attributes:
        duration_s: None if it cannot be read.
        made_s: When it was taken, in seconds since 1970, UTC; None if unknown.
        content_id: What Apple's cameras write into both parts of a Live Photo; empty if there is none.
    """

    duration_s: float | None = None
    made_s: int | None = None
    content_id: str = ""


@dataclass(slots=True)
class ShotMemory:
    """What is known, by `image_path`.

    Attributes:
        facts: Of photos.
        movies: Of films beside photos.
        looks: How alike a RAW file and a picture look, by both paths and stamps; None if one cannot be seen.
        lost: Pictures that no run could read; their RAW files step in.
    """

    facts: dict[str, tuple[Stamp, ShotFacts]] = field(default_factory=dict)
    movies: dict[str, tuple[Stamp, MovieFacts]] = field(default_factory=dict)
    looks: dict[tuple[str, str], tuple[Stamp, Stamp, float | None]] = field(default_factory=dict)
    lost: dict[str, Stamp] = field(default_factory=dict)
