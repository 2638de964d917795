"""Films in the background: taken in, looked at one after the other, and kept.

A film is a folder of `video.dir` with a record of what is to be done with it. Whatever waits is done by jobs of the
stage `video`, one at a time in all service processes: a film already uses all cores, and its workers hold networks and
pictures. A film that waits lets clustering and scoring go first; these never wait for a film. What a service that died
had begun goes on when the next one starts: what was looked at is kept in segments.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from curation.decoders import giving_up_when
from curation.domain.film.people import TrailerResult
from curation.domain.film.times import Interval
from curation.domain.report import Progress
from curation.errors import (
    BusyError,
    CurationError,
    DecodersBusyError,
    FilmDocumentError,
    FilmNotReadyError,
    RunInterruptedError,
    StorageError,
    VideoNotFoundError,
)
from curation.jobs.job import Job, Stage, utc_now
from curation.jobs.outcomes import JobOutcome
from curation.jobs.runner import JobEndedError, JobRunner, ServiceEndingError
from curation.jobs.store import ActiveJobError
from curation.jobs.video.film_folders import FilmFolders, no_film
from curation.jobs.video.film_names import followed, read_names, write_names
from curation.jobs.video.film_record import (
    FilmRecord,
    FilmSummary,
    FilmTask,
    PosterRecord,
    SummaryPerson,
    TaskKind,
    TaskState,
)
from curation.jobs.video.film_work import FilmPictures, FilmWork
from curation.jobs.video.media_types import media_type_of
from curation.jobs.video.poster_files import ORIGINAL, PICTURE, write_poster
from curation.storage.atomic import explained, write_bytes

__all__ = ["VideoJobs", "summary_of"]

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
"""A film that ends its service each time must not do so forever."""
STOP_WAIT_S = 8.0
"""How long a delete waits for the job of its film to stop."""
_LOOK_AGAIN_S = 2.0
_SOON_S = 0.1
_REQUEST = ("video_id", "what", "poster_id")


class VideoJobs:
    """Films that the service was given. Thread-safe."""

    def __init__(
        self,
        folders: FilmFolders,
        pictures: FilmPictures,
        make_work: Callable[[], FilmWork],
        *,
        file_of: Callable[[FilmRecord], Path] | None = None,
        result_of: Callable[[FilmRecord], TrailerResult] | None = None,
    ) -> None:
        """Take the parts; nothing is started, and no network is looked for.

        Args:
            folders: Where films are.
            pictures: Reads films without networks.
            make_work: Builds what needs networks; called once, when it is first needed.
            file_of: The file of a film; by default the one in its folder.
            result_of: Its result with all names; by default the one in its folder.
        """
        self.folders = folders
        self.pictures = pictures
        self._make_work = make_work
        self._file_of = file_of or (lambda record: folders.original(record.id))
        self._result_of = result_of or self._kept_result
        self._work: FilmWork | None = None
        self._building = threading.Lock()
        self._starting = threading.Lock()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._runner: JobRunner | None = None
        self._thread: threading.Thread | None = None

    @property
    def work(self) -> FilmWork:
        """What needs networks.

        Raises:
            WeightsError: If a model file is missing or broken; the message says what to do.
            SettingsError: If the settings name something that is not there.
        """
        with self._building:
            if self._work is None:
                self._work = self._make_work()
            return self._work

    def name_films(
        self, file_of: Callable[[FilmRecord], Path], result_of: Callable[[FilmRecord], TrailerResult]
    ) -> None:
        """Set who knows the files and the names of all films."""
        self._file_of, self._result_of = file_of, result_of

    def start(self, runner: JobRunner) -> None:
        """Begin to do what waits, with this runner."""
        self._runner = runner
        self.folders.sweep()
        self._thread = threading.Thread(target=self._dispatch, name="curation-films", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more; a job that runs is stopped by the runner."""
        self._ended.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(STOP_WAIT_S)

    # Handing in

    def take(self, incoming: Path, name: str, *, sha256: str, size_bytes: int) -> FilmRecord:
        """Take a film that was received; the same file with the same settings is the same film.

        Args:
            incoming: Its file below the folder of films; it is moved or removed.
            name: The name that it was sent under.
            sha256: Of its content.
            size_bytes: Of its file.

        Raises:
            ClipUnreadableError: If it is no film.
            ClipRefusedError: If it is too long.
            WeightsError: If a model file is missing.
            StorageError: If it cannot be stored.
        """
        try:
            work = self.work
            facts = self.pictures.facts(incoming)
            record = FilmRecord(
                id=_film_id(sha256, work.settings_hash),
                name=name,
                created_at=utc_now(),
                sha256=sha256,
                size_bytes=size_bytes,
                media_type=media_type_of(incoming),
                codec=facts.codec,
                settings_hash=work.settings_hash,
                tasks=(FilmTask(TaskKind.LOOK, "", TaskState.WAITING, utc_now()),),
            )
            kept = self.folders.add(record, incoming)
        finally:
            with suppress(OSError):
                incoming.unlink(missing_ok=True)
        look = kept.task(TaskKind.LOOK)
        if look is not None and look.state in (TaskState.FAILED, TaskState.STOPPED):
            kept = self.ask(kept.id, TaskKind.LOOK)
        self._wake.set()
        return kept

    def keep_clip(self, record: FilmRecord) -> FilmRecord:
        """Have a folder for a clip of the event, for its posters and its annotated version."""
        return self.folders.add(record)

    def add_poster(self, film_id: str, poster: PosterRecord, content: bytes, picture: bytes) -> PosterRecord:
        """Add a poster of a film; the same picture is the same poster.

        Args:
            film_id: Of which film.
            poster: Its record.
            content: The file as it came.
            picture: The same as a JPEG for browsers.

        Raises:
            VideoNotFoundError: If there is no such film.
            StorageError: If it cannot be stored.
        """
        folder = self.folders.poster(film_id, poster.id)
        record = self.folders.get(film_id)
        if record is None:
            raise no_film(film_id)
        write_bytes(folder / ORIGINAL, content)
        write_bytes(folder / PICTURE, picture)

        def add(present: FilmRecord) -> FilmRecord:
            if all(one.id != poster.id for one in present.posters):
                present = replace(present, posters=(*present.posters, poster))
            before = present.task(TaskKind.POSTER, poster.id)
            if before is None or before.state in (TaskState.FAILED, TaskState.STOPPED):
                present = present.with_task(FilmTask(TaskKind.POSTER, poster.id, TaskState.WAITING, utc_now()))
            return present

        record = self.folders.change(film_id, add)
        self._wake.set()
        return next(one for one in record.posters if one.id == poster.id)

    def ask(self, film_id: str, kind: TaskKind, key: str = "") -> FilmRecord:
        """Have something done (again), unless it waits or is at work already.

        Raises:
            VideoNotFoundError: If there is no such film.
            FilmNotReadyError: If a film without a result is to be annotated.
            StorageError: If it cannot be stored.
        """

        def change(record: FilmRecord) -> FilmRecord:
            before = record.task(kind, key)
            if before is not None and not before.state.is_over:
                return record
            if kind is TaskKind.ANNOTATE and record.summary is None:
                raise FilmNotReadyError(f"{record.name} has no result yet; wait until it was looked at")
            return record.with_task(FilmTask(kind, key, TaskState.WAITING, utc_now()))

        record = self.folders.change(film_id, change)
        self._wake.set()
        return record

    # Deleting

    def delete(self, film_id: str) -> None:
        """Delete a film with everything that was made of it.

        Raises:
            VideoNotFoundError: If there is none.
            StorageError: If it cannot be removed.
        """
        record = self.folders.get(film_id)
        if record is None:
            raise no_film(film_id)
        self._stop_work_on(film_id)
        if record.sha256 and self._work is not None:
            try:
                self._work.forget(self.folders.original(film_id))
            except CurationError as error:
                logger.warning("what was kept of %s could not be removed: %s", record.name, error)
        self.folders.remove(film_id)

    def delete_poster(self, film_id: str, poster_id: str) -> None:
        """Delete a poster; nothing happens without one. Raises what `FilmFolders.change` raises."""
        self.folders.change(film_id, lambda record: record.without_poster(poster_id))
        shutil.rmtree(self.folders.poster(film_id, poster_id), ignore_errors=True)

    def _stop_work_on(self, film_id: str) -> None:
        runner = self._runner
        if runner is None:
            return
        for job in runner.active:
            if job.stage is Stage.VIDEO and job.request.get("video_id") == film_id:
                with suppress(JobEndedError):
                    runner.cancel(job.id)
                waited = threading.Event()
                left_s = STOP_WAIT_S
                while runner.live(job.id) is not None and left_s > 0:
                    waited.wait(_SOON_S)
                    left_s -= _SOON_S

    # Working

    def begin_next(self) -> Job | None:
        """Begin what waits longest, if nothing is at work; returns the job."""
        runner = self._runner
        if runner is None or runner.is_ending:
            return None
        with self._starting:
            if runner.conflicting_job(Stage.CLUSTERING) is not None or runner.conflicting_job(Stage.VIDEO) is not None:
                return None
            waiting = self._waiting(runner)
            if waiting is None:
                return None
            record, task = waiting
            try:
                job = runner.start(
                    Stage.VIDEO, dict(zip(_REQUEST, (record.id, task.kind.value, task.key), strict=True))
                )
            except (ActiveJobError, ServiceEndingError):
                return None
            with suppress(VideoNotFoundError):
                self._note(record.id, task.kind, task.key, job_id=job.id)
            return job

    def _waiting(self, runner: JobRunner) -> tuple[FilmRecord, FilmTask] | None:
        records = self.folders.records()
        if any(task.state is TaskState.WORKING for record in records for task in record.tasks):
            runner.end_orphans()
            if any(job.stage is Stage.VIDEO for job in runner.list_active()):
                return None
            records = [self._picked_up(record) for record in records]
        found = [(record, task) for record in records for task in record.tasks if _can_begin(record, task)]
        return min(found, key=lambda pair: (pair[1].asked_at, pair[0].id), default=None)

    def _picked_up(self, record: FilmRecord) -> FilmRecord:
        """Whatever no job is at work on waits again, but not forever."""
        if all(task.state is not TaskState.WORKING for task in record.tasks):
            return record

        def change(present: FilmRecord) -> FilmRecord:
            for task in present.tasks:
                if task.state is not TaskState.WORKING:
                    continue
                if task.attempts < MAX_ATTEMPTS:
                    present = present.with_task(replace(task, state=TaskState.WAITING))
                else:
                    message = f"the service ended {task.attempts} times while it worked on this film; see its log"
                    present = present.with_task(
                        replace(task, state=TaskState.FAILED, code="interrupted", message=message)
                    )
            return present

        return self.folders.change(record.id, change)

    def _dispatch(self) -> None:
        pause_s = 0.0
        while not self._ended.is_set():
            self._wake.wait(pause_s)
            self._wake.clear()
            pause_s = _LOOK_AGAIN_S
            try:
                # What waits for the present job to end is begun at once, as the runner tells nobody of it.
                if self.begin_next() is None and self._runner is not None and self._runner.active:
                    pause_s = _SOON_S
            except (StorageError, BusyError) as error:
                logger.warning("no film can be begun: %s", error)
            except CurationError as error:
                logger.error("no film can be begun: %s", error)

    def run(
        self, request: Mapping[str, Any], progress: Callable[[Progress], None], cancel: threading.Event
    ) -> JobOutcome:
        """Do one thing with a film; the stage `video`.

        Raises:
            RunInterruptedError: If it was stopped.
            CurationError: Why it failed.
        """
        film_id, kind, key = (str(request.get(name, "")) for name in _REQUEST)
        what = TaskKind(kind)
        try:
            record = self._begin(film_id, what, key)
            if record is None:
                return JobOutcome({}, result={"video_id": film_id, "what": what.value})
            with giving_up_when(cancel):
                outcome = self._do(record, what, key, progress, cancel)
            self._note(film_id, what, key, state=TaskState.DONE, code="", message="")
            return outcome
        except VideoNotFoundError as error:
            raise RunInterruptedError("the film was deleted") from error
        except (RunInterruptedError, DecodersBusyError) as error:
            is_ending = self._runner is not None and self._runner.is_ending
            if isinstance(error, DecodersBusyError) and not (cancel.is_set() or is_ending):
                self._try_note(film_id, what, key, state=TaskState.FAILED, code=error.code, message=str(error))
                raise
            self._try_note(film_id, what, key, state=TaskState.WAITING if is_ending else TaskState.STOPPED)
            raise RunInterruptedError("what was decoded for the film is not wanted any more") from error
        except CurationError as error:
            self._try_note(film_id, what, key, state=TaskState.FAILED, code=error.code, message=str(error))
            raise
        except Exception as error:
            message = f"unexpected {type(error).__name__}; the log of the job says more"
            self._try_note(film_id, what, key, state=TaskState.FAILED, code="internal", message=message)
            raise
        finally:
            self._wake.set()

    def _begin(self, film_id: str, kind: TaskKind, key: str) -> FilmRecord | None:
        """The record, if this still waits."""
        begun: list[bool] = []

        def change(record: FilmRecord) -> FilmRecord:
            task = record.task(kind, key)
            if task is None or task.state is not TaskState.WAITING:
                return record
            begun.append(True)
            return record.with_task(replace(task, state=TaskState.WORKING, attempts=task.attempts + 1))

        record = self.folders.change(film_id, change)
        return record if begun else None

    def _do(
        self,
        record: FilmRecord,
        kind: TaskKind,
        key: str,
        progress: Callable[[Progress], None],
        cancel: threading.Event,
    ) -> JobOutcome:
        told = {"video_id": record.id, "what": kind.value}
        if kind is TaskKind.LOOK:
            return self._look(record, progress, cancel, told)
        if kind is TaskKind.POSTER:
            folder = self.folders.poster(record.id, key)
            progress(Progress("poster", 0, 1))
            found = self.work.match(folder / ORIGINAL, self._result_of(record))
            write_poster(folder, found)
            progress(Progress("poster", 1, 1))
            return JobOutcome(
                {"faces": len(found.faces), "unmatched": found.unmatched}, result=told | {"poster_id": key}
            )
        target = self.folders.annotated(record.id)
        partial = target.with_name(f".{target.stem}.part.mp4")
        try:
            self.work.annotate(self._file_of(record), self._result_of(record), partial, progress, cancel)
            partial.replace(target)
        except OSError as error:
            raise explained(error, target, "written") from error
        finally:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
        return JobOutcome({"bytes": target.stat().st_size}, result=told)

    def _look(
        self,
        record: FilmRecord,
        progress: Callable[[Progress], None],
        cancel: threading.Event,
        told: Mapping[str, Any],
    ) -> JobOutcome:
        from curation.storage.video.result_files import write_result

        earlier = None
        if record.summary is not None:
            with suppress(FilmDocumentError):
                earlier = self._kept_result(record)
        look = self.work.look(self._file_of(record), earlier=earlier, progress=progress, cancel=cancel)
        result = look.result
        folder = self.folders.result(record.id)
        new, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
        for leftover in (new, old):
            shutil.rmtree(leftover, ignore_errors=True)
        write_result(new, result, source=record.name)
        try:
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
        except OSError as error:
            raise explained(error, folder, "replaced") from error
        shutil.rmtree(old, ignore_errors=True)
        for names in (self.folders.names(record.id), self.folders.known_refused(record.id)):
            said = read_names(names)
            if said:
                write_names(names, followed(said, result))

        def change(present: FilmRecord) -> FilmRecord:
            for task in present.tasks:
                # Ids of characters may be others now.
                if task.kind is TaskKind.POSTER and task.state is TaskState.DONE:
                    present = present.with_task(FilmTask(task.kind, task.key, TaskState.WAITING, utc_now()))
            return replace(present, summary=summary_of(result), joined=tuple(sorted(look.joined)))

        self.folders.change(record.id, change)
        film = result.film
        return JobOutcome(
            {
                "people": len(result.people),
                "tracks": len(film.tracks),
                "shots": len(film.shots),
                "frames_decoded": film.frames_decoded,
                "frames_looked_at": film.frames_looked_at,
                "corrupt_frames": film.corrupt_count,
            },
            warnings=tuple(text for text in (film.problem, *film.notes) if text),
            result=dict(told),
        )

    def _kept_result(self, record: FilmRecord) -> TrailerResult:
        from curation.storage.video.result_files import read_result

        return read_result(self.folders.result(record.id))

    def _note(self, film_id: str, kind: TaskKind, key: str, **values: Any) -> None:
        def change(record: FilmRecord) -> FilmRecord:
            task = record.task(kind, key)
            return record if task is None else record.with_task(replace(task, **values))

        self.folders.change(film_id, change)

    def _try_note(self, film_id: str, kind: TaskKind, key: str, **values: Any) -> None:
        try:
            self._note(film_id, kind, key, **values)
        except VideoNotFoundError:
            logger.info("the film %s was deleted while it was worked on", film_id)
        except CurationError as error:
            logger.error("the state of the film %s cannot be stored: %s", film_id, error)


def summary_of(result: TrailerResult) -> FilmSummary:
    """What lists show of a result."""
    film = result.film
    people = sorted(result.people, key=lambda person: (-person.screen_time, person.cluster_id))
    best_s = float(film.facts.duration) / 3
    for person in people[:1]:
        track = film.tracks[person.best_track]
        best_s = float(track.faces[0].time if track.faces else _middle(track.span))
    return FilmSummary(
        duration_s=round(float(film.facts.duration), 3),
        end_s=round(float(max((shot.span.end for shot in film.shots), default=film.facts.duration)), 3),
        width=film.facts.width,
        height=film.facts.height,
        codec=film.facts.codec,
        status=film.status.value,
        problem=film.problem,
        best_s=best_s,
        people=tuple(SummaryPerson(person.cluster_id, round(float(person.screen_time), 3)) for person in people),
    )


def _middle(span: Interval) -> float:
    return float(span.start + span.end) / 2


def _can_begin(record: FilmRecord, task: FilmTask) -> bool:
    if task.state is not TaskState.WAITING:
        return False
    look = record.task(TaskKind.LOOK)
    return task.kind is TaskKind.LOOK or look is None or look.state is TaskState.DONE


def _film_id(sha256: str, settings_hash: str) -> str:
    from curation.pipelines.stage import content_key

    return content_key({"content": sha256, "settings": settings_hash})
