"""Suggestions for people without a face by their clothes, and what the composition of photos is worth."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.evaluation.tables import Table
from curation.domain.assets.record import AssetRecord
from curation.domain.bodies.composition import Composition
from curation.domain.judging.photo_composition import body_problems, worth_of
from curation.domain.outfits.lookalikes import LookalikeRules, Worn, lookalikes
from curation.errors import AssetRejectedError
from curation.pipelines.assets.pipeline import AssetPipeline
from ground_truth.errors import Unavailable
from ground_truth.evaluation import Evaluation
from ground_truth.outfit_bodies import OutfitEvent, album_events, asset_pipeline, clip_event, hidden_body
from ground_truth.splits import in_test_half

__all__ = ["CROPS", "Outcome", "composition_pairs", "hidden_faces", "in_uniform", "outfit_events", "tables", "tried"]

_CLIPS = (("yakhyo_friends/in_video.mp4", "yakhyo"), ("hamilton/short_hamilton_clip.mp4", "hamilton"))
_ALBUM = "codebasics_sports"
_FOLDS = 3
_STREET_PHOTOS = 12
CROPS = (("at the feet", 0.97), ("at the ankles", 0.93), ("at the knees", 0.75), ("at the top of the head", 0.0))
"""Where a whole body is cropped, as a part of its height from the top."""


@dataclass(slots=True)
class Outcome:
    """What was suggested for bodies whose faces were hidden.

    Attributes:
        hidden: Bodies of people with a name, with clothes that could be read.
        suggested: For so many somebody was suggested ...
        right: ... and for so many the right person.
        strangers: Bodies of people who were taken out of the event altogether ...
        strangers_suggested: ... for whom somebody was suggested all the same.
        off: Why nothing was suggested, of each try.
    """

    hidden: int = 0
    suggested: int = 0
    right: int = 0
    strangers: int = 0
    strangers_suggested: int = 0
    off: list[str] = field(default_factory=list)

    def row(self, name: str) -> tuple[str, ...]:
        """The cells of a table."""
        off = sum(map(bool, self.off))
        return (
            name,
            str(self.hidden),
            _share(self.suggested, self.hidden),
            f"{_share(self.right, self.suggested)} ({self.right}/{self.suggested})",
            f"{self.strangers_suggested}/{self.strangers}",
            f"{off}/{len(self.off)}",
        )


def tables(evaluation: Evaluation) -> Iterator[Table]:
    """Suggestions on the half that no constant was chosen on, and pairs of whole and cropped photos."""
    events = outfit_events(evaluation, test_half=True)
    rows = [tried(event).row(event.name) for event in events]
    rows += [tried(in_uniform(event)).row(f"{event.name}, in uniform") for event in events]
    if not rows:
        raise Unavailable("there are no clips and albums with people")
    yield Table(
        "People whose faces were hidden (every photo was taken apart again without faces, a third of the photos at a "
        "time), suggested by their clothes; of the half that no constant was chosen on: the second half of each clip, "
        "and the photos of the album with an odd hash. Strangers: the face of one person is hidden on all photos, so "
        "that nothing can be learnt of this person and any suggestion is wrong. In uniform: everybody was given the "
        "clothes of the person who is seen most, as they look on different photos.",
        ("event", "hidden bodies", "suggested", "of them right", "strangers suggested", "tries switched off"),
        rows,
    )
    yield composition_pairs(evaluation)


def outfit_events(evaluation: Evaluation, *, test_half: bool) -> list[OutfitEvent]:
    """The events of one half."""
    events = []
    for clip, labels in _CLIPS:
        try:
            event = clip_event(evaluation.data, evaluation.scratch, clip, labels)
        except Unavailable:
            continue
        middle = len(event.photos) // 2
        photos = event.photos[middle:] if test_half else event.photos[:middle]
        events.append(OutfitEvent(f"clip {labels}", photos))
    try:
        albums = album_events(evaluation.data, evaluation.scratch, _ALBUM, lambda path: str(in_test_half(path)))
    except Unavailable:
        return events
    return events + [
        OutfitEvent(f"album {_ALBUM}", album.photos) for album in albums if album.name.endswith(str(test_half))
    ]


def tried(event: OutfitEvent, rules: LookalikeRules | None = None) -> Outcome:
    """Hide a third of the photos at a time, and once each person altogether."""
    outcome = Outcome()
    for fold in range(_FOLDS):
        hidden = frozenset(photo.name for photo in event.photos if _fold(photo.name) == fold)
        bodies, truth = hidden_faces(event, hidden)
        found = lookalikes(bodies, _names(event), rules or LookalikeRules())
        outcome.off.append(found.spread.off)
        outcome.hidden += len(truth)
        for one in found.found:
            if one.body in truth:
                outcome.suggested += 1
                outcome.right += one.person == truth[one.body]
    for person in sorted(_names(event)):
        hidden = frozenset(photo.name for photo in event.photos if person in photo.people)
        bodies, truth = hidden_faces(event, hidden, without=person)
        outcome.strangers += sum(who == person for who in truth.values())
        found = lookalikes(bodies, _names(event) - {person}, rules or LookalikeRules())
        outcome.strangers_suggested += sum(truth.get(one.body) == person for one in found.found)
    return outcome


def in_uniform(event: OutfitEvent) -> OutfitEvent:
    """The same with the clothes of the person who is seen most on everybody, as they look on one photo or another."""
    seen = Counter(who for photo in event.photos for who in photo.people if who is not None)
    model = max(sorted(seen), key=lambda who: seen[who])
    looks = [
        one.signature
        for photo in event.photos
        for one, who in zip(photo.seen.people, photo.people, strict=True)
        if who == model and one.signature
    ]
    number = 0

    def dressed(found: AssetRecord) -> AssetRecord:
        nonlocal number
        people = []
        for one in found.people:
            number += 1
            people.append(replace(one, signature=looks[number % len(looks)] if one.signature and looks else ()))
        return replace(found, people=tuple(people))

    photos = [replace(photo, seen=dressed(photo.seen), hidden=dressed(photo.hidden)) for photo in event.photos]
    return OutfitEvent(event.name, tuple(photos))


def hidden_faces(
    event: OutfitEvent, hidden: frozenset[str], *, without: str | None = None
) -> tuple[list[Worn], dict[int, str]]:
    """An event as the suggestions see it, some of whose photos show no face.

    Args:
        event: The event.
        hidden: Names of photos whose faces are hidden.
        without: In these photos only the bodies of this person are without a face; None for all bodies.

    Returns:
        The bodies, and who those without a face are, by their number.
    """
    bodies: list[Worn] = []
    truth: dict[int, str] = {}
    for number, photo in enumerate(event.photos):
        for place, (one, who) in enumerate(zip(photo.seen.people, photo.people, strict=True)):
            if who is None:
                continue
            is_hidden = photo.name in hidden and (without is None or who == without)
            body = hidden_body(photo, place) if is_hidden else one
            if body is None or not body.signature:
                continue
            if is_hidden and not who.startswith("?"):
                truth[len(bodies)] = who
            elif is_hidden:
                continue
            signature = np.asarray(body.signature, dtype=np.float32)
            bodies.append(Worn(number, photo.time_s, signature, None if is_hidden else who))
    return bodies, truth


def _names(event: OutfitEvent) -> frozenset[str]:
    return frozenset(who for photo in event.photos for who in photo.people if who is not None and who[0] != "?")


def _fold(name: str) -> int:
    return hashlib.sha256(f"fold {name}".encode()).digest()[0] % _FOLDS


def composition_pairs(evaluation: Evaluation) -> Table:
    """Whole bodies against the same photos cropped: the whole one should be worth more.

    Raises:
        Unavailable: If the photos or the weights are missing.
    """
    folder = evaluation.set_folder("clothes")
    pipeline = asset_pipeline(evaluation.data, evaluation.scratch)
    photos = [path for path in sorted(folder.rglob("*.jpg")) if in_test_half(path.stem)][:_STREET_PHOTOS]
    rows = []
    counts = {name: [0, 0, 0] for name, _ in CROPS}
    whole_named = 0
    usable = 0
    for path in photos:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
        extent = _extent(folder, path)
        whole = _largest(pipeline, picture)
        if extent is None or whole is None:
            continue
        usable += 1
        whole_named += any(problem.strength >= 0.5 for problem in body_problems(whole, 1))
        for name, place in CROPS:
            lies = _largest(pipeline, _cropped(picture, extent, place))
            worth = 0.5 if lies is None else worth_of(body_problems(lies, 1))
            difference = worth_of(body_problems(whole, 1)) - worth
            counts[name][0 if difference > 0 else 1 if difference == 0 else 2] += 1
    for name, (better, same, worse) in counts.items():
        rows.append(
            (f"cropped {name}", str(usable), _share(better, usable), _share(same, usable), _share(worse, usable))
        )
    return Table(
        f"Street photos of whole bodies (photos/clothes, {usable} of the half that no constant was chosen on) against "
        "the same photos cropped, by the component `composition` alone. A crop through shins or head is a fault "
        f"that nobody asked for; {whole_named} of the whole photos have a problem, too. It says nothing of what "
        "photographers prefer, so the component is off unless it is given a weight.",
        ("crop", "photos", "whole one is worth more", "the same", "less"),
        rows,
    )


def _extent(folder: Path, path: Path) -> tuple[int, int] | None:
    """The first and the last row of the person, by the pixel labels; None if the photo itself cuts the body."""
    labels = folder / "labels" / f"{path.stem}.png"
    if not labels.exists():
        return None
    with Image.open(labels) as opened:
        rows = np.flatnonzero((np.asarray(opened) > 0).any(axis=1))
        height = opened.height
    if not len(rows) or rows[0] <= 0.02 * height or rows[-1] >= 0.98 * height:
        return None
    return int(rows[0]), int(rows[-1])


def _cropped(picture: Image.Image, extent: tuple[int, int], place: float) -> Image.Image:
    first, last = extent
    row = round(first + place * (last - first))
    return picture.crop((0, row, picture.width, picture.height) if place == 0 else (0, 0, picture.width, row))


def _largest(pipeline: AssetPipeline, picture: Image.Image) -> Composition | None:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=95)
    try:
        people = pipeline.process(file.getvalue(), faces=()).record.people
    except AssetRejectedError:
        return None
    best = max(people, key=lambda one: one.person.box.w * one.person.box.h, default=None)
    return None if best is None else best.composition


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"
