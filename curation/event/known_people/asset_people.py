"""Names of the gallery that are proposed for people of pictures that were taken apart."""

from __future__ import annotations

import logging

from curation.domain.assets.asset import Asset
from curation.errors import CurationError
from curation.event.known_people.event_known import EventKnown
from curation.event.known_people.proposals import Proposal
from curation.event.outfits.event_outfits import EventOutfits

__all__ = ["proposals_of_asset"]

logger = logging.getLogger(__name__)


def proposals_of_asset(asset: Asset, outfits: EventOutfits, known: EventKnown) -> dict[int, Proposal]:
    """The proposals for the people of a picture, by the number of the person; none for people with a name.

    The record of a picture has no vectors, so its people are compared as the people of the event that they are: those
    of pictures that are no photos of the event are not.

    Args:
        asset: The picture.
        outfits: Say which people of the event its people are.
        known: Proposes names.
    """
    if not (known.proposes_for_all and outfits.is_on):
        return {}
    proposals = {one.cluster_id: one for one in known.try_proposals()}
    if not proposals:
        return {}
    try:
        clusters = outfits.clusters_of(asset)
        return {
            number: proposals[cluster]
            for number, cluster in clusters.items()
            if cluster in proposals and outfits.name_of(asset, number) is None
        }
    except CurationError as error:
        logger.info("no names are proposed for the asset %s: %s", asset.id, error)
        return {}
