from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from curation.errors import QueueFullError, RedisUnavailableError, UploadTooLargeError
from curation.services.queue.deliveries import Deliveries
from curation.services.queue.pictures import (
    PictureQueue,
    WhatHappened,
)
from curation.settings.services import ServicesSettings
from tests.queue_world import services_settings
from tests.redis_server import RedisProcess, RedisServer, free_port, redis_process, redis_server

__all__ = ["redis_process", "redis_server"]


@pytest.fixture
def settings(redis_server: RedisServer, tmp_path: Path) -> ServicesSettings:
    return services_settings(redis_server, tmp_path)


@pytest.fixture
def queue(settings: ServicesSettings) -> Iterator[PictureQueue]:
    with PictureQueue(settings) as queue:
        yield queue


@pytest.fixture
def deliveries(settings: ServicesSettings) -> Iterator[Deliveries]:
    found = Deliveries(settings)
    found.open()
    yield found
    found.close()


def numbers(queue: PictureQueue) -> tuple[int, int, int, int, int]:
    counts = queue.counts()
    assert counts.adds_up
    return counts.pushed, counts.done, counts.dead, counts.waiting, counts.in_flight


def test_a_picture_waits_is_in_flight_and_done(queue: PictureQueue, deliveries: Deliveries) -> None:
    pushed = queue.push(b"picture", name="a.jpg", request_id="r1")
    assert pushed.happened is WhatHappened.NEW
    assert pushed.sha256 == hashlib.sha256(b"picture").hexdigest()
    assert numbers(queue) == (1, 0, 0, 1, 0)
    found = deliveries.take(5)
    assert found is not None
    (delivery,) = found
    assert (delivery.name, delivery.request_id, delivery.sha256, delivery.tries) == ("a.jpg", "r1", pushed.sha256, 0)
    assert deliveries.content(delivery) == b"picture"
    assert numbers(queue) == (1, 0, 0, 0, 1)
    assert queue.counts().bytes == len(b"picture")
    assert deliveries.end_done(delivery)
    assert numbers(queue) == (1, 1, 0, 0, 0)
    assert queue.counts().bytes == 0
    assert deliveries.content(delivery) is None


def test_a_picture_without_bytes_goes_the_same_way(queue: PictureQueue, deliveries: Deliveries) -> None:
    queue.push(b"")
    (delivery,) = deliveries.take(1) or []
    assert deliveries.content(delivery) == b""
    assert deliveries.end_dead(delivery, code="photo_unreadable", reason="empty", tries=1)
    assert numbers(queue) == (1, 0, 1, 0, 0)
    assert len(queue.retry().again) == 1
    (delivery,) = deliveries.take(1) or []
    assert deliveries.end_done(delivery)
    assert numbers(queue) == (1, 1, 0, 0, 0)


def test_what_ended_does_not_end_again(queue: PictureQueue, deliveries: Deliveries) -> None:
    queue.push(b"picture")
    (delivery,) = deliveries.take(1) or []
    assert deliveries.end_done(delivery)
    assert not deliveries.end_done(delivery)
    assert not deliveries.end_dead(delivery, code="failed", reason="", tries=1)
    assert numbers(queue) == (1, 1, 0, 0, 0)


def test_a_picture_that_is_queued_already_counts_once(queue: PictureQueue, deliveries: Deliveries) -> None:
    queue.push(b"picture")
    assert queue.push(b"picture").happened is WhatHappened.KNOWN
    (delivery,) = deliveries.take(5) or []
    assert queue.push(b"picture").happened is WhatHappened.KNOWN
    deliveries.end_done(delivery)
    assert numbers(queue) == (1, 1, 0, 0, 0)
    # What has ended is worked on again when it is pushed again.
    assert queue.push(b"picture").happened is WhatHappened.NEW
    assert numbers(queue) == (2, 1, 0, 1, 0)


def test_dead_letters_tell_why_and_can_be_tried_again_or_dropped(queue: PictureQueue, deliveries: Deliveries) -> None:
    first, second = queue.push(b"first", name="1.jpg"), queue.push(b"second", name="2.jpg")
    for delivery in deliveries.take(5) or []:
        assert deliveries.end_dead(delivery, code="photo_unreadable", reason="not a picture", tries=1)
    letters = queue.dead_letters()
    assert [(letter.name, letter.code, letter.reason, letter.tries) for letter in letters] == [
        ("1.jpg", "photo_unreadable", "not a picture", 1),
        ("2.jpg", "photo_unreadable", "not a picture", 1),
    ]
    assert numbers(queue) == (2, 0, 2, 0, 0)
    assert [letter.name for letter in queue.retry([first.sha256[:8]]).again] == ["1.jpg"]
    assert numbers(queue) == (2, 0, 1, 1, 0)
    assert [letter.name for letter in queue.drop([second.sha256])] == ["2.jpg"]
    assert queue.dead_letters() == ()
    assert numbers(queue) == (2, 0, 1, 1, 0)
    assert queue.counts().dropped == 1
    (again,) = deliveries.take(5) or []
    assert (again.name, again.tries, deliveries.content(again)) == ("1.jpg", 0, b"first")


def test_a_dead_letter_that_is_pushed_again_is_no_dead_letter_any_more(
    queue: PictureQueue, deliveries: Deliveries
) -> None:
    queue.push(b"picture")
    (delivery,) = deliveries.take(1) or []
    deliveries.end_dead(delivery, code="failed", reason="", tries=3)
    assert queue.push(b"picture").happened is WhatHappened.AGAIN
    assert queue.dead_letters() == ()
    assert numbers(queue) == (1, 0, 0, 1, 0)


def test_an_expired_dead_letter_stays_and_says_so(
    queue: PictureQueue, deliveries: Deliveries, redis_server: RedisServer
) -> None:
    pushed = queue.push(b"picture")
    (delivery,) = deliveries.take(1) or []
    deliveries.end_dead(delivery, code="failed", reason="", tries=3)
    with redis.Redis(host=redis_server.host, port=redis_server.port) as client:
        assert client.ttl(f"image:{pushed.sha256}") > 0
        client.delete(f"image:{pushed.sha256}")
    retried = queue.retry()
    assert (len(retried.again), len(retried.expired)) == (0, 1)
    assert numbers(queue) == (1, 0, 1, 0, 0)


def test_pictures_of_the_dead_are_taken_over_and_those_with_signs_are_not(
    queue: PictureQueue, deliveries: Deliveries, settings: ServicesSettings
) -> None:
    other = Deliveries(settings)
    for number in range(2):
        queue.push(bytes([number]))
    alive, dead = deliveries.take(2) or []
    deliveries.note_tries(dead, 2)
    end = threading.Event()
    for _ in range(6):
        end.wait(0.25)
        deliveries.sign([alive])
    (taken,) = other.take_over(5) or []
    assert (taken.entry_id, taken.tries) == (dead.entry_id, 2)
    # What another consumer has got no sign of its old one.
    deliveries.sign([dead])
    deliveries.release([alive])
    assert [each.entry_id for each in other.take_over(5) or []] == [alive.entry_id]
    assert numbers(queue) == (2, 0, 0, 0, 2)
    other.close()


def test_only_one_tries_a_suspect_at_a_time(
    queue: PictureQueue, deliveries: Deliveries, settings: ServicesSettings
) -> None:
    other = Deliveries(settings)
    queue.push(b"1")
    queue.push(b"2")
    first, second = deliveries.take(2) or []
    assert deliveries.hold_alone(first)
    assert not other.hold_alone(second)
    other.end_alone(second)
    assert not other.hold_alone(second)
    deliveries.end_alone(first)
    assert other.hold_alone(second)
    other.close()


def test_entries_of_other_programs_count_when_they_end(
    queue: PictureQueue, deliveries: Deliveries, redis_server: RedisServer
) -> None:
    sha256 = hashlib.sha256(b"picture").hexdigest()
    with redis.Redis(host=redis_server.host, port=redis_server.port) as client:
        client.set(f"image:{sha256}", b"picture", ex=100)
        client.xadd("images:in", {"sha256": sha256})
    (delivery,) = deliveries.take(1) or []
    assert delivery.request_id == delivery.entry_id
    deliveries.end_done(delivery)
    assert numbers(queue) == (1, 1, 0, 0, 0)
    assert queue.counts().bytes == 0


def test_a_full_queue_takes_no_more_until_there_is_room(redis_server: RedisServer, tmp_path: Path) -> None:
    settings = services_settings(redis_server, tmp_path, queue={"waiting": 2, "waiting_mb": 1})
    deliveries = Deliveries(settings)
    deliveries.open()
    stop = threading.Event()
    with PictureQueue(settings) as queue:
        queue.push(b"1" * 600_000)
        with pytest.raises(QueueFullError, match="1 MB"):
            queue.push(b"2" * 600_000)
        queue.push(b"3")
        with pytest.raises(QueueFullError):
            queue.push(b"4")
        # What is there already needs no room.
        assert queue.push(b"3").happened is WhatHappened.KNOWN
        assert numbers(queue) == (2, 0, 0, 2, 0)
        threading.Timer(0.3, lambda: deliveries.end_done((deliveries.take(1) or [])[0])).start()
        assert queue.wait_for_room(1, stop)
        queue.push(b"4")
        stop.set()
        assert not queue.wait_for_room(1, stop)
    deliveries.close()


def test_a_picture_that_the_roles_would_refuse_is_not_pushed(redis_server: RedisServer, tmp_path: Path) -> None:
    with PictureQueue(services_settings(redis_server, tmp_path, max_image_mb=0.01)) as queue:
        with pytest.raises(UploadTooLargeError, match="max_image_mb"):
            queue.push(b"0" * 20_000, name="large.jpg")
        assert numbers(queue) == (0, 0, 0, 0, 0)


def test_without_a_server_the_address_is_named(tmp_path: Path) -> None:
    address = RedisServer("127.0.0.1", free_port())
    with PictureQueue(services_settings(address, tmp_path)) as queue:
        with pytest.raises(RedisUnavailableError, match=str(address.port)):
            queue.push(b"picture")
        with pytest.raises(RedisUnavailableError, match="redis-server"):
            queue.counts()


def test_an_emptied_server_is_noticed(queue: PictureQueue, deliveries: Deliveries, redis_process: RedisProcess) -> None:
    queue.push(b"picture")
    redis_process.stop()
    redis_process.start()
    assert deliveries.take(1) is None
    assert deliveries.open()
    assert deliveries.take(1) == []
    assert numbers(queue) == (0, 0, 0, 0, 0)
