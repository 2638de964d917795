"""The controls of scoring: every setting that a user can change on the page, with its meaning, unit and range.

Ranges are taken from `curation.settings`, the sentences of the rules from `curation.domain.judging.rules`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from curation.domain.judging.presets import with_preset
from curation.domain.judging.rules import RULES
from curation.settings import ScoringSettings

__all__ = ["SECTIONS", "Control", "controls", "own_value", "preset_values", "value_of"]

KeyPath = tuple[str, ...]
Kind = Literal["number", "integer", "choice", "switch"]


@dataclass(frozen=True, slots=True)
class Control:
    """One setting.

    Attributes:
        path: The key below `scoring`, such as `("weights", "smile")`.
        kind: `number`, `integer`, `choice` or `switch`.
        text: A sentence on what it does.
        unit: Unit of a number; empty for shares and weights.
        minimum: Minimum of a number; None if there is none.
        exclusive: Whether the minimum itself is excluded.
        maximum: Maximum of a number, inclusive; None if there is none.
        choices: The values of a choice.
        of_preset: Whether the preset gives the value if the user does not set it.
    """

    path: KeyPath
    kind: Kind
    text: str
    unit: str
    minimum: float | None
    exclusive: bool
    maximum: float | None
    choices: tuple[str, ...]
    of_preset: bool


SECTIONS: Mapping[str, tuple[str, str]] = {
    "preset": ("Kind of event", "Gives all weights and costs that you do not set yourself."),
    "weights": ("Weights", "How much each component counts in the score."),
    "category_weights": ("People", "How much a person counts within a component, by category."),
    "problem_costs": (
        "Problems",
        "What a problem takes away: of a person's share of the people, or of the picture. Mild faults cost less.",
    ),
    "thresholds": ("Thresholds", "From which value a measure counts as fulfilled, and which faces are judged at all."),
    "rules": (
        "Rules",
        "A rule is off, a veto (photos that break it rank below all that keep it), or one more part of the score.",
    ),
    "bursts": ("Bursts", "Which photos show the same moment, so that one of them is enough."),
}
"""The sections below `scoring` that can be changed while the service runs, with title and meaning."""

_TEXTS: Mapping[KeyPath, tuple[str, str]] = {
    ("weights", "eyes"): ("How far the eyes of the people are open.", ""),
    ("weights", "smile"): ("How much the people smile.", ""),
    ("weights", "focus"): ("How sharp the faces are; of a photo without people, the photo.", ""),
    ("weights", "exposure"): ("How well the faces are lit; of a photo without people, the photo.", ""),
    ("preset",): ("What kind of event it is.", ""),
    ("weights", "people"): ("How many of the people who matter are in the photo.", ""),
    ("weights", "picture"): ("Whether the picture as a whole is free of problems.", ""),
    ("weights", "composition"): (
        "How people lie in the frame: cut at the feet, the head against the edge, hidden; needs records of assets.",
        "",
    ),
    ("category_weights", "main"): ("Main people.", ""),
    ("category_weights", "important"): ("Important people.", ""),
    ("category_weights", "other"): ("Other people; those without a label only where nobody matters more.", ""),
    ("category_weights", "unknown"): ("Unknown faces, only where there are no main or important people.", ""),
    ("problem_costs", "turned_away"): ("A person's face is turned away from the camera.", ""),
    ("problem_costs", "cut_off"): ("A person's face is cut by the edge of the photo.", ""),
    ("problem_costs", "small"): ("A person's face is very small in the photo.", ""),
    ("problem_costs", "nobody_looks"): ("Nobody who matters looks at the camera.", ""),
    ("problem_costs", "stranger_in_front"): ("A stranger's face is sharp and larger than those who matter.", ""),
    ("problem_costs", "collage"): ("The picture looks like a collage.", ""),
    ("problem_costs", "screenshot"): ("The picture looks like a screenshot.", ""),
    ("problem_costs", "cut_out"): ("The background is empty, as of a cut-out.", ""),
    ("problem_costs", "tiny_file"): ("The photo has few pixels.", ""),
    ("thresholds", "eyes_open"): ("From this value on, eyes count as open.", ""),
    ("thresholds", "smile"): ("From this value on, a face smiles.", ""),
    ("thresholds", "focus"): ("From this value on, a face is in focus.", ""),
    ("thresholds", "min_face_px"): ("Eyes, smile and focus of smaller faces are not judged.", "pixels"),
    ("thresholds", "max_yaw_deg"): ("Eyes and smile of faces that are turned further are not judged.", "degrees"),
    ("bursts", "enabled"): ("Look for photos of the same moment.", ""),
    ("bursts", "max_gap_s"): ("Maximum time from a photo to the next one of its burst.", "seconds"),
    ("bursts", "max_span_s"): ("Maximum time from the first to the last photo of a burst.", "seconds"),
    ("rules", "excuse_laughs"): ("Eyes that a strong smile presses shut are no blink: they cost little.", ""),
    ("rules", "excuse_moments"): ("Eyes that people close together in a kiss, a hug or a prayer are no blink.", ""),
    ("rules", "excuse_children"): (
        "Closed eyes of people who look like children are no blink, as of a baby that sleeps; needs ages "
        "(attributes.age in config.yaml).",
        "",
    ),
    ("rules", "ignore_others"): ("Other people and unknown faces do not count at all.", ""),
}
_UNITS = {"count": "people"}


def controls() -> tuple[Control, ...]:
    """All controls, by section."""
    return tuple(control for name in SECTIONS for control in _of_field(ScoringSettings, name, ()))


def own_value(settings: ScoringSettings, path: KeyPath) -> bool | int | float | str | None:
    """The value that the user set for the setting with this path; None if the preset gives it."""
    value: Any = settings
    for key in path:
        value = getattr(value, key)
    assert value is None or isinstance(value, bool | int | float | str)
    return value


def value_of(settings: ScoringSettings, path: KeyPath) -> bool | int | float | str:
    """The value of the setting with this path, given by the user or by the preset."""
    value = own_value(settings, path)
    return preset_values(settings.preset)[path] if value is None else value


def preset_values(preset: str) -> dict[KeyPath, float]:
    """The values that a preset gives, by the paths of the settings."""
    return {
        (section, key): value
        for section, values in with_preset({"preset": preset}).items()
        for key, value in values.items()
    }


def _of_field(model: type[BaseModel], name: str, path: KeyPath) -> Iterator[Control]:
    annotation = model.model_fields[name].annotation
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        for inner in annotation.model_fields:
            yield from _of_field(annotation, inner, (*path, name))
    else:
        yield _control((*path, name), model.model_json_schema()["properties"][name])


def _control(path: KeyPath, schema: Mapping[str, Any]) -> Control:
    kinds: dict[str, Kind] = {"boolean": "switch", "integer": "integer", "number": "number", "string": "choice"}
    text, unit = _words(path)
    of_preset = "anyOf" in schema  # a value or null
    if of_preset:
        schema = next(kind for kind in schema["anyOf"] if kind["type"] != "null")
    minimum = schema.get("minimum", schema.get("exclusiveMinimum"))
    return Control(
        path,
        kinds[schema["type"]],
        text,
        unit,
        minimum,
        "exclusiveMinimum" in schema,
        schema.get("maximum"),
        tuple(schema.get("enum", ())),
        of_preset,
    )


def _words(path: KeyPath) -> tuple[str, str]:
    if path in _TEXTS:
        return _TEXTS[path]
    if len(path) > 1 and path[:-1] in _TEXTS:
        return _TEXTS[path[:-1]]
    _, rule, parameter = path
    sentence = (inspect.getdoc(RULES[rule]) or "").partition("\n")[0].replace("`count`", "so many")
    if parameter == "weight":
        return f"{sentence} How much it counts, relative to the weights of the components, in the mode weight.", ""
    unit = ("faces" if "faces" in rule else _UNITS["count"]) if parameter == "count" else ""
    return sentence, unit
