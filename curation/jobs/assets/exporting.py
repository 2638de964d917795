"""Cut-outs and records in a folder of the user's, with names that people can read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Protocol

from curation.domain.assets.asset import Asset, AssetQuery
from curation.domain.assets.document import cutout_name, record_of_document
from curation.domain.assets.record import AssetRecord, PersonRecord
from curation.domain.attributes.documents import document_text
from curation.domain.outfits.outfit import Outfit
from curation.domain.outfits.searching import wears
from curation.errors import AssetNotFoundError
from curation.storage.new_files import file_stem, write_new

__all__ = ["ExportWishes", "HasFiles", "exported", "meant_people"]

_CUTOUT = "cutout.png"


class HasFiles(Protocol):
    """Where the files of assets are, see `curation.jobs.assets.asset_jobs.AssetJobs`."""

    def file(self, asset_id: str, name: str) -> Path:
        """The path of a file; AssetNotFoundError if there is none."""


@dataclass(frozen=True, slots=True)
class ExportWishes:
    """What is written of each picture.

    Attributes:
        folder: Where to; made if it is missing.
        cutouts: Whether transparent pictures are written.
        records: Whether JSON is written.
    """

    folder: Path
    cutouts: bool = True
    records: bool = True


def exported(
    asset: Asset,
    files: HasFiles,
    query: AssetQuery,
    wishes: ExportWishes,
    name_of: Callable[[Asset, int], str | None],
) -> Iterator[tuple[Path, bool]]:
    """Write the files of one picture.

    If the query asks for people, each of those that answer it is written alone; else all of them in one picture.

    Args:
        asset: COMPLETED; others have no files.
        files: Where they are.
        query: That found the asset.
        wishes: What is written, and where.
        name_of: The name of a person of an asset, by its number; None if it has none.

    Returns:
        The path of each file, and whether it was written; else the same file was there already.

    Raises:
        StorageError: If a file cannot be read or written.
    """
    if asset.document is None:
        return
    stem = file_stem(PurePath(asset.name).stem)
    if wishes.records:
        text = document_text(asset.document).encode()
        yield write_new(wishes.folder, stem, ".json", text)
    if not wishes.cutouts:
        return
    record = record_of_document(asset.document)
    if not _asks_for_people(query):
        yield from _copied(asset, files, _CUTOUT, stem, wishes.folder)
        return
    alone = sum(cutout_name(each.person.person_index) in record.files for each in record.people)
    for person in meant_people(record, query, asset.id):
        number = person.person.person_index
        who = name_of(asset, number) or f"person {number + 1}"
        # A single person has no file besides that of all people; one who is too small among others has none at all.
        name = cutout_name(number) if alone else _CUTOUT
        yield from _copied(asset, files, name, file_stem(f"{stem} - {who}"), wishes.folder)


def meant_people(record: AssetRecord, query: AssetQuery, asset_id: str) -> list[PersonRecord]:
    """The people of a record that answer a query; all of them if it asks for nobody in particular."""
    return [each for each in record.people if _is_meant(each, query, asset_id)]


def _is_meant(record: PersonRecord, query: AssetQuery, asset_id: str) -> bool:
    if query.people is not None and (asset_id, record.person.person_index) not in query.people:
        return False
    if query.cut_at is not None and record.composition.cut_at is not query.cut_at:
        return False
    return _wears(record.outfit, query)


def _wears(outfit: Outfit | None, query: AssetQuery) -> bool:
    wanted = [(part, name) for part, name in (("top", query.top), ("bottom", query.bottom)) if name is not None]
    if not wanted:
        return True
    if outfit is None:
        return False
    return all(wears(getattr(outfit, part), name) for part, name in wanted)


def _asks_for_people(query: AssetQuery) -> bool:
    asked: Collection[object | None] = (query.top, query.bottom, query.cut_at, query.people)
    return any(each is not None for each in asked)


def _copied(asset: Asset, files: HasFiles, name: str, stem: str, folder: Path) -> Iterator[tuple[Path, bool]]:
    try:
        content = files.file(asset.id, name).read_bytes()
    except (AssetNotFoundError, FileNotFoundError):
        return  # no cut-outs were made, or the record was deleted in this moment
    yield write_new(folder, stem, PurePath(name).suffix, content)
