"""A process that changes a gallery until it is killed, and says what it was told was done.

    python -m tests.gallery_kills FOLDER SEED

Prints `STEP` and what it is about to do, then `DONE` when the store returned.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from curation.gallery.opening import open_gallery
from curation.settings import GallerySettings
from tests.gallery_faces import exemplars_of

__all__ = ["main"]


def main(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    store = open_gallery(GallerySettings(path=folder))
    number = 1000 * seed
    while True:
        number += 1
        people = [person for person in store.people() if person.name != "Stays"]
        kind = chance.choice(("enrol", "enrol", "forget", "merge")) if len(people) > 4 else "enrol"
        first, other = chance.sample(people, 2) if len(people) > 1 else (None, None)
        if kind == "enrol" or first is None or other is None:
            say(f"STEP enrol Person-{number}")
            store.enrol(f"Person-{number}", "", exemplars_of(number, 4), max_exemplars=6)
        elif kind == "forget":
            say(f"STEP forget {first.name}")
            store.forget(first.person_id)
        else:
            say(f"STEP merge {first.name} {other.name}")
            store.merge(first.person_id, other.person_id, max_exemplars=6)
        say("DONE")


def say(line: str) -> None:
    """One write for the whole line: a killed process leaves no part of one."""
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
