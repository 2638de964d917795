"""The client of the attribute services: single pictures, streams of any length, health."""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from curation.domain.attributes.values import Attribute
from curation.errors import RoleUnavailableError
from curation.services.addresses import peer_address
from curation.services.answers import ImageAnswer, ImageToProcess
from curation.services.channels import blocking_channel, token_metadata
from curation.services.protocol import image_processing_pb2 as pb
from curation.services.protocol import image_processing_pb2_grpc as pb_grpc
from curation.services.protocol.messages import image_of_message
from curation.services.protocol.names import SERVICE_OF_ROLE
from curation.services.protocol.statuses import detail_of_trailers
from curation.services.retrying import delays_s
from curation.services.role import GRPC_ROLES, Role
from curation.services.streaming import PictureStream
from curation.settings.services import ServicesSettings

__all__ = ["AttributeClient"]

_HEALTH_S = 2.0
_STREAM_TRIES = 3  # of a picture whose stream broke before its answer came


class AttributeClient:
    """Sends pictures to the role image_input; thread-safe, to be closed or used in a `with` block."""

    def __init__(self, settings: ServicesSettings) -> None:
        """Make the client; nothing is connected before the first picture.

        Args:
            settings: Addresses, token, TLS, limits and the deadline.
        """
        self._settings = settings
        self._address = peer_address(settings, Role.IMAGE_INPUT)
        self._lock = threading.Lock()
        self._channels = {self._address: blocking_channel(settings, self._address)}
        self._metadata = token_metadata(settings)
        self._stub: Any = pb_grpc.ImageInputStub(self._channels[self._address])

    def __enter__(self) -> AttributeClient:
        """Use the client in a block, which closes it at its end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client."""
        self.close()

    def close(self) -> None:
        """Close the connections; calls that are under way end with `CANCELLED`."""
        for channel in self._channels.values():
            channel.close()

    def process(
        self,
        content: bytes,
        *,
        image_id: str = "",
        request_id: str = "",
        readers: Mapping[Attribute, str] | None = None,
        deadline_s: float | None = None,
        skip_storage: bool = False,
    ) -> ImageAnswer:
        """Send a picture and wait for its answer; tried again with back-off while image_input is away.

        Args:
            content: The bytes of the file.
            image_id: Comes back in the answer.
            request_id: Names the request in the log; made here if it is empty.
            readers: Other readers than those of the servers' settings.
            deadline_s: For all tries together; None for `services.deadline_s`.
            skip_storage: Ask the services to keep nothing of it, neither in Redis nor as files.

        Returns:
            The answer; errors are answers too, this raises none of them.
        """
        sent = ImageToProcess(content, image_id, request_id or _new_request_id(), readers, skip_storage)
        end = time.monotonic() + (deadline_s if deadline_s is not None else self._settings.deadline_s)
        refused = self._refused_here(sent)
        if refused is not None:
            return refused
        message = _request_message(sent)
        delays = delays_s()
        while True:
            left_s = max(0.001, end - time.monotonic())
            try:
                return _answer_of_message(
                    self._stub.ProcessImage(message, timeout=left_s, metadata=self._metadata), sent
                )
            except grpc.RpcError as error:
                delay_s = next(delays, None) if error.code() is grpc.StatusCode.UNAVAILABLE else None
                if delay_s is None or time.monotonic() + delay_s >= end:
                    return self._answer_of_rpc_error(error, sent)
            time.sleep(delay_s)

    def process_many(self, requests: Iterable[ImageToProcess]) -> Iterator[ImageAnswer]:
        """Send any number of pictures over one stream; only a few are in memory at a time.

        A stream that breaks is opened again with back-off, and the pictures without an answer are sent again.

        Args:
            requests: The pictures; taken in a thread of its own, as fast as the server works.

        Returns:
            One answer for each picture, in the order of completion; `image_id` and `request_id` tell which it is.

        Raises:
            Exception: What `requests` raises.
        """
        return PictureStream(
            self._stub.ProcessImages,
            metadata=self._metadata,
            ahead=2 * self._settings.stream_ahead,
            tries=_STREAM_TRIES,
            refused_here=self._refused_here,
            answer_of_rpc_error=self._answer_of_rpc_error,
            answer_of_message=_answer_of_message,
            request_message=_request_message,
        ).answers(_named(requests))

    def health(self) -> Mapping[Role, str]:
        """The state of each role that listens on a port.

        Returns:
            `SERVING`, `NOT_SERVING`, `SERVICE_UNKNOWN` or `UNREACHABLE`.
        """
        return {role: self.health_at(role, peer_address(self._settings, role)) for role in GRPC_ROLES}

    def health_at(self, role: Role, address: str) -> str:
        """The state of a role at an address of one's own choice; see `health`."""
        with self._lock:
            if address not in self._channels:
                self._channels[address] = blocking_channel(self._settings, address)
            stub = health_pb2_grpc.HealthStub(self._channels[address])
        try:
            answer = stub.Check(
                health_pb2.HealthCheckRequest(service=SERVICE_OF_ROLE[role]), timeout=_HEALTH_S, metadata=self._metadata
            )
        except grpc.RpcError as error:
            return "SERVICE_UNKNOWN" if error.code() is grpc.StatusCode.NOT_FOUND else "UNREACHABLE"
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))

    def _refused_here(self, sent: ImageToProcess) -> ImageAnswer | None:
        """The answer to a picture that the server would not even read; None if it is fit to be sent."""
        limit_mb = self._settings.max_image_mb
        if len(sent.content) <= limit_mb * 1e6:
            return None
        detail = pb.ErrorDetail(
            code="too_large",
            message=f"the picture has {len(sent.content) / 1e6:.1f} MB, more than the {limit_mb:g} MB of "
            "services.max_image_mb: send a smaller one, or raise the limit here and in the services",
            status="INVALID_ARGUMENT",
        )
        return _answer_of_error(detail, sent)

    def _answer_of_rpc_error(self, error: grpc.RpcError, sent: ImageToProcess) -> ImageAnswer:
        detail = detail_of_trailers(error.code(), error.details(), error.trailing_metadata())
        if detail.code == "unavailable":
            detail.message = (
                f"no role image_input answers at {self._address}: start it with `python -m curation services up`, or "
                f"name another address in services.peers.image_input ({detail.message})"
            )
        elif detail.code == "deadline_exceeded":
            detail.message = (
                "the answer did not come in time: the services are busy, or services.deadline_s "
                f"({self._settings.deadline_s:g} s) is too short"
            )
        return _answer_of_error(detail, sent)


def _new_request_id() -> str:
    """A name for a request that nobody named, unique enough to be found in a log."""
    return uuid.uuid4().hex[:12]


def _named(requests: Iterable[ImageToProcess]) -> Iterator[ImageToProcess]:
    for each in requests:
        yield each if each.request_id else replace(each, request_id=_new_request_id())


def _request_message(sent: ImageToProcess) -> pb.ImageRequest:
    """The message of a picture."""
    return pb.ImageRequest(
        image_data=sent.content,
        # Names of files may hold bytes that are no text; an answer has what was sent, not what came back.
        image_id=_sendable(sent.image_id),
        request_id=_sendable(sent.request_id),
        skip_storage=sent.skip_storage,
        readers={attribute.value: name for attribute, name in (sent.readers or {}).items()},
    )


def _sendable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _answer_of_message(message: pb.CombinedResponse, sent: ImageToProcess) -> ImageAnswer:
    """The answer in a message.

    Args:
        message: From the role image_input.
        sent: What it answers.
    """
    if message.HasField("error") and not message.engine:
        return _answer_of_error(message.error, sent)
    try:
        image = image_of_message(message) if message.engine else None
    except RoleUnavailableError as error:
        return _answer_of_error(pb.ErrorDetail(code=error.code, message=str(error), status="UNAVAILABLE"), sent)
    return ImageAnswer(
        status=message.status,
        image=image,
        code=message.error.code,
        message=message.error.message,
        grpc_status=message.error.status,
        runtime_s=message.runtime,
        redis_key=message.redis_key,
        request_id=message.request_id or sent.request_id,
        image_id=sent.image_id,
        paths=tuple(message.storage_response.paths),
        disagreements=tuple(message.disagreements),
    )


def _answer_of_error(detail: pb.ErrorDetail, sent: ImageToProcess) -> ImageAnswer:
    """The answer to a picture of which nothing was read.

    Args:
        detail: What went wrong.
        sent: What it answers.
    """
    return ImageAnswer(
        status=f"Failed: {detail.message}",
        code=detail.code,
        message=detail.message,
        grpc_status=detail.status,
        redis_key=hashlib.sha256(sent.content).hexdigest(),
        request_id=sent.request_id,
        image_id=sent.image_id,
    )
