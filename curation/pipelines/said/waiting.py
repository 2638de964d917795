"""What the user said that does not count now, without a place of its own among the words that find nobody."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from curation.domain.identity.said import ANSWERS, FacePlace, Said
from curation.errors import LabelsError
from curation.settings import Settings
from curation.storage.said.grouping_answers import GROUPING_ANSWERS, read_grouping_answers
from curation.storage.said.known_refused_file import KNOWN_REFUSED, read_refusals
from curation.storage.said.last_good import LAST_GOOD
from curation.storage.said.said_file import read_said

__all__ = ["answers_told", "demand_labels_folder", "labels_gone_told"]


def demand_labels_folder(settings: Settings) -> None:
    """Check that labels which lie elsewhere than the results are not just away with their disk.

    Raises:
        LabelsError: If their folder is not there, and there were labels before.
        StorageError: If said.json cannot be read.
    """
    folder = (settings.io.output_dir / settings.scoring.labels_json).parent
    if not folder.is_dir() and settings.io.output_dir.is_dir() and read_said(settings.io.output_dir).labels:
        raise LabelsError(
            f"there is no folder {folder}, where the labels of this event are (scoring.labels_json): connect its disk, "
            "or name the file where it is now; what was said waits"
        )


def labels_gone_told(settings: Settings, said: Said) -> tuple[str, ...]:
    """A sentence if the file of labels is not there, and there were labels before: nobody's counts, and all wait.

    Args:
        settings: Name the folders.
        said: All words.
    """
    path = settings.io.output_dir / settings.scoring.labels_json
    if not said.labels or path.exists():
        return ()
    copy = path.with_name(LAST_GOOD) / path.name
    back = f" (the last one that was read is {copy})" if copy.exists() else ""
    count = "1 label was" if len(said.labels) == 1 else f"{len(said.labels)} labels were"
    return (
        f"{path} is not there, so no label counts; {count} read before and waits: put the file back{back}, or write "
        "{} into it to take all labels back",
    )


def answers_told(output_dir: Path, said: Said, places: Collection[FacePlace]) -> tuple[str, ...]:
    """How many answers about faces are about faces that were not found: one sentence, or none.

    Args:
        output_dir: With the answers.
        said: All words, with where their faces are now.
        places: Path and box of all faces.

    Raises:
        RefusalsError: If known_refused.json is not valid.
        FaceDataError: If grouping_answers.json is not valid.
        StorageError: If a file cannot be read.
    """
    anchors = said.corrections.get(ANSWERS, {})

    def is_found(place: FacePlace) -> bool:
        return (place if place not in anchors else said.face_now(anchors[place])) in places

    refused = [one for one in read_refusals(output_dir / KNOWN_REFUSED).values() if not one.undone]
    lost = sum(not any(map(is_found, one.faces)) for one in refused)
    pairs = sum(not all(map(is_found, pair)) for pair in read_grouping_answers(output_dir / GROUPING_ANSWERS))
    parts = [
        f"{count} {'answer' if count == 1 else 'answers'} {about}"
        for count, about in (
            (lost, f"about known people ({KNOWN_REFUSED})"),
            (pairs, f"about pairs of faces ({GROUPING_ANSWERS})"),
        )
        if count
    ]
    if not parts:
        return ()
    told = f"{' and '.join(parts)}: these faces were not found"
    return (f"{told}. They are kept, and count again when the faces are back",)
