"""docs/scoring.md works an example with numbers; this recomputes them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from curation.domain.judging.presets import PRESETS, ProblemCosts
from curation.domain.judging.rules import RULES
from curation.domain.judging.scoring_rules import Rules
from curation.domain.labelling.labels import EventPeople
from tests.unit.domain.judging.scoring_values import ANNA, TOM, face_measures, scored


@pytest.fixture(scope="module")
def text(project_root: Path) -> str:
    return (project_root / "docs/scoring.md").read_text(encoding="utf-8")


def test_the_worked_example(text: str) -> None:
    event = EventPeople(main=2, important=3, other=0)
    anna = (ANNA, face_measures(eyes=0.96, smile=0.80, focus=0.88, exposure=1.00, size_px=300))
    blinking, open_eyes = (
        (TOM, face_measures(eyes=eyes, smile=None, focus=0.70, exposure=0.90, size_px=260, yaw_deg=30.0))
        for eyes in (0.30, 0.90)
    )
    stranger = (None, face_measures(eyes=0.10, smile=0.30, focus=0.20, exposure=1.00, size_px=120))
    score = scored([anna, blinking, stranger], event=event)
    components = {
        "eyes     =": score.eyes_score,
        "smile    =": score.smile_score,
        "focus    =": score.focus_score,
        "exposure =": score.exposure_score,
        "people   =": score.people_score,
        "picture  =": score.picture_score,
        "final_score =": score.final_score,
    }
    example = text[text.index("## 11.") :]
    for start, value in components.items():
        (line,) = (line for line in example.splitlines() if line.strip().startswith(start))
        assert value is not None
        assert line.endswith(f"= {value:.4f}"), line
    assert f"`results_string`: `{score.results_string}`" in example
    assert score.vetoes == ""
    for faces in ([anna], [blinking], [stranger], [anna, open_eyes, stranger]):
        assert f"{scored(faces, event=event).final_score:.4f}" in example


def test_the_table_of_presets(text: str) -> None:
    for name, preset in PRESETS.items():
        weights = preset.weights
        numbers = " | ".join(f"{value:g}" for value in asdict(weights).values())
        (row,) = (line for line in text.splitlines() if line.startswith(f"| `{name}` | {numbers} | "))
        plain = asdict(ProblemCosts())
        others = {key: value for key, value in asdict(preset.problem_costs).items() if value != plain[key]}
        assert row.count("`") == 2 + 2 * len(others)
        assert all(f"`{key}` {value:g}" in row for key, value in others.items())
    for key, cost in asdict(ProblemCosts()).items():
        (row,) = (line for line in text.splitlines() if line.startswith(f"| `{key}`"))
        assert row.endswith(f"| {cost:g} |")


def test_every_rule_is_explained(text: str) -> None:
    switches = {"ignore_others", "excuse_laughs", "excuse_moments", "excuse_children"}
    for name in [*RULES, *switches]:
        assert f"| `{name}` |" in text
    assert set(RULES) | switches == set(Rules.__dataclass_fields__)
