"""What workers of assets do with a picture, as `AssetJobs` needs to know it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from curation.domain.assets.asset import Asset

if TYPE_CHECKING:
    from curation.jobs.assets.elsewhere import Elsewhere

__all__ = ["AssetWork", "FoundInPicture", "WorkLimits"]


class FoundInPicture(Protocol):
    """What the task returns."""

    @property
    def document(self) -> Mapping[str, Any]:
        """See `curation.domain.assets.document`."""


@dataclass(frozen=True, slots=True)
class AssetWork:
    """The work on pictures.

    Attributes:
        settings_hash: Of all that a result depends on besides the picture, hex.
        gate: Called at once with the content and the name of a picture that is handed in; raises AssetRejectedError
            for one that is not taken.
        process: The task: a function of a module, which gets what `make_task` gives, in a worker process.
        make_task: Makes a task, which can be sent to another process, of a row, the number of the try, the path of the
            picture, and the empty folder for the files of this try.
        initializer: Called once in each worker process.
        initargs: Its arguments; can be sent to other processes.
        elsewhere: The way to workers of other machines, which do the work then; None works on this machine.
    """

    settings_hash: str
    gate: Callable[[bytes, str], object]
    process: Callable[[Any], FoundInPicture]
    make_task: Callable[[Asset, int, Path, Path], Any]
    initializer: Callable[..., None]
    initargs: tuple[Any, ...] = ()
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True, slots=True)
class WorkLimits:
    """How workers of assets work.

    Attributes:
        workers: Processes; with workers of other machines, pictures that are sent out at once.
        max_attempts: How many times a picture is begun whose worker dies.
        lease_s: A worker that gives no sign for so long is lost, in seconds.
        photo_timeout_s: A picture that takes more processor time fails, in seconds; one that waits, after twice that.
        sweep_s: How often lost pictures are looked for, in seconds.
        poll_s: How often the database is asked for pictures that others have added, in seconds.
        photo_memory_mb: The most memory of a worker process; None is no limit.
    """

    workers: int = 1
    max_attempts: int = 3
    lease_s: float = 60.0
    photo_timeout_s: float = 120.0
    sweep_s: float = 10.0
    poll_s: float = 0.5
    photo_memory_mb: int | None = None
