from __future__ import annotations

import asyncio
import threading
import time

import pytest
from fastapi import Request
from starlette.types import Message

from curation.api.http.requests.pictures_made import ClientGoneError, made
from curation.decoders import given_up
from curation.errors import DecodersBusyError, PhotoUnreadableError


def request(*, goes_after_s: float) -> Request:
    began = time.monotonic()

    async def receive() -> Message:
        if time.monotonic() - began < goes_after_s:
            await asyncio.sleep(3600)
        return {"type": "http.disconnect"}

    return Request({"type": "http", "method": "GET", "headers": []}, receive)


def test_what_is_made_comes_back_and_so_do_errors() -> None:
    async def run() -> None:
        assert await made(lambda: 7) == 7
        assert await made(lambda: 8, request(goes_after_s=3600)) == 8

        def fail() -> None:
            raise PhotoUnreadableError("it is cut off")

        with pytest.raises(PhotoUnreadableError):
            await made(fail, request(goes_after_s=3600))

    asyncio.run(run())


def test_nothing_is_made_for_a_client_that_has_gone() -> None:
    async def run() -> None:
        with pytest.raises(ClientGoneError):
            await made(lambda: pytest.fail("made"), request(goes_after_s=-1))

    asyncio.run(run())


def test_what_is_being_made_is_given_up_when_the_client_goes() -> None:
    def make() -> None:
        gone = given_up()
        assert gone is not None
        is_told = threading.Event()
        gone.tell(is_told.set)
        assert is_told.wait(60)
        raise DecodersBusyError("nobody waits for it")

    async def run() -> None:
        with pytest.raises(ClientGoneError):
            await made(make, request(goes_after_s=0.2))

    asyncio.run(run())


def test_others_are_refused_when_too_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curation.api.http.requests.pictures_made._MOST_WAITING", 2)
    monkeypatch.setattr("curation.api.http.requests.pictures_made._OF_ONE_CLIENT", 1)
    goes_on = threading.Event()

    async def run() -> None:
        waiting = [asyncio.create_task(made(lambda: goes_on.wait(60))) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(DecodersBusyError):
            await made(lambda: 1)
        goes_on.set()
        assert await asyncio.gather(*waiting) == [True] * 3
        assert await made(lambda: 1) == 1

    asyncio.run(run())
