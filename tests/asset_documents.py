"""Documents of assets with just what a test needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["person", "picture_document"]


def person(*, top: Sequence[str] = (), bottom: Sequence[str] = (), cut_at: str = "unknown") -> dict[str, Any]:
    """A person who wears these colours."""
    return {
        "outfit": {"top": _garment("top", top), "bottom": _garment("bottom", bottom), "coloured_light": False},
        "composition": {"cut_at": cut_at},
    }


def _garment(part: str, colours: Sequence[str]) -> dict[str, Any]:
    shares = [{"name": name, "share": round(1 / len(colours), 3), "rgb": [1, 2, 3]} for name in colours]
    return {"part": part, "colours": shares, "confidence": 0.9, "pixels": 1000}


def picture_document(*people: dict[str, Any]) -> dict[str, Any]:
    """A picture with these people."""
    return {"people": [{"person_index": number, **one} for number, one in enumerate(people)]}
