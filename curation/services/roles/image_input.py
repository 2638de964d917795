"""The role image_input: one answer from both halves, read here in one analysis or by two other roles."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any, Protocol

from curation.domain.attributes.merging import merged
from curation.domain.attributes.values import ImageAttributes
from curation.services.answers import SUCCESS
from curation.services.protocol import image_processing_pb2 as pb
from curation.services.protocol.messages import fill_image, image_of_message
from curation.services.protocol.statuses import AnsweredError
from curation.services.results import Half
from curation.services.role import Role
from curation.services.roles.analyses import Analyses, check_size, readers_of
from curation.services.roles.halves import BOTH_HALVES
from curation.services.roles.keeping import Keeping, Kept
from curation.services.roles.peers import Peers
from curation.services.serving.calls import Call

__all__ = ["ImageInputRole", "InThisProcess", "OverPeers"]


class ImageInputRole(Protocol):
    """Answers `ImageInput`."""

    async def process_image(self, request: pb.ImageRequest, call: Call) -> pb.CombinedResponse:
        """Read everything of a picture.

        Raises:
            CurationError: If nothing was read; if only a part was, the answer says so.
        """


class InThisProcess:
    """Both halves from one decoding and one detection."""

    def __init__(self, analyses: Analyses, keeping: Keeping) -> None:
        """Set the parts."""
        self._analyses = analyses
        self._keeping = keeping

    async def process_image(self, request: pb.ImageRequest, call: Call) -> pb.CombinedResponse:
        """See `ImageInputRole`."""
        readers = readers_of(request.readers)
        content = request.image_data  # each look makes a copy
        self._analyses.identify(call, content)
        call.tell("received", detail=f"{len(content)} bytes")
        image = await self._analyses.analyse(call, content, BOTH_HALVES, readers)
        read_s = call.runtime_s
        for role in (Role.LANDMARKS, Role.AGE_GENDER):
            call.tell(role, role=role, runtime_s=read_s, faces=len(image.faces))
        if request.skip_storage:
            kept = Kept()
        else:
            kept = await self._keeping.keep(call, content, image, list(Half))
        response = pb.CombinedResponse(
            status=kept.status,
            landmark_response=pb.LandmarkResponse(status=SUCCESS, runtime=read_s, redis_key=image.sha256),
            age_gender_response=pb.AgeGenderResponse(status=SUCCESS, runtime=read_s, redis_key=image.sha256),
            error=kept.error,
            storage_response=kept.storage_response,
        )
        fill_image(response, image)
        return _completed(response, request, call)


class OverPeers:
    """Each half from the role that reads it, both at the same time."""

    def __init__(self, peers: Peers, *, max_image_mb: float) -> None:
        """Set the parts.

        Args:
            peers: The roles.
            max_image_mb: Larger pictures are refused.
        """
        self._peers = peers
        self._max_image_mb = max_image_mb

    async def process_image(self, request: pb.ImageRequest, call: Call) -> pb.CombinedResponse:
        """See `ImageInputRole`."""
        content = request.image_data  # each look makes a copy
        check_size(content, self._max_image_mb)
        readers_of(request.readers)
        call.sha256 = hashlib.sha256(content).hexdigest()
        call.tell("received", detail=f"{len(content)} bytes")
        asked = pb.ImageRequest(
            image_data=content,
            request_id=call.request_id,
            readers=dict(request.readers),
            skip_storage=request.skip_storage,
        )
        landmarks, age_gender = await asyncio.gather(
            self._asked(Role.LANDMARKS, asked, call), self._asked(Role.AGE_GENDER, asked, call)
        )
        if isinstance(landmarks, pb.ErrorDetail) and isinstance(age_gender, pb.ErrorDetail):
            raise AnsweredError(landmarks)
        return _completed(_combined(landmarks, age_gender), request, call)

    async def _asked(self, role: Role, request: pb.ImageRequest, call: Call) -> Any:
        """The answer of a role, or the ErrorDetail that came instead."""
        try:
            return await self._peers.ask(role, request, call)
        except AnsweredError as error:
            call.tell("failed", runtime_s=call.runtime_s, error=error)
            return error.detail


def _combined(
    landmarks: pb.LandmarkResponse | pb.ErrorDetail, age_gender: pb.AgeGenderResponse | pb.ErrorDetail
) -> pb.CombinedResponse:
    response = pb.CombinedResponse()
    problems: list[str] = []
    images: list[ImageAttributes] = []
    for role, answer in ((Role.LANDMARKS, landmarks), (Role.AGE_GENDER, age_gender)):
        if isinstance(answer, pb.ErrorDetail):
            problems.append(f"{role}: {answer.message}")
            response.error.CopyFrom(answer)
            continue
        images.append(image_of_message(answer))
        if answer.status != SUCCESS:
            problems.append(f"{role}: {answer.status.removeprefix('Partial: ')}")
            if not response.HasField("error"):
                response.error.CopyFrom(answer.error)
        if answer.HasField("storage_response"):
            response.storage_response.CopyFrom(answer.storage_response)
        part = response.landmark_response if role is Role.LANDMARKS else response.age_gender_response
        part.status, part.runtime, part.redis_key = answer.status, answer.runtime, answer.redis_key
    image, disagreements = (images[0], ()) if len(images) == 1 else merged(images[0], images[1])
    fill_image(response, image)
    response.disagreements.extend(disagreements)
    response.status = f"Partial: {'; '.join(problems)}" if problems else SUCCESS
    return response


def _completed(response: pb.CombinedResponse, request: pb.ImageRequest, call: Call) -> pb.CombinedResponse:
    response.image_id = request.image_id
    response.request_id = call.request_id
    response.runtime = call.runtime_s
    call.tell("answered", runtime_s=call.runtime_s, faces=len(response.faces), detail=response.status)
    return response
