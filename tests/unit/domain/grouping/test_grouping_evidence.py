from __future__ import annotations

import json

import pytest

from curation.domain.grouping.grouping_evidence import GroupingEvidence
from curation.domain.grouping.shared_photos import Strangers


@pytest.mark.parametrize("strangers", [None, Strangers(0.97, 0.08, 340, 90)])
def test_evidence_survives_json(strangers: Strangers | None) -> None:
    evidence = GroupingEvidence(0.64, 0.82, 0.25, strangers, 2, 3, 4, 5, 6)
    assert GroupingEvidence.from_json(json.loads(json.dumps(evidence.to_json()))) == evidence


@pytest.mark.parametrize("data", [{}, {"strangers": 3}, {"strangers": None, "single_distance": None}])
def test_other_content_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="evidence"):
        GroupingEvidence.from_json(data)
