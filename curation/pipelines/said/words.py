"""The user's words as they stand in the output folder, and their anchors."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from curation.domain.identity.said import FacePlace, Said
from curation.domain.identity.settling import SeenEvent, Words, settled
from curation.domain.identity.unfound import Unfound, unfound
from curation.domain.judging.picks import Picks, parse_pick
from curation.domain.labelling.corrections import CorrectedFace, Correction
from curation.errors import LabelsError
from curation.settings import Settings
from curation.storage.said.corrections_file import read_corrections
from curation.storage.said.grouping_answers import GROUPING_ANSWERS, read_grouping_answers
from curation.storage.said.labels_file import read_labels
from curation.storage.said.picks_file import PICKS, read_picks
from curation.storage.said.said_file import change_said, read_said

__all__ = [
    "ANSWERS",
    "labels_json",
    "picks_now",
    "placed",
    "read_picks_now",
    "read_placed_corrections",
    "read_words",
    "settle",
    "unfound_json",
    "words_unfound",
]


ANSWERS = "answers"
"""Under this id the faces of grouping_answers.json have their anchors among those of the corrections."""


def labels_json(path: Path) -> dict[int, object]:
    """The labels in a file by cluster id, as far as its keys are such ids; their form is not checked.

    Raises:
        LabelsError: If the file is not JSON.
        StorageError: If it cannot be read.
    """
    data = read_labels(path)
    keys = data if isinstance(data, dict) else {}
    return {int(key): value for key, value in keys.items() if key.isascii() and key.isdecimal() and len(key) <= 9}


def read_words(settings: Settings) -> Words:
    """All words of the user.

    Raises:
        LabelsError: If cluster_labels.json is not JSON.
        CorrectionsError: If corrections.json is not valid.
        PicksError: If picks.json is not valid.
        StorageError: If a file cannot be read.
    """
    output = settings.io.output_dir
    try:
        labels = labels_json(output / settings.scoring.labels_json)
    except LabelsError as error:
        raise LabelsError(f"{error}\nCorrect it first, so that no label is lost") from error
    picks = output / PICKS
    corrections: dict[str, list[FacePlace]] = {
        correction.id: [(face.image_path, face.facial_area) for face in correction.faces + correction.others]
        for correction in read_corrections(output, {})
    }
    answers = read_grouping_answers(output / GROUPING_ANSWERS)
    if answers:
        corrections[ANSWERS] = list(dict.fromkeys(place for pair in answers for place in pair))
    return Words(
        labels,
        corrections,
        dict(read_picks(picks).to_json()) if picks.exists() else None,
    )


def settle(settings: Settings, event: SeenEvent) -> Said:
    """Give all words anchors that have none yet, and write said.json.

    Args:
        settings: Name the folders.
        event: What the user saw when the words were said.

    Raises:
        BusyError: If another process holds the lock of said.json.
        CurationError: What `read_words` raises; also if `event` cannot be read.
    """
    words = read_words(settings)
    return change_said(settings.io.output_dir, settings.io.state_dir, lambda said: settled(said, words, event))


def placed(corrections: Sequence[Correction], said: Said) -> tuple[Correction, ...]:
    """The corrections with the places where their faces are now; those that are not found count nowhere."""
    if not corrections:
        return ()
    return tuple(
        replace(
            correction,
            faces=tuple(_placed(face, correction.id, said) for face in correction.faces),
            others=tuple(_placed(face, correction.id, said) for face in correction.others),
        )
        for correction in corrections
    )


def _placed(face: CorrectedFace, correction: str, said: Said) -> CorrectedFace:
    anchor = said.corrections.get(correction, {}).get((face.image_path, face.facial_area))
    if anchor is None:
        return face  # said since the last run: it is about what the table shows
    now = said.face_now(anchor)
    return replace(face, now=now, is_found=now is not None)


def words_unfound(
    said: Said,
    corrections: Sequence[Correction],
    clusters: Collection[int],
    places: Collection[FacePlace],
    photos: Collection[str],
) -> tuple[Unfound, ...]:
    """The words that find nobody.

    Args:
        said: All words, with where their photos and faces are now.
        corrections: Of the user.
        clusters: The clusters that have faces, with the corrections applied.
        places: All faces by path and box.
        photos: Paths of all photos that could be read.
    """
    active = {
        correction.id: (
            correction.kind.value,
            [(face.image_path, face.facial_area) for face in correction.faces],
            [(face.image_path, face.facial_area) for face in correction.others],
        )
        for correction in corrections
        if not correction.undone
    }
    moved = {
        place: correction.target
        for correction in placed(corrections, said)
        if not correction.undone
        for face in correction.moved
        if (place := face.place) is not None
    }
    return unfound(said, active, clusters, places, photos, moved)


def unfound_json(words: Sequence[Unfound]) -> list[dict[str, Any]]:
    """Words that find nobody, for the run record."""
    return [
        {"kind": word.kind.value, "id": word.id, "said": word.said, "why": word.why.value, "photos": list(word.photos)}
        for word in words
    ]


def read_placed_corrections(output_dir: Path, record: Mapping[str, Any] | None = None) -> tuple[Correction, ...]:
    """All corrections of an event with the places where their faces are now; see `read_corrections`.

    Raises:
        CorrectionsError: If corrections.json is not valid.
        StorageError: If a file cannot be read.
    """
    return placed(read_corrections(output_dir, record), read_said(output_dir))


def picks_now(picks: Picks, said: Said) -> Picks:
    """The picks by the paths that their photos have now; those of photos that are not found are left out.

    Args:
        picks: As picks.json has them.
        said: Their anchors; picks without one count for the photo at their path.
    """
    words = picks.to_json()
    out = {}
    for path, pick in picks.by_path.items():
        anchor = said.picks.get(path)
        now = path if anchor is None or anchor.said != words[path] else said.photo_now(anchor.photo)
        # A photo that was picked under the name that it has now was picked last.
        if now is not None and (now == path or now not in out):
            out[now] = pick
    for aside in said.aside:
        now = said.photo_now(aside.photo)
        if now is not None and now not in out:
            out[now] = parse_pick(aside.said)
    return Picks(out)


def read_picks_now(output_dir: Path) -> Picks:
    """The picks in the output folder by the paths that their photos have now.

    Raises:
        PicksError: If picks.json is not valid.
        StorageError: If a file cannot be read.
    """
    return picks_now(read_picks(output_dir / PICKS), read_said(output_dir))
