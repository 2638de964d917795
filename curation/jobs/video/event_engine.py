"""The engine of the event, whose people films that are handed in may show."""

from __future__ import annotations

import logging

from curation.errors import CurationError
from curation.settings import Settings
from curation.storage.face_data_file import FACE_DATA, first_engine
from curation.storage.run_records import CLUSTERING_RUN, read_run_record

__all__ = ["pinned_engine"]

logger = logging.getLogger(__name__)


def pinned_engine(settings: Settings) -> str | None:
    """The engine that embedded the event's faces; None without an event: films may then use any."""
    path = settings.io.output_dir / FACE_DATA
    if not path.is_file():
        return None
    try:
        engine = first_engine(path) or (read_run_record(settings.io.output_dir / CLUSTERING_RUN) or {}).get("engine")
    except CurationError as error:
        logger.warning("films do not join the people of the event: %s", error)
        return None
    return engine if isinstance(engine, str) else None
