"""Who is where in the photos of two sets, labelled by hand (people.csv)."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

__all__ = ["labelled_people"]

_FILE = Path(__file__).with_name("people.csv")


def labelled_people(name: str) -> dict[str, list[tuple[float, float, str]]]:
    """The faces of a set, by path.

    Each face is the x and y of a position inside it, as fractions of the upright photo's width and height, and the
    person.
    """
    faces: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    with _FILE.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["set"] == name:
                faces[line["path"]].append((float(line["x"]), float(line["y"]), line["person"]))
    return faces
