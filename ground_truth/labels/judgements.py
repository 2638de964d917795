"""Events composed of labelled photos (judged_events.csv), and pairs of their photos judged by eye (judgements.csv)."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

__all__ = ["JudgedPhoto", "Judgement", "judged_photos", "judgements"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class JudgedPhoto:
    """A photo of an event.

    Attributes:
        name: Its file name in the event's folder.
        sources: The files "set/path", or the frame "videos/path:number"; several for a collage.
        recipe: How it is made worse, a key of `ground_truth.spoiled_photos.RECIPES`; empty if it is not.
    """

    name: str
    sources: tuple[str, ...]
    recipe: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of two photos of an event, the one that a photographer with the event's labels keeps.

    Attributes:
        event: Name of the event.
        better: File name of the photo that is kept.
        worse: File name of the other one.
        reason: Kind of the reason, one word or two.
        remark: What was seen.
    """

    event: str
    better: str
    worse: str
    reason: str
    remark: str

    @property
    def in_reserved_half(self) -> bool:
        """Whether it belongs to the half that no constant is chosen on, by a hash of the pair."""
        pair = "|".join((self.event, *sorted((self.better, self.worse))))
        return hashlib.sha256(pair.encode()).digest()[0] % 2 == 1


def judged_photos() -> dict[str, list[JudgedPhoto]]:
    """The photos of each event, in the order of the file."""
    photos: dict[str, list[JudgedPhoto]] = defaultdict(list)
    with (_FOLDER / "judged_events.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            photos[row["event"]].append(JudgedPhoto(row["photo"], tuple(row["source"].split(";")), row["recipe"]))
    return dict(photos)


def judgements() -> list[Judgement]:
    """All judged pairs."""
    with (_FOLDER / "judgements.csv").open(encoding="utf-8", newline="") as file:
        return [
            Judgement(row["event"], row["better"], row["worse"], row["reason"], row["remark"])
            for row in csv.DictReader(file)
        ]
