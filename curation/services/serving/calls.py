"""What all calls have in common: a slot before anything is read, a deadline, errors as statuses, steps in the log."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf.message import DecodeError

from curation.errors import CurationError, InputError, PhotoUnreadableError, RoleUnavailableError, TooBusyError
from curation.services.protocol import image_processing_pb2 as pb
from curation.services.protocol.statuses import DETAIL_KEY, RETRY_AFTER_KEY, detail_of, status_of
from curation.services.serving.admission import Slot, Slots
from curation.services.trail.step import Step, Trail

__all__ = ["Call", "CallRunner"]

log = logging.getLogger(__name__)

Request = TypeVar("Request", pb.ImageRequest, pb.StorageRequest)
Response = TypeVar("Response")

_ANSWER_S = 0.2  # of what is left, kept back for an answer that says what did not succeed in time
_ANSWER_SHARE = 0.1
_MOST_NAME = 1000
_LATE = "deadline_exceeded"


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

    def __init__(self, trail: Trail, *, deadline_s: float, stream_ahead: int) -> None:
        """Set what all calls share.

        Args:
            trail: Where steps are told.
            deadline_s: Of calls whose client sets none, and of each picture of a stream.
            stream_ahead: Pictures of a stream that are worked on at the same time.
        """
        self._trail = trail
        self._deadline_s = deadline_s
        self._stream_ahead = stream_ahead
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

        async def handle(requests: AsyncIterator[Request | _Unreadable], context: grpc.aio.ServicerContext) -> Response:
            end = self._end_of(context)
            call: Call | None = None
            with self._counted():
                try:
                    self._refuse_if_stopping()
                    async with asyncio.timeout_at(_loop_time(end)), slots.place():
                        request = _readable(await anext(requests))
                        # Until its end is read, gRPC holds what it has given out.
                        if await anext(requests, None) is not None:
                            raise InputError("send one picture a call; for several there is ProcessImages")
                        async with slots.taken() as slot:
                            call = Call(role, slot, time.monotonic(), end, self._trail)
                            call.name(request.request_id)
                            return await behaviour(request, call)
                except CurationError as error:
                    self._tell_error(role, call, error)
                    await _abort(context, error)
                except (TimeoutError, asyncio.CancelledError) as error:
                    self._tell_late(role, call)
                    if isinstance(error, asyncio.CancelledError):
                        raise
                    await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, _late_message(self._deadline_s))
                    raise AssertionError("abort raises") from error
                except StopAsyncIteration:
                    await _abort(context, PhotoUnreadableError("the call ended without a request: send one message"))
                except grpc.aio.BaseError:
                    raise
                except Exception:
                    log.exception("%s: a request failed by an error of the program", role)
                    await _abort(context, _unexpected(role))

        return grpc.stream_unary_rpc_method_handler(
            handle, request_deserializer=_reader_of(request_type), response_serializer=_serialized
        )

    def many(
        self,
        role: str,
        slots: Slots,
        behaviour: Callable[[pb.ImageRequest, Call], Awaitable[pb.CombinedResponse]],
    ) -> grpc.RpcMethodHandler:
        """The handler of a stream of pictures; at most `stream_ahead` of them are read at a time."""

        async def one(came: pb.ImageRequest | _Unreadable) -> pb.CombinedResponse:
            end = time.monotonic() + self._deadline_s
            call: Call | None = None
            try:
                async with asyncio.timeout_at(_loop_time(end)), slots.taken() as slot:
                    call = Call(role, slot, time.monotonic(), end, self._trail)
                    request = _readable(came)
                    call.name(request.request_id)
                    response = await behaviour(request, call)
            except CurationError as error:
                self._tell_error(role, call, error)
                response = _failed(detail_of(error), call)
            except TimeoutError:
                self._tell_late(role, call)
                detail = pb.ErrorDetail(code=_LATE, message=_late_message(self._deadline_s), status="DEADLINE_EXCEEDED")
                response = _failed(detail, call)
            except Exception:
                log.exception("%s: a picture failed by an error of the program", role)
                response = _failed(detail_of(_unexpected(role)), call)
            if not isinstance(came, _Unreadable):
                response.image_id = came.image_id
            return response

        async def handle(
            requests: AsyncIterator[pb.ImageRequest | _Unreadable], context: grpc.aio.ServicerContext
        ) -> AsyncIterator[pb.CombinedResponse]:
            with self._counted():
                try:
                    self._refuse_if_stopping()
                except RoleUnavailableError as error:
                    await _abort(context, error)
                async with aclosing(self._in_order_of_completion(requests, one)) as responses:
                    async for response in responses:
                        yield response
                if self._stopping.is_set():
                    await _abort(context, _stopping_error())

        return grpc.stream_stream_rpc_method_handler(
            handle, request_deserializer=_reader_of(pb.ImageRequest), response_serializer=_serialized
        )

    async def _in_order_of_completion(
        self,
        requests: AsyncIterator[pb.ImageRequest | _Unreadable],
        one: Callable[[pb.ImageRequest | _Unreadable], Coroutine[Any, Any, pb.CombinedResponse]],
    ) -> AsyncGenerator[pb.CombinedResponse, None]:
        async def next_request() -> pb.ImageRequest | _Unreadable | None:
            return await anext(requests, None)

        stopping = asyncio.create_task(self._stopping.wait())
        reading: asyncio.Task[pb.ImageRequest | _Unreadable | None] | None = None
        working: set[asyncio.Task[pb.CombinedResponse]] = set()
        has_more = True
        try:
            while has_more or working:
                if has_more and reading is None and len(working) < self._stream_ahead:
                    reading = asyncio.create_task(next_request())
                awaited: set[asyncio.Task[Any]] = {*working}
                if has_more:
                    awaited |= {stopping, *([reading] if reading is not None else [])}
                done, _ = await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
                if reading is not None and reading in done:
                    request = reading.result()
                    reading = None
                    if request is None:
                        has_more = False
                    else:
                        working.add(asyncio.create_task(one(request)))
                if stopping in done:
                    has_more = False
                for task in done & working:
                    working.remove(task)
                    yield task.result()
        finally:
            stopping.cancel()
            if reading is not None:
                reading.cancel()
            for task in working:
                task.cancel()

    def _end_of(self, context: grpc.aio.ServicerContext) -> float:
        left_s = context.time_remaining()
        return time.monotonic() + (self._deadline_s if left_s is None else float(left_s))

    def _refuse_if_stopping(self) -> None:
        if self._stopping.is_set():
            raise _stopping_error()

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


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Stands for a message that is not one of its type: gRPC would end a whole stream with it, as a fault of ours."""

    reason: str


def _reader_of(kind: type[Request]) -> Callable[[bytes], Request | _Unreadable]:
    def read(content: bytes) -> Request | _Unreadable:
        try:
            message: Request = kind.FromString(content)
            return message
        except DecodeError as error:
            return _Unreadable(str(error))

    return read


def _readable(came: Request | _Unreadable) -> Request:
    if isinstance(came, _Unreadable):
        raise InputError(f"the message cannot be read: send one of image_processing.proto ({came.reason})")
    return came


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
