"""Names of the gallery that are proposed for the characters of films, and the user's answers.

Proposals are made when somebody asks for them, and not stored with the films of the service, so that nothing is left
there of people who are forgotten. A "no" is kept beside the film, and follows the character when the film is looked at
again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from curation.domain.film.people import FilmPerson, TrailerResult
from curation.domain.labelling.labels import same_name
from curation.domain.recognition.known import Recognition
from curation.errors import CurationError, SuggestionNotFoundError
from curation.event.file_cache import Derived
from curation.event.known_people.event_known import EventKnown
from curation.event.known_people.film_people import recognised_characters
from curation.jobs.video.film_folders import KNOWN_REFUSED
from curation.jobs.video.film_names import FilmName, anchors_of, read_names, write_names
from curation.jobs.video.films import Character, Film, Films
from curation.settings import Settings

__all__ = ["FilmKnown"]

logger = logging.getLogger(__name__)


class FilmKnown:
    """Proposes names for characters without one. Thread-safe."""

    def __init__(self, settings: Settings, known: EventKnown) -> None:
        """Remember the parts; nothing is opened yet.

        Args:
            settings: The engine, and the folder of films.
            known: Known people, and what the event proposes.
        """
        self._known = known
        self._folder = settings.video.dir
        self._settings = settings
        self._recognised: Derived[Mapping[int, Recognition]] = Derived()
        self._version = ""

    def proposals(self, films: Films, film: Film) -> dict[int, Recognition]:
        """The open proposals by cluster id; none if the settings want none, or the gallery cannot be asked.

        For people of the event they are those of the event.

        Args:
            films: All films.
            film: With a result.
        """
        if not self._known.proposes_for_all:
            return {}
        try:
            return self._proposals(films, film)
        except CurationError as error:
            logger.info("no names are proposed for %s: %s", film.name, error)
            return {}

    def _proposals(self, films: Films, film: Film) -> dict[int, Recognition]:
        characters = films.characters(film)
        result = films.result(film)
        of_event = {one.cluster_id: one.recognition for one in self._known.try_proposals()}
        found = self._compared(result)
        names = {person.person_id: person.name for person in self._known.store.people()}
        refused = read_names(self._path(film))
        out = {}
        for one in characters:
            cluster = one.person.cluster_id
            proposal = of_event.get(cluster) if one.of_event else None
            proposal = proposal or found.get(cluster)
            if one.person.name or proposal is None or proposal.person_id not in names:
                continue
            if cluster in refused and proposal.person_id in refused[cluster].name.split():
                continue
            if not _is_seen_with(names[proposal.person_id], one.person, characters):
                out[cluster] = proposal
        return out

    def proposal(self, films: Films, film: Film, cluster_id: int, person_id: str) -> Recognition:
        """One of them.

        Raises:
            SuggestionNotFoundError: If this person is not proposed for the character (any more).
        """
        found = self.proposals(films, film).get(cluster_id)
        if found is None or found.person_id != person_id:
            raise SuggestionNotFoundError(
                f"this name is not proposed for character {cluster_id} any more; nothing was changed"
            )
        return found

    def decline(self, films: Films, film: Film, character: Character, person_id: str) -> None:
        """Note that a character is somebody else; it is not asked again.

        Raises:
            SuggestionNotFoundError: If this person is not proposed for the character (any more).
            StorageError: If it cannot be stored.
        """
        cluster = character.person.cluster_id
        self.proposal(films, film, cluster, person_id)
        if any((one.cluster_id, one.person_id) == (cluster, person_id) for one in self._known.try_proposals()):
            self._known.proposals.decline(cluster, person_id)
            return
        path = self._path(film)
        refused = read_names(path)
        before = refused[cluster].name.split() if cluster in refused else []
        anchors = anchors_of(films.result(film), character.person)
        refused[cluster] = FilmName(" ".join([*before, person_id]), "", anchors)
        write_names(path, refused)

    def _path(self, film: Film) -> Path:
        return self._folder / film.id / KNOWN_REFUSED

    def _compared(self, result: TrailerResult) -> Mapping[int, Recognition]:
        store = self._known.store
        version = store.version()
        if version != self._version:
            self._version = version  # the same text is the same object below, as long as nothing changes
        return self._recognised.get(
            (result.film, self._version), lambda: recognised_characters(self._settings, self._known.gallery, result)
        )


def _is_seen_with(name: str, person: FilmPerson, characters: Iterable[Character]) -> bool:
    """Whether somebody of this name is on screen at the same time: then it is somebody else."""
    for other in characters:
        if other.person.cluster_id == person.cluster_id or same_name(other.person.name) != same_name(name):
            continue
        if any(a.start < b.end and b.start < a.end for a in other.person.intervals for b in person.intervals):
            return True
    return False
