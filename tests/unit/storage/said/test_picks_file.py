from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from curation.domain.judging.picks import NO_PICKS, PhotoPick, Pick, Picks
from curation.errors import BusyError, PicksError, StorageError
from curation.storage import locks
from curation.storage.said.picks_file import PICKS, hold_picks, read_picks, write_picks


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / PICKS
    assert read_picks(path) == NO_PICKS
    picks = Picks(
        {
            'b/ü "x".jpg': PhotoPick(Pick.PICKED, 5),
            "a\\udcff.jpg": PhotoPick(Pick.REJECTED),
            "c\nd.jpg": PhotoPick(None, 1),
            "e\udc80.jpg": PhotoPick(None, 2),
        }
    )
    write_picks(path, picks)
    assert read_picks(path) == picks
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["version"] == 1
    assert data["photos"]['b/ü "x".jpg'] == {"pick": "picked", "rating": 5}
    # A line for each photo, so that versions of the file can be compared.
    assert len(path.read_text(encoding="utf-8").splitlines()) == 5 + len(picks.by_path)
    write_picks(path, NO_PICKS)
    assert json.loads(path.read_text(encoding="utf-8")) == {"version": 1, "photos": {}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff", "not UTF-8"),
        (b"{", "not valid JSON: line 1"),
        (b'{"version": 1, "photos": {"a": {}, "a": {}}}', 'name "a" twice'),
        (b'{"version": 1, "photos": {"a": {"rating": 9}}}', "9 is not a rating"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / PICKS
    path.write_bytes(content)
    with pytest.raises(PicksError, match=message) as error:
        read_picks(path)
    assert str(path) in str(error.value)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / PICKS).mkdir()
    with pytest.raises(StorageError):
        read_picks(tmp_path / PICKS)


def test_only_one_holds_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_FILE_WAIT_S", 0.05)
    state = tmp_path / "state"
    refused: list[BusyError] = []

    def other() -> None:
        try:
            with hold_picks(state):
                pass
        except BusyError as error:
            refused.append(error)

    with hold_picks(state):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert len(refused) == 1
    other()
    assert len(refused) == 1


def test_a_state_folder_that_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"")
    with pytest.raises(StorageError), hold_picks(tmp_path / "state"):
        pass
