"""Random edits over HTTP with both stages and starts of the service in between; see `tests.random_edits`."""

from __future__ import annotations

import logging

from tests.random_edits import RandomEdits
from tests.soak.part import Soak, SoakPart

__all__ = ["PART"]

_STEPS = 40  # of some ten edits each, for each event


def _run(soak: Soak) -> None:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # every refused edit is told of
    try:
        for number, chance in enumerate(soak.rounds()):
            edits = RandomEdits(soak.folder / str(number), chance)
            try:
                edits.some(_STEPS)
            finally:
                edits.close()
                soak.counts.update(edits.counts)
    finally:
        logging.disable(before)


PART = SoakPart("edits", "random edits over HTTP, with stages in between and undo to the start", _run)
