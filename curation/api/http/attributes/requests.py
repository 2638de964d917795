"""Pictures for the attribute services: a few at a time, and followed by server-sent events."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import TYPE_CHECKING

from anyio import CapacityLimiter, to_thread

from curation.api.http.attributes.problems import problem_of_answer
from curation.api.http.errors import ApiProblem, problem_body, problem_of
from curation.api.schemas.attributes import AttributesOut, StepOut
from curation.domain.attributes.values import Attribute
from curation.errors import CurationError
from curation.services.viewer.face_services import FaceServices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from curation.services.answers import ImageAnswer
    from curation.services.trail.line import TrailLine

__all__ = ["AttributeRequests"]

logger = logging.getLogger(__name__)

_MOST_AT_ONCE = 8  # pictures that wait for the services in a thread each; the services have a queue of their own
_LAST_STEPS_S = 0.6  # lines of the log come a little later than the answer
_LAST_STEP = ("image_input", "answered")


class AttributeRequests:
    """Sends pictures to the services from the event loop."""

    def __init__(self, services: FaceServices) -> None:
        """Take the services; nothing is connected yet."""
        self.services = services
        # Threads of their own: pictures that wait for the services must not keep other requests waiting.
        self._senders = CapacityLimiter(_MOST_AT_ONCE)

    async def answer(
        self, content: bytes, *, request_id: str, readers: Mapping[Attribute, str], store: bool
    ) -> ImageAnswer:
        """Send a picture and wait, see `FaceServices.read`."""
        send = partial(self.services.read, content, request_id=request_id, readers=readers, store=store)
        return await to_thread.run_sync(send, limiter=self._senders)

    async def events(
        self, content: bytes, *, request_id: str, readers: Mapping[Attribute, str], store: bool, instance: str
    ) -> AsyncIterator[bytes]:
        """Send a picture; events `step` for each line of the log about it, and at the end `answer` or `problem`.

        Args:
            content: As for `answer`.
            request_id: As for `answer`.
            readers: As for `answer`.
            store: As for `answer`.
            instance: The path of the request, for the problem.
        """
        steps = _Steps(self.services, request_id)
        await steps.begin()
        asking = asyncio.ensure_future(self.answer(content, request_id=request_id, readers=readers, store=store))
        try:
            while not asking.done():
                if not steps.may_come:
                    await asyncio.wait({asking})
                    break
                for event in await steps.next_events():
                    yield event
            end = asyncio.get_running_loop().time() + _LAST_STEPS_S
            while steps.may_come and asyncio.get_running_loop().time() < end:
                for event in await steps.next_events():
                    yield event
            yield _end_event(asking, instance)
        finally:
            asking.cancel()
            await steps.end()


def _end_event(asking: asyncio.Future[ImageAnswer], instance: str) -> bytes:
    try:
        answer = asking.result()
    except CurationError as error:
        return _problem_event(problem_of(error), instance)
    except Exception:
        logger.exception("a picture could not be sent to the attribute services")
        problem = ApiProblem(500, "internal", "an unexpected error occurred; the service's log has the details")
        return _problem_event(problem, instance)
    refused = problem_of_answer(answer)
    if refused is not None:
        return _problem_event(refused, instance)
    return _event("answer", AttributesOut.of(answer).model_dump_json())


class _Steps:
    """What the log tells of one request from now on; without a log the picture is answered all the same."""

    def __init__(self, services: FaceServices, request_id: str) -> None:
        self.may_come = True
        self._services = services
        self._request_id = request_id
        self._lines: Iterator[TrailLine | None] | None = None

    async def begin(self) -> None:
        """Note how far the log is."""
        await self.next_events()

    async def next_events(self) -> list[bytes]:
        """The events of the next line; none if it is about another picture, or if none came for a moment."""
        line = await to_thread.run_sync(self._next)
        if line is None or line.request_id != self._request_id:
            return []
        if (line.role, line.step) == _LAST_STEP:
            self.may_come = False
        return [_event("step", StepOut.of(line).model_dump_json())]

    async def end(self) -> None:
        """End the connection to the log."""
        if self._lines is not None and hasattr(self._lines, "close"):
            # The client may be gone, and this task cancelled: a thread cannot be waited for any more.
            self._lines.close()

    def _next(self) -> TrailLine | None:
        try:
            if self._lines is None:
                self._lines = self._services.new_steps()
            return next(self._lines)
        except (CurationError, StopIteration) as error:
            logger.info("the steps of a picture are not shown: %s", error)
            self.may_come = False
            return None


def _problem_event(problem: ApiProblem, instance: str) -> bytes:
    body = problem_body(problem.status, problem.code, problem.detail, instance, **problem.extra)
    return _event("problem", json.dumps(body, allow_nan=False))


def _event(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()
