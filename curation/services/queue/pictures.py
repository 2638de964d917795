"""The queue of pictures in Redis as those see it who put pictures in and look at it: push, counts, dead letters."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import Any

from curation.errors import QueueFullError, UploadTooLargeError
from curation.services.queue import scripts
from curation.services.redis_connection import connect, redis_errors_explained
from curation.services.streams import entries_of, text_of
from curation.settings.services import ServicesSettings

__all__ = [
    "DeadLetter",
    "PictureQueue",
    "Pushed",
    "QueueCounts",
    "Retried",
    "WhatHappened",
]

_MEGABYTE = 2**20
_FULL_POLL_S = 0.5
_PAGE = 500
_MOST_DIGITS = 9


class WhatHappened(StrEnum):
    """What a push did."""

    NEW = "new"
    """The picture waits now."""
    AGAIN = "again"
    """It was a dead letter, and waits again; it counts as the same picture."""
    KNOWN = "known"
    """It waited already, or was in flight; it is not queued, nor counted, a second time."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A picture that was pushed.

    Attributes:
        sha256: Of its bytes, in hex; with `request_id` it names the picture's lines in the log.
        request_id: Of this push.
        happened: What it did.
    """

    sha256: str
    request_id: str
    happened: WhatHappened


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many pictures are where; `pushed == done + dead + waiting + in_flight` at every moment.

    Attributes:
        pushed: All that were ever pushed; a picture that is pushed again while it waits, is in flight or is a dead
            letter counts once.
        done: Those whose result is stored.
        dead: Those given up, with those of them that were dropped since.
        waiting: Those that no consumer has yet.
        in_flight: Those that a consumer has.
        dropped: Those of `dead` that are no longer kept.
        bytes: Size of all that wait or are in flight.
    """

    pushed: int
    done: int
    dead: int
    waiting: int
    in_flight: int
    dropped: int
    bytes: int

    @property
    def adds_up(self) -> bool:
        """Whether every picture is in one place."""
        return self.pushed == self.done + self.dead + self.waiting + self.in_flight


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A picture that was given up.

    Attributes:
        entry_id: Of the dead letter in its stream.
        sha256: Of the picture's bytes.
        name: The file's name, as it was pushed.
        request_id: Of the push.
        code: Stable name of the reason, such as `photo_unreadable`.
        reason: The sentence.
        tries: How often it was really tried.
        time: When it was given up, UTC, as ISO 8601.
        pushed: When it was pushed.
    """

    entry_id: str
    sha256: str
    name: str
    request_id: str
    code: str
    reason: str
    tries: int
    time: str
    pushed: str


@dataclass(frozen=True, slots=True)
class Retried:
    """What trying dead letters again did.

    Attributes:
        again: Those that wait again.
        expired: Those whose bytes Redis no longer has; the file has to be pushed again.
    """

    again: tuple[DeadLetter, ...]
    expired: tuple[DeadLetter, ...]


class PictureQueue:
    """The queue; thread-safe. Every method raises `RedisUnavailableError` if the server does not answer."""

    def __init__(self, settings: ServicesSettings) -> None:
        self._settings = settings
        self._limits = settings.picture_queue
        self._redis: Any = connect(settings.redis)
        self._push = self._redis.register_script(scripts.PUSH)
        self._count = self._redis.register_script(scripts.COUNT)
        self._retry = self._redis.register_script(scripts.RETRY)
        self._drop = self._redis.register_script(scripts.DROP)

    def __enter__(self) -> PictureQueue:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    def push(self, content: bytes, *, name: str = "", request_id: str = "") -> Pushed:
        """Queue a picture; a picture that is queued already is not queued a second time.

        Args:
            content: The bytes of the file.
            name: Shown with its dead letter and in the log.
            request_id: For the log; made if it is empty.

        Raises:
            QueueFullError: If `services.picture_queue` allows no more now; nothing was changed.
            UploadTooLargeError: If the roles would refuse so many bytes.
        """
        if len(content) > self._settings.max_image_mb * _MEGABYTE:
            raise UploadTooLargeError(
                f"{name or 'the picture'} has {len(content) / _MEGABYTE:.1f} MB, and services.max_image_mb is "
                f"{self._settings.max_image_mb:g}: make it smaller, or raise the limit"
            )
        sha256 = hashlib.sha256(content).hexdigest()
        request_id = request_id or uuid.uuid4().hex
        keys = (scripts.IN, scripts.COUNTS, scripts.OPEN, scripts.DEAD, scripts.DEAD_BY, scripts.image_key(sha256))
        values = (
            sha256,
            name.encode("utf-8", "backslashreplace"),
            request_id,
            datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            len(content),
            content,
            self._settings.redis.image_ttl_s,
            self._limits.waiting,
            int(self._limits.waiting_mb * _MEGABYTE),
        )
        with redis_errors_explained(self._settings.redis):
            happened = text_of(self._push(keys=keys, args=values)[0])
        if happened == "full":
            raise QueueFullError(
                f"{self._limits.waiting} pictures or {self._limits.waiting_mb:g} MB wait already "
                "(services.picture_queue): is the role queue running? `services status` tells"
            )
        return Pushed(sha256, request_id, WhatHappened(happened))

    def wait_for_room(self, size: int, stop: threading.Event) -> bool:
        """Wait until a picture of this size would be taken; False if `stop` was set before."""
        while not self._has_room(size):
            if stop.wait(_FULL_POLL_S):
                return False
        return not stop.is_set()

    def _has_room(self, size: int) -> bool:
        with redis_errors_explained(self._settings.redis):
            waiting = self._redis.xlen(scripts.IN)
            waiting_bytes = self._redis.hget(scripts.COUNTS, "bytes")
        if waiting == 0:
            return True
        fits = int(waiting_bytes or 0) + size <= self._limits.waiting_mb * _MEGABYTE
        return bool(waiting < self._limits.waiting and fits)

    def counts(self) -> QueueCounts:
        """How many pictures are where, all at one moment."""
        with redis_errors_explained(self._settings.redis):
            answer = self._count(keys=(scripts.IN, scripts.COUNTS, scripts.DEAD))
        pushed, done, dropped, size, queued, in_flight, dead = map(int, answer)
        return QueueCounts(
            pushed=pushed,
            done=done,
            dead=dead + dropped,
            waiting=queued - in_flight,
            in_flight=in_flight,
            dropped=dropped,
            bytes=size,
        )

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """All that were given up and not dropped, oldest first."""
        letters: list[DeadLetter] = []
        start = "-"
        while True:
            with redis_errors_explained(self._settings.redis):
                entries = entries_of(self._redis.xrange(scripts.DEAD, start, "+", count=_PAGE))
            if not entries:
                return tuple(letters)
            letters += [_letter(entry_id, fields) for entry_id, fields in entries]
            start = f"({entries[-1][0]}"

    def retry(self, sha256s: Collection[str] | None = None) -> Retried:
        """Queue dead letters again, with all their tries.

        Args:
            sha256s: Beginnings of the hashes of those that are meant; None is all.
        """
        again, expired = [], []
        for letter in self._meant(sha256s):
            keys = (scripts.IN, scripts.COUNTS, scripts.OPEN, scripts.DEAD, scripts.DEAD_BY)
            with redis_errors_explained(self._settings.redis):
                answer = text_of(self._retry(keys=(*keys, scripts.image_key(letter.sha256)), args=(letter.entry_id,)))
            if answer == "again":
                again.append(letter)
            elif answer == "expired":
                expired.append(letter)
        return Retried(tuple(again), tuple(expired))

    def drop(self, sha256s: Collection[str] | None = None) -> tuple[DeadLetter, ...]:
        """Forget dead letters and the bytes of their pictures; they go on counting as dead.

        Args:
            sha256s: Beginnings of the hashes of those that are meant; None is all.

        Returns:
            Those that were dropped.
        """
        dropped = []
        for letter in self._meant(sha256s):
            keys = (scripts.COUNTS, scripts.OPEN, scripts.DEAD, scripts.DEAD_BY, scripts.image_key(letter.sha256))
            with redis_errors_explained(self._settings.redis):
                if self._drop(keys=keys, args=(letter.entry_id, letter.sha256)):
                    dropped.append(letter)
        return tuple(dropped)

    def _meant(self, sha256s: Collection[str] | None) -> list[DeadLetter]:
        letters = self.dead_letters()
        if sha256s is None:
            return list(letters)
        beginnings = tuple(text.strip().lower() for text in sha256s if text.strip())
        return [letter for letter in letters if beginnings and letter.sha256.startswith(beginnings)]


def _letter(entry_id: str, fields: Any) -> DeadLetter:
    tries = text_of(fields.get(b"tries"))
    return DeadLetter(
        entry_id=entry_id,
        sha256=text_of(fields.get(b"sha256")),
        name=text_of(fields.get(b"name")),
        request_id=text_of(fields.get(b"request_id")),
        code=text_of(fields.get(b"code")),
        reason=text_of(fields.get(b"reason")),
        tries=int(tries) if tries.isdecimal() and len(tries) <= _MOST_DIGITS else 0,
        time=text_of(fields.get(b"time")),
        pushed=text_of(fields.get(b"pushed")),
    )
