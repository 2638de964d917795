"""Names of the gRPC services, as health checks and reflection use them."""

from __future__ import annotations

from collections.abc import Mapping

from curation.services.role import Role

__all__ = ["SERVICE_OF_ROLE"]

SERVICE_OF_ROLE: Mapping[Role, str] = {
    Role.IMAGE_INPUT: "image_processing.ImageInput",
    Role.LANDMARKS: "image_processing.FaceLandmarkDetection",
    Role.AGE_GENDER: "image_processing.AgeGenderEstimation",
    Role.STORAGE: "image_processing.DataStorage",
}
"""The service that each role answers."""
