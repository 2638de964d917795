"""Presets: how much each part of the score counts on different kinds of events; see docs/scoring.md, section 3.

A preset gives the values that the user does not set. In all of them a serious face costs less than closed eyes
or a blurred face.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["DEFAULT_PRESET", "PRESETS", "PRESET_SECTIONS", "ComponentWeights", "Preset", "ProblemCosts", "with_preset"]


@dataclass(frozen=True, slots=True)
class ComponentWeights:
    """Weights of the components of the final score; at least one is above 0."""

    eyes: float = 3.0
    smile: float = 1.0
    focus: float = 3.0
    exposure: float = 1.0
    people: float = 2.0
    picture: float = 2.0
    composition: float = 0.0


@dataclass(frozen=True, slots=True)
class ProblemCosts:
    """What a problem that is fully there takes away, in [0, 1].

    Attributes:
        turned_away: Of a person's share of the component `people`: the face is turned away from the camera.
        cut_off: The same: the face is cut by the edge of the photo.
        small: The same: the face is very small in the photo.
        nobody_looks: Of the component `picture`, as all below: nobody who matters looks at the camera.
        stranger_in_front: A stranger's face is sharp and larger than those of the people who matter.
        collage: The picture is put together from several photos.
        screenshot: The picture is a screenshot or a drawing.
        cut_out: The people are cut out on an empty background.
        tiny_file: The photo has few pixels.
    """

    turned_away: float = 0.5
    cut_off: float = 0.5
    small: float = 0.5
    nobody_looks: float = 0.25
    stranger_in_front: float = 0.5
    collage: float = 0.8
    screenshot: float = 0.8
    cut_out: float = 0.4
    tiny_file: float = 0.4


@dataclass(frozen=True, slots=True)
class Preset:
    """Values for a kind of event.

    Attributes:
        text: A sentence on what it is for.
        weights: Of the components.
        problem_costs: Of the problems.
    """

    text: str
    weights: ComponentWeights = ComponentWeights()
    problem_costs: ProblemCosts = ProblemCosts()


DEFAULT_PRESET = "general"
PRESETS: Mapping[str, Preset] = {
    "general": Preset("Any event."),
    "wedding": Preset(
        "Who is in the photo and smiles counts more; a candid look past the camera hardly costs anything.",
        ComponentWeights(eyes=3.0, smile=1.5, focus=2.5, exposure=1.0, people=3.0, picture=2.0),
        ProblemCosts(nobody_looks=0.1),
    ),
    "portrait": Preset(
        "A portrait session: eyes, focus and light decide, and people should look at the camera.",
        ComponentWeights(eyes=3.5, smile=1.5, focus=3.5, exposure=1.5, people=1.0, picture=2.0),
        ProblemCosts(nobody_looks=0.4, turned_away=0.6, small=0.6),
    ),
    "sports": Preset(
        "Nobody has to smile or to look at the camera; focus counts most, and closed eyes count less.",
        ComponentWeights(eyes=1.5, smile=0.2, focus=4.0, exposure=1.0, people=2.0, picture=1.5),
        ProblemCosts(nobody_looks=0.0, turned_away=0.3, small=0.4, stranger_in_front=0.3),
    ),
    "conference": Preset(
        "Speakers are serious and look at their audience; the audience's heads in front cost more.",
        ComponentWeights(eyes=3.0, smile=0.3, focus=3.0, exposure=1.0, people=2.0, picture=2.0),
        ProblemCosts(nobody_looks=0.05, turned_away=0.4, stranger_in_front=0.6),
    ),
}
"""By name, as in config.yaml's `scoring.preset`."""

PRESET_SECTIONS = ("weights", "problem_costs")
"""The sections of `scoring` whose values a preset gives."""


def with_preset(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The sections `PRESET_SECTIONS`, with the preset's value for each key that is missing or None.

    Args:
        data: As the section `scoring` of config.yaml; `preset` may be missing.

    Raises:
        ValueError: If there is no such preset; lists those that there are.
    """
    name = data.get("preset") or DEFAULT_PRESET
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}; there are: {', '.join(PRESETS)}")
    preset = PRESETS[name]
    return {
        section: asdict(getattr(preset, section))
        | {key: value for key, value in (data.get(section) or {}).items() if value is not None}
        for section in PRESET_SECTIONS
    }
