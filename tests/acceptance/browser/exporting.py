"""From picks to files with names and ratings in them."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.acceptance.browser.choosing import BURST
from tests.acceptance.browser.visitor import Visitor

__all__ = ["export_as_copies", "export_as_zip", "read_back"]

JOB_PATIENCE_MS = 120_000


def export_as_copies(visitor: Visitor, out: Path) -> Path:
    """Give the folder of the export."""
    page = visitor.page
    visitor.go("/review/export")
    expect(page.get_by_role("radio", name="My picks")).to_be_checked()
    page.get_by_label("Sidecar files").check()
    page.get_by_label("Name", exact=True).fill("for grandma")
    visitor.settle()
    visitor.take_picture("export")
    page.get_by_role("button", name="Export 3 photos").click()
    expect(page.locator("#export-hint")).to_have_text("3 photos exported.", timeout=JOB_PATIENCE_MS)
    expect(page.locator("#export-list li")).to_have_count(1)
    folder = out / "export" / "for grandma"
    assert len(list(folder.glob("*.jpg"))) == 3
    assert len(list(folder.glob("*.jpg.xmp"))) == 3
    assert (folder / "photos.csv").exists()
    assert (folder / "contact_sheet.html").exists()
    return folder


def export_as_zip(visitor: Visitor, download: Path) -> None:
    page = visitor.page
    page.get_by_role("radio", name="One ZIP file").check()
    page.get_by_role("button", name="Export 3 photos").click()
    expect(page.locator("#export-list li")).to_have_count(2, timeout=JOB_PATIENCE_MS)
    with page.expect_download() as started:
        page.get_by_role("link", name="Download").first.click()
    started.value.save_as(download)
    with zipfile.ZipFile(download) as archive:
        assert archive.testzip() is None
        assert sum(name.endswith(".jpg") for name in archive.namelist()) == 3


def read_back(folder: Path) -> None:
    """What another program finds in the exported photos, as far as their syntax goes."""
    exiftool = shutil.which("exiftool")
    if exiftool is None:
        pytest.skip("all else works, but nothing reads the exported XMP: there is no exiftool")
    done = subprocess.run(
        [exiftool, "-j", "-struct", "-XMP:all", "-validate", "-warning", *map(str, sorted(folder.glob("*.jpg")))],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    photos: dict[str, dict[str, Any]] = {Path(entry["SourceFile"]).name: entry for entry in json.loads(done.stdout)}
    assert len(photos) == 3
    assert photos[BURST]["Rating"] == 5
    assert photos[BURST]["Label"] == "Green"
    assert as_list(photos[BURST]["PersonInImage"]) == ["Eileen"]
    [region] = photos[BURST]["RegionInfo"]["RegionList"]
    assert (region["Name"], region["Type"]) == ("Eileen", "Face")
    # The face is 99 of 512 pixels wide, and 167 from the left.
    assert region["Area"]["X"] == pytest.approx((167 + 99 / 2) / 512, abs=0.02)
    assert region["Area"]["Y"] == pytest.approx((70 + 99 / 2) / 512, abs=0.02)
    everybody = {name for photo in photos.values() for name in as_list(photo["PersonInImage"])}
    assert everybody >= {"Eileen", "Grace"}


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
