"""Ages and sexes of pictures that were answered: from the results in Redis, or from the files of the role storage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from curation.domain.attributes.image_document import image_of_document
from curation.errors import RedisUnavailableError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS, READING_ERRORS
from curation.services.results import Half, ResultStore
from curation.services.trail.batch_figures import PersonFacts, person_facts
from curation.settings.services import ServicesSettings

__all__ = ["KnownPeople"]

_MOST_PICTURES = 500_000


class KnownPeople:
    """Looks up each picture until its result is found, and then remembers what the charts need."""

    def __init__(self, settings: ServicesSettings) -> None:
        self._folders = (settings.store.faces_dir, settings.store.results_dir)
        self._results = ResultStore(settings.redis)
        self._found: dict[str, tuple[PersonFacts, ...]] = {}

    def close(self) -> None:
        """Close the connections."""
        self._results.close()

    def of(self, sha256s: Iterable[str]) -> Mapping[str, tuple[PersonFacts, ...]]:
        """Age and sex of the faces of these pictures, by hash; without those whose result is nowhere."""
        for sha256 in sha256s:
            if sha256 not in self._found and (people := self._looked_up(sha256)) is not None:
                self._found[sha256] = people
                if len(self._found) > _MOST_PICTURES:
                    del self._found[next(iter(self._found))]
        return self._found

    def _looked_up(self, sha256: str) -> tuple[PersonFacts, ...] | None:
        document = self._in_redis(sha256) or self._in_files(sha256)
        if document is None:
            return None
        try:
            return tuple(person_facts(face) for face in image_of_document(document).faces)
        except PARSER_ERRORS:
            return None  # of another program or version

    def _in_redis(self, sha256: str) -> Mapping[str, Any] | None:
        try:
            result = self._results.get(sha256)
        except RedisUnavailableError:
            return None
        half = result.halves.get(Half.AGE_GENDER) if result is not None else None
        return _document_in(half)

    def _in_files(self, sha256: str) -> Mapping[str, Any] | None:
        for folder in self._folders:
            try:
                if (found := _document_in(read_json(folder / f"{sha256}.json"))) is not None:
                    return found
            except READING_ERRORS:
                continue
        return None


def _document_in(value: Any) -> Mapping[str, Any] | None:
    document = value.get("curation") if isinstance(value, Mapping) else None
    return document if isinstance(document, Mapping) else None
