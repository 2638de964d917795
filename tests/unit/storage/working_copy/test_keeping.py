"""The working copy of the service."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from curation.errors import ObjectStorageUnavailableError
from curation.storage.working_copy import keeping
from curation.storage.working_copy.copy import WorkingCopy
from curation.storage.working_copy.keeping import KeptCopy
from tests.fake_objects import MemoryStore
from tests.processes import wait_until


def _kept(store: MemoryStore, folder: Path) -> KeptCopy:
    copy = WorkingCopy(store, folder / "output", words=("picks.json",))
    return KeptCopy(copy, list_photos=None, every_s=0.02)


def test_what_others_say_comes_and_what_is_said_here_goes(tmp_path: Path) -> None:
    store = MemoryStore()
    store.write("picks.json", b"old")
    changed = threading.Event()
    kept = _kept(store, tmp_path)
    kept.start()
    kept.after_change = changed.set
    picks = tmp_path / "output" / "picks.json"
    assert picks.read_text() == "old"
    store.write("picks.json", b"theirs")
    assert changed.wait(10)
    assert picks.read_text() == "theirs"
    picks.write_text("mine")
    wait_until(lambda: store.objects["picks.json"][0] == b"mine", "the push")
    picks.write_text("mine at last")
    kept.stop()
    assert store.objects["picks.json"][0] == b"mine at last"


def test_storage_that_is_away_delays_neither_start_nor_end_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_BEGIN_S", 0.1)
    monkeypatch.setattr(keeping, "_END_S", 0.1)
    store, back = MemoryStore(), threading.Event()

    def away(what: str, key: str) -> None:
        back.wait(20)
        raise ObjectStorageUnavailableError("no answer")

    store.before = away
    kept = _kept(store, tmp_path)
    began_s = time.monotonic()
    kept.start()
    kept.stop()
    assert time.monotonic() - began_s < 5
    back.set()


def test_a_word_that_could_not_be_pushed_is_told_until_it_is(tmp_path: Path) -> None:
    store = MemoryStore()
    kept = _kept(store, tmp_path)
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "picks.json").write_text("mine")

    def away(what: str, key: str) -> None:
        raise ObjectStorageUnavailableError("no answer")

    store.before = away
    kept.before_edit()
    assert kept.after_edit() == ()
    assert kept.problem == "no answer"
    store.before = lambda what, key: None
    assert kept.after_edit() == ()
    assert kept.problem == ""
    assert store.objects["picks.json"][0] == b"mine"
