"""What the user said, and what is remembered of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from curation.domain.identity.remembered_ids import KEY_BYTES
from curation.domain.labelling.labels import parse_labels
from curation.domain.measuring.measures import MINIATURE_BYTES
from curation.event.guests.links import GuestLinks
from curation.jobs.following import follower
from curation.storage.embeddings_file import npz_bytes
from curation.storage.said.corrections_file import read_corrections
from curation.storage.said.grouping_answers import read_grouping_answers
from curation.storage.said.known_refused_file import read_refusals
from curation.storage.said.labels_file import read_labels
from curation.storage.said.people_seen_file import read_people_seen
from curation.storage.said.picks_file import read_picks
from curation.storage.said.picks_journal import PicksJournal
from curation.storage.said.remembered_file import read_remembered
from curation.storage.said.said_file import read_said
from curation.storage.said.undo_journal import UndoJournal
from tests.outside.reader import FileReader, json_file

__all__ = ["READERS"]

_SHA = "ab" * 32
_BOX = [10, 10, 40, 40]
_FACE = {"image_path": "a.jpg", "facial_area": _BOX, "was": 0}
_HERE = Path("/event/out")
_PICK = {"pick": "picked", "rating": 5}
_PLACE = {"image_path": "a.jpg", "box": _BOX}


READERS: tuple[FileReader, ...] = (
    json_file(
        "labels",
        "cluster_labels.json",
        {"0": "main", "1": {"name": "Anna", "category": "important"}, "2": "other"},
        lambda path: parse_labels(read_labels(path) or {}, known_ids=range(9)),
    ),
    json_file(
        "corrections",
        "corrections.json",
        {
            "version": 1,
            "corrections": [
                {"id": "a", "at": "x", "kind": "face", "cluster": 1, "undone": False, "faces": [_FACE], "others": []}
            ],
        },
        lambda path: read_corrections(path.parent),
    ),
    json_file("picks", "picks.json", {"version": 1, "photos": {"a.jpg": _PICK, "b.jpg": {"rating": 1}}}, read_picks),
    json_file(
        "people seen",
        "people_seen.json",
        {
            "version": 1,
            "people": [
                {
                    "id": "a1",
                    "at": "x",
                    "image_path": "a.jpg",
                    "body": _BOX,
                    "size": [600, 400],
                    "name": "Anna",
                    "answer": "accepted",
                    "undone": False,
                }
            ],
        },
        read_people_seen,
    ),
    json_file(
        "refused names",
        "known_refused.json",
        {
            "version": 1,
            "refused": [{"id": "a1", "at": "x", "person_id": "p1", "faces": [["a.jpg", *_BOX]], "undone": False}],
        },
        read_refusals,
    ),
    json_file(
        "answers",
        "grouping_answers.json",
        {"answers": [{"first": _PLACE, "second": {**_PLACE, "image_path": "b.jpg"}, "same": True}]},
        read_grouping_answers,
    ),
    json_file(
        "undo",
        "undo.json",
        {
            "version": 1,
            "output_dir": str(_HERE),
            "changes": [
                {
                    "what": "x",
                    "labels": {"0": [None, "main"]},
                    "corrections": {"a": True},
                    "anchors": {"0": {"said": "main", "faces": []}},
                    "seen": {"a1": True},
                    "refused": {"a1": False},
                }
            ],
        },
        lambda path: UndoJournal(path.parent, _HERE).changes(),
    ),
    json_file(
        "undo of picks",
        "picks_undo.json",
        {
            "version": 1,
            "output_dir": str(_HERE),
            "made": [{"what": "x", "photos": {"a.jpg": [{}, _PICK]}}],
            "undone": [],
        },
        lambda path: PicksJournal(path.parent, _HERE).read(),
    ),
    json_file(
        "said",
        "said.json",
        {
            "version": 1,
            "photos": {_SHA: {"image_path": "a.jpg", "versions": ["v"], "certainty": 0.5, "faces": [[*_BOX, _BOX]]}},
            "labels": {"0": {"said": "main", "faces": [[_SHA, *_BOX]]}},
            "corrections": {"a": [["a.jpg", *_BOX, _SHA, *_BOX]]},
            "picks": {"a.jpg": {"said": _PICK, "photo": _SHA}},
            "aside": [{"image_path": "b.jpg", "said": _PICK, "photo": _SHA}],
        },
        lambda path: read_said(path.parent),
    ),
    FileReader(
        "remembered",
        "remembered.npz",
        npz_bytes(
            {
                "meta": np.frombuffer(
                    json.dumps(
                        {
                            "version": 1,
                            "photos": ["a.jpg"],
                            "groupings": [1],
                            "looks": [["k", "s", "a.jpg", 4, 3, None, False, 1, 2]],
                        }
                    ).encode(),
                    dtype=np.uint8,
                ),
                "photo_contents": np.zeros((1, 32), dtype=np.uint8),
                "seen": np.zeros((1, 8), dtype=np.uint8),
                "face_keys": np.zeros((1, KEY_BYTES), dtype=np.uint8),
                "face_ids": np.zeros((1, 2), dtype="<i4"),
                "grouping_keys": np.zeros((1, KEY_BYTES), dtype=np.uint8),
                "grouping_ids": np.zeros(1, dtype="<i4"),
                "look_miniatures": np.zeros((0, MINIATURE_BYTES), dtype=np.uint8),
                "look_boxes": np.zeros((1, 4), dtype="<f4"),
                "look_landmarks": np.zeros((1, 5, 2), dtype="<f4"),
                "look_vectors": np.zeros(2, dtype=np.int8),
            }
        ),
        lambda path: read_remembered(path.parent),
    ),
    json_file("following", "following.json", {"is_on": True}, lambda path: follower._stored(path, default=False)),
    json_file(
        "links of guests",
        "guest_links.json",
        {
            "version": 1,
            "links": [
                {
                    "link_id": "a",
                    "name": "bar",
                    "photos": "picks",
                    "download": True,
                    "created_at": "2026-01-01T00:00:00+00:00",
                    "expires_at": "2026-01-01T00:00:00+00:00",
                    "key_sha256": _SHA,
                }
            ],
        },
        lambda path: (GuestLinks(path.parent).all(), GuestLinks(path.parent).of_key("x")),
    ),
)
