"""A gallery in memory, and recognition by the nearest exemplar: for tests of what stands around both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from curation.domain.labelling.labels import same_name
from curation.domain.recognition.known import ClusterFaces, KnownFaces, Recognition
from curation.errors import GalleryError, KnownPersonNotFoundError, KnownPersonTakenError
from curation.gallery.store import Exemplar, KnownPerson

__all__ = ["FakeGallery", "recognise_nearest"]

_NAMED, _ASKED = 0.3, 0.6


class FakeGallery:
    """Implements `curation.gallery.store.GalleryStore`."""

    def __init__(self) -> None:
        self._people: dict[str, KnownPerson] = {}
        self._faces: dict[str, list[Exemplar]] = {}
        self._changes = 0
        self._ids = 0
        self.is_broken = False
        self.compared = 0

    def _ready(self) -> None:
        if self.is_broken:
            raise GalleryError("the gallery is away: start its server, or set gallery.enabled: false")

    def people(self) -> Sequence[KnownPerson]:
        self._ready()
        return sorted(map(self._counted, self._people.values()), key=lambda person: person.name)

    def _counted(self, person: KnownPerson) -> KnownPerson:
        faces = self._faces[person.person_id]
        events = tuple(dict.fromkeys(face.event for face in faces))
        return replace(person, exemplars=len(faces), events=events)

    def person(self, person_id: str) -> KnownPerson:
        self._ready()
        if person_id not in self._people:
            raise KnownPersonNotFoundError(f"the gallery has nobody with the id {person_id}")
        return self._counted(self._people[person_id])

    def find(self, name: str) -> KnownPerson | None:
        self._ready()
        found = [one for one in self._people.values() if same_name(one.name) == same_name(name)]
        return self._counted(found[0]) if found else None

    def enrol(self, name: str, category: str, exemplars: Sequence[Exemplar], *, max_exemplars: int) -> KnownPerson:
        known = self.find(name)
        if known is None:
            self._ids += 1
            added = exemplars[0].added
            known = KnownPerson(f"person{self._ids}", name, category, 0, (), added, added)
            self._people[known.person_id] = known
            self._faces[known.person_id] = []
        faces = self._faces[known.person_id]
        photos = {face.photo_sha256 for face in faces}
        for face in exemplars:
            if face.photo_sha256 not in photos:
                self._changes += 1
                faces.append(replace(face, exemplar_id=f"face{self._changes}"))
                photos.add(face.photo_sha256)
        faces.sort(key=lambda face: -face.quality)
        del faces[max_exemplars:]
        return self.person(known.person_id)

    def exemplars(self, person_id: str) -> Sequence[Exemplar]:
        self.person(person_id)
        return tuple(self._faces[person_id])

    def known_faces(self, embedder: str) -> KnownFaces:
        self._ready()
        faces = {id_: [face for face in self._faces[id_] if face.embedder == embedder] for id_ in sorted(self._people)}
        faces = {id_: mine for id_, mine in faces.items() if mine}
        vectors = [face.vector for mine in faces.values() for face in mine]
        return KnownFaces(
            tuple(faces),
            tuple(self._people[id_].name for id_ in faces),
            np.cumsum([0, *map(len, faces.values())]).astype(np.int64),
            np.stack(vectors).astype(np.float32) if vectors else np.zeros((0, 1), dtype=np.float32),
            embedder,
        )

    def rename(self, person_id: str, name: str) -> KnownPerson:
        other = self.find(name)
        if other is not None and other.person_id != person_id:
            raise KnownPersonTakenError(f"the gallery knows another {name}: merge the two, or choose another name")
        self._people[person_id] = replace(self.person(person_id), name=name)
        self._changes += 1
        return self.person(person_id)

    def merge(self, person_id: str, into: str, *, max_exemplars: int) -> KnownPerson:
        self.person(person_id)
        kept = self.person(into)
        faces = self._faces.pop(person_id)
        del self._people[person_id]
        self._changes += 1
        self._faces[into] = (self._faces[into] + faces)[:max_exemplars]
        return self.person(kept.person_id)

    def remove_exemplar(self, person_id: str, exemplar_id: str) -> None:
        self.person(person_id)
        self._faces[person_id] = [face for face in self._faces[person_id] if face.exemplar_id != exemplar_id]
        self._changes += 1

    def forget(self, person_id: str) -> None:
        self.person(person_id)
        del self._people[person_id], self._faces[person_id]
        self._changes += 1

    def seen(self, person_id: str, when: str) -> None:
        self._people[person_id] = replace(self.person(person_id), last_seen=when)

    def version(self) -> str:
        self._ready()
        return str(self._changes)

    def check(self) -> Sequence[str]:
        self._ready()
        return ()

    def close(self) -> None:
        """Nothing is held."""


def recognise_nearest(clusters: Sequence[ClusterFaces], known: KnownFaces) -> tuple[Recognition, ...]:
    """The person nearest to the mean of each cluster: named up to a distance of 0.3, asked about up to 0.6."""
    out = []
    for cluster in clusters:
        mean = cluster.vectors.mean(axis=0)
        mean = mean / max(float(np.linalg.norm(mean)), 1e-9)
        nearest = np.array(
            [1.0 - (known.vectors[a:b] @ mean).max() for a, b in zip(known.starts[:-1], known.starts[1:], strict=True)]
        )
        order = np.argsort(nearest, kind="stable")
        best = int(order[0])
        distance = max(float(nearest[best]), 0.0)
        if distance > _ASKED:
            out.append(Recognition(cluster.cluster_id, "unknown", limit=_NAMED))
            continue
        out.append(
            Recognition(
                cluster.cluster_id,
                "name" if distance <= _NAMED else "ask",
                known.person_ids[best],
                known.names[best],
                round(1.0 - distance, 4),
                distance,
                _NAMED,
                float(nearest[order[1]]) if len(order) > 1 else float("inf"),
                int(known.starts[best + 1] - known.starts[best]),
            )
        )
    return tuple(out)
