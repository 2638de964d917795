"""`infer_on_trailer`: a film in, its characters out."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Protocol

from curation.domain.film.joining import KnownPeople
from curation.domain.film.people import TrailerResult
from curation.domain.film.track import FilmAnalysis
from curation.domain.labelling.labels import Labels
from curation.pipelines.stage import ProgressListener
from curation.pipelines.video.characters import characters_of
from curation.pipelines.video.setup import VideoSetup

__all__ = ["LooksAtFilms", "infer_on_trailer"]


class LooksAtFilms(Protocol):
    """What looks at a film, such as `FilmAnalyser`."""

    def analyse(
        self, path: Path, *, progress: ProgressListener | None = None, cancel: threading.Event | None = None
    ) -> FilmAnalysis:
        """Find the faces of a film and follow them.

        Raises:
            ClipUnreadableError: If the file holds no moving picture that can be read.
            ClipRefusedError: If it is too long or too large.
            RunInterruptedError: If `cancel` was set.
        """


def infer_on_trailer(
    path: Path,
    analyser: LooksAtFilms,
    setup: VideoSetup,
    *,
    known: KnownPeople | None = None,
    labels: Labels | None = None,
    first_new_id: int = 0,
    earlier: TrailerResult | None = None,
    progress: ProgressListener | None = None,
    cancel: threading.Event | None = None,
) -> TrailerResult:
    """The characters of a film: who they are, when and how large they are seen, and what was read of their faces.

    Args:
        path: The film.
        analyser: Looks at it.
        setup: Rules and options; the analyser was made for them.
        known: People whom tracks may join; their ids stay.
        labels: Names and categories by cluster id.
        first_new_id: Ids of characters who are nobody known begin here.
        earlier: The result of an earlier run: characters keep their ids.
        progress: Called as the film is looked at.
        cancel: Ends the work as soon as it is set.

    Raises:
        ClipUnreadableError: If the file holds no moving picture that can be read.
        ClipRefusedError: If it is too long or too large.
        RunInterruptedError: If `cancel` was set.
    """
    film = analyser.analyse(path, progress=progress, cancel=cancel)
    (result,) = characters_of(
        [film], setup, known=known, labels=labels, first_new_id=first_new_id, earlier=[earlier] if earlier else ()
    )
    return result
