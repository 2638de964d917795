"""All that a user can set about scoring: weights, thresholds, and the parameters of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, TypeVar

from curation.domain.judging.presets import ComponentWeights, ProblemCosts, with_preset

__all__ = [
    "CategoryWeights",
    "ComponentWeights",
    "CountRule",
    "Excuses",
    "ProblemCosts",
    "Rule",
    "RuleMode",
    "Rules",
    "ScoringRules",
    "SwitchRule",
    "Thresholds",
]


class RuleMode(StrEnum):
    """What happens to a photo that breaks a rule."""

    OFF = "off"
    VETO = "veto"
    WEIGHT = "weight"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule's parameters: its mode, and its weight beside the components' weights."""

    mode: RuleMode = RuleMode.OFF
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class CountRule(Rule):
    """A rule about a number of people or faces."""

    count: int = 1


@dataclass(frozen=True, slots=True)
class SwitchRule:
    """A rule that is on or off."""

    enabled: bool = False


@dataclass(frozen=True, slots=True)
class Excuses:
    """Which closed eyes are no blink, see `curation.domain.measuring.closed_eyes`.

    Attributes:
        laughs: Those of a strong smile.
        moments: Those of people who kiss, hug or pray together.
        children: Those of people who look like children.
    """

    laughs: bool = True
    moments: bool = True
    children: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """The parameters of all rules; the fields are the names in config.yaml."""

    require_all_eyes_open: Rule = Rule()
    require_main_eyes_open: Rule = Rule(RuleMode.VETO)
    excuse_laughs: SwitchRule = SwitchRule(enabled=True)
    excuse_moments: SwitchRule = SwitchRule(enabled=True)
    excuse_children: SwitchRule = SwitchRule()
    require_smile: Rule = Rule()
    require_in_focus: Rule = Rule()
    min_main_people: CountRule = CountRule()
    min_important_people: CountRule = CountRule()
    min_children: CountRule = CountRule()
    ignore_others: SwitchRule = SwitchRule()
    max_unknown_faces: CountRule = CountRule(count=5)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Mapping[str, Any]]) -> Rules:
        """Build from plain values, as in config.yaml's `scoring.rules`; missing keys get the default.

        Raises:
            ValueError: If a rule or a parameter is not known; lists the known ones.
        """
        defaults = cls()
        known = [f.name for f in fields(cls)]
        made: dict[str, Rule | CountRule | SwitchRule] = {}
        for name, params in data.items():
            if name not in known:
                raise ValueError(f"there is no rule {name!r}; known rules: {', '.join(known)}")
            made[name] = _with_params(name, getattr(defaults, name), params)
        return cls(**made)  # type: ignore[arg-type]


R = TypeVar("R", Rule, CountRule, SwitchRule)


def _with_params(name: str, default: R, params: Mapping[str, Any]) -> R:
    known = [f.name for f in fields(default)]
    values = {key: getattr(default, key) for key in known}
    for key, value in params.items():
        if key not in known:
            raise ValueError(f"the rule {name} has no parameter {key!r}; known: {', '.join(known)}")
        values[key] = RuleMode(value) if key == "mode" else value
    return type(default)(**values)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which value on a measure counts as fulfilled, and which faces are judged at all.

    Attributes:
        eyes_open: In [0, 1].
        smile: In [0, 1].
        focus: In [0, 1].
        min_face_px: Eyes, smile and focus of smaller faces are not judged.
        max_yaw_deg: Eyes and smile of faces turned further are not judged.
    """

    eyes_open: float = 0.5
    smile: float = 0.5
    focus: float = 0.4
    min_face_px: float = 40.0
    max_yaw_deg: float = 45.0


@dataclass(frozen=True, slots=True)
class CategoryWeights:
    """How much a person counts, by category; at least one is above 0.

    Attributes:
        main: Of main people.
        important: Of important people.
        other: Of other people; those without a label count only where there are no main or important people.
        unknown: Of unknown faces, where there are no main or important people.
    """

    main: float = 1.0
    important: float = 0.6
    other: float = 0.1
    unknown: float = 0.05


@dataclass(frozen=True, slots=True)
class ScoringRules:
    """Everything that turns measures into a score."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    weights: ComponentWeights = field(default_factory=ComponentWeights)
    category_weights: CategoryWeights = field(default_factory=CategoryWeights)
    problem_costs: ProblemCosts = field(default_factory=ProblemCosts)
    rules: Rules = field(default_factory=Rules)

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> ScoringRules:
        """Build from plain values, as in the section `scoring` of config.yaml; other keys are ignored.

        Args:
            data: With any of `preset`, `thresholds`, `weights`, `category_weights`, `problem_costs`, `rules`. Weights
                and costs that are missing or None are those of the preset.

        Raises:
            ValueError: If the preset, a rule or a parameter is not known.
            TypeError: If a threshold, a weight or a cost is not known.
        """
        of_preset = with_preset(data)
        return cls(
            Thresholds(**data.get("thresholds", {})),
            ComponentWeights(**of_preset["weights"]),
            CategoryWeights(**data.get("category_weights", {})),
            ProblemCosts(**of_preset["problem_costs"]),
            Rules.from_mapping(data.get("rules", {})),
        )

    @property
    def excuses(self) -> Excuses:
        """Which closed eyes are no blink."""
        rules = self.rules
        return Excuses(rules.excuse_laughs.enabled, rules.excuse_moments.enabled, rules.excuse_children.enabled)

    @property
    def people_asked_for(self) -> bool:
        """Whether a photo without people scores lower than one with people."""
        rules = self.rules
        return (
            self.weights.people > 0
            or rules.min_main_people.mode is not RuleMode.OFF
            or rules.min_important_people.mode is not RuleMode.OFF
            or rules.min_children.mode is not RuleMode.OFF
        )

    @property
    def composition_asked_for(self) -> bool:
        """Whether it counts how people lie in the frame."""
        return self.weights.composition > 0

    @property
    def counting_weights(self) -> CategoryWeights:
        """The category weights, with those of others and unknown faces 0 if they are ignored."""
        if not self.rules.ignore_others.enabled:
            return self.category_weights
        return replace(self.category_weights, other=0.0, unknown=0.0)
