"""Some random edits over HTTP; `make soak ARGS="edits"` makes as many as one likes."""

from __future__ import annotations

import random
from pathlib import Path

from tests.random_edits import RandomEdits


def test_random_edits_hold_what_was_answered(tmp_path: Path) -> None:
    edits = RandomEdits(tmp_path, random.Random(2))
    try:
        edits.some(5)
        edits.start_anew()
        edits.run_stages()
        edits.edit_and_undo_all(15)
        assert edits.counts["edits"] >= 60
        assert edits.counts["corrections"] and edits.counts["2xx"] > edits.counts["4xx"] > 0
    finally:
        edits.close()
