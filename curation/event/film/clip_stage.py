"""The clips of an event, after its photos: who is in them, with the ids, names and categories of the event.

The people of the photos come first: appearances in clips join them, and nothing of the photos changes. Everybody else
is grouped over all clips together and gets an id that nobody had before, and keeps it in later runs.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curation.disk.answers import in_time
from curation.domain.film.clip import ClipFacts, ClipStatus
from curation.domain.film.people import TrailerResult
from curation.domain.film.track import FilmAnalysis
from curation.domain.labelling.labels import Labels
from curation.domain.report import Failure, FilmsReport, Progress
from curation.errors import PhotoError
from curation.event.film.clip_people import (
    Proposal,
    earlier_ids,
    kept_names,
    own_ids,
    remembered,
)
from curation.event.film.joinable import event_so_far, vectors_key, with_clip_people
from curation.event.film.kept_results import result_folder, sweep_results
from curation.photos.files.listing import ClipFile
from curation.photos.finding.folder_watch import ANSWER_LIMIT_S, NO_FOLDERS, FolderWatch
from curation.pipelines.stage import ProgressListener
from curation.pipelines.video.characters import characters_of
from curation.pipelines.video.setup import VideoSetup
from curation.settings import Settings
from curation.storage.file_stamps import FileStamp
from curation.storage.run_records import (
    VIDEO_RUN,
    versions,
    write_run_record,
)
from curation.storage.said.corrections_file import hold_corrections
from curation.storage.together.new_files import new_files
from curation.storage.video.remembered_clips import REMEMBERED_CLIPS, RememberedClips, read_clips, write_clips
from curation.storage.video.result_files import write_result
from curation.storage.video.segment_store import film_content
from curation.storage.video.tables import FACES, PEOPLE, TRACKS, VECTORS, VIDEOS, write_tables
from curation.workers.pool import stop_if, usable_cores

__all__ = ["PHASE", "ClipStage", "FilmLooker", "FilmParts"]

logger = logging.getLogger(__name__)

PHASE = "looking at clips"
COMPANION_S = 4
"""Phones take a film of about three seconds with each photo; what lasts longer somebody filmed."""
_SHOWN = 5


def _nothing() -> None:
    """Nobody holds the output folder."""


class FilmLooker(Protocol):
    """The part of `FilmAnalyser` that is needed here."""

    def analyse_many(
        self, paths: Iterable[Path], *, progress: ProgressListener, cancel: threading.Event | None
    ) -> Iterator[tuple[Path, FilmAnalysis | PhotoError]]:
        """See `FilmAnalyser.analyse_many`."""

    def close(self) -> None:
        """End the workers."""


@dataclass(frozen=True, slots=True)
class FilmParts:
    """What looks at clips.

    Attributes:
        setup: Rules and options.
        looker: Finds the appearances of faces.
        facts_of: Returns what the file of a clip tells of itself; raises PhotoError for one that is unreadable. It is
            asked only of films beside photos of the same name.
    """

    setup: VideoSetup
    looker: FilmLooker
    facts_of: Callable[[Path], ClipFacts]


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """A clip that was looked at."""

    clip: ClipFile
    content: str
    film: FilmAnalysis


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Who is in the clips."""

    results: tuple[TrailerResult, ...]
    proposals: tuple[Proposal, ...]
    known: frozenset[int]
    clips: RememberedClips
    labels: Labels
    notes: tuple[str, ...]


class ClipStage:
    """Clips in, videos.csv, video_tracks.csv, video_faces.csv, video_people.csv and video_run.json out."""

    def __init__(
        self, settings: Settings, parts: FilmParts, progress: ProgressListener, cancel: threading.Event
    ) -> None:
        """Take the settings of the event and what looks at its clips."""
        self._settings = settings
        self._parts = parts
        self._progress = progress
        self._cancel = cancel
        self._output = settings.io.output_dir
        self._companions: list[ClipFile] = []

    def run(
        self, clips: Sequence[ClipFile], watch: FolderWatch = NO_FOLDERS, demand_output: Callable[[], None] = _nothing
    ) -> FilmsReport:
        """Look at all clips, as far as that was not done before, and say who is in them.

        Args:
            clips: Of the input folder.
            watch: Knows the folders that they are in: a clip whose folder vanished ends the run, it does not fail.
            demand_output: Checks that the output folder is still the one that is held.

        Returns:
            What was found; `analysed + failed == total`. A clip that cannot be used is a failure, not an error.

        Raises:
            PhotosMissingError: If a folder of clips vanished during the run; the tables are as they were.
            LabelsError: If cluster_labels.json is not valid.
            CorrectionsError: If corrections.json is not valid.
            FaceDataError: If a table of the photos is not valid.
            StorageError: If something cannot be read or written.
            RunInterruptedError: If the run was cancelled; what was looked at is kept.
            WeightsError: If the workers cannot load the engine.
        """
        began = time.monotonic()
        read_clips(self._output)  # so that a file of a newer version is told before hours of work
        looked, failures = self._look(clips, watch)
        stop_if(self._cancel)
        # Whoever gives out cluster ids holds this lock.
        with hold_corrections(self._settings.lock_dir):
            demand_output()
            found = self._people(looked)
            for one, result in zip(looked, found.results, strict=True):
                folder = result_folder(self._settings, one.content)
                write_result(folder, result, source=one.clip.video_path)
            films = [(one.clip.video_path, result) for one, result in zip(looked, found.results, strict=True)]
            report = self._report(looked, failures, found, began)
            with new_files(self._output) as new:
                write_clips(new.folder, found.clips)
                write_tables(new.folder, films, failed=[(one.image_path, one.reason) for one in failures])
                self._write_record(new.folder, looked, failures, found, report)
                new.publish(last=(VIDEO_RUN,))
        demand_output()
        sweep_results(self._settings, {one.content for one in looked})
        return report

    def _look(self, clips: Sequence[ClipFile], watch: FolderWatch) -> tuple[list[_Looked], list[Failure]]:
        wanted = [clip for clip in clips if not self._is_companion(clip)]
        of_path = {clip.path: clip for clip in wanted}
        looked, failures = [], []
        try:
            for path, film in self._parts.looker.analyse_many(list(of_path), progress=self._tell, cancel=self._cancel):
                clip = of_path[path]
                try:
                    if isinstance(film, PhotoError):
                        raise film
                    with self._parts.setup.originals.at_hand(clip.path) as opened:
                        content = film_content(FileStamp(opened, clip.size_bytes, clip.mtime_ns))
                    looked.append(_Looked(clip, content, film))
                except PhotoError as error:
                    watch.demand(clip.path)
                    failures.append(Failure(clip.video_path, str(error)))
        finally:
            self._parts.looker.close()
        return looked, sorted(failures, key=lambda failure: failure.image_path)

    def _is_companion(self, clip: ClipFile) -> bool:
        """Whether a film is the moving part of the photo beside it."""
        stop_if(self._cancel)
        if not clip.beside:
            return False
        try:
            facts = in_time(clip.path, lambda: self._parts.facts_of(clip.path), limit_s=ANSWER_LIMIT_S)
            is_short = facts.duration <= COMPANION_S
        except (PhotoError, TimeoutError):
            return False  # it fails with the other clips, and says why
        if is_short:
            self._companions.append(clip)
        return is_short

    def _tell(self, progress: Progress) -> None:
        self._progress(replace(progress, phase=PHASE))

    def _people(self, looked: Sequence[_Looked]) -> _Found:
        spec = self._parts.setup.engine
        event = event_so_far(self._settings, spec)
        clips, labels = event.clips, event.labels
        contents = {one.content for one in looked}
        here = {track.cluster_id for track in clips.tracks if track.content in contents}
        # Somebody whom the user named in a clip that is away, or was cut since, is known by the face.
        away = labels.by_cluster.keys() & clips.people.keys() - here
        films = [one.film for one in looked]
        before = [earlier_ids(one.film, one.content, clips, event.photo_ids) for one in looked]
        proposals: tuple[Proposal, ...] = ()

        def settle(joined: Mapping[int, int], groups: NDArray[np.int64]) -> dict[int, int]:
            nonlocal proposals
            earlier = np.concatenate(before) if before else np.zeros(0, dtype=np.int64)
            out, proposals = kept_names(joined, groups, earlier, labels, clips)
            return out

        results = characters_of(
            films,
            self._parts.setup,
            known=with_clip_people(event.known, clips, spec, away),
            labels=labels,
            first_new_id=event.first_new_id,
            earlier=before,
            settle=settle,
            threads=usable_cores(),
        )
        by_content = {one.content: result for one, result in zip(looked, results, strict=True)}
        now = remembered(by_content, clips, event.first_new_id, vectors_key(spec))
        notes = (
            (
                f"the clips were looked at with {spec.name} and other weights than the photos, so their people are not "
                "compared: run the clustering again with the same weights",
            )
            if event.is_other_engine
            else ()
        )
        return _Found(results, proposals, event.photo_ids, now, labels, notes)

    def _report(self, looked: Sequence[_Looked], failures: list[Failure], found: _Found, began: float) -> FilmsReport:
        people = {person.cluster_id for result in found.results for person in result.people}
        return FilmsReport(
            total=len(looked) + len(failures),
            analysed=len(looked),
            failed=len(failures),
            failures=tuple(failures),
            partial=sum(one.film.status is not ClipStatus.OK for one in looked),
            companions=len(self._companions),
            people=len(people),
            known_people=len(people & found.known),
            tracks=sum(len(one.film.tracks) for one in looked),
            seconds_of_film=float(sum((one.film.facts.duration for one in looked), Fraction(0))),
            warnings=(*found.notes, *_proposed(found), *_names_away(found)),
            outputs=(VIDEOS, TRACKS, FACES, PEOPLE, VECTORS, REMEMBERED_CLIPS, VIDEO_RUN),
            seconds=time.monotonic() - began,
        )

    def _write_record(
        self,
        folder: Path,
        looked: Sequence[_Looked],
        failures: Sequence[Failure],
        found: _Found,
        report: FilmsReport,
    ) -> None:
        setup = self._parts.setup
        files = [*setup.engine.weights, *(file for reader in setup.readers for file in reader.weights)]
        own = own_ids(found.results, 0, found.clips) & found.clips.people.keys()
        write_run_record(
            folder / VIDEO_RUN,
            {
                "stage": "clips",
                "input_dir": self._settings.input_address or str(self._settings.io.input_dir),
                "engine": setup.engine.name,
                "weights": {file.name: file.sha256 for file in files},
                "options": {name: value for result in found.results[:1] for name, value in result.options},
                "clips": [
                    {
                        "video_path": one.clip.video_path,
                        "content": one.content,
                        "status": one.film.status.value,
                        "error": one.film.problem,
                        "duration_s": round(float(one.film.facts.duration), 3),
                        "capture_time": one.film.facts.capture_time,
                    }
                    for one in looked
                ]
                + [
                    {"video_path": one.image_path, "status": ClipStatus.FAILED.value, "error": one.reason}
                    for one in failures
                ],
                "companions": [{"video_path": one.video_path, "beside": one.beside} for one in self._companions],
                "only_in_clips": sorted(own),
                "proposals": [
                    {"clip_person": one.clip_person, "name": one.name, "cluster_id": one.cluster_id}
                    for one in found.proposals
                ],
                "counts": {
                    "clips": report.total,
                    "analysed": report.analysed,
                    "failed": report.failed,
                    "partial": report.partial,
                    "companions": report.companions,
                    "people": report.people,
                    "known_people": report.known_people,
                    "tracks": report.tracks,
                },
                "warnings": list(report.warnings),
                "settings": self._settings.recorded("io", "engine", "video"),
                "seconds_of_film": round(report.seconds_of_film, 3),
                "seconds": round(report.seconds, 2),
                "versions": versions(),
            },
        )


def _proposed(found: _Found) -> tuple[str, ...]:
    told = [
        f"person {one.cluster_id} of the photos looks like {one.name or f'person {one.clip_person}'}, whom you named "
        "in a clip: if so, give that person the same name"
        for one in found.proposals
    ]
    return tuple(told[:_SHOWN])


def _names_away(found: _Found) -> tuple[str, ...]:
    labels = found.labels
    names = {labels.by_cluster[cluster].name for cluster in found.clips.present & labels.by_cluster.keys()}
    away = [
        label.name or f"person {cluster}"
        for cluster, label in sorted(labels.by_cluster.items())
        if cluster in found.clips.people
        and cluster not in found.clips.present
        and (label.name is None or label.name not in names)
    ]
    if not away:
        return ()
    more = f" and {len(away) - _SHOWN} more" if len(away) > _SHOWN else ""
    return (f"in clips that are not in the folder now: {', '.join(away[:_SHOWN])}{more}. Their names are kept",)
