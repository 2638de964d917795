"""A gallery of a million faces: reading it, asking who clusters are, and what that needs in memory.

    python -m benchmarks.gallery DATA [--full]

The faces are made up: vectors of 512 numbers, of which two of a person have a cosine of about 0.55 and two of strangers
one of 0 with a spread of 0.05, as those of EdgeFace-XS; one person in ten has a sibling, with a cosine of about 0.3.
With `--full` there are 1,000,000 faces of 83,333 people with 12 each, else a tenth. DATA is not used.
"""

from __future__ import annotations

import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.report import Row, main, median_seconds
from curation.domain.recognition.evidence import CANDIDATES, KnownIndex
from curation.domain.recognition.known import ClusterFaces, KnownFaces
from curation.domain.recognition.policy import recognise
from curation.engines.weights.grouping_rules import EDGEFACE_XS, MEASURED
from curation.gallery.enrolment import new_id
from curation.gallery.recognition_rules import recognition_rule
from curation.gallery.sqlite_store import GALLERY_FILE, SqliteGallery

__all__ = ["rows"]

_NAME = "gallery"
_LENGTH = 512
_FACES_EACH = 12
_PEOPLE, _PEOPLE_QUICK = 83_333, 8_333
_SIBLING = 10  # one person in so many has one
_OWN = 0.9  # of a face's own part, against the person's
_CLUSTERS = 300
_FACES_OF_CLUSTER = 10
_COMPARED = 30  # clusters that are compared with everybody too
_CHIP = b"\xff\xd8" + bytes(500) + b"\xff\xd9"


def rows(data: Path, models: Path, *, quick: bool) -> Iterator[Row]:
    """See the module."""
    people = _PEOPLE_QUICK if quick else _PEOPLE
    middles = _middles(people)
    with tempfile.TemporaryDirectory(prefix="curation-gallery-") as name:
        _write(Path(name), middles)
        size_mb = (Path(name) / GALLERY_FILE).stat().st_size / 2**20
        with closing(SqliteGallery(Path(name))) as store:
            what = f"{people * _FACES_EACH} faces of {people} people"
            yield Row(_NAME, f"size of the file, {what}, chips of 0.5 kB", size_mb, "MB")
            before_mb = _peak_mb()
            began = time.perf_counter()
            known = store.known_faces(EDGEFACE_XS)
            yield Row(_NAME, f"read {what}", time.perf_counter() - began, "s")
            rule = recognition_rule(EDGEFACE_XS, MEASURED[EDGEFACE_XS].rule)
            began = time.perf_counter()
            index = KnownIndex(known, rule.compared)
            yield Row(_NAME, "mean exemplars of all people", time.perf_counter() - began, "s")
            yield Row(_NAME, f"memory for {what}, at its peak", _peak_mb() - before_mb, "MB")
            clusters = _clusters(middles, known)
            yield from _queries(clusters, known, index)
            yield from _same_answers(clusters, known, index)
            person = store.enrol("Somebody new", "", [], max_exemplars=_FACES_EACH)
            began = time.perf_counter()
            store.forget(person.person_id)
            yield Row(_NAME, f"forget somebody, {what}", time.perf_counter() - began, "s")


def _queries(clusters: Sequence[ClusterFaces], known: KnownFaces, index: KnownIndex) -> Iterator[Row]:
    rule = recognition_rule(EDGEFACE_XS, MEASURED[EDGEFACE_XS].rule)
    one_face = ClusterFaces(0, clusters[0].vectors[:1], ("a",))
    single, cluster, event = median_seconds(
        [
            lambda: recognise([one_face], known, rule, index),
            lambda: recognise(clusters[:1], known, rule, index),
            lambda: recognise(clusters, known, rule, index),
        ],
        rounds=9,
    )
    yield Row(_NAME, "a query: a cluster of one face", single * 1000, "ms")
    yield Row(_NAME, f"a query: a cluster of {_FACES_OF_CLUSTER} faces", cluster * 1000, "ms")
    cpu = statistics.median(_cpu_seconds(lambda: recognise(clusters[:1], known, rule, index)) for _ in range(9))
    yield Row(_NAME, "the same in processor time, which other work does not change much", cpu * 1000, "ms")
    yield Row(_NAME, f"a query of {_CLUSTERS} clusters at once", event / len(clusters) * 1000, "ms/cluster")


def _cpu_seconds(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


def _same_answers(clusters: Sequence[ClusterFaces], known: KnownFaces, index: KnownIndex) -> Iterator[Row]:
    """Those of prototype first against the distances to everybody's exemplars."""
    rule = recognition_rule(EDGEFACE_XS, MEASURED[EDGEFACE_XS].rule)
    some = clusters[:: len(clusters) // _COMPARED]
    quick = list(index.nearest(some))
    best = second = decided = 0
    seconds = 0.0
    for cluster, nearest in zip(some, quick, strict=True):
        began = time.perf_counter()
        exact = _exact(cluster, known, index)
        seconds += time.perf_counter() - began
        order = np.argsort(exact, kind="stable")[:2]
        best += int(nearest.people[0] == order[0])
        second += bool(np.allclose(nearest.distances[:2], exact[order], atol=1e-4))
        near = exact[order[0]] <= rule.furthest(index.people)
        decided += int(not near or (nearest.people[0] == order[0] and nearest.people[1] == order[1]))
    what = f"{CANDIDATES} candidates against everybody, {len(some)} clusters, half of strangers: same "
    yield Row(_NAME, what + "nearest person", best / len(some), "share")
    yield Row(_NAME, what + "two smallest distances", second / len(some), "share")
    yield Row(_NAME, what + "answer (the two nearest, or nobody near)", decided / len(some), "share")
    yield Row(_NAME, f"everybody compared exactly, a cluster of {_FACES_OF_CLUSTER}", seconds / len(some) * 1000, "ms")


def _exact(cluster: ClusterFaces, known: KnownFaces, index: KnownIndex) -> NDArray[np.float64]:
    """(P,) distances to all people, each of whom has `_FACES_EACH` exemplars."""
    compared = MEASURED[EDGEFACE_XS].rule.compared
    # The map is linear and symmetric: one side mapped twice is both mapped once.
    faces = compared(compared(cluster.vectors))
    likeness = np.empty((len(faces), len(known.person_ids)))
    step = 4096
    for start in range(0, len(known.person_ids), step):
        block = known.vectors[start * _FACES_EACH : (start + step) * _FACES_EACH]
        of_person = (faces @ block.T).reshape(len(faces), -1, _FACES_EACH)
        likeness[:, start : start + step] = np.partition(of_person, _FACES_EACH - 3, axis=2)[:, :, -3:].mean(axis=2)
    return np.asarray(1.0 - likeness.mean(axis=0))


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), dtype=np.float32)


def _middles(people: int) -> NDArray[np.float32]:
    random = np.random.default_rng(1)
    middles = _unit(random.standard_normal((people, _LENGTH), dtype=np.float32))
    siblings = np.arange(_SIBLING, people, _SIBLING)
    middles[siblings] = _unit(middles[siblings] + 0.8 * middles[siblings - 1])
    return middles


def _faces(middle: NDArray[np.float32], count: int, random: np.random.Generator) -> NDArray[np.float32]:
    own = _unit(random.standard_normal((count, _LENGTH), dtype=np.float32))
    return _unit(middle + _OWN * own)


def _write(folder: Path, middles: NDArray[np.float32]) -> None:
    """The gallery, written without choosing faces one by one."""
    SqliteGallery(folder).close()
    random = np.random.default_rng(2)
    with closing(sqlite3.connect(folder / GALLERY_FILE)) as connection:
        number = 0
        for person, middle in enumerate(middles):
            connection.execute(
                "INSERT INTO people VALUES (?, ?, ?, ?, '', '2026', '2026')",
                (person + 1, new_id(), f"Person {person}", f"person {person}"),
            )
            for vector in _faces(middle, _FACES_EACH, random).astype("<f2"):
                number += 1
                connection.execute(
                    "INSERT INTO exemplars VALUES (?, ?, ?, ?, 'made up', 0.9, NULL, ?, 'made up', ?, 0, 0, 9, 9, '')",
                    (number, f"{number:032x}", person + 1, EDGEFACE_XS, vector.tobytes(), f"{number:064x}"),
                )
                connection.execute("INSERT INTO chips VALUES (?, ?)", (number, _CHIP))
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _clusters(middles: NDArray[np.float32], known: KnownFaces) -> list[ClusterFaces]:
    """Half of known people, half of strangers."""
    random = np.random.default_rng(3)
    places = [int(name.split()[1]) for name in known.names]
    out = []
    for number in range(_CLUSTERS):
        if number % 2:
            middle = _unit(random.standard_normal(_LENGTH, dtype=np.float32))
        else:
            middle = middles[places[int(random.integers(len(places)))]]
        vectors = _faces(middle, _FACES_OF_CLUSTER, random)
        out.append(ClusterFaces(number, vectors, tuple(f"{number}/{face}" for face in range(_FACES_OF_CLUSTER))))
    return out


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(__doc__, rows)
