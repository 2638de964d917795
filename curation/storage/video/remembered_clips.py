"""remembered_clips.json: which people the clips of an event have, and had; a memory that only runs write.

People who are only in clips get their ids from the same counter as the clusters of photos, so whoever gives out ids
reads this file, too. An id in it is never given to anybody else. Without the file the people of clips are numbered
anew, above all ids that photos have.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.domain.faces.face import Box
from curation.domain.film.times import rational, rational_text
from curation.errors import StorageError
from curation.parsing.json_text import read_json
from curation.parsing.not_valid import PARSER_ERRORS
from curation.storage.atomic import explained, set_aside, write_bytes
from curation.storage.together.finishing import finish_pending

__all__ = [
    "NO_CLIPS",
    "REMEMBERED_CLIPS",
    "ClipPerson",
    "RememberedClips",
    "RememberedTrack",
    "read_clips",
    "write_clips",
]

logger = logging.getLogger(__name__)

REMEMBERED_CLIPS = "remembered_clips.json"
"""The name of the file in the output folder."""

_VERSION = 1
_LEVELS = 127


@dataclass(frozen=True, slots=True)
class RememberedTrack:
    """A track and the person that it was.

    Attributes:
        content: Of the clip, see `curation.storage.video.clip_content`.
        start: Of the track, in seconds since the clip's start.
        box: Of its first face, in pixels of the upright picture.
        cluster_id: Of the person.
    """

    content: str
    start: Fraction
    box: Box
    cluster_id: int


@dataclass(frozen=True, slots=True, eq=False)
class ClipPerson:
    """A person who is in clips, but on no photo.

    Attributes:
        engine: Of the vector: name of the engine and hashes of its weights.
        mean: (D,) of unit length; empty if unknown.
    """

    engine: str
    mean: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RememberedClips:
    """What runs remember of the clips of an event.

    Attributes:
        next_id: The first cluster id that no run over the clips knew.
        tracks: All tracks that ever were somebody, also of clips that are away.
        people: Everybody who was in clips but on no photo, by cluster id.
        present: The clusters of everybody in the clips of the last run, those of photos among them.
    """

    next_id: int = 0
    tracks: tuple[RememberedTrack, ...] = ()
    people: Mapping[int, ClipPerson] = field(default_factory=dict)
    present: frozenset[int] = frozenset()


NO_CLIPS = RememberedClips()


def read_clips(output_dir: Path) -> RememberedClips:
    """What is remembered; nothing if there is no file. A damaged file is renamed, and begun anew.

    Raises:
        StorageError: If it cannot be read, or was written by a newer version.
    """
    finish_pending(output_dir)
    path = output_dir / REMEMBERED_CLIPS
    try:
        data = read_json(path)
        if data["version"] > _VERSION:
            raise StorageError(f"{path} was written by a newer version of Curation: update")
        return _parsed(data)
    except (FileNotFoundError, NotADirectoryError):
        return NO_CLIPS
    except OSError as error:
        raise explained(error, path, "read") from error
    except PARSER_ERRORS as error:
        aside = set_aside(path)
        logger.warning("%s is damaged (%s) and was renamed to %s; it is begun anew", path, error, aside.name)
        return NO_CLIPS


def write_clips(output_dir: Path, clips: RememberedClips) -> None:
    """Write the file.

    Raises:
        StorageError: If it cannot be written; the old file is then unchanged.
    """
    tracks = sorted(clips.tracks, key=lambda track: (track.content, track.start, track.box))
    data = {
        "version": _VERSION,
        "next_cluster_id": clips.next_id,
        "present": sorted(clips.present),
        "people": {
            str(cluster): {"engine": person.engine, "mean": _packed(person.mean)}
            for cluster, person in sorted(clips.people.items())
        },
        "tracks": [[track.content, rational_text(track.start), list(track.box), track.cluster_id] for track in tracks],
    }
    text = json.dumps(data, separators=(",", ":"))
    write_bytes(output_dir / REMEMBERED_CLIPS, text.replace('],["', '],\n["').encode() + b"\n")


def _parsed(data: Mapping[str, Any]) -> RememberedClips:
    tracks = tuple(
        RememberedTrack(str(content), rational(start), Box(*map(int, box)), int(cluster))
        for content, start, box, cluster in data["tracks"]
    )
    people = {int(key): ClipPerson(str(one["engine"]), _unpacked(one["mean"])) for key, one in data["people"].items()}
    highest = max((*people, *(track.cluster_id for track in tracks)), default=-1)
    return RememberedClips(
        next_id=max(int(data["next_cluster_id"]), highest + 1),
        tracks=tracks,
        people=people,
        present=frozenset(map(int, data["present"])),
    )


def _packed(mean: NDArray[np.float32]) -> str:
    """A vector as whole numbers up to 127: its direction changes by less than half a degree."""
    largest = max(float(np.abs(mean).max(initial=0.0)), 1e-9)
    return base64.b64encode(np.round(mean / largest * _LEVELS).astype(np.int8).tobytes()).decode()


def _unpacked(text: str) -> NDArray[np.float32]:
    values = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.int8).astype(np.float32)
    return values / max(float(np.linalg.norm(values)), 1e-9)
