"""What the service remembers of a film: where it came from, and what is to be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

__all__ = ["FilmRecord", "FilmSummary", "FilmTask", "PosterRecord", "SummaryPerson", "TaskKind", "TaskState"]

_FORMAT = 1


class TaskKind(StrEnum):
    """What is done with a film."""

    LOOK = "look"
    POSTER = "poster"
    ANNOTATE = "annotate"


class TaskState(StrEnum):
    """How far it is. `stopped`: a user stopped it."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def is_over(self) -> bool:
        """Whether nothing happens to it by itself."""
        return self not in (TaskState.WAITING, TaskState.WORKING)


@dataclass(frozen=True, slots=True)
class FilmTask:
    """Something that is to be done with a film, or was.

    Attributes:
        kind: What.
        key: Id of the poster; empty for the others.
        state: How far it is.
        asked_at: When it was asked for, UTC, ISO 8601.
        job_id: The job that does it or did it last; empty before the first.
        attempts: How often it was begun.
        code: Why it failed: a stable name; else empty.
        message: The same as a sentence that says what to do.
    """

    kind: TaskKind
    key: str
    state: TaskState
    asked_at: str
    job_id: str = ""
    attempts: int = 0
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class PosterRecord:
    """A poster of a film: its id, the name that it was sent under, and when it came."""

    id: str
    name: str
    created_at: str


@dataclass(frozen=True, slots=True)
class SummaryPerson:
    """A character, for lists: cluster id and time on screen in seconds."""

    cluster_id: int
    screen_time_s: float


@dataclass(frozen=True, slots=True)
class FilmSummary:
    """What lists show of a result, so that they need not read it.

    Attributes:
        duration_s: Of the film.
        end_s: When its last picture ends, since the container's start: films may start late.
        width: Of its upright picture.
        height: Likewise.
        codec: Of its pictures, as FFmpeg calls it.
        status: `ok` or `partial`.
        problem: Why it is partial.
        best_s: When its most seen character is seen best: the cover.
        people: The characters, by time on screen, longest first.
    """

    duration_s: float
    end_s: float
    width: int
    height: int
    codec: str
    status: str
    problem: str
    best_s: float
    people: tuple[SummaryPerson, ...]


@dataclass(frozen=True, slots=True)
class FilmRecord:
    """A film that the service was given, or a clip of the event for which it did something.

    Attributes:
        id: 32 hexadecimal digits, made of content and settings; for a clip of the event 16, made of its path.
        name: The file name that it was sent under.
        created_at: When it came, UTC, ISO 8601.
        video_path: Of a clip of the event, relative to the folder of photos; empty for a film that was handed in.
        sha256: Of the file; empty for a clip of the event.
        size_bytes: Likewise.
        media_type: Of the file.
        codec: Of its pictures, as FFmpeg calls it; empty if unknown.
        settings_hash: Of everything that the result depends on besides the file.
        tasks: What is to be done, in the order in which it was asked for.
        posters: Its posters.
        joined: Ids of characters that are people of the event.
        summary: Of the result; None before there is one.
    """

    id: str
    name: str
    created_at: str
    video_path: str = ""
    sha256: str = ""
    size_bytes: int = 0
    media_type: str = "application/octet-stream"
    codec: str = ""
    settings_hash: str = ""
    tasks: tuple[FilmTask, ...] = ()
    posters: tuple[PosterRecord, ...] = ()
    joined: tuple[int, ...] = ()
    summary: FilmSummary | None = field(default=None)

    def task(self, kind: TaskKind, key: str = "") -> FilmTask | None:
        """The task of this kind; None if it was never asked for."""
        return next((task for task in self.tasks if (task.kind, task.key) == (kind, key)), None)

    def with_task(self, task: FilmTask) -> FilmRecord:
        """With this task in the place of that of the same kind and key."""
        others = [one for one in self.tasks if (one.kind, one.key) != (task.kind, task.key)]
        return replace(self, tasks=(*others, task))

    def without_poster(self, poster: str) -> FilmRecord:
        """Without this poster, and without its task."""
        return replace(
            self,
            posters=tuple(one for one in self.posters if one.id != poster),
            tasks=tuple(one for one in self.tasks if (one.kind, one.key) != (TaskKind.POSTER, poster)),
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"format": _FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FilmRecord:
        """From plain JSON values.

        Raises:
            ValueError: If they are not those of a record, or of a newer program.
        """
        try:
            values = dict(data)
            if values.pop("format") != _FORMAT:
                raise ValueError("it was written by a newer version of Curation")
            summary = values["summary"]
            if summary is not None:
                people = tuple(SummaryPerson(**person) for person in summary["people"])
                values["summary"] = FilmSummary(**{**summary, "people": people})
            values["tasks"] = tuple(
                FilmTask(**{**task, "kind": TaskKind(task["kind"]), "state": TaskState(task["state"])})
                for task in values["tasks"]
            )
            values["posters"] = tuple(PosterRecord(**poster) for poster in values["posters"])
            values["joined"] = tuple(int(cluster) for cluster in values["joined"])
            return cls(**values)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it is not the record of a film ({error})") from error
