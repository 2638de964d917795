"""Cluster sets of labelled photos with each engine, as run_clustering.py does; report quality, time and memory.

    python -m benchmarks.run_events ../shared --models DIR [--engines dlib retinaface-arcface] [--sets five_celebs ...]

For each set and engine: photos, faces, clusters, failed photos, wall time, the peak memory of any process, and, for
sets with labels.csv, B-cubed precision, recall and F (Bagga & Baldwin 1998) at the default threshold over the photos
that have one label and one found face. A face with cluster -1 counts as a cluster of its own.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import threading
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import psutil

from curation.bootstrap import build
from curation.errors import CurationError
from curation.settings import load_settings
from curation.storage.face_data_file import FACE_DATA, read_face_data
from ground_truth.metrics.b_cubed import b_cubed

SETS = ("five_celebs", "codebasics_sports", "deepface_pairs", "groups", "odd")
_POLL_S = 0.1


class _MemoryWatch:
    """The peak resident memory of this process and its children, the largest of any one process."""

    def __init__(self) -> None:
        self.peak_bytes = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> _MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        me = psutil.Process()
        while not self._end.wait(_POLL_S):
            for process in [me, *me.children(recursive=True)]:
                try:
                    self.peak_bytes = max(self.peak_bytes, process.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue


def _labelled(folder: Path) -> dict[str, str]:
    """The person of each photo with exactly one label, by path."""
    path = folder / "labels.csv"
    if not path.is_file():
        return {}
    people = defaultdict(set)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            people[row["path"]].add(row.get("person", ""))
    return {photo: next(iter(names)) for photo, names in people.items() if len(names) == 1 and "" not in names}


def _measure(data: Path, name: str, engine: str, models: Path, workers: int) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        io = {"input_dir": data / "photos" / name, "output_dir": f"{folder}/out", "state_dir": f"{folder}/state"}
        overrides: dict[str, dict[str, Any]] = {
            "io": {**io, "models_dir": models},
            "engine": {"name": engine, "download": False},
            "performance": {"workers": workers},
        }
        settings = load_settings(None, default_root=Path(__file__).parent.parent, overrides=overrides)
        try:
            with _MemoryWatch() as memory:
                report = build(settings).run_clustering()
        except CurationError as error:
            return [engine, name, str(error).splitlines()[0], *[""] * 8]
        rows = read_face_data(Path(folder) / "out" / FACE_DATA)
    of_photo = Counter(row.image_path for row in rows)
    people = _labelled(data / "photos" / name)
    judged = [row for row in rows if row.image_path in people and of_photo[row.image_path] == 1]
    clusters = [row.cluster_id if row.cluster_id >= 0 else -2 - i for i, row in enumerate(judged)]
    scores = ["", "", "", ""]
    if judged:
        found = b_cubed([people[row.image_path] for row in judged], clusters)
        scores = [f"{found.precision:.3f}", f"{found.recall:.3f}", f"{found.f:.3f}", str(found.faces)]
    counts = [report.total, report.faces, report.identified_faces, report.clusters, report.failed]
    return [
        engine,
        name,
        *map(str, counts),
        f"{report.seconds:.1f}",
        f"{memory.peak_bytes / 1e6:.0f}",
        *scores,
    ]


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder that holds photos/")
    parser.add_argument(
        "--models", type=Path, required=True, help="folder with retinaface.onnx and arcface_weights.onnx"
    )
    parser.add_argument("--engines", nargs="+", default=["dlib", "retinaface-arcface"])
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--workers", type=int, default=0)
    options = parser.parse_args()
    header = ["engine", "set", "photos", "faces", "identified", "clusters", "failed"]
    header += ["seconds", "peak_MB", "P", "R", "F", "judged"]
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for engine in options.engines:
        for name in options.sets:
            cells = _measure(options.data, name, engine, options.models, options.workers)
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
