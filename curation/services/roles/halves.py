"""The roles landmarks and age_gender: each reads a half of a picture's attributes, and keeps it."""

from __future__ import annotations

from typing import TypeVar

from curation.domain.attributes.values import Attribute
from curation.pipelines.attributes.analyser import Wanted
from curation.services.protocol import image_processing_pb2 as pb
from curation.services.protocol.messages import fill_image
from curation.services.results import Half
from curation.services.roles.analyses import Analyses, readers_of
from curation.services.roles.keeping import Keeping, Kept
from curation.services.serving.calls import Call

__all__ = ["BOTH_HALVES", "AgeGenderRole", "LandmarksRole"]

Response = TypeVar("Response", pb.LandmarkResponse, pb.AgeGenderResponse)

_POINTS = frozenset({Attribute.LANDMARKS})
_LANDMARKS = Wanted(points68=True, attributes=_POINTS)
_AGE_GENDER = Wanted(points68=False, attributes=frozenset(Attribute) - _POINTS)
BOTH_HALVES = Wanted(points68=True, attributes=frozenset(Attribute))
"""What both roles read, in one analysis."""


class LandmarksRole:
    """Answers `FaceLandmarkDetection`."""

    def __init__(self, analyses: Analyses, keeping: Keeping) -> None:
        """Set the parts."""
        self._analyses = analyses
        self._keeping = keeping

    async def detect_landmarks(self, request: pb.ImageRequest, call: Call) -> pb.LandmarkResponse:
        """Find the faces of a picture and their points.

        Raises:
            CurationError: As `Analyses.analyse`.
        """
        response = pb.LandmarkResponse()
        kept = await _half(self._analyses, self._keeping, request, call, _LANDMARKS, Half.LANDMARKS, response)
        return _completed(response, kept, call)


class AgeGenderRole:
    """Answers `AgeGenderEstimation`."""

    def __init__(self, analyses: Analyses, keeping: Keeping) -> None:
        """Set the parts."""
        self._analyses = analyses
        self._keeping = keeping

    async def estimate_age_gender(self, request: pb.ImageRequest, call: Call) -> pb.AgeGenderResponse:
        """Find the faces of a picture, and read their age, sex and what else readers are named for.

        Raises:
            CurationError: As `Analyses.analyse`.
        """
        response = pb.AgeGenderResponse()
        kept = await _half(self._analyses, self._keeping, request, call, _AGE_GENDER, Half.AGE_GENDER, response)
        return _completed(response, kept, call)


async def _half(
    analyses: Analyses,
    keeping: Keeping,
    request: pb.ImageRequest,
    call: Call,
    wanted: Wanted,
    half: Half,
    response: pb.LandmarkResponse | pb.AgeGenderResponse,
) -> Kept:
    readers = readers_of(request.readers)
    content = request.image_data  # each look makes a copy
    analyses.identify(call, content)
    call.tell("received", detail=f"{len(content)} bytes")
    image = await analyses.analyse(call, content, wanted, readers)
    call.tell(call.role, runtime_s=call.runtime_s, faces=len(image.faces))
    fill_image(response, image)
    if request.skip_storage:
        return Kept()
    return await keeping.keep(call, content, image, [half])


def _completed(response: Response, kept: Kept, call: Call) -> Response:
    response.status = kept.status
    if kept.error is not None:
        response.error.CopyFrom(kept.error)
    if kept.storage_response is not None:
        response.storage_response.CopyFrom(kept.storage_response)
    response.runtime = call.runtime_s
    call.tell("answered", runtime_s=call.runtime_s, faces=len(response.faces), detail=kept.status)
    return response
