"""The roles of the attribute services; each can be a process of its own."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["GRPC_ROLES", "Role"]


class Role(StrEnum):
    """What a process of the services does."""

    IMAGE_INPUT = "image_input"
    """Answers `ImageInput`: asks the roles landmarks and age_gender, and joins their answers."""
    LANDMARKS = "landmarks"
    """Answers `FaceLandmarkDetection`."""
    AGE_GENDER = "age_gender"
    """Answers `AgeGenderEstimation`."""
    STORAGE = "storage"
    """Answers `DataStorage`: writes the picture and the JSON file."""
    QUEUE = "queue"
    """Takes pictures from the queue in Redis, and sends them to image_input."""
    LOGGER = "logger"
    """Collects the steps and errors of all roles in one log."""
    PLOTTER = "plotter"
    """Draws charts of what the services found and how long they took."""


GRPC_ROLES = (Role.IMAGE_INPUT, Role.LANDMARKS, Role.AGE_GENDER, Role.STORAGE)
"""The roles that listen on a port."""
