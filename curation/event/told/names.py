"""Names that the files of an event propose for its people by vote, and the user's answers."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass

from curation.domain.faces.index import EventIndex
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category, Labels, same_name
from curation.domain.told.votes import NameVote, PlacedFace, votes
from curation.errors import SuggestionNotFoundError
from curation.event.catalog import Catalog
from curation.event.file_cache import Derived
from curation.event.people.edits import PeopleEdits

__all__ = ["NameOffered", "NamesOffered", "id_of_name"]


@dataclass(frozen=True, slots=True)
class NameOffered:
    """A name that is proposed for a cluster.

    Attributes:
        vote: Who says it.
        photos: In how many photos the cluster is.
    """

    vote: NameVote
    photos: int

    @property
    def words(self) -> str:
        """Who says it, in words: `named in 12 photos by Lightroom`."""
        count = len(self.vote.photos)
        programs = f" by {' and '.join(self.vote.programs)}" if self.vote.programs else ""
        against = self.vote.against
        other = "" if not against else f", {against} say{'s' if against == 1 else ''} another name"
        return f"named in {count} photo{'' if count == 1 else 's'}{programs}{other}"


class NamesOffered:
    """Proposes names, and writes the user's answers through the same edits as a name typed by hand. Thread-safe."""

    def __init__(self, catalog: Catalog, edits: PeopleEdits) -> None:
        """Remember the parts; nothing is read yet."""
        self._catalog = catalog
        self._edits = edits
        self._votes: Derived[list[NameVote]] = Derived()

    def listed(self) -> list[NameOffered]:
        """All proposals that are open, those with the most votes first.

        None for a cluster that has a name, for which the user refused this name, or that shares a photo with another
        cluster of that name.

        Raises:
            NotClusteredError: If there was no clustering yet.
            FaceDataError: If a table is not valid.
            CorrectionsError: If corrections.json is not valid.
            LabelsError: If the labels are not valid.
            RefusalsError: If known_refused.json is not valid.
            StorageError: If a file cannot be read.
        """
        told = self._catalog.ranked.told()
        if not any(one.people for one in told.values()):
            return []
        event, labels = self._catalog.event(), self._catalog.labels()
        found = self._votes.get((told, event), lambda: self._counted(event))
        refused = self._catalog.refusals.pairs(event)
        taken = _photos_of_names(labels, event)
        out = []
        for vote in found:
            label = labels.by_cluster.get(vote.cluster_id)
            photos = event.photos_of_cluster(vote.cluster_id)
            if not photos or (label is not None and label.name is not None):
                continue
            if (vote.cluster_id, id_of_name(vote.name)) in refused or photos & taken[same_name(vote.name)]:
                continue
            out.append(NameOffered(vote, len(photos)))
        return out

    def accept(self, cluster_id: int, name: str) -> NameOffered:
        """Name a cluster as it was proposed, as one change that can be undone.

        Args:
            cluster_id: Of the proposal that the user saw.
            name: Likewise: another name that is proposed meanwhile is not accepted by mistake.

        Raises:
            SuggestionNotFoundError: If this is not proposed (any more). Also what `listed` and
                `PeopleEdits.change_labels` raise.
        """
        offered = self._open(cluster_id, name)
        _, _, changed = self._edits.change_labels(
            lambda now: [cluster_id] if _is_unnamed(now, cluster_id) else [],
            LabelChange(name=offered.vote.name, first_category=Category.IMPORTANT),
            f"named person {cluster_id} {offered.vote.name}, as the files say",
        )
        if not changed:
            raise SuggestionNotFoundError(_GONE.format(cluster=cluster_id))
        return offered

    def decline(self, cluster_id: int, name: str) -> NameOffered:
        """Note that a cluster is somebody else, as one change that can be undone; it is not asked again.

        Takes and raises what `accept` does.
        """
        offered = self._open(cluster_id, name)
        self._edits.refuse_known(id_of_name(offered.vote.name), offered.vote.name, cluster_id)
        return offered

    def _open(self, cluster_id: int, name: str) -> NameOffered:
        for offered in self.listed():
            if offered.vote.cluster_id == cluster_id and same_name(offered.vote.name) == same_name(name):
                return offered
        raise SuggestionNotFoundError(_GONE.format(cluster=cluster_id))

    def _counted(self, event: EventIndex) -> list[NameVote]:
        told = {path: one for path, one in self._catalog.ranked.told().items() if one.people}
        faces: defaultdict[str, list[PlacedFace]] = defaultdict(list)
        for row, cluster in zip(event.rows, event.cluster_ids.tolist(), strict=True):
            if row.image_path in told:
                faces[row.image_path].append(PlacedFace(row.facial_area, cluster))
        clusters = {face.cluster_id for of_photo in faces.values() for face in of_photo if face.cluster_id >= 0}
        return votes(told, faces, {cluster: event.photos_of_cluster(cluster) for cluster in clusters})


_GONE = (
    "this name is not proposed for person {cluster} any more: it was answered, labelled or grouped anew in the "
    "meantime; nothing was changed"
)


def id_of_name(name: str) -> str:
    """By what known_refused.json knows that a name of the files was refused; it does not keep the name itself."""
    return f"file-{hashlib.sha256(same_name(name).encode()).hexdigest()[:32]}"


def _is_unnamed(labels: Labels, cluster: int) -> bool:
    label = labels.by_cluster.get(cluster)
    return label is None or label.name is None


def _photos_of_names(labels: Labels, event: EventIndex) -> defaultdict[str, frozenset[str]]:
    out: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for cluster, label in labels.by_cluster.items():
        if label.name is not None:
            out[same_name(label.name)] |= event.photos_of_cluster(cluster)
    return out
