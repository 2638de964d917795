"""What a client sends and gets back, as values; errors of a picture are values too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from curation.domain.attributes.values import Attribute, ImageAttributes

__all__ = ["SUCCESS", "ImageAnswer", "ImageToProcess"]

SUCCESS = "Success"
"""Status of an answer that has everything; others begin with `Partial: ` or `Failed: ` and say what is missing."""


@dataclass(frozen=True, slots=True)
class ImageToProcess:
    """A picture for the services.

    Attributes:
        content: The bytes of the file, as they are.
        image_id: Comes back in the answer; any text, such as the path of the file.
        request_id: Names the request in the log; made by the client if it is empty.
        readers: Other readers than those of the servers' settings; naming one is the consent to it.
        skip_storage: Whether the services are asked to keep nothing of it, neither in Redis nor as files.
    """

    content: bytes
    image_id: str = ""
    request_id: str = ""
    readers: Mapping[Attribute, str] | None = None
    skip_storage: bool = False


@dataclass(frozen=True, slots=True)
class ImageAnswer:
    """What became of a picture.

    Attributes:
        status: `Success`, or `Partial: ...` or `Failed: ...` with a sentence.
        image: Its faces; None if nothing was read. A partial answer has the faces of the roles that answered.
        code: Stable name of the error, such as `photo_unreadable`; empty if there is none.
        message: A sentence that says what to do; empty if there is no error.
        grpc_status: Name of the gRPC status of the error, such as `INVALID_ARGUMENT`; empty if there is none.
        runtime_s: How long the services took, in seconds; 0 if they did not say.
        redis_key: SHA-256 of the bytes, in hex; the key of the result in Redis.
        request_id: As in the log.
        image_id: As it was sent.
        paths: Files that the role storage wrote, on its machine.
        disagreements: Faces that only one role found, in words.
    """

    status: str
    image: ImageAttributes | None = None
    code: str = ""
    message: str = ""
    grpc_status: str = ""
    runtime_s: float = 0.0
    redis_key: str = ""
    request_id: str = ""
    image_id: str = ""
    paths: tuple[str, ...] = ()
    disagreements: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether all roles answered and the result is stored."""
        return self.status == SUCCESS

    @property
    def can_be_retried(self) -> bool:
        """Whether the same picture may succeed later: it failed for a reason of the services, not of its own."""
        return self.grpc_status in ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "CANCELLED", "UNKNOWN")
