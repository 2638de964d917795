"""Films that were changed by chance: bytes, and the boxes of MP4 and MOV."""

from __future__ import annotations

import random
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.film_files import shot, two_shots, write_film, write_sound
from tests.picture_mutations import boxes_changed, bytes_changed

__all__ = ["film_seeds", "mutated_film"]

_SIDES: dict[str, Any] = {"width": 64, "height": 48}
_MOST_BYTES = 2**20
_FORMS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("a.mp4", {"sound": True}),
    ("b.mp4", {"turned_deg": 90, "mirrored": True}),
    ("c.mp4", {"b_frames": 2, "start": 0.5}),
    ("d.mp4", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
    ("a.mov", {"sound": True, "metadata": {"creation_time": "2024-05-01T10:00:00Z"}}),
    ("a.mkv", {"sound": True}),
    ("a.webm", {}),
    ("a.avi", {}),
)


@cache
def film_seeds(more: str = "") -> tuple[tuple[str, bytes], ...]:
    """Names and contents of whole films of all containers, of less than a second.

    Args:
        more: A folder with more of them, of which the small ones are taken; "" for none.
    """
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name, options in _FORMS:
            pictures = two_shots(6, **_SIDES) if "sound" in options else list(shot(3, 10, **_SIDES))
            found.append((name, write_film(Path(folder, name), pictures, fps=12, **options).read_bytes()))
        found.append(("e.mp4", write_sound(Path(folder, "e.mp4"), has_cover=True).read_bytes()))
    if more:
        found += [
            (path.name, path.read_bytes())
            for path in sorted(Path(more).rglob("*"))
            if path.suffix.lower() in (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4a", ".gif")
            and 0 < path.stat().st_size < 400_000
        ]
    return tuple(found)


def mutated_film(chance: random.Random, more: str = "") -> tuple[str, bytes]:
    """A film that was changed, and a name for its file."""
    whole = film_seeds(more)
    name, content = chance.choice(whole)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        if content[4:8] == b"ftyp" and chance.random() < 0.6:
            content = boxes_changed(content, chance)
        else:
            content = bytes_changed(content, chance, chance.choice(whole)[1])
        content = content[:_MOST_BYTES]
    if chance.random() < 0.03:
        name = chance.choice(whole)[0]
    return name, content
