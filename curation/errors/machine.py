"""What the program needs and cannot use: weights, files, databases, servers, locks."""

from __future__ import annotations

from typing import ClassVar

from curation.errors.base import CurationError

__all__ = [
    "BrokerUnavailableError",
    "BusyError",
    "CollectorUnavailableError",
    "DatabaseBusyError",
    "DecodersBusyError",
    "GalleryError",
    "ObjectChangedError",
    "ObjectMissingError",
    "ObjectStorageError",
    "ObjectStorageUnavailableError",
    "QueueFullError",
    "RedisUnavailableError",
    "RoleUnavailableError",
    "StorageError",
    "TooBusyError",
    "WeightsBrokenError",
    "WeightsError",
    "WeightsMissingError",
    "WorkersMissingError",
]


class WeightsError(CurationError):
    """A model's weights cannot be used."""

    exit_code = 4
    code = "weights_unusable"


class WeightsMissingError(WeightsError):
    """A weights file is missing and could not be downloaded."""

    code = "weights_missing"


class WeightsBrokenError(WeightsError):
    """A weights file is damaged, or not the expected file."""

    code = "weights_broken"


class StorageError(CurationError):
    """A file cannot be read or written: a full disk, a missing permission, a broken store."""

    exit_code = 5
    code = "storage"


class RedisUnavailableError(StorageError):
    """The Redis server of the attribute services does not answer, or refuses the password."""

    code = "redis_unavailable"


class RoleUnavailableError(StorageError):
    """A role of the attribute services does not answer at its address."""

    code = "role_unavailable"


class CollectorUnavailableError(StorageError):
    """The collector of `services.otlp_endpoint` does not answer, or asks to come again later."""

    code = "collector_unavailable"


class DatabaseBusyError(StorageError):
    """The database of assets is busy or away for a moment; worth another try."""

    code: ClassVar[str] = "database_busy"


class ObjectStorageError(StorageError):
    """Object storage refuses a request: no such bucket, wrong or expired credentials, no permission."""

    code = "object_storage"


class ObjectStorageUnavailableError(ObjectStorageError):
    """Object storage does not answer, or not rightly, also after several tries; worth another run."""

    code = "object_storage_unavailable"


class ObjectMissingError(ObjectStorageError):
    """There is no object with this key (any more)."""

    code = "object_missing"


class ObjectChangedError(ObjectStorageError):
    """An object is not, or no longer, what the caller saw: somebody else wrote it in the meantime."""

    code = "object_changed"


class BrokerUnavailableError(StorageError):
    """The broker of `workers.broker_url` does not answer, or refuses the password."""

    code = "broker_unavailable"


class WorkersMissingError(StorageError):
    """No worker of another machine takes work: none is there, or all were refused; the message names them."""

    code = "workers_missing"


class GalleryError(StorageError):
    """The gallery of known people cannot be read or written: damaged, another key, another version, no server."""

    code = "gallery"


class BusyError(CurationError):
    """Another run uses the same output folder."""

    exit_code = 6
    code = "busy"


class TooBusyError(BusyError):
    """A role of the attribute services has too many requests waiting already.

    Attributes:
        retry_after_s: When it is worth trying again, in seconds.
    """

    code = "too_busy"

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class DecodersBusyError(BusyError):
    """So many pictures are being decoded that this one cannot be made now; worth another try in a moment."""

    code = "decoders_busy"


class QueueFullError(BusyError):
    """So many pictures wait in the queue in Redis already that no more are taken now."""

    code = "queue_full"
