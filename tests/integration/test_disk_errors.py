"""Whatever a disk says to whatever is asked of it: the right exit code, what to do, and the old tables stay."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from curation.errors import CurationError
from tests.fake_workflow import FakeEvent, fake_event

NOBODY = 65534
TOLD = {"clustering_run.json", "scoring_run.json", "said.json", "remembered.npz"}
"""Of runs that were done, whatever they found."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both stages ran; nothing is known of the photos any more."""
    folder = tmp_path_factory.mktemp("disk-errors") / "event"
    with fake_event(folder) as made:
        made.add("a.png", 0, 1)
        made.add("b.png", 0, seed=1)
        made.add("card/c.png", 1, seed=2)
        made.cluster()
        made.score()
    with closing(sqlite3.connect(folder / "state" / "analysis.sqlite")) as store, store:
        store.execute("DELETE FROM analyses")
        store.execute("DELETE FROM measures")
    return folder


@pytest.fixture
def event(done: Path, tmp_path: Path) -> FakeEvent:
    shutil.copytree(done, tmp_path / "event")
    return FakeEvent(tmp_path / "event")


def tables(event: FakeEvent) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in event.output.iterdir()
        if path.is_file() and not path.name.startswith(".")
    }


def ended(event: FakeEvent, stage: str) -> CurationError:
    """How a stage ended; nothing but an error of the user's is an end."""
    with pytest.raises(CurationError) as error:
        event.cluster() if stage == "cluster" else event.score()
    return error.value


@contextmanager
def failing(folder: Path, function: str, number: int, after: int) -> Iterator[None]:
    """One question to the system fails for all that lies in a folder, from a certain one on."""
    real: Callable[..., Any] = getattr(os, function)
    asked = 0

    def fails(path: Any, *args: Any, **more: Any) -> Any:
        nonlocal asked
        if isinstance(path, str | Path) and Path(path).is_relative_to(folder):
            asked += 1
            if asked > after:
                raise OSError(number, os.strerror(number), str(path))
        return real(path, *args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, function, fails)
        yield


@pytest.mark.parametrize(
    ("stage", "place", "function", "number", "after", "code"),
    [
        ("cluster", "photos", "scandir", errno.EHOSTDOWN, 0, 3),
        ("cluster", "photos", "stat", errno.EACCES, 3, 3),
        ("cluster", "photos", "open", errno.ESTALE, 1, 3),
        ("cluster", "photos", "open", errno.EIO, 0, 3),
        ("score", "photos", "open", errno.ENOLINK, 0, 3),
        ("score", "photos", "open", errno.EACCES, 0, 3),
        ("score", "photos/card", "open", errno.ENOTCONN, 0, 3),
        ("cluster", "out", "stat", errno.ESTALE, 3, 5),
        ("cluster", "out", "stat", errno.EACCES, 8, 5),
        ("cluster", "out", "replace", errno.EDQUOT, 2, 5),
        ("cluster", "out", "unlink", errno.EIO, 0, 5),
        ("score", "out", "stat", errno.EACCES, 0, 5),
        ("score", "out", "replace", errno.EIO, 0, 5),
        ("score", "state", "open", errno.EDQUOT, 0, 5),
    ],
)
def test_an_error_of_a_disk_ends_the_stage_with_its_reason(
    event: FakeEvent, stage: str, place: str, function: str, number: int, after: int, code: int
) -> None:
    before = tables(event)
    with failing(event.folder / place, function, number, after):
        error = ended(event, stage)
    assert error.exit_code == code, error
    assert any(word in str(error) for word in ("run again", "free some space", "choose another", "give --input")), error
    assert tables(event) == before
    # Nothing has to be mended by hand.
    assert event.cluster().failed == 0
    assert event.score().failed == 0


@pytest.fixture(scope="module")
def imported(done: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is imported late, by a run that begins where another one ended, is loaded: another user may not read it."""
    folder = tmp_path_factory.mktemp("imported") / "event"
    shutil.copytree(done, folder)
    FakeEvent(folder).cluster(), FakeEvent(folder).score()


@pytest.fixture
def of_nobody(done: Path, imported: None) -> Iterator[FakeEvent]:
    """An event whose files belong to a user without rights, in a folder that this user reaches."""
    if os.geteuid() != 0:
        pytest.skip("only root may become another user")
    with tempfile.TemporaryDirectory(prefix="curation-nobody-") as folder:
        os.chmod(folder, 0o755)  # noqa: PTH101
        shutil.copytree(done, Path(folder) / "event")
        for path in [Path(folder), *Path(folder).rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        yield FakeEvent(Path(folder) / "event")


@contextmanager
def nobody() -> Iterator[None]:
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("stage", ["cluster", "score"])
@pytest.mark.parametrize(
    ("closed", "code", "told"),
    [
        ("photos", 3, "give yourself permission"),
        ("photos/*.png", 3, "give yourself permission to read the folder and its photos"),
        ("out", 5, "permission"),
        ("out/face_data.csv", 5, "ermission"),
        ("state", 5, "ermission"),
    ],
)
def test_what_another_user_may_not_read_or_write(
    of_nobody: FakeEvent, stage: str, closed: str, code: int, told: str
) -> None:
    event = of_nobody
    paths = list(event.folder.glob(closed)) + list(event.folder.glob("photos/card/*.png")) * closed.endswith("png")
    before = tables(event)
    for path in paths:
        os.chown(path, 0, 0)
        path.chmod(0o700 if path.is_dir() else 0o600)
    with nobody():
        error = ended(event, stage)
    assert error.exit_code == code, error
    assert told in str(error) or "you may write there" in str(error), error
    assert tables(event) == before


def test_one_photo_that_another_user_may_not_read_fails_alone(of_nobody: FakeEvent) -> None:
    os.chown(of_nobody.photos / "b.png", 0, 0)
    (of_nobody.photos / "b.png").chmod(0o600)
    with nobody():
        report = of_nobody.cluster()
    assert [failure.image_path for failure in report.failures] == ["b.png"]
