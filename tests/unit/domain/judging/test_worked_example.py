"""docs/scoring.md works an example with numbers; this recomputes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.domain.judging.rules import RULES
from curation.domain.judging.scoring_rules import Rules
from curation.domain.labelling.labels import EventPeople
from tests.unit.domain.judging.scoring_values import ANNA, TOM, face_measures, scored


@pytest.fixture(scope="module")
def text(project_root: Path) -> str:
    return (project_root / "docs/scoring.md").read_text(encoding="utf-8")


def test_the_worked_example(text: str) -> None:
    score = scored(
        [
            (ANNA, face_measures(eyes=0.96, smile=0.80, focus=0.88, exposure=1.00)),
            (TOM, face_measures(eyes=0.90, smile=None, focus=0.70, exposure=0.90)),
            (None, face_measures(eyes=0.10, smile=0.30, focus=0.20, exposure=1.00)),
        ],
        event=EventPeople(main=2, important=3, other=0),
    )
    components = {
        "eyes     =": score.eyes_score,
        "smile    =": score.smile_score,
        "focus    =": score.focus_score,
        "exposure =": score.exposure_score,
        "people   =": score.people_score,
        "final_score =": score.final_score,
    }
    example = text[text.index("## 7.") :]
    for start, value in components.items():
        (line,) = (line for line in example.splitlines() if line.strip().startswith(start))
        assert value is not None
        assert line.endswith(f"= {value:.4f}"), line
    assert f"`results_string`: `{score.results_string}`" in example
    assert score.vetoes == ""


def test_every_rule_is_explained(text: str) -> None:
    switches = {"ignore_others", "excuse_laughs", "excuse_moments"}
    for name in [*RULES, *switches]:
        assert f"| `{name}` |" in text
    assert set(RULES) | switches == set(Rules.__dataclass_fields__)
