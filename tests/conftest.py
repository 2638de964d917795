"""What all tests share: where the real photos and weights are, if they are."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from PIL import Image

from curation.photos.sample_event import build_sample_event

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def real_data_dir() -> Path | None:
    """The folder of real photos and weights, or None where it is absent."""
    folder = Path(os.environ.get("CURATION_TEST_DATA", PROJECT_ROOT.parent / "shared"))
    return folder if (folder / "photos").is_dir() else None


@pytest.fixture(autouse=True)
def _pillow_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's limit is a global, which the program sets to that of its settings; so it ends with the test."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)


@pytest.fixture(scope="session")
def project_root() -> Path:
    return PROJECT_ROOT


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Real photos and weights; a test that asks for them is skipped where they are absent."""
    folder = real_data_dir()
    if folder is None:
        pytest.skip("no real photos: set CURATION_TEST_DATA to a folder that holds photos/ and weights/")
    return folder


@pytest.fixture(scope="session")
def sample_event(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample event's folder of photos; for reading only, as all tests of a process share it."""
    folder = tmp_path_factory.mktemp("sample") / "photos"
    build_sample_event(folder)
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let xdist send what a test printed or logged: it speaks UTF-8, and file names can be other bytes."""
    report = yield
    report.sections = [(title, text.encode("utf-8", "backslashreplace").decode()) for title, text in report.sections]
    return report
