"""The user's words as they stand in the output folder, and their anchors."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from curation.domain.identity.said import AsidePick, FaceAnchor, FacePlace, Said, SaidPick
from curation.domain.identity.settling import SeenEvent, Words, settled
from curation.domain.identity.unfound import Unfound, of_odd_labels, unfound
from curation.domain.judging.picks import NO_PICKS, PhotoPick, Pick, Picks, parse_pick
from curation.domain.labelling.corrections import CorrectedFace, Correction, CorrectionKind
from curation.domain.labelling.people_seen import PersonSeen
from curation.errors import CurationError, LabelsError
from curation.pipelines.said.waiting import demand_labels_folder
from curation.settings import Settings
from curation.storage.said.corrections_file import CORRECTIONS, read_corrections
from curation.storage.said.grouping_answers import GROUPING_ANSWERS, read_grouping_answers
from curation.storage.said.known_refused_file import KNOWN_REFUSED, read_refusals
from curation.storage.said.labels_file import read_labels
from curation.storage.said.last_good import keep_good, way_back
from curation.storage.said.people_seen_file import PEOPLE_SEEN, read_people_seen
from curation.storage.said.picks_file import PICKS, read_picks
from curation.storage.said.said_file import change_said, read_said
from curation.storage.together.finishing import finish_pending
from curation.storage.video.remembered_clips import NO_CLIPS, RememberedClips

__all__ = [
    "labels_json",
    "picks_now",
    "placed",
    "read_picked_away",
    "read_picks_now",
    "read_placed_corrections",
    "read_words",
    "seen_words",
    "settle",
    "unfound_json",
    "words_unfound",
]

logger = logging.getLogger(__name__)

_CLUSTER_ID = re.compile(r"0|[1-9][0-9]{0,8}")


def labels_json(path: Path) -> dict[int, object]:
    """The labels in a file by cluster id, as far as its keys are such ids; their form is not checked.

    Raises:
        LabelsError: If the file is not JSON.
        StorageError: If it cannot be read.
    """
    data = read_labels(path)
    return _by_id(data)[0] if isinstance(data, dict) else {}


def _by_id(labels: Mapping[str, object]) -> tuple[dict[int, object], dict[str, object]]:
    """The labels by cluster id, and those whose key is none."""
    odd = {key: value for key, value in labels.items() if not _CLUSTER_ID.fullmatch(key)}
    return {int(key): value for key, value in labels.items() if key not in odd}, odd


def read_words(settings: Settings, *, is_strict: bool = True) -> Words:
    """All words of the user.

    Args:
        settings: Name the folders.
        is_strict: Raise an error for a file that is not valid; else its words are left as they were.

    Raises:
        LabelsError: If cluster_labels.json is not JSON, or no object.
        CorrectionsError: If corrections.json is not valid.
        PicksError: If picks.json is not valid.
        PeopleSeenError: If people_seen.json is not valid.
        RefusalsError: If known_refused.json is not valid.
        FaceDataError: If grouping_answers.json is not valid.
        StorageError: If a file cannot be read.
    """
    output = settings.io.output_dir
    finish_pending(output)
    if is_strict:
        demand_labels_folder(settings)
    labels, odd = _read(output / settings.scoring.labels_json, _labels, is_strict) or (None, {})
    words = Words(
        labels,
        _read(output / CORRECTIONS, _corrections, is_strict),
        _answered(output, is_strict),
        _read(output / PICKS, lambda path: dict(read_picks(path).to_json()), is_strict),
        _read(output / PEOPLE_SEEN, _people_seen, is_strict),
        odd,
    )
    if is_strict:  # at the start of a run: all of them can be read
        for name in (CORRECTIONS, GROUPING_ANSWERS, KNOWN_REFUSED, PICKS, PEOPLE_SEEN):
            keep_good(output / name)
    return words


T = TypeVar("T")


def _read(path: Path, read: Callable[[Path], T], is_strict: bool) -> T | None:
    """What a file says; None if it is not there or, unless strict, not valid."""
    if not path.exists():
        return None
    try:
        return read(path)
    except CurationError as error:
        if is_strict:
            raise
        logger.info("%s is left as it is: %s", path, error)
        return None


def _answered(output: Path, is_strict: bool) -> list[FacePlace] | None:
    """The faces of all answers about faces; None if one of the files is not valid, or there is none."""
    files: list[tuple[Path, Callable[[Path], list[FacePlace]]]] = [
        (output / GROUPING_ANSWERS, _answers),
        (output / KNOWN_REFUSED, _refused),
    ]
    there = [(path, read) for path, read in files if path.exists()]
    faces = [_read(path, read, is_strict) for path, read in there]
    if not there or any(found is None for found in faces):
        return None
    return list(dict.fromkeys(place for found in faces for place in found or ()))


def _labels(path: Path) -> tuple[dict[int, object], dict[str, object]]:
    """The labels by cluster id, and those whose key is none.

    A file that holds no object is refused: all labels would count as taken away.
    """
    try:
        data = read_labels(path)
        if not isinstance(data, dict):
            raise LabelsError(f"{path}: the labels must be a JSON object from cluster id to label{way_back(path)}")
        return _by_id(data)
    except LabelsError as error:
        raise LabelsError(f"{error}\nCorrect it first, so that no label is lost") from error


def _corrections(path: Path) -> dict[str, list[FacePlace]]:
    return {
        correction.id: [(face.image_path, face.facial_area) for face in correction.faces + correction.others]
        for correction in read_corrections(path.parent, {})
    }


def _answers(path: Path) -> list[FacePlace]:
    return list(dict.fromkeys(place for pair in read_grouping_answers(path) for place in pair))


def _refused(path: Path) -> list[FacePlace]:
    return [place for refusal in read_refusals(path).values() for place in refusal.faces]


def _people_seen(path: Path) -> dict[str, Mapping[str, object]]:
    return seen_words(read_people_seen(path))


def seen_words(people: Mapping[str, PersonSeen]) -> dict[str, Mapping[str, object]]:
    """Answers about people without a face, as `Words` has them."""
    return {id_: seen.to_json() for id_, seen in people.items()}


def settle(settings: Settings, event: SeenEvent, *, is_strict: bool = True) -> Said:
    """Give all words anchors that have none yet, and write said.json.

    Args:
        settings: Name the folders.
        event: What the user saw when the words were said.
        is_strict: See `read_words`.

    Raises:
        BusyError: If another process holds the lock of said.json.
        CurationError: What `read_words` raises; also if `event` cannot be read.
    """
    words = read_words(settings, is_strict=is_strict)
    return change_said(settings.io.output_dir, settings.lock_dir, lambda said: settled(said, words, event))


def placed(corrections: Sequence[Correction], said: Said) -> tuple[Correction, ...]:
    """The corrections with the places where their faces are now; those that are not found count nowhere."""
    if not corrections:
        return ()
    # No run finds a drawn face but for its word: it is where it was drawn as long as the photo is the same.
    drawn = {
        anchor
        for correction in corrections
        if correction.kind is CorrectionKind.FACE and not correction.undone
        for anchor in said.corrections.get(correction.id, {}).values()
    }
    return tuple(
        replace(
            correction,
            faces=tuple(_placed(face, correction.id, said, drawn) for face in correction.faces),
            others=tuple(_placed(face, correction.id, said, drawn) for face in correction.others),
        )
        for correction in corrections
    )


def _placed(face: CorrectedFace, correction: str, said: Said, drawn: Collection[FaceAnchor]) -> CorrectedFace:
    anchor = said.corrections.get(correction, {}).get((face.image_path, face.facial_area))
    if anchor is None:
        return face  # said since the last run: it is about what the table shows
    now = said.face_now(anchor)
    photo = said.photos.get(anchor[0])
    if now is None and anchor in drawn and photo is not None and photo.now is not None and not photo.versions:
        now = (photo.now, anchor[1])
    return replace(face, now=now, is_found=now is not None)


def words_unfound(
    said: Said,
    words: Words,
    corrections: Sequence[Correction],
    clusters: Collection[int],
    places: Mapping[FacePlace, int],
    photos: Collection[str],
    clips: RememberedClips = NO_CLIPS,
) -> tuple[Unfound, ...]:
    """The words that find nobody.

    Args:
        said: All words, with where their photos and faces are now.
        words: As they stand in the user's files; others are left out.
        corrections: Of the user.
        clusters: The clusters that have faces, with the corrections applied.
        places: The cluster of each face by path and box, with the corrections applied.
        photos: Paths of all photos that could be read.
        clips: The people of the clips, who are found there.
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
    still_said = replace(
        said,
        labels={cluster: label for cluster, label in said.labels.items() if cluster in (words.labels or {})},
        picks={path: pick for path, pick in said.picks.items() if path in (words.picks or {})},
        aside=said.aside if words.picks is not None else (),
        seen={id_: seen for id_, seen in said.seen.items() if id_ in (words.seen or {})},
    )
    found = {*clusters, *clips.present}
    return (
        *of_odd_labels(words.odd_labels),
        *unfound(still_said, active, found, places, photos, moved, clips.people.keys()),
    )


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
    # Those that picks.json still has: the service was stopped before it wrote the file.
    put_aside = {pick.image_path: pick for pick in said.aside if words.get(pick.image_path) == pick.said}
    out: dict[str, PhotoPick] = {}
    for path, pick in picks.by_path.items():
        anchor: SaidPick | AsidePick | None = said.picks.get(path)
        if anchor is None or anchor.said != words[path]:
            anchor = put_aside.get(path)
        now = path if anchor is None else said.photo_now(anchor.photo)
        # A photo that was picked under the name that it has now was picked last.
        if now is not None and (now == path or now not in out):
            out[now] = pick
    for aside in said.aside:
        now = said.photo_now(aside.photo)
        if now is not None and now not in out:
            out[now] = parse_pick(aside.said)
    return Picks(out)


def read_picked_away(output_dir: Path) -> tuple[str, ...]:
    """Photos that the user picked and that are not there or cannot be read, by their paths in picks.json.

    Raises:
        PicksError: If picks.json is not valid.
        StorageError: If a file cannot be read.
    """
    if not (output_dir / PICKS).exists():
        return ()
    picks, said = read_picks(output_dir / PICKS), read_said(output_dir)
    return tuple(
        path
        for path, pick in sorted(picks.by_path.items())
        if pick.pick is Pick.PICKED and not picks_now(Picks({path: pick}), replace(said, aside=())).by_path
    )


def read_picks_now(output_dir: Path) -> Picks:
    """The picks in the output folder by the paths that their photos have now.

    Raises:
        PicksError: If picks.json is not valid.
        StorageError: If a file cannot be read.
    """
    if not (output_dir / PICKS).exists():
        return NO_PICKS  # also of those that were put aside: the user deleted the file to begin anew
    return picks_now(read_picks(output_dir / PICKS), read_said(output_dir))
