"""What a scenario is: a prepared folder, the steps of a process that is killed, and what they must leave."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.crash_points.changes import Whom

__all__ = ["Scenario", "Step", "plain_json", "tree"]

Step = Callable[[], object]

_TIMES = frozenset(
    {
        "seconds",
        "started",
        "finished",
        "at",
        "since",
        "pid",
        "created_at",
        "updated_at",
        "kept_from_earlier",
        "reused",
        "ranked_from",
        "same_photo_penalty",
    }
)
"""Keys of records that say when and how fast something was done, and what was known from earlier."""
_UNSEEN = re.compile(r"(\.lock|\.lock\.by|-wal|-shm)$")


class Scenario:
    """A prepared folder and steps; subclasses say which.

    Attributes:
        name: As the command names it.
        what: One line for lists.
        is_atomic: Whether each step is done or not done, and was done if it was answered; else the next run does it
            again, whatever a killed one left.
        whom: Who may be killed.
        files_differ: Whether the files of two runs are different, so that only `state` is compared.
        made_up: Parts of paths of files that fakes write, which are not what their names say.
    """

    name: str
    what: str
    is_atomic = False
    whom: tuple[Whom, ...] = (Whom.ALL,)
    files_differ = False
    made_up: tuple[str, ...] = ()

    def prepare(self, folder: Path) -> None:
        """Fill an empty folder; in a process of its own."""
        raise NotImplementedError

    def steps(self, folder: Path) -> AbstractContextManager[Sequence[Step]]:
        """The steps, with all that they need open. What a start puts right after a kill, it puts right here."""
        raise NotImplementedError

    def state(self, folder: Path) -> Mapping[str, Any]:
        """What the steps have done so far, as the program reads it: plain values of JSON."""
        return {}

    def leaves(self, folder: Path) -> Mapping[str, str]:
        """All files in the end, with digests; the same after every kill."""
        return tree(folder)

    def lacking(self) -> str:
        """What this machine lacks for it, or "" if nothing."""
        return ""

    @contextmanager
    def opened(self, *steps: Step) -> Iterator[Sequence[Step]]:
        """Steps that need nothing open."""
        yield steps


def tree(
    folder: Path, *, ignored: Collection[str] = (), without_content: Collection[str] = (), keys: Collection[str] = ()
) -> dict[str, str]:
    """All files with digests of what they hold: JSON without times, SQLite not at all.

    Args:
        folder: The folder.
        ignored: Ends of paths of files that may be there or not.
        without_content: Ends of paths of files whose content may differ.
        keys: More keys of JSON whose values may differ.
    """
    out = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or _UNSEEN.search(name) or name.endswith(tuple(ignored)):
            continue
        if name.endswith((".sqlite", ".db", *without_content)):
            out[name] = ""
        elif path.suffix == ".json":
            values = plain_json(json.loads(path.read_bytes()), _TIMES | frozenset(keys))
            out[name] = sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
        else:
            out[name] = sha256(path.read_bytes()).hexdigest()[:16]
    return out


def plain_json(value: Any, without: Collection[str]) -> Any:
    """A value of JSON without some keys, at any depth."""
    if isinstance(value, dict):
        return {key: plain_json(inner, without) for key, inner in value.items() if key not in without}
    if isinstance(value, list):
        return [plain_json(inner, without) for inner in value]
    return value
