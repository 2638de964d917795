"""The texts in the table of scores, for the photographer: `results_string` and `problems`."""

from __future__ import annotations

from collections.abc import Sequence

from curation.domain.judging.photo_facts import FaceFacts, PhotoFacts
from curation.domain.judging.photo_problems import NAMED_FROM, PictureProblem, face_problems
from curation.domain.judging.scoring_rules import ProblemCosts, Thresholds
from curation.domain.labelling.labels import Category, EventPeople
from curation.domain.measuring.closed_eyes import Excuse
from curation.domain.measuring.measures import Measure, PhotoMeasures, Reason

__all__ = ["POOR_EXPOSURE", "judged_faces", "problems", "results_string"]

POOR_EXPOSURE = 0.4  # below it the exposure is named as a problem; no rule depends on it


def judged_faces(counted: Sequence[FaceFacts]) -> tuple[FaceFacts, ...]:
    """The faces that the texts are about: of the faces that count, the main and important people, or else all."""
    key = [face for face in counted if face.person is not None and face.person.category is not Category.OTHER]
    return tuple(key or counted)


def results_string(
    facts: PhotoFacts,
    judged: Sequence[FaceFacts],
    measures: PhotoMeasures,
    event: EventPeople,
    thresholds: Thresholds,
) -> str:
    """One line like `main 2/2 · eyes 2/2 · smile 1/2 (Anna serious) · focus ok`.

    `main 2/2` counts the main people of the photo and of the event; eyes and smile count the
    people who pass and those who can be told.

    Args:
        facts: Facts of the photo.
        judged: The faces to write about, see `judged_faces`.
        measures: Measures of the photo, for photos without such faces.
        event: The people of the whole event.
        thresholds: The thresholds that the facts were made with.
    """
    parts: list[str] = []
    if event.main:
        parts.append(f"main {len(facts.main)}/{event.main}")
    if facts.important:
        parts.append(f"important {len(facts.important)}/{event.important}")
    if facts.other:
        parts.append(f"other {len(facts.other)}")
    if facts.unknown:
        parts.append(f"unknown {len(facts.unknown)}")
    if judged:
        eyes = [(f.name, f.eyes_open, f.eyes_reason, _closed(f)) for f in judged]
        parts.append(_tally("eyes", eyes))
        parts.append(_tally("smile", [(f.name, f.smiles, f.smile_reason, "serious") for f in judged]))
        soft = [face.name for face in judged if face.in_focus is False]
        if soft:
            parts.append(f"focus soft ({', '.join(soft)})")
        else:
            parts.append("focus ok" if any(face.in_focus for face in judged) else "focus cannot tell")
    else:
        parts.append("no faces that count" if facts.other or facts.unknown else "no faces")
        sharp = _reaches(measures.focus, thresholds.focus)
        parts.append("focus cannot tell" if sharp is None else "focus ok" if sharp else "focus soft")
    exposures = [face.exposure for face in judged] if judged else [measures.exposure.value]
    if any(value is not None and value < POOR_EXPOSURE for value in exposures):
        parts.append("exposure poor")
    return " · ".join(parts)


def problems(
    judged: Sequence[FaceFacts],
    of_picture: Sequence[PictureProblem],
    measures: PhotoMeasures,
    thresholds: Thresholds,
    costs: ProblemCosts,
) -> list[str]:
    """What is wrong with a photo, in sentences, whether or not a rule checks it.

    Args:
        judged: The faces to write about, see `judged_faces`.
        of_picture: The problems of the picture as a whole.
        measures: Measures of the photo, for photos without such faces.
        thresholds: The thresholds that the facts were made with.
        costs: What the problems cost; those that cost nothing are none.
    """
    whole = [
        problem.sentence
        for problem in of_picture
        if problem.strength >= NAMED_FROM and getattr(costs, problem.name) > 0
    ]
    if not judged:
        found = []
        if _reaches(measures.focus, thresholds.focus) is False:
            found.append("the photo is out of focus")
        if _reaches(measures.exposure, POOR_EXPOSURE) is False:
            found.append("the photo is badly exposed")
        return found + whole
    unmeasured = sum(face.eyes_reason is Reason.NOT_MEASURED for face in judged)
    found = [f"too many faces: the {unmeasured} smallest were not measured"] if unmeasured else []
    blinks, soft, dark, other = [], [], [], []
    short_side_px = min(measures.width, measures.height)
    for face in judged:
        if face.blinks:
            blinks.append(f"{face.title} blinks")
        if face.in_focus is False:
            soft.append(f"{face.title} is out of focus")
        if face.exposure is not None and face.exposure < POOR_EXPOSURE:
            dark.append(f"{face.title} is badly exposed")
        other += [
            f"{face.title} {problem.words}"
            for problem in face_problems(face, short_side_px)
            if problem.strength >= NAMED_FROM and getattr(costs, problem.name) > 0
        ]
    return found + blinks + soft + dark + other + whole


def _reaches(measure: Measure, threshold: float) -> bool | None:
    return None if measure.value is None else measure.value >= threshold


def _closed(face: FaceFacts) -> str:
    words = {
        None: "closed",
        Excuse.LAUGH: "laughs",
        Excuse.MOMENT: "closed in a moment",
        Excuse.CHILD: "closed, excused",  # the words go onto contact sheets, which say nothing of ages
    }
    return words[face.excuse]


def _tally(what: str, answers: Sequence[tuple[str, bool | None, Reason | None, str]]) -> str:
    """Like `smile 1/2 (Anna serious, Tom turned)`; a reason stands for "cannot tell"."""
    good = told = unmeasured = 0
    fails, untold = [], []
    for name, answer, reason, bad in answers:
        if answer is not None:
            told += 1
            if answer:
                good += 1
            else:
                fails.append(f"{name} {bad}")
        elif reason is Reason.NOT_MEASURED:
            unmeasured += 1
        elif reason is not None:
            untold.append(f"{name} {reason.value}")
    if unmeasured:
        untold.append(f"{unmeasured} not measured")
    tally = f"{what} {good}/{told}" if told else f"{what} cannot tell"
    notes = fails + untold
    return f"{tally} ({', '.join(notes)})" if notes else tally
