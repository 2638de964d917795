"""Memories that can be made anew, journals and notes."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from curation.engines.weights.record import RECORD_FILE, WeightsRecord
from curation.pipelines.recognition.document import RECOGNISED_VERSION, read_recognised
from curation.storage import locks
from curation.storage.cluster_pictures import ClusterPictures
from curation.storage.objects import listed
from curation.storage.sidecars.journal import read_journal
from curation.storage.sidecars.lists import read_list
from curation.storage.taken.camera_file import read_cameras
from curation.storage.taken.shots_file import read_shots
from curation.storage.told.told_file import read_told
from curation.storage.video.remembered_clips import read_clips
from curation.storage.working_copy import journal as copy_journal
from curation.storage.working_copy.copy_files import CopyFiles
from tests.outside.reader import FileReader, json_file

__all__ = ["READERS"]

_SHA = "ab" * 32
_BOX = [10, 10, 40, 40]
_HERE = Path("/event/out")


def _zip_of(files: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, each in files.items():
            archive.writestr(name, each)
    return content.getvalue()


def _copy_journal(path: Path) -> object:
    with tempfile.TemporaryDirectory() as folder:
        return copy_journal.read_journal(path, Path(folder))


def _weights_record(path: Path) -> object:
    return WeightsRecord(path.parent).sha256_of(Path(__file__))


READERS: tuple[FileReader, ...] = (
    json_file(
        "cameras",
        "cameras.json",
        {
            "version": 1,
            "output_dir": str(_HERE),
            "names": ["c", "l"],
            "photos": {"a.jpg": [1, 2, 0, 1, 50.0, 75, 2.8, 0.01, 100, "2026-01-01T10:00:00"]},
        },
        lambda path: read_cameras(path.parent, _HERE),
    ),
    json_file(
        "shots",
        "shots.json",
        {
            "version": 1,
            "place": "/photos",
            "facts": {"a.jpg": [[1, 2], ["2026-01-01T10:00:00", 0, "s"]]},
            "movies": {"a.mov": [[1, 2], [2.5, 1.5, "id"]]},
            "looks": [["a.cr2", "a.jpg", [1, 2], [1, 2], True]],
            "cameras": ["c"],
        },
        lambda path: read_shots(path.parent, "/photos"),
    ),
    json_file(
        "lost photos",
        "lost_photos.json",
        {"version": 1, "place": "/photos", "lost": {"a.jpg": [1, 2]}},
        lambda path: read_shots(path.parent, "/photos"),
    ),
    json_file(
        "told",
        "told.json",
        {
            "version": 1,
            "output_dir": str(_HERE),
            "photos": {
                "a.jpg": [1, 2, [["a.xmp", 1, 2]], [5, "picked", "red", ["Anna"], [["Anna", *_BOX, "p"]], ["p"], []]]
            },
        },
        lambda path: read_told(path.parent, _HERE),
    ),
    json_file(
        "recognised",
        "recognised.json",
        {
            "version": RECOGNISED_VERSION,
            "engine": "e",
            "embedder": "m",
            "gallery": "g",
            "people": 1,
            "grouping": "x",
            "clusters": [
                {
                    "cluster_id": 0,
                    "answer": "known",
                    "person_id": "p",
                    "name": "Anna",
                    "certainty": 0.9,
                    "distance": 0.5,
                    "limit": 1.0,
                    "runner_up": None,
                    "exemplars": 3,
                },
                {"cluster_id": 1, "answer": "unknown", "limit": None},
            ],
        },
        lambda path: read_recognised(path.parent),
    ),
    json_file(
        "clips",
        "remembered_clips.json",
        {
            "version": 1,
            "next_cluster_id": 4,
            "present": [1],
            "people": {"3": {"engine": "e", "mean": "fwA="}},
            "tracks": [[_SHA, "1/2", _BOX, 3]],
        },
        lambda path: read_clips(path.parent),
    ),
    json_file(
        "pictures of clusters", ".curation-files.json", ["cluster_0.jpg"], lambda path: ClusterPictures(path.parent)
    ),
    json_file(
        "list of a bucket",
        "objects.json",
        {"objects": [["a.jpg", 10, 20]]},
        listed._read,
    ),
    json_file(
        "working copy",
        ".curation-copy.json",
        {"version": 1, "id": "x", "pending": "", "files": {"picks.json": ["e", 1, 2, _SHA]}},
        lambda path: CopyFiles(path.parent).state(),
    ),
    FileReader(
        "journal of a working copy",
        "push.zip",
        _zip_of({"manifest.json": b'{"version": 1, "files": [["picks.json", "ab", ""]], "removed": []}', "0": b"{}"}),
        _copy_journal,
    ),
    FileReader(
        "sidecar journal",
        "manifest.jsonl",
        b'{"version": 1, "at": "x"}\n{"file": "a.xmp", "image_path": "a.jpg", "after": "ab"}\n',
        lambda path: read_journal(path.parent),
    ),
    FileReader(
        "list of sidecars",
        "sidecar_lists/run.jsonl",
        b'{"file": "a.xmp", "image_path": "a.jpg", "action": "new", "reason": "", "notes": []}\n',
        lambda path: read_list(path.parent.parent, "run", offset=0, limit=9),
    ),
    json_file(
        "hashes of weights",
        RECORD_FILE,
        {"downloads": {"a": {"sha256": _SHA}}, "hashes": {"/a": {"sha256": _SHA, "size_bytes": 1, "mtime_ns": 1}}},
        _weights_record,
    ),
    json_file(
        "note of a lock",
        "note.json",
        {"run": "clustering", "caller": "x", "since": "2026-01-01T00:00:00+00:00", "pid": 1},
        locks._holder,
    ),
)
