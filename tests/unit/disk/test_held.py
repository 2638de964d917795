from __future__ import annotations

import errno
import fcntl
from pathlib import Path

import pytest

from curation.disk.held import is_held


def test_a_lock_is_seen_and_what_is_away_is_not_held(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert not is_held(path, if_unknown=True)
    with path.open("w") as file:
        assert not is_held(path)
        fcntl.flock(file, fcntl.LOCK_SH)
        assert not is_held(path)
        assert is_held(path, writes=True)
        fcntl.flock(file, fcntl.LOCK_EX)
        assert is_held(path)
    assert not is_held(path, writes=True)


@pytest.mark.parametrize("answer", [True, False])
def test_what_cannot_be_told_is_told_so(answer: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert is_held(tmp_path / "link", if_unknown=answer) is answer
    (tmp_path / "a").touch()

    def without_locks(handle: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", without_locks)
    assert is_held(tmp_path / "a", if_unknown=answer) is answer
