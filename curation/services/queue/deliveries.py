"""The queue of pictures as a consumer sees it: take, take over from the dead, sign, end."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from curation.errors import UploadTooLargeError
from curation.services.queue import scripts
from curation.services.redis_connection import connect, redis_errors_explained
from curation.services.streams import Entry, entries_of, entries_read, text_of
from curation.settings.services import ServicesSettings

__all__ = ["Deliveries", "Delivery"]

_BLOCK_MS = 500
_LONG_DEAD = 20  # times services.picture_queue.claim_s
_ALONE_MARGIN_S = 15.0
_MEGABYTE = 2**20
_MOST_DIGITS = 12  # of a number of bytes; Redis keeps 512 MB under a key


@dataclass(frozen=True, slots=True)
class Delivery:
    """A picture that this consumer has.

    Attributes:
        entry_id: Of its entry in the stream.
        sha256: Of its bytes, as it was pushed.
        name: The file's name.
        request_id: Of the push; the entry's id if another program pushed it without one.
        pushed: When, UTC, as ISO 8601.
        size: Number of bytes as text; empty if another program pushed it.
        tries: How often it was tried before.
    """

    entry_id: str
    sha256: str
    name: str
    request_id: str
    pushed: str
    size: str
    tries: int


class Deliveries:
    """What a consumer does with the queue; thread-safe. Every method raises `RedisUnavailableError`."""

    def __init__(self, settings: ServicesSettings) -> None:
        self._address = settings.redis
        self._claim_ms = int(settings.picture_queue.claim_s * 1000)
        self._most_bytes = int(settings.max_image_mb * _MEGABYTE)
        self._alone_ms = int((settings.deadline_s + _ALONE_MARGIN_S) * 1000)
        self._redis: Any = connect(settings.redis)
        self.consumer = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        script = self._redis.register_script
        self._done = script(scripts.DONE)
        self._end_dead = script(scripts.END_DEAD)
        self._note_tries = script(scripts.NOTE_TRIES)
        self._hold_alone = script(scripts.HOLD_ALONE)
        self._sign = script(scripts.SIGN)
        self._release = script(scripts.RELEASE)
        self._sweep = script(scripts.SWEEP)

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    def open(self) -> bool:
        """Make the group of consumers if it is missing; returns whether it was missing."""
        import redis

        with redis_errors_explained(self._address):
            try:
                # From the first entry on: pictures may have been pushed before the first consumer was started.
                self._redis.xgroup_create(scripts.IN, scripts.GROUP, id="0", mkstream=True)
            except redis.ResponseError as error:
                if not str(error).startswith("BUSYGROUP"):
                    raise
                return False
        return True

    def take(self, most: int) -> list[Delivery] | None:
        """Take up to so many pictures that wait; waits half a second if there are none.

        Returns:
            None if the group of consumers is gone: Redis was emptied.
        """
        return self._deliveries(
            lambda: entries_read(
                self._redis.xreadgroup(scripts.GROUP, self.consumer, {scripts.IN: ">"}, count=most, block=_BLOCK_MS)
            )
        )

    def take_over(self, most: int) -> list[Delivery] | None:
        """Take up to so many pictures of consumers that gave no sign for `services.picture_queue.claim_s`."""

        def claimed() -> list[Entry]:
            answer = self._redis.xautoclaim(
                scripts.IN, scripts.GROUP, self.consumer, min_idle_time=self._claim_ms, start_id="0-0", count=most
            )
            self._sweep(keys=(scripts.IN,), args=(_LONG_DEAD * self._claim_ms,))
            return entries_of(answer[1])

        return self._deliveries(claimed)

    def _deliveries(self, read: Any) -> list[Delivery] | None:
        import redis

        with redis_errors_explained(self._address):
            try:
                entries = read()
            except redis.ResponseError as error:
                if "NOGROUP" in str(error):
                    return None
                raise
            if not entries:
                return []
            tries = self._redis.hmget(scripts.TRIES, [entry_id for entry_id, _ in entries])
        return [
            _delivery(entry_id, fields, int(tried) if _is_number(tried) else 0)
            for (entry_id, fields), tried in zip(entries, map(text_of, tries), strict=True)
        ]

    def content(self, delivery: Delivery) -> bytes | None:
        """The picture's bytes; None if they have expired.

        Raises:
            UploadTooLargeError: If there are more than the roles take; they are not read.
        """
        import redis

        key = scripts.image_key(delivery.sha256)
        with redis_errors_explained(self._address):
            try:
                size = self._redis.strlen(key)
                content: bytes | None = self._redis.get(key) if size <= self._most_bytes else b""
            except redis.ResponseError as error:
                if not str(error).startswith("WRONGTYPE"):
                    raise
                return b""  # another program's; they are not those that were meant
        if size > self._most_bytes:
            raise UploadTooLargeError(
                f"it has {size / 1e6:.1f} MB, more than services.max_image_mb: make it smaller, or raise the limit"
            )
        return content

    def note_tries(self, delivery: Delivery, tries: int) -> None:
        """Remember how often a picture was tried, so that it is known after this consumer's death."""
        with redis_errors_explained(self._address):
            self._note_tries(keys=(scripts.TRIES,), args=(delivery.entry_id, tries))

    def sign(self, deliveries: Collection[Delivery]) -> None:
        """Give a sign of life for pictures that this consumer has, so that no other takes them over."""
        if not deliveries:
            return
        with redis_errors_explained(self._address):
            self._sign(keys=(scripts.IN,), args=(self.consumer, *(each.entry_id for each in deliveries)))

    def release(self, deliveries: Collection[Delivery]) -> None:
        """Leave pictures to others, at once."""
        if not deliveries:
            return
        with redis_errors_explained(self._address):
            ids = (each.entry_id for each in deliveries)
            self._release(keys=(scripts.IN,), args=(self.consumer, self._claim_ms, *ids))

    def end_done(self, delivery: Delivery) -> bool:
        """The result is stored; False if the queue no longer knows the picture, so that nothing was counted."""
        keys = (scripts.IN, scripts.COUNTS, scripts.OPEN, scripts.TRIES, scripts.image_key(delivery.sha256))
        with redis_errors_explained(self._address):
            return bool(self._done(keys=keys, args=(delivery.entry_id, delivery.sha256, delivery.size)))

    def end_dead(self, delivery: Delivery, *, code: str, reason: str, tries: int) -> bool:
        """The picture is given up; False if the queue no longer knows it, so that nothing was counted."""
        keys = (scripts.IN, scripts.COUNTS, scripts.OPEN, scripts.TRIES, scripts.DEAD, scripts.DEAD_BY)
        values = (
            delivery.entry_id,
            delivery.sha256,
            delivery.size,
            delivery.name,
            delivery.request_id,
            delivery.pushed,
            code,
            reason,
            tries,
            datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        )
        with redis_errors_explained(self._address):
            return bool(self._end_dead(keys=keys, args=values))

    def hold_alone(self, delivery: Delivery) -> bool:
        """Try to be the only consumer that tries a suspect now; it ends by itself when this consumer dies."""
        with redis_errors_explained(self._address):
            keys = (scripts.TRIES, scripts.ALONE)
            return bool(self._hold_alone(keys=keys, args=(self._holder(delivery), self._alone_ms)))

    def end_alone(self, delivery: Delivery) -> None:
        """Let others try their suspects."""
        with redis_errors_explained(self._address):
            held = self._redis.get(scripts.ALONE)
            if held is not None and text_of(held) == self._holder(delivery):
                self._redis.delete(scripts.ALONE)

    def _holder(self, delivery: Delivery) -> str:
        return f"{self.consumer} {delivery.entry_id}"


def _is_number(text: str) -> bool:
    """Whether it is a number as programs of ours write it; another one may have written anything."""
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS


def _delivery(entry_id: str, fields: Mapping[bytes, bytes], tries: int) -> Delivery:
    size = text_of(fields.get(b"bytes"))
    return Delivery(
        entry_id=entry_id,
        sha256=text_of(fields.get(b"sha256")),
        name=text_of(fields.get(b"name")),
        request_id=text_of(fields.get(b"request_id")) or entry_id,
        pushed=text_of(fields.get(b"pushed")),
        size=size if _is_number(size) else "",
        tries=tries,
    )
