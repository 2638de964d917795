"""How clustering scales with the number of faces, beside scikit-learn, HDBSCAN, and faiss with connected components.

    python -m benchmarks.clustering ../shared [--full]

Faces are synthetic (`benchmarks.events.synthetic_faces`). Each method runs in its own process: seconds include the
imports that the method needs, memory is the peak of the process beyond the embeddings. B-cubed F counts every face; a
face without a cluster is a cluster of its own. Without `--full` up to 10,000 faces.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks.events.synthetic_faces import synthetic_faces
from benchmarks.harness.report import Row, main
from ground_truth.metrics.b_cubed import b_cubed

__all__ = ["Grouped", "measured_size", "rows"]

Labels = NDArray[np.integer]
Embeddings = NDArray[np.float32]

# The best of 0.6 to 0.82 and of 0.3 to 0.61 on 3,000 other faces of the same kind.
_THRESHOLD = 0.66
_LINK_THRESHOLD = 0.58  # of connected components
_LINKS = 32  # neighbours that faiss looks for
_SMALLEST_CLUSTER = 2  # for HDBSCAN
_MB = 1e6


def _exact(faces: Embeddings) -> Labels:
    from curation.domain.linkage.average_linkage import average_linkage

    return average_linkage(faces, _THRESHOLD, threads=_threads())


def _scikit_learn(faces: Embeddings) -> Labels:
    from sklearn.cluster import AgglomerativeClustering

    model = AgglomerativeClustering(n_clusters=None, metric="cosine", linkage="average", distance_threshold=_THRESHOLD)
    return np.asarray(model.fit_predict(faces.astype(np.float64)))


def _hdbscan(faces: Embeddings) -> Labels:
    from sklearn.cluster import HDBSCAN

    return np.asarray(HDBSCAN(min_cluster_size=_SMALLEST_CLUSTER, copy=False, n_jobs=_threads()).fit_predict(faces))


def _faiss(faces: Embeddings) -> Labels:
    import faiss
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    faiss.omp_set_num_threads(_threads())
    index = faiss.IndexFlatIP(faces.shape[1])
    index.add(faces)
    similarity, neighbour = index.search(faces, _LINKS)
    at, place = np.nonzero(similarity > 1.0 - _LINK_THRESHOLD)
    graph = coo_array((np.ones(len(at), dtype=np.int8), (at, neighbour[at, place])), shape=(len(faces),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1])


METHODS: dict[str, Callable[[Embeddings], Labels]] = {
    "exact": _exact,
    "scikit-learn average linkage": _scikit_learn,
    "scikit-learn HDBSCAN": _hdbscan,
    "faiss and components": _faiss,
}
_SIZES = (1_000, 3_000, 10_000, 30_000, 100_000, 300_000)
# Beyond these sizes the other methods take too much memory or time.
_MOST_QUICK = {"exact": 10_000, "scikit-learn average linkage": 10_000, "scikit-learn HDBSCAN": 3_000}
_MOST_FULL = {"scikit-learn average linkage": 30_000, "scikit-learn HDBSCAN": 10_000}


def _threads() -> int:
    """OMP_NUM_THREADS if it is set, for runs beside other work; else one thread per core."""
    threads = os.environ.get("OMP_NUM_THREADS", "")
    return int(threads) if threads.isdecimal() else len(os.sched_getaffinity(0))


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _child(method: str, source: str, result: str) -> None:
    faces = np.load(source)
    before = psutil.Process().memory_info().rss
    began, used = time.perf_counter(), time.process_time()
    labels = METHODS[method](faces)
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - used
    np.save(result, labels)
    print(json.dumps({"seconds": seconds, "cpu_s": cpu_s, "megabytes": (_peak_bytes() - before) / _MB}))


class Grouped(NamedTuple):
    """How a method grouped: seconds by the clock and of processor time, megabytes, and the labels."""

    seconds: float
    cpu_s: float
    megabytes: float
    labels: Labels


def measured_size(method: str, folder: Path) -> Grouped:
    """A method over the faces of `folder`, run in its own process."""
    result = folder / "labels.npy"
    call = [sys.executable, "-m", "benchmarks.clustering", "--child", method, str(folder / "faces.npy"), str(result)]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return Grouped(found["seconds"], found["cpu_s"], found["megabytes"], np.load(result))


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """Seconds, memory and B-cubed F of each method at each size."""
    sizes = _SIZES[:3] if quick else _SIZES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in sizes:
            faces = synthetic_faces(size)
            np.save(folder / "faces.npy", faces.embeddings)
            people = faces.people.tolist()
            del faces
            ours = 0.0
            for method in METHODS:
                if size > (_MOST_QUICK if quick else _MOST_FULL).get(method, sizes[-1]):
                    continue
                rounds = 3 if size <= 10_000 and method == "exact" else 1
                seconds, _, megabytes, labels = sorted(
                    (measured_size(method, folder) for _ in range(rounds)), key=lambda found: found.seconds
                )[rounds // 2]
                ours = seconds if method == "exact" else ours
                f = b_cubed(people, labels.tolist()).f
                what = f"{method}, {size:,} faces"
                other = "" if method == "exact" else f"exact: {ours:.3g} s"
                yield Row("clustering", what, seconds, "s", other, ours / seconds if other else None)
                yield Row("clustering", what, megabytes, "MB over the embeddings")
                yield Row("clustering", what, f, "B-cubed F")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _child(*sys.argv[2:])
    else:
        main(__doc__, rows)
