"""What a pool of other machines' workers has to know of the work; the work itself is known above this room."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from curation.errors import CurationError

__all__ = ["RemoteWork"]


class RemoteWork(Protocol):
    """Says which functions other machines know, and puts tasks and results into JSON and back.

    Everything is called in the parent, by the thread that runs the pool. The other side, in the worker, is the module
    that `celery_app` names: it takes a `messages.Request` and gives a `messages.Answer`.

    Attributes:
        setup: What a worker has to prepare, as JSON: the same for all tasks of the pool.
        setup_hash: Of `setup`, hex; a worker prepares itself again only when it changes.
    """

    @property
    def setup(self) -> Any:
        """See the class."""

    @property
    def setup_hash(self) -> str:
        """See the class."""

    def name_of(self, function: Callable[..., Any]) -> str | None:
        """The name under which workers know a function; None if it runs on this machine only."""

    def encode(self, task: Any) -> Any:
        """A task as JSON.

        Raises:
            CurationError: If it cannot be told to another machine; the whole stage fails.
        """

    def gone(self, task: Any) -> str:
        """Why the files of a task cannot be read on this machine either; empty if they can, or are not read here.

        Asked when a worker could not read them: if nobody can, they are to blame.
        """

    def decode(self, name: str, value: Any) -> Any:
        """The result of the function `name` from its JSON.

        Raises:
            ValueError: If the value is not such a result.
        """

    def error_of(self, value: Any) -> CurationError:
        """The error of a `stage` answer from its value; never fails, whatever the value is."""

    def label_of(self, task: Any) -> str:
        """What a person calls the task, such as the photo's image_path."""
