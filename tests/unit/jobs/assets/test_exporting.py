from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from curation.domain.assets.asset import Asset, AssetQuery
from curation.domain.assets.document import asset_document
from curation.domain.assets.states import AssetState
from curation.domain.bodies.composition import CutAt
from curation.domain.outfits.outfit import ColourName
from curation.errors import AssetNotFoundError
from curation.jobs.assets.exporting import ExportWishes, exported
from tests.asset_values import SHA256, a_person_record, a_record, an_outfit

FILES = ("annotated.jpg", "clothes.png", "cutout.png", "cutout_0.png", "cutout_1.png", "mask.png")
ID = "a" * 32


class Files:
    """Files of one asset in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in FILES:
            (folder / name).write_bytes(name.encode())

    def file(self, asset_id: str, name: str) -> Path:
        if not (self._folder / name).exists():
            raise AssetNotFoundError(name)
        return self._folder / name


def an_asset(people: int = 2) -> Asset:
    records = [a_person_record(0), replace(a_person_record(1, cut_at=CutAt.FEET), outfit=an_outfit(ColourName.BLUE))]
    record = a_record(*records[:people], files=FILES if people > 1 else FILES[:3])
    return Asset(
        ID, SHA256, "b" * 64, "beach.jpg", (), AssetState.COMPLETED, None, "", 1, "", "", 1, asset_document(record)
    )


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., dict[str, str]]:
    files_dir = tmp_path / "files"
    files_dir.mkdir()
    files = Files(files_dir)

    def run(query: AssetQuery, people: int = 2, name: str | None = None, records: bool = False) -> dict[str, str]:
        wishes = ExportWishes(tmp_path / "to", records=records)
        list(exported(an_asset(people), files, query, wishes, lambda asset, number: name))
        return {path.name: path.read_text()[:12] for path in sorted((tmp_path / "to").iterdir())}

    return run


def test_everybody_if_nobody_is_meant(export: Callable[..., dict[str, str]]) -> None:
    assert export(AssetQuery()) == {"beach.png": "cutout.png"}
    assert set(export(AssetQuery(), records=True)) == {"beach.png", "beach.json"}


def test_each_person_who_is_meant_alone(export: Callable[..., dict[str, str]]) -> None:
    assert export(AssetQuery(top=ColourName.BLUE)) == {"beach - person 2.png": "cutout_1.png"}


def test_by_the_name_of_the_event(export: Callable[..., dict[str, str]]) -> None:
    query = AssetQuery(people=frozenset({(ID, 0)}))
    assert export(query, name="Anna") == {"beach - Anna.png": "cutout_0.png"}


def test_where_the_edge_cuts(export: Callable[..., dict[str, str]]) -> None:
    assert export(AssetQuery(cut_at=CutAt.FEET)) == {"beach - person 2.png": "cutout_1.png"}


def test_a_single_person_has_one_file(export: Callable[..., dict[str, str]]) -> None:
    assert export(AssetQuery(top=ColourName.RED), people=1) == {"beach - person 1.png": "cutout.png"}
