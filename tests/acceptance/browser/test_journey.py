"""The review page as a person uses it, from a folder of photos to an export: real service, engine and browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.acceptance.browser.choosing import change_a_rule, choose_with_coverage, compare_two, pick_and_rate
from tests.acceptance.browser.exporting import export_as_copies, export_as_zip, read_back
from tests.acceptance.browser.labelling import (
    find_the_people,
    find_the_people_again,
    label_three_people_by_keyboard,
    merge_two,
    rank_the_photos,
    split_one_and_undo,
)
from tests.acceptance.browser.people_event import write_event
from tests.acceptance.browser.visitor import visiting
from tests.acceptance.test_service import running


@pytest.mark.timeout(600)  # a minute, on a machine that has nothing else to do
def test_from_a_folder_of_photos_to_an_export(browser: Browser, project_root: Path, tmp_path: Path) -> None:
    config = write_event(tmp_path)
    out = tmp_path / "out"
    originals = {photo: photo.read_bytes() for photo in (tmp_path / "photos").iterdir()}
    with (
        running(project_root, config) as service,
        visiting(browser, str(service.http.base_url).rstrip("/"), tmp_path / "screenshots") as visitor,
    ):
        find_the_people(visitor)
        label_three_people_by_keyboard(visitor, out / "cluster_labels.json")
        merge_two(visitor, out)
        split_one_and_undo(visitor, out)
        find_the_people_again(visitor, out)
        rank_the_photos(visitor)
        change_a_rule(visitor, config)
        pick_and_rate(visitor, out / "picks.json")
        compare_two(visitor)
        choose_with_coverage(visitor, out / "picks.json")
        exported = export_as_copies(visitor, out)
        export_as_zip(visitor, tmp_path / "downloaded.zip")
    assert "ERROR" not in service.log.read_text()
    assert {photo: photo.read_bytes() for photo in (tmp_path / "photos").iterdir()} == originals
    read_back(exported)
