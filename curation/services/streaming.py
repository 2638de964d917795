"""Pictures over a bidirectional stream, with a bound on those under way, and again after the stream broke."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import grpc

from curation.services.answers import ImageAnswer, ImageToProcess
from curation.services.protocol import image_processing_pb2 as pb
from curation.services.protocol.statuses import RETRY_AFTER_KEY
from curation.services.retrying import delays_s

__all__ = ["PictureStream"]

_LOOK_S = 0.1  # how often a sender that waits looks whether its stream has ended
_NO_ANSWER = "the server ended the stream without an answer to this picture; look at its log"


@dataclass(slots=True)
class _Pending:
    """A picture without an answer: as the caller gave it, the number that it travels under, how often it was sent."""

    given: ImageToProcess
    number: str
    tries: int = 0


class PictureStream:
    """One use of `ProcessImages`; the pictures of the caller travel under numbers of ours, as theirs may repeat."""

    def __init__(
        self,
        call: Callable[..., Any],
        *,
        metadata: Sequence[tuple[str, str]],
        ahead: int,
        tries: int,
        refused_here: Callable[[ImageToProcess], ImageAnswer | None],
        answer_of_rpc_error: Callable[[grpc.RpcError, ImageToProcess], ImageAnswer],
        answer_of_message: Callable[[pb.CombinedResponse, ImageToProcess], ImageAnswer],
        request_message: Callable[[ImageToProcess], pb.ImageRequest],
    ) -> None:
        """Prepare the stream.

        Args:
            call: The stub's method.
            metadata: Of the call.
            ahead: Pictures that may be under way.
            tries: How often a picture is sent before its stream's error is its answer.
            refused_here: The answer to a picture that is not even sent.
            answer_of_rpc_error: The answer to a picture whose stream broke for good.
            answer_of_message: The answer in a message.
            request_message: The message of a picture.
        """
        self._call = call
        self._metadata = metadata
        self._ahead = ahead
        self._tries = tries
        self._refused_here = refused_here
        self._answer_of_rpc_error = answer_of_rpc_error
        self._answer_of_message = answer_of_message
        self._request_message = request_message
        self._lock = threading.Lock()  # of all that follows; never held while others' code runs
        self._pending: dict[str, _Pending] = {}
        self._unsent: deque[ImageToProcess] = deque()  # taken for a stream that had ended by then
        self._count = 0
        self._all_taken = False
        self._error: BaseException | None = None
        self._taking = threading.Lock()  # the caller's iterator is not thread-safe, and may block
        self._refused: queue.SimpleQueue[ImageAnswer] = queue.SimpleQueue()
        self._room = threading.Semaphore(ahead)

    def answers(self, requests: Iterable[ImageToProcess]) -> Iterator[ImageAnswer]:
        """See `AttributeClient.process_many`."""
        iterator = iter(requests)
        delays = delays_s()
        while True:
            ended = threading.Event()
            stream = self._call(self._messages(iterator, ended), metadata=self._metadata)
            broken: grpc.RpcError | None = None
            try:
                for message in stream:
                    delays = delays_s()  # it works again: the next break begins with short waits
                    yield from self._refused_answers()
                    pending = self._done(message.image_id)
                    if pending is not None:
                        yield self._answer_of_message(message, pending.given)
            except grpc.RpcError as error:
                broken = error
            finally:
                with self._lock:
                    ended.set()
                stream.cancel()
            yield from self._refused_answers()
            if self._error is not None:
                raise self._error
            if broken is None:
                for pending in self._given_up(everything=True):
                    yield ImageAnswer(
                        status=f"Failed: {_NO_ANSWER}",
                        code="internal",
                        message=_NO_ANSWER,
                        grpc_status="INTERNAL",
                        request_id=pending.given.request_id,
                        image_id=pending.given.image_id,
                    )
                if self._all_taken:
                    return
                continue
            is_refused = broken.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            delay_s = next(delays, None) if _is_for_a_while(broken) else None
            if is_refused and delay_s is not None:
                self._not_tried()
            for pending in self._given_up(everything=delay_s is None):
                yield self._answer_of_rpc_error(broken, pending.given)
            if delay_s is None:
                # The server is away, or refuses all of them: the same holds for what was not sent yet.
                while (given := self._taken(iterator)) is not None:
                    yield self._refused_here(given) or self._answer_of_rpc_error(broken, given)
                if self._error is not None:
                    raise self._error
                return
            time.sleep(delay_s)

    def _messages(self, iterator: Iterator[ImageToProcess], ended: threading.Event) -> Iterator[pb.ImageRequest]:
        """What gRPC sends, from a thread of its own: first what an earlier stream left, then new pictures."""
        with self._lock:
            left = list(self._pending.values())
        for pending in left:
            if ended.is_set():
                return
            yield self._message(pending)
        while not ended.is_set():
            if not self._room.acquire(timeout=_LOOK_S):
                continue
            given = self._taken(iterator)
            refused = self._refused_here(given) if given is not None else None
            if given is None or refused is not None:
                self._room.release()
                if refused is None:
                    return
                self._refused.put(refused)
                continue
            with self._lock:
                if ended.is_set():
                    self._unsent.append(given)
                    self._room.release()
                    return
                self._count += 1
                pending = _Pending(given, str(self._count))
                self._pending[pending.number] = pending
            yield self._message(pending)

    def _taken(self, iterator: Iterator[ImageToProcess]) -> ImageToProcess | None:
        """The next picture; None if there is none, or the caller's iterator failed."""
        with self._taking:
            with self._lock:
                if self._unsent:
                    return self._unsent.popleft()
            try:
                return next(iterator)
            except StopIteration:
                self._all_taken = True
            except BaseException as error:
                self._error = error
            return None

    def _message(self, pending: _Pending) -> pb.ImageRequest:
        pending.tries += 1
        return self._request_message(replace(pending.given, image_id=pending.number))

    def _done(self, number: str) -> _Pending | None:
        with self._lock:
            pending = self._pending.pop(number, None)
        if pending is not None:
            self._room.release()
        return pending

    def _not_tried(self) -> None:
        """What was sent on a stream that was not let in was not looked at."""
        with self._lock:
            for pending in self._pending.values():
                pending.tries = max(0, pending.tries - 1)

    def _given_up(self, *, everything: bool) -> list[_Pending]:
        with self._lock:
            numbers = [each.number for each in self._pending.values() if everything or each.tries >= self._tries]
        return [pending for number in numbers if (pending := self._done(number)) is not None]

    def _refused_answers(self) -> Iterator[ImageAnswer]:
        while True:
            try:
                yield self._refused.get_nowait()
            except queue.Empty:
                return


def _is_for_a_while(broken: grpc.RpcError) -> bool:
    """Whether a stream may go on later: the server is away, or has as many streams as it takes."""
    if broken.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return any(key == RETRY_AFTER_KEY for key, _ in broken.trailing_metadata() or ())
    return bool(broken.code() is grpc.StatusCode.UNAVAILABLE)
