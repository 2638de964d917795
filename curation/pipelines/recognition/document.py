"""recognised.json: who the clusters without a label may be, beside face_data.csv.

`{"version": 1, "engine": "retinaface-arcface", "embedder": "e3df...", "gallery": "41", "people": 93,
"grouping": "9b1c...", "clusters": [{"cluster_id": 3, "answer": "name", "person_id": "p1", "name": "Anna",
"certainty": 0.97, "distance": 0.41, "limit": 0.6, "runner_up": 0.83, "exemplars": 8},
{"cluster_id": 7, "answer": "unknown", "limit": 0.6}]}`. Infinite numbers are null; docs/gallery.md has a schema. The
file is a proposal and never a label: it is written anew by each clustering, and can be deleted.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from curation.domain.recognition.known import Recognition
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, write_bytes
from curation.storage.said.known_refused_file import RECOGNISED
from curation.storage.together.finishing import finish_pending

__all__ = ["RECOGNISED", "RECOGNISED_VERSION", "Recognised", "read_recognised", "recognised_json", "write_recognised"]

logger = logging.getLogger(__name__)

RECOGNISED_VERSION = 1
_ANSWERS = ("name", "ask", "unknown")
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who the clusters of an event may be.

    Attributes:
        engine: Name of the face engine.
        embedder: SHA-256 of the embedder's weights.
        gallery: `GalleryStore.version` of the gallery that was asked.
        people: How many people the gallery knows by faces of this embedder.
        grouping: Digest of the clusters that were asked about, see `curation.pipelines.recognition.clusters`.
        clusters: One for each cluster that was asked about, by its id, ascending.
    """

    engine: str
    embedder: str
    gallery: str
    people: int
    grouping: str
    clusters: tuple[Recognition, ...]

    def without_people(self, person_ids: Collection[str]) -> Recognised:
        """The same as if these people had never been in the gallery: their clusters are unknown."""
        kept = tuple(
            Recognition(one.cluster_id, "unknown", limit=one.limit) if one.person_id in person_ids else one
            for one in self.clusters
        )
        return self if kept == self.clusters else replace(self, clusters=kept)


def recognised_json(recognised: Recognised) -> dict[str, Any]:
    """The content of the file as plain JSON values."""
    return {
        "version": RECOGNISED_VERSION,
        "engine": recognised.engine,
        "embedder": recognised.embedder,
        "gallery": recognised.gallery,
        "people": recognised.people,
        "grouping": recognised.grouping,
        "clusters": [_entry(one) for one in recognised.clusters],
    }


def write_recognised(output_dir: Path, recognised: Recognised) -> None:
    """Write the file, one cluster a line.

    Raises:
        StorageError: If it cannot be written; the old one is then unchanged.
    """
    data = recognised_json(recognised)
    lines = ",\n".join(f"    {json.dumps(entry, ensure_ascii=False)}" for entry in data.pop("clusters"))
    head = json.dumps(data, indent=2, ensure_ascii=False).removesuffix("\n}")
    clusters = f"[\n{lines}\n  ]" if lines else "[]"
    text = f'{head},\n  "clusters": {clusters}\n}}\n'
    write_bytes(output_dir / RECOGNISED, text.encode("utf-8", "backslashreplace"))


def read_recognised(output_dir: Path) -> Recognised | None:
    """The content of the file; None if there is none. A damaged one counts as none: nothing of the user is in it.

    Raises:
        StorageError: If it cannot be read.
    """
    finish_pending(output_dir)
    path = output_dir / RECOGNISED
    try:
        data = read_json(path)
        if data["version"] != RECOGNISED_VERSION:
            raise ValueError(f"version {data['version']!r} is unknown")
        return Recognised(
            str(data["engine"]),
            str(data["embedder"]),
            str(data["gallery"]),
            int(data["people"]),
            str(data["grouping"]),
            tuple(map(_recognition, data["clusters"])),
        )
    except FileNotFoundError:
        return None
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS as error:
        logger.info("%s is not used, as it is damaged (%s)", path, error)
        return None


def _entry(one: Recognition) -> dict[str, Any]:
    if one.answer == "unknown":
        return {"cluster_id": one.cluster_id, "answer": one.answer, "limit": _number(one.limit)}
    return {
        "cluster_id": one.cluster_id,
        "answer": one.answer,
        "person_id": one.person_id,
        "name": one.name,
        "certainty": round(one.certainty, _DIGITS),
        "distance": _number(one.distance),
        "limit": _number(one.limit),
        "runner_up": _number(one.runner_up),
        "exemplars": one.exemplars,
    }


def _number(value: float) -> float | None:
    return round(value, _DIGITS) if math.isfinite(value) else None


def _recognition(entry: Mapping[str, Any]) -> Recognition:
    answer = entry["answer"]
    if answer not in _ANSWERS:
        raise ValueError(f"{answer!r} is no answer")
    if answer == "unknown":
        return Recognition(int(entry["cluster_id"]), "unknown", limit=_float(entry["limit"]))
    return Recognition(
        cluster_id=int(entry["cluster_id"]),
        answer=cast(Any, answer),
        person_id=str(entry["person_id"]),
        name=str(entry["name"]),
        certainty=float(entry["certainty"]),
        distance=_float(entry["distance"]),
        limit=_float(entry["limit"]),
        runner_up=_float(entry["runner_up"]),
        exemplars=int(entry["exemplars"]),
    )


def _float(value: float | None) -> float:
    return math.inf if value is None else float(value)
