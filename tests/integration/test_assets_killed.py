"""Workers, services and everything at once are killed with -9: nothing is lost, nothing done twice, no file left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from curation.domain.assets.asset import AssetQuery
from curation.domain.assets.states import AssetState
from curation.errors import AssetNotFoundError
from curation.jobs.assets.asset_jobs import AssetJobs
from curation.storage.assets.files import AssetFiles
from curation.storage.assets.sqlite_store import SqliteAssetStore
from tests.conftest import PROJECT_ROOT
from tests.fake_assets import QUICK, document, fake_jobs, fake_work, picture
from tests.processes import Run, wait_until


def test_a_picture_that_always_kills_its_worker_fails_after_exactly_three_tries(tmp_path: Path) -> None:
    log = tmp_path / "log"
    jobs = fake_jobs(tmp_path, log=log)
    bad = [jobs.submit(picture("kill", number), "bad.jpg").id for number in range(2)]
    good = [jobs.submit(picture("ok", 100 + number), "good.jpg").id for number in range(20)]
    jobs.run_until_done()
    for asset_id in bad:
        asset = jobs.get(asset_id)
        assert (asset.state, asset.code, asset.attempts) == (AssetState.FAILED, "worker_lost", 3)
    for asset_id in good:
        assert (jobs.get(asset_id).state, jobs.get(asset_id).attempts) == (AssetState.COMPLETED, 1)
    begun = Counter(line.split()[0] for line in log.read_text().splitlines())
    assert begun["0"] == begun["1"] == 3
    assert all(begun[str(100 + number)] == 1 for number in range(20))
    assert [path for path in (tmp_path / "assets").rglob("attempt-*") if path.parent.name in bad] == []
    jobs.close()


def test_workers_killed_from_outside_cost_their_picture_one_try_each(tmp_path: Path) -> None:
    jobs = fake_jobs(tmp_path)
    ids = [jobs.submit(picture("slow", number), "a.jpg").id for number in range(8)]
    jobs.start()
    killed: set[int] = set()
    while len(killed) < 3:
        wait_until(lambda: jobs.counts()[AssetState.PROCESSING] > 0, "work")
        time.sleep(0.1)
        for hand in jobs._hands:
            pid = None if hand._process is None else hand._process.pid
            if pid is not None and pid not in killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
                break
    jobs.run_until_done()
    assets = [jobs.get(asset_id) for asset_id in ids]
    assert [asset.state for asset in assets] == [AssetState.COMPLETED] * 8
    assert sum(asset.attempts for asset in assets) <= 8 + len(killed)
    jobs.close()


def test_services_killed_in_the_middle_continue_by_themselves(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.integration.assets_service", str(tmp_path)]
    jobs = fake_jobs(tmp_path)
    ids: dict[int, str] = {}
    for turn in range(2):
        services = [Run(command, cwd=PROJECT_ROOT, variables={}) for _ in range(2)]
        for number in range(10 * turn, 10 * turn + 10):
            ids[number] = jobs.submit(picture("ok" if number % 2 else "slow", number), "a.jpg").id
        done = jobs.counts()[AssetState.COMPLETED]
        while jobs.counts()[AssetState.COMPLETED] <= done + 2:
            time.sleep(0.02)
        for service in services:
            for process in service.processes():
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            service.finish()
    subprocess.run([*command, "--until-done"], cwd=PROJECT_ROOT, check=True, timeout=120)
    for number, asset_id in ids.items():
        asset = jobs.get(asset_id)
        assert (asset.state, asset.document) == (AssetState.COMPLETED, document(number))
        assert jobs.file(asset_id, "cutout.png").read_bytes() == b"cut out of " + str(number).encode()
    # Only pictures that a killed service had in work were begun again.
    begun = Counter(line.split()[0] for line in (tmp_path / "log").read_text().splitlines())
    assert sum(begun.values()) - len(ids) <= 2 * 2 * 2
    jobs.close()


KILLS = 150
_LEASE_S = 0.05


def _work_until_killed(folder: Path, said: int, seed: int) -> None:
    """Hand in, work on and delete pictures in this process; each thing that is done is said on a pipe."""
    chance = random.Random(seed)
    store = SqliteAssetStore(folder / "assets.sqlite")
    files = AssetFiles(folder / "assets")
    jobs = AssetJobs(store, files, fake_work, QUICK)
    while True:
        number = chance.randrange(40)
        os.write(said, f"try {number} -\n".encode())
        asset = jobs.submit(picture("ok", number), "a.jpg")
        os.write(said, f"in {number} {asset.id}\n".encode())
        store.sweep(max_attempts=10_000)
        claim = store.claim("test", lease_s=_LEASE_S, max_attempts=10_000)
        if claim is not None:
            attempt = files.begin_attempt(claim.asset.id, claim.attempt)
            worked_on = int(files.original(claim.asset.id).read_text().split("\n")[1])
            (attempt / "cutout.png").write_bytes(str(worked_on).encode())
            files.make_result(claim.asset.id, attempt)
            if store.complete(claim, document(worked_on)):
                files.keep_only_result(claim.asset.id)
        if chance.random() < 0.3:
            gone = chance.randrange(40)
            os.write(said, f"going {gone} -\n".encode())
            asset = jobs.submit(picture("ok", gone), "a.jpg")
            jobs.delete(asset.id)
            os.write(said, f"out {gone} {asset.id}\n".encode())


def _read_all(pipe: int) -> str:
    said = b""
    while some := os.read(pipe, 65536):
        said += some
    os.close(pipe)
    return said.decode()


def test_hundreds_of_kills_at_random_moments_lose_nothing_and_leave_nothing(tmp_path: Path) -> None:
    """One process does everything and is killed again and again; what it had said is true afterwards."""
    seed = 20261129
    chance = random.Random(seed)
    # What is surely there or surely not, by the picture's number; of what was killed in the middle either is right.
    expected: dict[int, tuple[str, bool]] = {}
    for kill in range(KILLS):
        reader, writer = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of newer Pythons: this process has threads
            child = os.fork()
        if child == 0:  # the process that is killed
            try:
                os.close(reader)
                _work_until_killed(tmp_path, writer, seed + kill)
            finally:
                os._exit(1)
        os.close(writer)
        time.sleep(0.01 + 0.05 * chance.random())
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        for line in _read_all(reader).splitlines():
            said, place, asset_id = line.split()
            number = int(place)
            if said in ("in", "out"):
                expected[number] = (asset_id, said == "in")
            elif said == "going" or not expected.get(number, ("", False))[1]:
                expected.pop(number, None)
    store = SqliteAssetStore(tmp_path / "assets.sqlite")
    files = AssetFiles(tmp_path / "assets")
    for path in [*(tmp_path / "assets").rglob("*"), tmp_path / "assets"]:
        os.utime(path, (1e9, 1e9))
    time.sleep(_LEASE_S)
    store.sweep(max_attempts=10_000)

    def is_known(asset_id: str) -> bool:
        return store.get(asset_id) is not None

    files.sweep_deleted(is_known)
    files.sweep_orphans(is_known, older_than_s=60)
    jobs = AssetJobs(store, files, fake_work, QUICK)
    jobs.run_until_done()
    assert sum(is_there for _, is_there in expected.values()) > 5
    for number, (asset_id, is_there) in expected.items():
        if is_there:
            assert jobs.get(asset_id).document == document(number)
        else:
            with pytest.raises(AssetNotFoundError):
                jobs.get(asset_id)
    count, assets = jobs.find(AssetQuery(), limit=1000)
    assert {asset.state for asset in assets} == {AssetState.COMPLETED}
    ids = {asset.id for asset in assets}
    assert count == len(ids)
    # Every row has its picture and one result, and no file belongs to anything else.
    there = [path.relative_to(tmp_path / "assets").parts for path in (tmp_path / "assets").rglob("*") if path.is_file()]
    assert {parts[1] for parts in there} == ids
    assert Counter(parts[1] for parts in there) == dict.fromkeys(ids, 3)
    jobs.close()
