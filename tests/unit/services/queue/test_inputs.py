from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from curation.errors import BusyError, PhotosMissingError
from curation.photos.files.listing import PhotoFile
from curation.services.queue.deliveries import Deliveries
from curation.services.queue.inputs import push_files, watch_folder
from curation.services.queue.pictures import PictureQueue, Pushed, WhatHappened
from curation.services.queue.sent import SentPictures, memory_path
from curation.settings.services import ServicesSettings
from tests.processes import wait_until
from tests.queue_world import FakeClient, Told, consuming, services_settings
from tests.redis_server import RedisProcess, RedisServer, redis_process, redis_server

__all__ = ["redis_process", "redis_server"]


@pytest.fixture
def settings(redis_server: RedisServer, tmp_path: Path) -> ServicesSettings:
    return services_settings(redis_server, tmp_path / "logs")


@pytest.fixture
def queue(settings: ServicesSettings) -> Iterator[PictureQueue]:
    with PictureQueue(settings) as queue:
        yield queue


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


@contextmanager
def watching(
    settings: ServicesSettings, folder: Path, told: Told | None = None, *, again: bool = False
) -> Iterator[list[tuple[str, WhatHappened]]]:
    pushed: list[tuple[str, WhatHappened]] = []
    stop = threading.Event()

    def note(name: str, one: Pushed) -> None:
        pushed.append((name, one.happened))

    def watch() -> None:
        with PictureQueue(settings) as queue:
            watch_folder(settings, queue, folder, told or Told(), stop, again=again, on_pushed=note)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield pushed
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


@contextmanager
def delivering(settings: ServicesSettings) -> Iterator[Deliveries]:
    deliveries = Deliveries(settings)
    deliveries.open()
    yield deliveries
    deliveries.close()


def settle() -> None:
    threading.Event().wait(0.8)


def test_files_and_folders_are_pushed(queue: PictureQueue, settings: ServicesSettings, folder: Path) -> None:
    (folder / "day").mkdir()
    (folder / "day" / "b.jpg").write_bytes(b"b")
    (folder / "notes.txt").write_bytes(b"none")
    (folder / "film.mp4").write_bytes(b"film")
    alone = folder.parent / "whatever.bin"
    alone.write_bytes(b"alone")
    told = Told()
    report = push_files(settings, queue, [folder, alone, alone], told, threading.Event())
    assert report.counts == {WhatHappened.NEW: 2, WhatHappened.KNOWN: 1}
    assert report.ignored == [("film.mp4", "a video, not a photo")]
    assert [step.detail for step in told.steps] == ["day/b.jpg", "whatever.bin", "whatever.bin"]
    assert told.names(hashlib.sha256(b"b").hexdigest()) == ["queued"]
    assert queue.counts().waiting == 2


def test_what_cannot_be_pushed_is_reported_and_ends_nothing(
    redis_server: RedisServer, tmp_path: Path, folder: Path
) -> None:
    settings = services_settings(redis_server, tmp_path, max_image_mb=0.01)
    (folder / "a.jpg").write_bytes(b"0" * 20_000)
    (folder / "b.jpg").symlink_to(folder / "nowhere.jpg")
    (folder / "c.jpg").write_bytes(b"c")
    with PictureQueue(settings) as queue:
        report = push_files(settings, queue, [folder], Told(), threading.Event())
    assert [name for name, _ in report.refused] == ["b.jpg", "a.jpg"]
    assert report.counts == {WhatHappened.NEW: 1}


def test_a_path_that_is_nothing_is_said_before_anything_is_pushed(
    queue: PictureQueue, settings: ServicesSettings, folder: Path
) -> None:
    (folder / "a.jpg").write_bytes(b"a")
    with pytest.raises(PhotosMissingError, match="nowhere"):
        push_files(settings, queue, [folder, folder / "nowhere"], Told(), threading.Event())
    assert queue.counts().pushed == 0


def test_a_push_waits_while_the_queue_is_full(redis_server: RedisServer, tmp_path: Path, folder: Path) -> None:
    settings = services_settings(redis_server, tmp_path, queue={"waiting": 3})
    for number in range(20):
        (folder / f"{number:02}.jpg").write_bytes(bytes([number]))
    most = 0

    def note(name: str, one: Pushed) -> None:
        nonlocal most
        counts = small.counts()
        most = max(most, counts.waiting + counts.in_flight)

    with PictureQueue(settings) as small, consuming(FakeClient(), settings):
        report = push_files(settings, small, [folder], Told(), threading.Event(), on_pushed=note)
        assert report.counts == {WhatHappened.NEW: 20}
        assert most <= 3
        wait_until(lambda: small.counts().done == 20, "all are done")


def test_a_push_waits_for_redis(settings: ServicesSettings, redis_process: RedisProcess, folder: Path) -> None:
    for number in range(3):
        (folder / f"{number}.jpg").write_bytes(bytes([number]))
    told = Told()

    def stop_redis(name: str, one: Pushed) -> None:
        if name == "0.jpg":
            redis_process.stop()
            threading.Timer(1, redis_process.start).start()

    with PictureQueue(settings) as queue:
        report = push_files(settings, queue, [folder], told, threading.Event(), on_pushed=stop_redis)
        assert report.counts == {WhatHappened.NEW: 3}
        assert told.names() == ["queued", "redis away", "redis back", "queued", "queued"]
        assert queue.counts().waiting == 2


def test_a_watched_folder_sends_what_comes_when_it_has_stopped_growing(
    settings: ServicesSettings, queue: PictureQueue, folder: Path
) -> None:
    (folder / "there.jpg").write_bytes(b"there")
    with watching(settings, folder) as pushed:
        wait_until(lambda: len(pushed) == 1, "what was there is sent")
        growing = (folder / "growing.jpg").open("wb")
        for _ in range(12):
            growing.write(b"0" * 1000)
            growing.flush()
            threading.Event().wait(0.05)
            assert len(pushed) == 1
        growing.close()
        wait_until(lambda: len(pushed) == 2, "it is sent when it is whole")
    assert [name for name, _ in pushed] == ["there.jpg", "growing.jpg"]
    with delivering(settings) as deliveries:
        contents = [deliveries.content(each) for each in deliveries.take(5) or []]
    assert [len(content or b"") for content in contents] == [5, 12_000]


def test_what_was_sent_is_not_sent_again_after_a_restart_or_under_another_name(
    settings: ServicesSettings, queue: PictureQueue, folder: Path
) -> None:
    (folder / "a.jpg").write_bytes(b"a")
    with watching(settings, folder) as pushed:
        wait_until(lambda: pushed, "it is sent")
    (folder / "a.jpg").rename(folder / "renamed.jpg")
    (folder / "copy.jpg").write_bytes(b"a")
    (folder / "touched.jpg").write_bytes(b"a")
    os.utime(folder / "touched.jpg", ns=(1, 1))
    with watching(settings, folder) as pushed:
        settle()
        assert pushed == []
        (folder / "renamed.jpg").write_bytes(b"other")
        wait_until(lambda: pushed, "new content is sent")
        assert pushed == [("renamed.jpg", WhatHappened.NEW)]
    with watching(settings, folder, again=True) as pushed:
        wait_until(lambda: len(pushed) == 2, "all contents are sent")
    assert {happened for _, happened in pushed} == {WhatHappened.KNOWN}


def test_a_folder_that_is_away_for_a_while_is_waited_for(
    settings: ServicesSettings, queue: PictureQueue, folder: Path
) -> None:
    with watching(settings, folder) as pushed:
        settle()
        folder.rename(folder.with_name("elsewhere"))
        settle()
        folder.mkdir()
        (folder / "a.jpg").write_bytes(b"a")
        wait_until(lambda: pushed, "it is sent")


def test_one_process_watches_a_folder(settings: ServicesSettings, queue: PictureQueue, folder: Path) -> None:
    (folder / "a.jpg").write_bytes(b"a")
    with watching(settings, folder) as pushed:
        wait_until(lambda: pushed, "it watches")
        with pytest.raises(BusyError, match="another process watches"):
            watch_folder(settings, queue, folder, Told(), threading.Event())
    with pytest.raises(PhotosMissingError, match="no folder"):
        watch_folder(settings, queue, folder / "nowhere", Told(), threading.Event())


def test_the_memory_survives_a_line_that_was_cut_off(tmp_path: Path) -> None:
    path = memory_path(tmp_path, tmp_path / "photos")
    sent = SentPictures(path)
    for number in range(3):
        sent.add(PhotoFile(f"{number}.jpg", tmp_path, number, number), f"hash{number}")
    content = path.read_bytes()
    path.write_bytes(content[:-9])
    sent = SentPictures(path)
    assert sent.has_content("hash1") and not sent.has_content("hash2")
    sent.add(PhotoFile("2.jpg", tmp_path, 2, 2), "hash2")
    assert path.read_bytes() == content
    assert SentPictures(path).has_file(PhotoFile("2.jpg", tmp_path, 2, 2))
    assert not SentPictures(path).has_file(PhotoFile("2.jpg", tmp_path, 2, 3))


def test_the_memory_does_not_grow_with_files_that_change_for_ever(tmp_path: Path) -> None:
    path = memory_path(tmp_path, tmp_path / "photos")
    sent = SentPictures(path)
    for number in range(1500):
        sent.add(PhotoFile("same.jpg", tmp_path, 1, number), "hash")
    sent = SentPictures(path)
    assert len(path.read_text().splitlines()) == 1
    assert sent.has_file(PhotoFile("same.jpg", tmp_path, 1, 1499)) and sent.has_content("hash")
