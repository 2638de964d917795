"""The rules that a user can turn on, and what each of them checks.

`photo_facts` turns faces, people and measures into facts with the thresholds applied; each rule is
a small function of the facts. `RULES` lists them by name; config.yaml turns them on: a rule in the mode
`veto` ranks the photos that break it below all others, in the mode `weight` it is one more component
of the score. "Cannot tell" never breaks a rule, and no rule checks the eyes, smile or focus of an
unknown face.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from curation.domain.attributes.age_groups import AgeGroup
from curation.domain.judging.photo_facts import FaceFacts, PhotoFacts
from curation.domain.judging.scoring_rules import Rules

__all__ = ["RULES", "RULES_OF_AGE", "Verdict", "without_ages"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a rule for a photo.

    Attributes:
        value: In [0, 1], how far the rule is met; None if it does not apply to the photo.
        violations: A sentence for each way in which it is broken; empty if it is met.
    """

    value: float | None
    violations: tuple[str, ...]


_CHILDREN = "children"
_MET = Verdict(1.0, ())
_NOT_APPLICABLE = Verdict(None, ())


def _share(answers: Sequence[tuple[bool | None, str]]) -> Verdict:
    """The share of the people who pass, among those who can be told."""
    judged = [(good, sentence) for good, sentence in answers if good is not None]
    if not judged:
        return _NOT_APPLICABLE
    broken = tuple(sentence for good, sentence in judged if not good)
    return Verdict(1.0 - len(broken) / len(judged), broken) if broken else _MET


def _eyes_pass(face: FaceFacts) -> bool | None:
    """Closed eyes in a laugh or an embrace pass."""
    return None if face.eyes_open is None else not face.blinks


def _require_main_eyes_open(facts: PhotoFacts, rules: Rules) -> Verdict:
    """Every main person's eyes are open."""
    return _share([(_eyes_pass(face), f"{face.title} blinks") for face in facts.main])


def _require_all_eyes_open(facts: PhotoFacts, rules: Rules) -> Verdict:
    """The eyes of all people that the user labelled are open.

    Main and important people, and others that the labels name (unless `ignore_others`). Clusters
    that the labels leave out and unknown faces are strangers: their blink never counts.
    """
    judged = list(facts.key_people)
    if not rules.ignore_others.enabled:
        judged += [face for face in facts.other if face.person is not None and face.person.labelled]
    return _share([(_eyes_pass(face), f"{face.title} blinks") for face in judged])


def _require_smile(facts: PhotoFacts, rules: Rules) -> Verdict:
    """Every main and important person smiles."""
    return _share([(face.smiles, f"{face.title} does not smile") for face in facts.key_people])


def _require_in_focus(facts: PhotoFacts, rules: Rules) -> Verdict:
    """Every main and important person is in focus; without such people, the photo is."""
    if facts.key_people:
        return _share([(face.in_focus, f"{face.title} is out of focus") for face in facts.key_people])
    return _share([(facts.photo_in_focus, "the photo is out of focus")])


def _min_main_people(facts: PhotoFacts, rules: Rules) -> Verdict:
    """At least `count` different main people are in the photo."""
    return _at_least(len(facts.main), rules.min_main_people.count, "main")


def _min_important_people(facts: PhotoFacts, rules: Rules) -> Verdict:
    """At least `count` different people of the category important are in the photo."""
    return _at_least(len(facts.important), rules.min_important_people.count, "important")


def _at_least(found: int, wanted: int, category: str) -> Verdict:
    if found >= wanted:
        return _MET
    return Verdict(found / wanted, (f"{found} of at least {wanted} {category} people",))


def _min_children(facts: PhotoFacts, rules: Rules) -> Verdict:
    """At least `count` people who look like children are in the photo; needs ages, `attributes.age`.

    As long as people whose age cannot be told could be the missing children, the rule does not apply. Unknown faces
    are nobody's, so they are no missing children.
    """
    people = facts.key_people if rules.ignore_others.enabled else (*facts.key_people, *facts.other)
    groups = [face.age_group for face in people]
    found, perhaps, wanted = groups.count(AgeGroup.CHILD), groups.count(AgeGroup.CANNOT_TELL), rules.min_children.count
    if found >= wanted:
        return _MET
    if found + perhaps >= wanted:
        return _NOT_APPLICABLE
    return Verdict(found / wanted, (f"{found} of at least {wanted} {_CHILDREN}",))


def _max_unknown_faces(facts: PhotoFacts, rules: Rules) -> Verdict:
    """At most `count` faces are unknown."""
    found, allowed = len(facts.unknown), rules.max_unknown_faces.count
    if found <= allowed:
        return _MET
    # One extra face should cost less where many are allowed, so the value is allowed / found.
    return Verdict(allowed / found, (f"{found} unknown faces, at most {allowed} allowed",))


RuleFunction = Callable[[PhotoFacts, Rules], Verdict]

RULES: Mapping[str, RuleFunction] = {
    "require_all_eyes_open": _require_all_eyes_open,
    "require_main_eyes_open": _require_main_eyes_open,
    "require_smile": _require_smile,
    "require_in_focus": _require_in_focus,
    "min_main_people": _min_main_people,
    "min_important_people": _min_important_people,
    "min_children": _min_children,
    "max_unknown_faces": _max_unknown_faces,
}
"""The rules with a mode, by name; `ignore_others` and the excuses are switches that scoring and the rules read."""

RULES_OF_AGE: frozenset[str] = frozenset({"min_children", "excuse_children"})
"""The rules that need ages; what they say is never written into photos or exports."""


def without_ages(sentences: str) -> str:
    """Vetoes without those that tell who looks how old, for exports; they are separated by `; `."""
    return "; ".join(part for part in sentences.split("; ") if not part.endswith(f" {_CHILDREN}"))
