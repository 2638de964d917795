"""The lists of an export: the entries of its contact sheet, and photos.csv."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from curation.decoders import decoded
from curation.domain.judging.picks import UNJUDGED, Pick
from curation.domain.judging.rules import without_ages
from curation.errors import PhotoError
from curation.photos.looks.pictures import PictureSize, photo_picture
from curation.pipelines.export.contact_sheet import SheetPhoto
from curation.pipelines.export.event import ExportEvent
from curation.storage.csv_tables import csv_bytes

__all__ = ["ExportedPhoto", "displayed", "photos_table", "sheet_photo"]

_COLUMNS = (
    "file",
    "image_path",
    "rank",
    "final_score",
    "pick",
    "rating",
    "people",
    "results_string",
    "vetoes",
    "problems",
)


@dataclass(frozen=True, slots=True)
class ExportedPhoto:
    """A photo that is in the export.

    Attributes:
        image_path: Of the original.
        file: Its path in the export.
        source: To open the original.
    """

    image_path: str
    file: str
    source: Path


def sheet_photo(photo: ExportedPhoto, event: ExportEvent, *, max_megapixels: float) -> SheetPhoto:
    """The entry of a photo on the contact sheet; photos that are too large or cannot be decoded have no picture."""
    try:
        with event.originals.at_hand(photo.source) as path:
            picture = partial(photo_picture, size=PictureSize.THUMBNAIL, max_megapixels=max_megapixels)
            thumbnail: bytes | None = decoded(picture, path, patient=True)
    except PhotoError:
        thumbnail = None
    score = event.scores.get(photo.image_path)
    said = event.picks.of(photo.image_path)
    return SheetPhoto(
        file=photo.file,
        shown=displayed(photo.file),
        thumbnail=thumbnail,
        names=event.names(photo.image_path),
        rank=None if score is None else score.rank,
        score=None if score is None else score.final_score,
        rating=said.rating,
        picked=said.pick is Pick.PICKED,
        words="" if score is None else score.results_string,
    )


def photos_table(photos: Iterable[ExportedPhoto], event: ExportEvent) -> bytes:
    """photos.csv, one row per photo in the given order."""
    rows: list[tuple[object, ...]] = []
    for photo in photos:
        score = event.scores.get(photo.image_path)
        said = event.picks.by_path.get(photo.image_path, UNJUDGED)
        rows.append(
            (
                displayed(photo.file),
                photo.image_path,
                "" if score is None else score.rank,
                "" if score is None or score.final_score is None else round(score.final_score, 4),
                "" if said.pick is None else said.pick.value,
                said.rating or "",
                "; ".join(event.names(photo.image_path)) or ("" if score is None else score.people),
                "" if score is None else score.results_string,
                "" if score is None else without_ages(score.vetoes),
                "" if score is None else score.problems,
            )
        )
    return csv_bytes(_COLUMNS, rows)


def displayed(name: str) -> str:
    """A file name as valid text; bytes that are not UTF-8 become backslash escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
