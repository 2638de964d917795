"""The controls of scoring: every setting that a user can change on the page, with its meaning, unit and range.

Ranges are taken from `curation.settings`, the sentences of the rules from `curation.domain.judging.rules`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from curation.domain.judging.rules import RULES
from curation.settings import ScoringSettings

__all__ = ["SECTIONS", "Control", "controls", "value_of"]

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
    """

    path: KeyPath
    kind: Kind
    text: str
    unit: str
    minimum: float | None
    exclusive: bool
    maximum: float | None
    choices: tuple[str, ...]


SECTIONS: Mapping[str, tuple[str, str]] = {
    "weights": ("Weights", "How much each component counts in the score."),
    "category_weights": ("People", "How much a face counts within a component, by the category of its person."),
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
    ("weights", "people"): ("How many of the people that matter are in the photo.", ""),
    ("category_weights", "main"): ("Faces of main people.", ""),
    ("category_weights", "important"): ("Faces of important people.", ""),
    ("category_weights", "other"): ("Faces of other people.", ""),
    ("category_weights", "unknown"): ("Faces of unknown people.", ""),
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
    ("rules", "ignore_others"): ("Other people and unknown faces do not count at all.", ""),
}
_UNITS = {"count": "people"}


def controls() -> tuple[Control, ...]:
    """All controls, by section."""
    return tuple(control for section in SECTIONS for control in _of_model(_model(ScoringSettings, section), (section,)))


def value_of(settings: ScoringSettings, path: KeyPath) -> bool | int | float | str:
    """The value of the setting with this path."""
    value: Any = settings
    for key in path:
        value = getattr(value, key)
    assert isinstance(value, bool | int | float | str)
    return value


def _of_model(model: type[BaseModel], path: KeyPath) -> Iterator[Control]:
    schema = model.model_json_schema()
    for name, field in model.model_fields.items():
        if inspect.isclass(field.annotation) and issubclass(field.annotation, BaseModel):
            yield from _of_model(field.annotation, (*path, name))
        else:
            yield _control((*path, name), schema["properties"][name])


def _control(path: KeyPath, schema: Mapping[str, Any]) -> Control:
    kinds: dict[str, Kind] = {"boolean": "switch", "integer": "integer", "number": "number", "string": "choice"}
    text, unit = _words(path)
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
    )


def _words(path: KeyPath) -> tuple[str, str]:
    if path in _TEXTS:
        return _TEXTS[path]
    if path[:-1] in _TEXTS:
        return _TEXTS[path[:-1]]
    _, rule, parameter = path
    sentence = (inspect.getdoc(RULES[rule]) or "").partition("\n")[0].replace("`count`", "so many")
    if parameter == "weight":
        return f"{sentence} How much it counts, relative to the weights of the components, in the mode weight.", ""
    unit = ("faces" if "faces" in rule else _UNITS["count"]) if parameter == "count" else ""
    return sentence, unit


def _model(parent: type[BaseModel], name: str) -> type[BaseModel]:
    annotation = parent.model_fields[name].annotation
    assert inspect.isclass(annotation)
    assert issubclass(annotation, BaseModel)
    return annotation
