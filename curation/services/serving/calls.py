"""What all calls have in common: a slot before anything is read, a deadline, errors as statuses, steps in the log."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, TypeVar

import grpc

from curation.errors import (
    CurationError,
    DecodersBusyError,
    InputError,
    PhotoUnreadableError,
    RoleUnavailableError,
    TooBusyError,
)
from curation.services.protocol import image_processing_pb2 as pb
from curation.services.protocol.statuses import DETAIL_KEY, RETRY_AFTER_KEY, AnsweredError, detail_of, status_of
from curation.services.serving.admission import Slot, Slots
from curation.services.serving.clients import Shares, client_of
from curation.services.serving.streams import IdleStreamError, answers_of
from curation.services.serving.unreadable import Unreadable, readable, reader_of
from curation.services.trail.step import Step, Trail

__all__ = ["Call", "CallRunner"]

log = logging.getLogger(__name__)

Request = TypeVar("Request", pb.ImageRequest, pb.StorageRequest)
Response = TypeVar("Response")

_ANSWER_S = 0.2  # of what is left, kept back for an answer that says what did not succeed in time
_ANSWER_SHARE = 0.1
_DECODERS_BUSY_S = 5
_STREAMS = 32
_SLOW_CLIENT_S = 20.0
_IDLE_STREAM_S = 600.0
_MOST_NAME = 1000
_LATE = "deadline_exceeded"
_SLOW = "slow_client"


@dataclass(slots=True)
class Call:
    """One request that is worked on.

    Attributes:
        role: Name of the role that works on it.
        slot: Where its work is done.
        began: When it came, by `time.monotonic`.
        end: When its answer must be there, likewise.
        trail: Where its steps are told.
        request_id: Of the request, as in the log.
        has_own_id: Whether the client named the request.
        sha256: Of the picture, in hex; empty until it was read.
    """

    role: str
    slot: Slot
    began: float
    end: float
    trail: Trail
    request_id: str = ""
    has_own_id: bool = False
    sha256: str = ""

    @property
    def runtime_s(self) -> float:
        """Seconds since it came."""
        return time.monotonic() - self.began

    @property
    def left_s(self) -> float:
        """Seconds that others have for their part; some are kept back for an answer without it."""
        left = self.end - time.monotonic()
        return max(0.0, left - min(_ANSWER_S, _ANSWER_SHARE * left))

    def name(self, request_id: str) -> None:
        """Take the request's name, or make one.

        Raises:
            InputError: If it is longer than a name: each line of the log has it.
        """
        if len(request_id) > _MOST_NAME:
            raise InputError(f"request_id has {len(request_id)} characters, and may have at most {_MOST_NAME}")
        self.has_own_id = bool(request_id)
        self.request_id = request_id or uuid.uuid4().hex[:12]

    def tell(
        self,
        step: str,
        *,
        role: str | None = None,
        runtime_s: float | None = None,
        faces: int | None = None,
        error: CurationError | None = None,
        detail: str = "",
    ) -> None:
        """Note a step of this request in the trail and in this process's log; `role` if it is another one's work."""
        told = Step(
            role=role or self.role,
            step=step,
            status="ok" if error is None else "error",
            sha256=self.sha256,
            request_id=self.request_id,
            runtime_s=runtime_s,
            faces=faces,
            code=detail_of(error).code if error is not None else "",
            detail=str(error) if error is not None else detail,
        )
        self.trail.tell(told)
        log.log(logging.INFO if error is None else logging.WARNING, "%s", line_of(told))


def line_of(step: Step) -> str:
    """A step as a line for people."""
    parts = [step.role, step.step]
    if step.faces is not None:
        parts.append(f"{step.faces} faces")
    if step.runtime_s is not None:
        parts.append(f"runtime {step.runtime_s:.3f} s")
    if step.sha256:
        parts.append(step.sha256[:12])
    if step.request_id:
        parts.append(f"request {step.request_id}")
    if step.code:
        parts.append(step.code)
    if step.detail:
        parts.append(step.detail)
    # Names and sentences may come from clients: none begins a line of its own.
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in " · ".join(parts))


class CallRunner:
    """Runs the calls of one server."""

    def __init__(
        self,
        trail: Trail,
        *,
        deadline_s: float,
        stream_ahead: int,
        streams: int = _STREAMS,
        slow_client_s: float = _SLOW_CLIENT_S,
        idle_stream_s: float = _IDLE_STREAM_S,
    ) -> None:
        """Set what all calls share.

        Args:
            trail: Where steps are told.
            deadline_s: Of calls whose client sets none, and of each picture of a stream.
            stream_ahead: Pictures of a stream that are worked on at the same time.
            streams: How many streams are open at the same time; half of them for one client.
            slow_client_s: How long a client may take to send a picture when it is its turn, or to take an answer of a
                stream.
            idle_stream_s: A stream on which nothing is sent for so long is ended.
        """
        self._trail = trail
        self._deadline_s = deadline_s
        self._stream_ahead = stream_ahead
        self._streams = Shares("streams (services.streams)", streams, max(1, streams // 2))
        self._slow_client_s = slow_client_s
        self._idle_stream_s = idle_stream_s
        self._stopping = asyncio.Event()
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def drain(self, patience_s: float) -> None:
        """Refuse new calls from now on, and wait until the others have ended, but not longer than that."""
        self._stopping.set()
        try:
            async with asyncio.timeout(patience_s):
                await self._idle.wait()
        except TimeoutError:
            log.warning("%d calls have not ended within %g s and are broken off", self._open, patience_s)

    def single(
        self,
        role: str,
        slots: Slots,
        behaviour: Callable[[Request, Call], Awaitable[Response]],
        request_type: type[Request],
    ) -> grpc.RpcMethodHandler:
        """The handler of a method with one request and one answer.

        To gRPC it is one that reads a stream, so that a request is read only when there is room to work on it: those
        that wait take no memory here, nor do those that are refused. On the wire there is no difference.
        """

        async def handle(requests: AsyncIterator[Request | Unreadable], context: grpc.aio.ServicerContext) -> Response:
            end = self._end_of(context)
            call: Call | None = None
            with self._counted():
                try:
                    self._refuse_if_stopping()
                    client = client_of(context.peer())
                    async with asyncio.timeout_at(_loop_time(end)), slots.place(client):
                        request = await self._only_request(requests)
                        async with slots.taken(client) as slot:
                            call = Call(role, slot, time.monotonic(), end, self._trail)
                            call.name(request.request_id)
                            return await behaviour(request, call)
                except CurationError as failure:
                    error = self._as_told(failure)
                    self._tell_error(role, call, error)
                    await _abort(context, error)
                except (TimeoutError, asyncio.CancelledError) as failure:
                    self._tell_late(role, call)
                    if isinstance(failure, asyncio.CancelledError):
                        raise
                    await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, _late_message(self._deadline_s))
                    raise AssertionError("abort raises") from failure
                except StopAsyncIteration:
                    await _abort(context, PhotoUnreadableError("the call ended without a request: send one message"))
                except grpc.aio.BaseError:
                    raise
                except Exception:
                    log.exception("%s: a request failed by an error of the program", role)
                    await _abort(context, _unexpected(role))

        return grpc.stream_unary_rpc_method_handler(
            handle, request_deserializer=reader_of(request_type), response_serializer=_serialized
        )

    async def _only_request(self, requests: AsyncIterator[Request | Unreadable]) -> Request:
        """The message of a call with one of them.

        Raises:
            InputError: If there are more, or it is none.
            AnsweredError: If it does not come in time.
        """
        try:
            async with asyncio.timeout(self._slow_client_s) as reading:
                request = readable(await anext(requests))
                # Until its end is read, gRPC holds what it has given out.
                if await anext(requests, None) is not None:
                    raise InputError("send one picture a call; for several there is ProcessImages")
        except TimeoutError as error:
            if not reading.expired():
                raise
            message = f"the picture did not arrive within {self._slow_client_s:g} s (services.slow_client_s)"
            raise AnsweredError(pb.ErrorDetail(code=_SLOW, message=message, status="DEADLINE_EXCEEDED")) from error
        return request

    def many(
        self,
        role: str,
        slots: Slots,
        behaviour: Callable[[pb.ImageRequest, Call], Awaitable[pb.CombinedResponse]],
    ) -> grpc.RpcMethodHandler:
        """The handler of a stream of pictures; at most `stream_ahead` of them are read at a time."""

        async def one(
            client: str, came: pb.ImageRequest | Unreadable, begun: Callable[[], None]
        ) -> pb.CombinedResponse:
            end = time.monotonic() + self._deadline_s
            call: Call | None = None
            try:
                async with asyncio.timeout_at(_loop_time(end)), slots.taken(client) as slot:
                    begun()
                    call = Call(role, slot, time.monotonic(), end, self._trail)
                    request = readable(came)
                    call.name(request.request_id)
                    response = await behaviour(request, call)
            except CurationError as failure:
                error = self._as_told(failure)
                self._tell_error(role, call, error)
                response = _failed(detail_of(error), call)
            except TimeoutError:
                self._tell_late(role, call)
                detail = pb.ErrorDetail(code=_LATE, message=_late_message(self._deadline_s), status="DEADLINE_EXCEEDED")
                response = _failed(detail, call)
            except Exception:
                log.exception("%s: a picture failed by an error of the program", role)
                response = _failed(detail_of(_unexpected(role)), call)
            if not isinstance(came, Unreadable):
                response.image_id = came.image_id
            return response

        async def handle(
            requests: AsyncIterator[pb.ImageRequest | Unreadable], context: grpc.aio.ServicerContext
        ) -> None:
            client = client_of(context.peer())
            with self._counted():
                try:
                    self._refuse_if_stopping()
                    with self._streams.one(client):
                        answers = answers_of(
                            requests,
                            partial(one, client),
                            ahead=self._stream_ahead,
                            idle_s=self._idle_stream_s,
                            stopping=self._stopping,
                        )
                        async with aclosing(answers):
                            async for answer in answers:
                                await self._write(role, context, answer)
                except (RoleUnavailableError, TooBusyError) as error:
                    self._tell_error(role, None, error)
                    await _abort(context, error)
                except IdleStreamError:
                    ended = RoleUnavailableError(f"the stream sent nothing for {self._idle_stream_s:g} s: open another")
                    self._tell_error(role, None, ended)
                    await _abort(context, ended)
                if self._stopping.is_set():
                    await _abort(context, _stopping_error())

        return grpc.stream_stream_rpc_method_handler(
            handle, request_deserializer=reader_of(pb.ImageRequest), response_serializer=_serialized
        )

    async def _write(self, role: str, context: grpc.aio.ServicerContext, answer: pb.CombinedResponse) -> None:
        """Send an answer of a stream; a client that does not take it is let go, without a word that it would not take.

        Raises:
            CancelledError: If that is so.
        """
        try:
            async with asyncio.timeout(self._slow_client_s):
                await context.write(answer)
        except TimeoutError as error:
            message = f"the client did not take an answer for {self._slow_client_s:g} s (services.slow_client_s)"
            self._tell_error(role, None, RoleUnavailableError(message))
            raise asyncio.CancelledError from error

    def _end_of(self, context: grpc.aio.ServicerContext) -> float:
        left_s = context.time_remaining()
        return time.monotonic() + (self._deadline_s if left_s is None else float(left_s))

    def _refuse_if_stopping(self) -> None:
        if self._stopping.is_set():
            raise _stopping_error()

    def _as_told(self, error: CurationError) -> CurationError:
        """An error in the words of a role: when it may be tried again, here or elsewhere."""
        if not isinstance(error, DecodersBusyError):
            return error
        return _stopping_error() if self._stopping.is_set() else TooBusyError(str(error), _DECODERS_BUSY_S)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """A call that is under way."""
        self._open += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._open -= 1
            if self._open == 0:
                self._idle.set()

    def _tell_error(self, role: str, call: Call | None, error: CurationError) -> None:
        step = "refused" if isinstance(error, TooBusyError | RoleUnavailableError) else "failed"
        if call is None:
            log.warning("%s %s a request: %s", role, step, error)
            self._trail.tell(Step(role, step, "error", code=detail_of(error).code, detail=str(error)))
        else:
            call.tell(step, runtime_s=call.runtime_s, error=error)

    def _tell_late(self, role: str, call: Call | None) -> None:
        detail = "the deadline has passed, or the client has gone"
        if call is None:
            told = Step(role, "refused", "error", code=_LATE, detail=f"while waiting: {detail}")
        else:
            told = Step(
                role, "failed", "error", call.sha256, call.request_id, call.runtime_s, code=_LATE, detail=detail
            )
        self._trail.tell(told)
        log.warning("%s", line_of(told))


def _loop_time(end: float) -> float:
    return asyncio.get_running_loop().time() + end - time.monotonic()


def _serialized(message: Any) -> bytes:
    content: bytes = message.SerializeToString()
    return content


def _stopping_error() -> RoleUnavailableError:
    return RoleUnavailableError("the role is stopping: send the request again, to another one or in a moment")


def _unexpected(role: str) -> CurationError:
    return CurationError(f"the role {role} failed by an error of the program; its log has the details")


def _late_message(deadline_s: float) -> str:
    limit = f"services.deadline_s ({deadline_s:g} s)"
    return f"the answer was not ready in time: wait longer, by the deadline that the client sets, or by {limit}"


def _failed(detail: pb.ErrorDetail, call: Call | None) -> pb.CombinedResponse:
    response = pb.CombinedResponse(status=f"Failed: {detail.message}", error=detail)
    if call is not None:
        response.request_id, response.redis_key, response.runtime = call.request_id, call.sha256, call.runtime_s
    return response


async def _abort(context: grpc.aio.ServicerContext, error: CurationError) -> NoReturn:
    detail = detail_of(error)
    trailers: list[tuple[str, str | bytes]] = [(DETAIL_KEY, detail.SerializeToString())]
    if isinstance(error, TooBusyError):
        trailers.append((RETRY_AFTER_KEY, str(error.retry_after_s)))
    await context.abort(status_of(error), str(error), tuple(trailers))
    raise AssertionError("abort raises")
