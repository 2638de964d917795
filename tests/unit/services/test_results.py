from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from curation.errors import AttributeDocumentError, RedisUnavailableError
from curation.services.redis_connection import connect, require_redis
from curation.services.results import AGE_GENDER_FIELD, LANDMARK_FIELD, Half, ResultStore
from curation.settings.services import RedisSettings
from tests.redis_server import RedisProcess, RedisServer

KEY = "ab" * 32


def settings(server: RedisServer, **values: object) -> RedisSettings:
    return RedisSettings.model_validate({"host": server.host, "port": server.port, **values})


def test_whoever_comes_second_gets_both_halves(redis_server: RedisServer) -> None:
    store = ResultStore(settings(redis_server))
    first = store.put(KEY, {Half.LANDMARKS: {"a": 1.5}}, request_id="r", engine="e", weights={"w": "1"})
    second = store.put(KEY, {Half.AGE_GENDER: {"b": [None]}}, request_id="s", engine="e", weights={"v": "2"})

    assert not first.is_complete
    assert second.is_complete
    assert second.halves == {Half.LANDMARKS: {"a": 1.5}, Half.AGE_GENDER: {"b": [None]}}
    assert second.requests == {Half.LANDMARKS: "r", Half.AGE_GENDER: "s"}
    assert (second.engine, second.weights) == ("e", {"w": "1", "v": "2"})
    assert store.get(KEY) == second
    assert store.get("cd" * 32) is None
    store.close()


def test_other_programs_find_it_under_the_bare_hash(redis_server: RedisServer) -> None:
    chosen = settings(redis_server, result_ttl_s=60)
    ResultStore(chosen).put(KEY, {half: {} for half in Half}, request_id="r", engine="e", weights={})
    client = connect(chosen)

    assert client.hget(KEY, LANDMARK_FIELD) == client.hget(KEY, AGE_GENDER_FIELD) == b"{}"
    assert 0 < client.ttl(KEY) <= 60
    client.close()


def test_no_half_is_lost_when_both_come_at_once(redis_server: RedisServer) -> None:
    store = ResultStore(settings(redis_server))
    start = threading.Barrier(2)

    def put(number: int, half: Half) -> bool:
        start.wait(60)
        return store.put(f"{number:064x}", {half: {"n": number}}, request_id="r", engine="e", weights={}).is_complete

    with ThreadPoolExecutor(2) as pool:
        for number in range(500):
            completed = [future.result() for future in [pool.submit(put, number, half) for half in Half]]
            assert sum(completed) >= 1
    store.close()


def test_a_server_that_is_away_is_named_and_comes_back(
    redis_process: RedisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation.services.results._PAUSE_S", 0.0)
    chosen = settings(redis_process.address)
    store = ResultStore(chosen)
    require_redis(chosen)
    store.put(KEY, {Half.LANDMARKS: 1}, request_id="r", engine="e", weights={})
    redis_process.stop()

    address = f"127.0.0.1:{redis_process.address.port}"
    asking: tuple[Callable[[], object], ...] = (lambda: store.get(KEY), lambda: require_redis(chosen))
    for ask in asking:
        with pytest.raises(RedisUnavailableError, match=rf"no Redis server at {address}.*redis-server --port"):
            ask()
    redis_process.start()
    assert store.get(KEY) is None
    store.close()


def test_while_it_is_away_requests_do_not_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    store = ResultStore(RedisSettings(host="127.0.0.1", port=1))
    with pytest.raises(RedisUnavailableError, match="start one with"):
        store.get(KEY)
    with pytest.raises(RedisUnavailableError, match="tried again every"):
        store.get(KEY)
    store.close()


def test_what_it_refuses_is_told(redis_server: RedisServer) -> None:
    client = connect(settings(redis_server))
    client.config_set("maxmemory", 1)
    store = ResultStore(settings(redis_server))
    with pytest.raises(RedisUnavailableError, match="refuses a command"):
        store.put(KEY, {Half.LANDMARKS: 1}, request_id="r", engine="e", weights={})
    client.config_set("maxmemory", 0)
    client.config_set("requirepass", "secret")
    client.close()
    with pytest.raises(RedisUnavailableError, match=r"CURATION_SERVICES__REDIS__PASSWORD"):
        require_redis(settings(redis_server, password="wrong"))
    require_redis(settings(redis_server, password="secret"))
    store.close()


def test_what_another_program_keeps_under_the_key_is_told_and_keeps_nobody_else_waiting(
    redis_server: RedisServer,
) -> None:
    store = ResultStore(settings(redis_server))
    client = connect(settings(redis_server))
    client.rpush(KEY, "ours")
    with pytest.raises(AttributeDocumentError, match="another program keeps something else under the key abab"):
        store.put(KEY, {Half.LANDMARKS: 1}, request_id="r", engine="e", weights={})
    assert store.get(KEY) is None
    assert client.lrange(KEY, 0, -1) == [b"ours"]
    # The server is not taken for away.
    assert store.put("cd" * 32, {Half.LANDMARKS: 1}, request_id="r", engine="e", weights={}).halves
    client.close()
    store.close()


@pytest.mark.parametrize("value", ["not json", "9" * 5000, b"\xff\xfe", "[" * 100_000])
def test_a_half_that_cannot_be_read_is_missing_and_can_be_written_anew(
    redis_server: RedisServer, value: str | bytes
) -> None:
    store = ResultStore(settings(redis_server))
    client = connect(settings(redis_server))
    client.hset(KEY, mapping={LANDMARK_FIELD: value, b"\xff": b"\xff"})
    assert store.put(KEY, {Half.AGE_GENDER: 1}, request_id="r", engine="e", weights={}).halves == {Half.AGE_GENDER: 1}
    assert store.put(KEY, {Half.LANDMARKS: 2}, request_id="r", engine="e", weights={}).is_complete
    client.hset(KEY, LANDMARK_FIELD + "_weights", "[1]")
    found = store.get(KEY)
    assert found is not None and found.halves == {Half.AGE_GENDER: 1}
    client.close()
    store.close()
