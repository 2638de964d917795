"""Messages that are not of their type: gRPC itself would end a whole stream with one, as a fault of the program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from google.protobuf.message import DecodeError

from curation.errors import InputError
from curation.services.protocol import image_processing_pb2 as pb

__all__ = ["Unreadable", "readable", "reader_of"]

Request = TypeVar("Request", pb.ImageRequest, pb.StorageRequest)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for a message that is not one of its type."""

    reason: str


def reader_of(kind: type[Request]) -> Callable[[bytes], Request | Unreadable]:
    """What reads messages of a type, for gRPC."""

    def read(content: bytes) -> Request | Unreadable:
        try:
            message: Request = kind.FromString(content)
            return message
        except DecodeError as error:
            return Unreadable(str(error))

    return read


def readable(came: Request | Unreadable) -> Request:
    """The message.

    Raises:
        InputError: If it is none.
    """
    if isinstance(came, Unreadable):
        raise InputError(f"the message cannot be read: send one of image_processing.proto ({came.reason})")
    return came
