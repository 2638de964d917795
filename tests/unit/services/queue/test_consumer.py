from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from curation.errors import RedisUnavailableError
from curation.services.answers import SUCCESS, ImageAnswer
from curation.services.queue.deliveries import Deliveries
from curation.services.queue.pictures import PictureQueue
from curation.services.results import Half, ResultStore
from curation.settings.services import ServicesSettings
from tests.processes import wait_until
from tests.queue_world import FakeClient, Told, consuming, failed, services_settings, total
from tests.redis_server import RedisProcess, RedisServer, redis_process, redis_server

__all__ = ["redis_process", "redis_server"]


@pytest.fixture
def settings(redis_server: RedisServer, tmp_path: Path) -> ServicesSettings:
    return services_settings(redis_server, tmp_path)


@pytest.fixture
def queue(settings: ServicesSettings) -> Iterator[PictureQueue]:
    with PictureQueue(settings) as queue:
        yield queue


def wait_for_the_end(queue: PictureQueue) -> None:
    def has_ended() -> bool:
        counts = queue.counts()
        assert counts.adds_up
        return counts.waiting == counts.in_flight == 0

    wait_until(has_ended, "all pictures end", 30)


def test_every_picture_is_worked_on_once_and_acknowledged(queue: PictureQueue, settings: ServicesSettings) -> None:
    client, told = FakeClient(), Told()
    pushed = [queue.push(bytes([number])) for number in range(20)]
    with consuming(client, settings, told):
        wait_for_the_end(queue)
    assert queue.counts().done == 20
    assert set(client.calls.values()) == {1}
    assert client.most_at_once <= settings.picture_queue.in_flight
    assert told.names(pushed[0].sha256) == ["done"]
    assert {step.request_id for step in told.steps if step.sha256 == pushed[0].sha256} == {pushed[0].request_id}
    assert (told.names()[0], told.names()[-1]) == ("started", "stopped")


def test_a_broken_picture_is_a_dead_letter_at_once_with_its_sentence(
    queue: PictureQueue, settings: ServicesSettings
) -> None:
    client = FakeClient(lambda content: failed("INVALID_ARGUMENT", "photo_unreadable", "it is a text"))
    pushed = queue.push(b"text", name="a.jpg")
    told = Told()
    with consuming(client, settings, told):
        wait_for_the_end(queue)
    (letter,) = queue.dead_letters()
    assert (letter.name, letter.code, letter.reason, letter.tries) == ("a.jpg", "photo_unreadable", "it is a text", 1)
    assert client.calls[b"text"] == 1
    assert told.names(pushed.sha256) == ["dead letter"]


def test_a_picture_that_fails_again_and_again_is_given_up(queue: PictureQueue, settings: ServicesSettings) -> None:
    client = FakeClient(lambda content: failed("INTERNAL", "internal", "a fault"))
    queue.push(b"picture")
    with consuming(client, settings):
        wait_for_the_end(queue)
    (letter,) = queue.dead_letters()
    assert letter.tries == client.calls[b"picture"] == 3
    assert letter.reason == "given up after 3 tries; the last one: a fault"


@pytest.mark.parametrize("status", ["RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "UNAUTHENTICATED"])
def test_a_refusal_costs_no_try(queue: PictureQueue, settings: ServicesSettings, status: str) -> None:
    answers = iter([failed(status)] * 4)
    client = FakeClient(lambda content: next(answers, ImageAnswer(status=SUCCESS)))
    told = Told()
    queue.push(b"picture")
    with consuming(client, settings, told):
        wait_for_the_end(queue)
    assert queue.counts().done == 1
    assert client.calls[b"picture"] == 5
    assert told.names().count("retried") == 4


def test_a_role_that_is_away_costs_no_try(queue: PictureQueue, settings: ServicesSettings) -> None:
    client, told = FakeClient(), Told()
    client.serves = False
    queue.push(b"picture")
    with consuming(client, settings, told):
        wait_until(lambda: "roles away" in told.names(), "it is said")
        time.sleep(1)
        assert queue.counts().in_flight == 1
        assert not client.calls
        client.serves = True
        wait_for_the_end(queue)
    assert queue.counts().done == 1
    assert client.calls[b"picture"] == 1
    assert "roles back" in told.names()


@pytest.mark.parametrize(("was_there", "tries"), [(False, 6), (True, 3)])
def test_a_role_behind_image_input_that_was_never_there_costs_no_try(
    queue: PictureQueue, settings: ServicesSettings, was_there: bool, tries: int
) -> None:
    answers = iter([failed("UNAVAILABLE", "role_unavailable")] * 5)
    client = FakeClient(lambda content: next(answers, ImageAnswer(status=SUCCESS)))
    client.all_serve = was_there
    queue.push(b"picture")
    with consuming(client, settings):
        wait_for_the_end(queue)
    assert client.calls[b"picture"] == tries
    assert queue.counts().done == (not was_there)


def test_a_role_that_was_there_is_waited_for(queue: PictureQueue, settings: ServicesSettings) -> None:
    client, told = FakeClient(), Told()
    client.all_serve = True
    with consuming(client, settings, told):
        queue.push(b"first")
        wait_for_the_end(queue)
        client.all_serve = False
        time.sleep(1.1)
        queue.push(b"second")
        wait_until(lambda: "roles away" in told.names(), "it is said")
        assert any("landmarks, age_gender, storage: no answer" in step.detail for step in told.steps)
        client.all_serve = True
        wait_for_the_end(queue)
    assert client.calls[b"second"] == 1


@pytest.mark.parametrize("code", ["redis_unavailable", "storage"])
def test_a_result_that_cannot_be_kept_now_costs_no_try(
    queue: PictureQueue, settings: ServicesSettings, code: str
) -> None:
    answers = iter([ImageAnswer(status="Partial: not stored", code=code, grpc_status="UNAVAILABLE")] * 4)
    client = FakeClient(lambda content: next(answers, ImageAnswer(status=SUCCESS)))
    queue.push(b"picture")
    with consuming(client, settings):
        wait_for_the_end(queue)
    assert queue.counts().done == 1


def test_a_picture_that_ends_the_role_is_given_up_and_the_others_are_not(settings: ServicesSettings) -> None:
    # The poison takes the role and with it all calls under way, from whatever consumer.
    crashed = threading.Event()
    under_way = threading.Barrier(4)

    def answer(content: bytes) -> ImageAnswer:
        if content == b"poison":
            if client.calls[content] == 1:
                under_way.wait(5)
            crashed.set()
            time.sleep(0.05)
            crashed.clear()
            return failed("UNAVAILABLE", "unavailable", "connection lost")
        if client.calls[content] == 1 and client.calls[b"poison"] < 2:
            under_way.wait(5)
        return failed("UNAVAILABLE", "unavailable", "connection lost") if crashed.wait(0.02) else ImageAnswer(SUCCESS)

    client = FakeClient(answer)
    with PictureQueue(settings) as queue:
        for content in (b"poison", b"1", b"2", b"3"):
            queue.push(content)
        with consuming(client, settings), consuming(client, settings):
            wait_for_the_end(queue)
        assert [letter.tries for letter in queue.dead_letters()] == [3]
        assert queue.counts().done == 3


def test_a_partial_answer_is_no_result(queue: PictureQueue, settings: ServicesSettings) -> None:
    client = FakeClient(lambda content: ImageAnswer(status="Partial: the result is not stored", grpc_status="INTERNAL"))
    queue.push(b"picture")
    with consuming(client, settings):
        wait_for_the_end(queue)
    (letter,) = queue.dead_letters()
    assert "Partial: the result is not stored" in letter.reason


def test_expired_and_exchanged_bytes_are_dead_letters(
    queue: PictureQueue, settings: ServicesSettings, redis_server: RedisServer
) -> None:
    expired, exchanged = queue.push(b"expired"), queue.push(b"exchanged")
    with redis.Redis(host=redis_server.host, port=redis_server.port) as client:
        client.delete(f"image:{expired.sha256}")
        client.set(f"image:{exchanged.sha256}", b"others")
    fake = FakeClient()
    with consuming(fake, settings):
        wait_for_the_end(queue)
    assert {(letter.sha256, letter.code, letter.tries) for letter in queue.dead_letters()} == {
        (expired.sha256, "image_expired", 0),
        (exchanged.sha256, "wrong_bytes", 0),
    }
    assert not fake.calls


def test_a_consumer_that_stops_leaves_its_pictures_to_others_at_once(redis_server: RedisServer, tmp_path: Path) -> None:
    settings = services_settings(redis_server, tmp_path, queue={"claim_s": 60}, drain_s=0.1)
    slow = threading.Event()

    def answer(content: bytes) -> ImageAnswer:
        slow.wait(30)
        return ImageAnswer(SUCCESS)

    hanging = FakeClient(answer)
    with PictureQueue(settings) as queue:
        queue.push(b"picture")
        with consuming(hanging, settings) as stop:
            wait_until(lambda: hanging.calls, "it is tried")
            stop.set()
        quick = FakeClient()
        with consuming(quick, settings):
            wait_for_the_end(queue)
        assert quick.calls[b"picture"] == 1
        slow.set()
        assert queue.counts().done == 1


def test_pictures_in_flight_end_before_the_role_does(queue: PictureQueue, settings: ServicesSettings) -> None:
    def answer(content: bytes) -> ImageAnswer:
        time.sleep(0.5)
        return ImageAnswer(SUCCESS)

    client = FakeClient(answer)
    queue.push(b"picture")
    with consuming(client, settings) as stop:
        wait_until(lambda: client.calls, "it is tried")
        stop.set()
    assert queue.counts().done == 1


def test_tries_of_dead_consumers_count(queue: PictureQueue, settings: ServicesSettings) -> None:
    dead = Deliveries(settings)
    dead.open()
    queue.push(b"picture")
    (delivery,) = dead.take(1) or []
    dead.note_tries(delivery, 3)
    dead.close()
    client, told = FakeClient(), Told()
    with consuming(client, settings, told):
        wait_for_the_end(queue)
    assert not client.calls
    (letter,) = queue.dead_letters()
    assert (letter.code, letter.tries) == ("consumer_died", 3)
    assert "taken over" in told.names()


def test_redis_that_is_away_for_a_while_is_waited_for_and_empty_it_is_said(
    queue: PictureQueue, settings: ServicesSettings, redis_process: RedisProcess
) -> None:
    client, told = FakeClient(), Told()
    with consuming(client, settings, told):
        queue.push(b"before")
        wait_for_the_end(queue)
        redis_process.stop()
        wait_until(lambda: "redis away" in told.names(), "it is said")
        redis_process.start()
        wait_until(lambda: "queue lost" in told.names(), "it is said")
        queue.push(b"after")
        wait_for_the_end(queue)
    assert client.calls == {b"before": 1, b"after": 1}
    assert "redis back" in told.names()
    assert told.code_of("queue lost") == "queue_lost"


def test_a_consumer_that_waits_for_redis_stops_when_told(tmp_path: Path, redis_process: RedisProcess) -> None:
    settings = services_settings(redis_process.address, tmp_path)
    redis_process.stop()
    told = Told()
    began = time.monotonic()
    with consuming(FakeClient(), settings, told) as stop:
        wait_until(lambda: "redis away" in told.names(), "it is said")
        stop.set()
    assert time.monotonic() - began < 10


def test_a_full_redis_takes_no_more_but_what_is_there_ends(
    queue: PictureQueue, settings: ServicesSettings, redis_server: RedisServer
) -> None:
    answers = iter([ImageAnswer(SUCCESS), *[failed("INTERNAL")] * 3])
    client = FakeClient(lambda content: next(answers, ImageAnswer(SUCCESS)))
    # What the consumer's connections and scripts need is there before.
    with consuming(client, settings), redis.Redis(host=redis_server.host, port=redis_server.port) as admin:
        queue.push(b"first")
        wait_for_the_end(queue)
        client.serves = False
        time.sleep(1.1)
        for number in range(10):
            queue.push(bytes([number]) * 10_000)
        admin.config_set("maxmemory", 1)
        with pytest.raises(RedisUnavailableError, match="look at its log and its memory"):
            queue.push(b"one more")
        client.serves = True
        wait_for_the_end(queue)
        assert queue.counts().done == 11
        admin.config_set("maxmemory", 0)
        queue.push(b"one more")


def test_several_consumers_share_the_work(queue: PictureQueue, settings: ServicesSettings) -> None:
    def answer(content: bytes) -> ImageAnswer:
        time.sleep(0.01)
        return ImageAnswer(SUCCESS)

    first, second = FakeClient(answer), FakeClient(answer)
    with consuming(first, settings), consuming(second, settings):
        for number in range(100):
            queue.push(hashlib.sha256(bytes([number])).digest())
        wait_for_the_end(queue)
    assert first.calls and second.calls
    assert set((first.calls + second.calls).values()) == {1}
    counts = queue.counts()
    assert (counts.done, total(counts)) == (100, 100)


@pytest.mark.parametrize(("request_id", "done"), [("mine", 1), ("another", 0)])
def test_a_result_whose_answer_got_lost_is_a_result(
    queue: PictureQueue, settings: ServicesSettings, request_id: str, done: int
) -> None:
    pushed = queue.push(b"picture", request_id="mine")
    store = ResultStore(settings.redis)

    def answer(content: bytes) -> ImageAnswer:
        halves: dict[Half, object] = {Half.LANDMARKS: {}, Half.AGE_GENDER: {}}
        store.put(pushed.sha256, halves, request_id=request_id, engine="", weights={})
        return failed("UNAVAILABLE", "unavailable", "connection lost")

    with consuming(FakeClient(answer), settings):
        wait_for_the_end(queue)
    assert queue.counts().done == done
    store.close()


def test_entries_of_other_programs_that_make_no_sense_are_dead_letters_and_hold_up_nobody(
    queue: PictureQueue, settings: ServicesSettings, redis_server: RedisServer
) -> None:
    client = FakeClient()
    entries: list[dict[str, str | bytes]] = [
        {"sha256": "list", "bytes": "5"},
        {"sha256": "large", "bytes": "5"},
        {"sha256": "large", "bytes": "٣"},
        {"sha256": "large", "bytes": "9" * 400},
        {"sha256": "large", "bytes": "-1"},
        {"sha256": b"\xff\xfe\n\0", "name": b"\xff" * 100_000, "request_id": b"\xff\0"},
        {"something": "else"},
    ]
    assert len(entries) > settings.picture_queue.in_flight
    with redis.Redis(redis_server.host, redis_server.port) as other:
        other.rpush("image:list", "no bytes")
        other.set("image:large", bytes(int(settings.max_image_mb * 2**20) + 1))
        for fields in entries:
            other.xadd("images:in", {**fields})
    good = [queue.push(bytes([number])) for number in range(4)]
    with consuming(client, settings):
        wait_until(lambda: queue.counts().waiting == queue.counts().in_flight == 0, "all pictures end", 20)
    assert queue.counts().done == len(good)
    codes = sorted(letter.code for letter in queue.dead_letters())
    assert codes == ["image_expired"] * 2 + ["too_large"] * 4 + ["wrong_bytes"]
    assert all(len(content) == 1 for content in client.calls)
