from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from curation.engines.weights.inventory import locate
from curation.engines.weights.record import RECORD_FILE
from curation.engines.weights.registry import ARCFACE_FILE


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"downloads": 1, "hashes": 2}', '{"downloads": {}, "hashes": {"x": 1}}']
)
def test_a_damaged_record_only_costs_reading_again(tmp_path: Path, content: str) -> None:
    (tmp_path / ARCFACE_FILE).write_bytes(b"one")
    (tmp_path / RECORD_FILE).write_text(content)
    assert locate(ARCFACE_FILE, tmp_path).sha256 == hashlib.sha256(b"one").hexdigest()
