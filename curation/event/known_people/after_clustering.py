"""What the clustering stage does with the gallery once the faces are grouped: proposals, and nothing else unasked.

A gallery that is away or broken is told of, and never ends the stage: the photos are grouped without it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from curation.domain.report import RecognitionReport
from curation.errors import CurationError
from curation.event.catalog import Catalog
from curation.event.known_people.forgetting import EventForgetting, forget_expired
from curation.event.known_people.open_gallery import OpenGallery
from curation.event.known_people.proposals import KnownProposals
from curation.event.known_people.recognition import EventRecognition
from curation.event.people.edits import PeopleEdits
from curation.pipelines.recognition.document import RECOGNISED
from curation.settings import Settings
from curation.storage.run_records import CLUSTERING_RUN, read_run_record, write_run_record

__all__ = ["recognise_event"]

logger = logging.getLogger(__name__)


def recognise_event(
    settings: Settings, open_gallery: Callable[[Settings], OpenGallery] = OpenGallery
) -> RecognitionReport:
    """Compare the people without a label with the gallery, and write recognised.json and a part of the run record.

    Args:
        settings: The section `gallery`, and the folders of an event that was clustered just now.
        open_gallery: Makes what opens the gallery.

    Returns:
        What was done; nothing if the gallery is off, or not for photos.
    """
    if not settings.gallery.enabled or settings.gallery.propose_for == "off":
        return RecognitionReport()
    gallery = open_gallery(settings)
    try:
        return _recognised(settings, gallery)
    except CurationError as error:
        told = (
            f"known people were not recognised: {error}. The photos are grouped all the same; once the gallery is "
            "there again, run the clustering again, which takes seconds"
        )
        logger.warning(told)
        with suppress(CurationError):  # the disk may be what is broken; it is told all the same
            _record(settings, {"error": str(error)})
        return RecognitionReport(warnings=(told,))
    finally:
        gallery.close()


def _recognised(settings: Settings, gallery: OpenGallery) -> RecognitionReport:
    catalog = Catalog(settings)
    edits = PeopleEdits(settings, catalog)
    recognition = EventRecognition(settings, catalog, gallery)
    expired = forget_expired(
        gallery, settings.gallery.expire_days, [EventForgetting(settings, catalog, edits, recognition)]
    )
    found = recognition.write()
    proposals = KnownProposals(catalog, edits, gallery, recognition)
    listed = proposals.listed()
    sure = sum(one.is_sure for one in listed)
    warnings = []
    if expired:
        warnings.append(f"{len(expired)} known people were not seen for long and were forgotten (gallery.expire_days)")
    record: dict[str, Any] = {
        "gallery": found.gallery,
        "known_people": found.people,
        "embedder": found.embedder,
        "compared": len(found.clusters),
        "names": sure,
        "questions": len(listed) - sure,
        "expired": len(expired),
        "auto_accept": settings.gallery.auto_accept,
        "accepted": [],
    }
    logger.info(
        "known people: %d names and %d questions for %d people without a label, see %s",
        sure,
        len(listed) - sure,
        len(found.clusters),
        RECOGNISED,
    )
    if settings.gallery.auto_accept is not None:
        accepted = proposals.accept_all(settings.gallery.auto_accept)
        record["accepted"] = [
            {"cluster_id": one.cluster_id, "person_id": one.person_id, "certainty": round(one.certainty, 4)}
            for one in accepted
        ]
        if accepted:
            told = (
                f"{len(accepted)} names of known people were written as labels, as gallery.auto_accept asks: person "
                + ", ".join(str(one.cluster_id) for one in accepted)
                + "; each can be undone on the page People"
            )
            logger.warning(told)
            warnings.append(told)
    _record(settings, record)
    return RecognitionReport((RECOGNISED,), tuple(warnings))


def _record(settings: Settings, recognition: dict[str, Any]) -> None:
    """Add what was done to the run record of the clustering."""
    path = settings.io.output_dir / CLUSTERING_RUN
    record = read_run_record(path)
    if record is not None:
        write_run_record(path, {**record, "recognition": recognition})
