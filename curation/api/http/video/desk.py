"""The films as the service has them: none without the extra, or looked at in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from curation.domain.report import Progress
from curation.errors import VideosOffError
from curation.jobs.outcomes import JobOutcome
from curation.jobs.runner import JobRunner
from curation.jobs.video.films import Films
from curation.jobs.video.video_jobs import VideoJobs

__all__ = ["VIDEOS_OFF", "VideoDesk"]

VIDEOS_OFF = (
    "looking at films needs the extra video, and its package av is not installed. In a checkout:  "
    "make extras EXTRAS=video  Where pip installed Curation:  pip install 'curation[video]'"
)
"""An example of why there are no films, for the description of the operations."""


class VideoDesk:
    """Answers for the films; every request about them asks it first."""

    def __init__(self, jobs: VideoJobs | None = None, films: Films | None = None, *, off: str = "") -> None:
        """Take the parts; nothing is started yet.

        Args:
            jobs: None if the service cannot look at films.
            films: Likewise.
            off: Why it cannot, and what to do.
        """
        self._jobs = jobs
        self._films = films
        self.off = off or (VIDEOS_OFF if jobs is None else "")
        if jobs is not None and films is not None:
            jobs.name_films(films.file_of, films.result_of)

    @property
    def is_on(self) -> bool:
        """Whether the service can look at films."""
        return self._jobs is not None

    @property
    def jobs(self) -> VideoJobs:
        """Where films are handed in.

        Raises:
            VideosOffError: If the service cannot look at films; says what to do.
        """
        if self._jobs is None:
            raise VideosOffError(self.off)
        return self._jobs

    @property
    def films(self) -> Films:
        """Where films are found. Raises what `jobs` raises."""
        if self._films is None:
            raise VideosOffError(self.off)
        return self._films

    def run(
        self, request: Mapping[str, Any], progress: Callable[[Progress], None], cancel: threading.Event
    ) -> JobOutcome:
        """The stage `video` of the job runner."""
        return self.jobs.run(request, progress, cancel)

    def start(self, runner: JobRunner) -> None:
        """Begin what waits."""
        if self._jobs is not None:
            self._jobs.start(runner)

    def stop(self) -> None:
        """Begin nothing more."""
        if self._jobs is not None:
            self._jobs.stop()
