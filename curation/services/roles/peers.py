"""Asking other roles over gRPC: with what is left of the deadline, and again with back-off while they are away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import grpc

from curation.errors import RoleUnavailableError
from curation.services.addresses import peer_address
from curation.services.channels import asyncio_channel, token_metadata
from curation.services.protocol import image_processing_pb2 as pb
from curation.services.protocol import image_processing_pb2_grpc as pb_grpc
from curation.services.protocol.statuses import AnsweredError, detail_of_trailers
from curation.services.retrying import delays_s
from curation.services.role import Role
from curation.services.serving.calls import Call
from curation.settings.services import ServicesSettings

__all__ = ["Peers"]


class Peers:
    """The other roles; to be used in one event loop, and closed."""

    _STUBS: ClassVar[dict[Role, tuple[Any, str]]] = {
        Role.LANDMARKS: (pb_grpc.FaceLandmarkDetectionStub, "DetectLandmarks"),
        Role.AGE_GENDER: (pb_grpc.AgeGenderEstimationStub, "EstimateAgeGender"),
        Role.STORAGE: (pb_grpc.DataStorageStub, "StoreData"),
    }

    def __init__(self, settings: ServicesSettings) -> None:
        """Prepare the connections; they are made when they are needed.

        Args:
            settings: Addresses, token and TLS.
        """
        self._settings = settings
        self._channels: dict[Role, grpc.aio.Channel] = {}

    async def close(self) -> None:
        """Close the connections."""
        for channel in self._channels.values():
            await channel.close()

    async def ask(self, role: Role, request: Any, call: Call) -> Any:
        """The answer of another role.

        Args:
            role: That is asked.
            request: Its message.
            call: For which it is asked; its deadline is passed on.

        Raises:
            AnsweredError: If it refuses, fails, or is away until the deadline.
        """
        method = self._method(role)
        delays = delays_s()
        while True:
            try:
                return await method(request, timeout=call.left_s, metadata=token_metadata(self._settings))
            except grpc.aio.AioRpcError as error:
                is_away = error.code() is grpc.StatusCode.UNAVAILABLE
                delay_s = next(delays, None) if is_away else None
                if delay_s is None or delay_s >= call.left_s:
                    raise AnsweredError(self._detail(role, error)) from error
            call.tell("retried", detail=f"{role} is away, asked again in {delay_s:.1f} s")
            await asyncio.sleep(delay_s)

    def _method(self, role: Role) -> Callable[..., Any]:
        if role not in self._channels:
            self._channels[role] = asyncio_channel(self._settings, peer_address(self._settings, role))
        stub, method = self._STUBS[role]
        found: Callable[..., Any] = getattr(stub(self._channels[role]), method)
        return found

    def _detail(self, role: Role, error: grpc.aio.AioRpcError) -> pb.ErrorDetail:
        detail = detail_of_trailers(error.code(), error.details(), tuple(error.trailing_metadata() or ()))
        address = peer_address(self._settings, role)
        if detail.code == "unavailable":
            detail.code = RoleUnavailableError.code
            detail.message = f"no role {role} answers at {address} (services.peers.{role}): start it, or name another"
        elif detail.code == "deadline_exceeded":
            detail.message = f"the role {role} at {address} did not answer in time"
        return detail
