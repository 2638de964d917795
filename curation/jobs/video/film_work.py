"""What the service can do with films, as functions: built when the first film comes, and replaced in tests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from curation.domain.faces.face import Box
from curation.domain.film.clip import ClipFacts
from curation.domain.film.people import PosterResult, TrailerResult
from curation.domain.report import Progress

__all__ = ["FilmLook", "FilmPictures", "FilmWork", "LookAtFilm"]

ProgressListener = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class FilmLook:
    """What looking at a film gave.

    Attributes:
        result: The film with its characters.
        joined: Ids of characters that are people of the event; all others are of this film alone.
    """

    result: TrailerResult
    joined: frozenset[int] = frozenset()


class LookAtFilm(Protocol):
    """Looks at a film."""

    def __call__(
        self, path: Path, *, earlier: TrailerResult | None, progress: ProgressListener, cancel: threading.Event
    ) -> FilmLook:
        """With the result of an earlier look its characters keep their ids.

        Raises ClipUnreadableError, ClipRefusedError, RunInterruptedError, WeightsError, StorageError.
        """


@dataclass(frozen=True, slots=True)
class FilmWork:
    """What can be done with films.

    Attributes:
        settings_hash: Of everything that a result depends on besides the film's file.
        look: Finds the characters of a film; what was looked at before it was stopped is not looked at again.
        match: Finds characters on a poster (its file), with the result of the film.
        annotate: Writes an H.264 film with boxes and names: path, result, target, progress, cancel.
        forget: Removes what is kept of a film so that it need not be looked at again.
    """

    settings_hash: str
    look: LookAtFilm
    match: Callable[[Path, TrailerResult], PosterResult]
    annotate: Callable[[Path, TrailerResult, Path, ProgressListener, threading.Event], None]
    forget: Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class FilmPictures:
    """What is read of films without any network.

    Attributes:
        facts: What the file tells; ClipUnreadableError or ClipRefusedError if it cannot be used.
        still: A JPEG of the picture at a time, at most so many pixels on its longer side.
        face: A JPEG of a face: path, time, box.
        fetch: Fetches an address into a file of at most so many bytes, and gives its name; AddressRefusedError if
            addresses are switched off, or this one is not allowed.
        poster: Draws boxes and names into a poster (its file): a JPEG.
    """

    facts: Callable[[Path], ClipFacts]
    still: Callable[[Path, Fraction, int], bytes]
    face: Callable[[Path, Fraction, Box], bytes]
    fetch: Callable[[str, Path, float], str]
    poster: Callable[[Path, PosterResult, TrailerResult], bytes]
