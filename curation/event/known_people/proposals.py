"""Names of the gallery that are proposed for the people of an event, and the user's answers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from curation.domain.faces.index import EventIndex
from curation.domain.labelling.label_changes import LabelChange
from curation.domain.labelling.labels import Category, Labels, same_name
from curation.domain.recognition.known import Recognition
from curation.errors import CurationError, SuggestionNotFoundError
from curation.event.catalog import Catalog
from curation.event.known_people.open_gallery import OpenGallery
from curation.event.known_people.recognition import EventRecognition
from curation.event.people.edits import PeopleEdits

__all__ = ["KnownProposals", "Proposal"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A name that is proposed for a cluster.

    Attributes:
        recognition: What the comparison said, with the name that the gallery has now.
        category: Of the person in the gallery; empty if it does not say.
        photos: In how many photos the cluster is.
        is_sure: Whether it is a name, not a question: `recognition.answer` is `name`.
    """

    recognition: Recognition
    category: str
    photos: int

    @property
    def cluster_id(self) -> int:
        """Of the cluster."""
        return self.recognition.cluster_id

    @property
    def person_id(self) -> str:
        """Of the gallery."""
        return self.recognition.person_id

    @property
    def name(self) -> str:
        """As the gallery has it."""
        return self.recognition.name

    @property
    def certainty(self) -> float:
        """That it is this person, in [0, 1]."""
        return self.recognition.certainty

    @property
    def is_sure(self) -> bool:
        """Whether the rule names the person; else it only asks."""
        return self.recognition.answer == "name"


class KnownProposals:
    """Proposes names, and writes the user's answers through the same edits as the page does. Thread-safe."""

    def __init__(
        self, catalog: Catalog, edits: PeopleEdits, gallery: OpenGallery, recognition: EventRecognition
    ) -> None:
        """Remember the parts; nothing is read yet."""
        self._catalog = catalog
        self._edits = edits
        self._gallery = gallery
        self._recognition = recognition

    def listed(self) -> list[Proposal]:
        """All proposals that are open: names before questions, the people in the most photos first.

        None for a cluster that has a label, for which the user refused this person, or that shares a photo with
        another cluster of that name: nobody is twice on a photo. Raises what `EventRecognition.now` raises; also
        RefusalsError if known_refused.json is not valid.
        """
        found = [one for one in self._recognition.now().clusters if one.answer != "unknown"]
        if not found:
            return []
        event, labels = self._catalog.event(), self._catalog.labels()
        refused = self._catalog.refusals.pairs(event)
        people = {person.person_id: person for person in self._gallery.store().people()}
        photos_of_name = _photos_of_names(labels, event)
        out = []
        for one in found:
            person, photos = people.get(one.person_id), event.photos_of_cluster(one.cluster_id)
            if person is None or not photos or one.cluster_id in labels.by_cluster:
                continue
            if (one.cluster_id, one.person_id) in refused or photos & photos_of_name.get(same_name(person.name), _NONE):
                continue
            out.append(Proposal(replace(one, name=person.name), person.category, len(photos)))
        return sorted(out, key=lambda one: (not one.is_sure, -one.photos, one.cluster_id))

    def accept(self, cluster_id: int, person_id: str) -> Proposal:
        """Name a cluster as it was proposed, as one change that can be undone.

        Args:
            cluster_id: Of the proposal that the user saw.
            person_id: Likewise: another proposal that is there meanwhile is not accepted by mistake.

        Raises:
            SuggestionNotFoundError: If this is not proposed (any more).
            CurationError: What `listed` and `PeopleEdits.change_labels` raise.
        """
        proposal = self._open(cluster_id, person_id)
        if not self._label(proposal):
            raise SuggestionNotFoundError(_GONE.format(cluster=cluster_id))
        self._seen(proposal)
        return proposal

    def decline(self, cluster_id: int, person_id: str) -> Proposal:
        """Note that a cluster is somebody else, as one change that can be undone; it is not asked again.

        Takes and raises what `accept` does; also RefusalsError if known_refused.json is not valid.
        """
        proposal = self._open(cluster_id, person_id)
        self._edits.refuse_known(person_id, proposal.name, cluster_id)
        return proposal

    def accept_all(self, from_certainty: float, seen: Sequence[tuple[int, str]] | None = None) -> list[Proposal]:
        """Name all clusters whose name is sure, and whose certainty is high enough; each is one change.

        Args:
            from_certainty: In [0, 1].
            seen: Cluster and person of the proposals that the user looked at: no other one is accepted. None accepts
                all.

        Returns:
            Those that were accepted. Raises what `accept` raises except SuggestionNotFoundError.
        """
        out = []
        for proposal in self.listed():
            if not proposal.is_sure or proposal.certainty < from_certainty:
                continue
            if seen is not None and (proposal.cluster_id, proposal.person_id) not in seen:
                continue
            if self._label(proposal):
                self._seen(proposal)
                out.append(proposal)
        return out

    def _open(self, cluster_id: int, person_id: str) -> Proposal:
        for proposal in self.listed():
            if (proposal.cluster_id, proposal.person_id) == (cluster_id, person_id):
                return proposal
        raise SuggestionNotFoundError(_GONE.format(cluster=cluster_id))

    def _label(self, proposal: Proposal) -> bool:
        """Name a cluster unless it got a label at this moment; returns whether it was named."""
        cluster, name = proposal.cluster_id, proposal.name
        what = f"recognised {name} in person {cluster}"
        change = LabelChange(name=name, first_category=Category.IMPORTANT)
        labels = self._catalog.labels()
        known = {same_name(label.name) for label in labels.by_cluster.values() if label.name is not None}
        if proposal.category and same_name(name) not in known:
            # A name that the event has brings the category that the user gave it here.
            change = LabelChange(name=name, category=Category(proposal.category))
        _, _, changed = self._edits.change_labels(
            lambda now: [] if cluster in now.by_cluster else [cluster], change, what
        )
        return changed > 0

    def _seen(self, proposal: Proposal) -> None:
        try:
            self._gallery.store().seen(proposal.person_id, datetime.now(UTC).isoformat(timespec="seconds"))
        except CurationError as error:
            logger.warning("the label is written, but not when %s was seen last: %s", proposal.person_id, error)


_NONE: frozenset[str] = frozenset()
_GONE = (
    "this name is not proposed for person {cluster} any more: it was answered, labelled or grouped anew in the "
    "meantime; nothing was changed"
)


def _photos_of_names(labels: Labels, event: EventIndex) -> dict[str, frozenset[str]]:
    """The photos of each name that the event has."""
    out: dict[str, frozenset[str]] = {}
    for cluster, label in labels.by_cluster.items():
        if label.name is not None:
            key = same_name(label.name)
            out[key] = out.get(key, _NONE) | event.photos_of_cluster(cluster)
    return out
