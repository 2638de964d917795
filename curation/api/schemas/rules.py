"""Rules as JSON: what can be set, what a change would do, and what was saved."""

from __future__ import annotations

import functools
import inspect
import operator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from curation.api.schemas.base import Flag, Number, Out, Score, Sent, Text, Whole
from curation.api.schemas.jobs import JobOut
from curation.event.rules.controls import SECTIONS
from curation.settings import ScoringSettings

__all__ = [
    "MAX_TOP",
    "MovedPhoto",
    "PresetOut",
    "RuleControlOut",
    "RulePreview",
    "RuleSectionOut",
    "RulesOut",
    "RulesPreviewRequest",
    "RulesSaved",
    "RulesUpdate",
    "ScorePartOut",
    "SideOut",
]

MAX_TOP = 2000

Value = bool | int | float | str
_AS_SENT: dict[Any, Any] = {bool: Flag, int: Whole, float: Number}


def _as_sent(annotation: Any) -> Any:
    """A setting's type for a body: texts of the environment may be numbers in settings, in a body they are mistakes."""
    if get_origin(annotation) is Annotated:
        kind, *more = get_args(annotation)
        return Annotated[(_as_sent(kind), *more)]
    if get_origin(annotation) in (Union, UnionType):
        return functools.reduce(operator.or_, map(_as_sent, get_args(annotation)))
    return _AS_SENT.get(annotation, annotation) if inspect.isclass(annotation) else annotation


class _SentNumbers(Sent):
    model_config = ConfigDict(allow_inf_nan=False)


def _partial(model: type[BaseModel], name: str) -> type[BaseModel]:
    """The same model with all fields optional and no defaults: fields that a request omits stay as they are."""
    fields: dict[str, Any] = {}
    for key, field in model.model_fields.items():
        annotation: Any = _as_sent(field.annotation)
        if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
            annotation = _partial(annotation, f"{annotation.__name__}Change")
        else:
            # `mode: off` of YAML is false; in JSON it is a word.
            limits = tuple(one for one in field.metadata if not isinstance(one, BeforeValidator))
            annotation = Annotated[(annotation, *limits)] if limits else annotation
        fields[key] = (annotation, Field(default=None, validate_default=False))
    return create_model(
        name,
        __base__=_SentNumbers,
        __doc__=f"{(model.__doc__ or '').strip()} Fields that are omitted stay as they are.",
        **fields,
    )


def _section_change(name: str) -> Any:
    annotation: Any = ScoringSettings.model_fields[name].annotation
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        annotation = _partial(annotation, f"{name.title().replace('_', '')}Change")
    return annotation, Field(default=None, validate_default=False)


_SECTION_FIELDS: dict[str, Any] = {name: _section_change(name) for name in SECTIONS}
ScoringChange = create_model(
    "ScoringChange",
    __base__=Sent,
    __doc__="Values to change, as under `scoring` in config.yaml; fields that are omitted stay as they are.",
    **_SECTION_FIELDS,
)

_EXAMPLE: Any = {"weights": {"smile": 5.0}, "rules": {"require_smile": {"mode": "veto"}}}


class RulesUpdate(Sent):
    """Rules to save in config.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [{"scoring": _EXAMPLE}]})

    scoring: ScoringChange

    def values(self) -> dict[str, Any]:
        """The values to change, as under `scoring` in config.yaml."""
        return self.model_dump(mode="json", exclude_unset=True)["scoring"]  # type: ignore[no-any-return]


class RulesPreviewRequest(RulesUpdate):
    """Rules to preview, and how much of the ranking is compared."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"scoring": _EXAMPLE, "top": 100}]})

    top: Annotated[Whole, Field(ge=1, le=MAX_TOP, description="The number of best photos to compare.")] = 100


class RuleControlOut(Out):
    """One value that can be set."""

    key: Annotated[str, Field(examples=["weights.smile"])]
    """The path under `scoring`, its levels joined by dots."""
    kind: Literal["number", "integer", "choice", "switch"]
    value: Annotated[Value, Field(examples=[2.0])]
    """The current value."""
    default: Annotated[Value, Field(examples=[2.0])]
    """Without a value in config.yaml; of the current preset, where the preset gives it."""
    follows_preset: bool
    """Whether the value is the preset's: config.yaml has none, or null. Send null to make it so."""
    minimum: Annotated[float | None, Field(examples=[0.0])]
    exclusive_minimum: bool
    """Whether the minimum itself is not allowed."""
    maximum: Annotated[float | None, Field(examples=[100.0])]
    choices: tuple[str, ...]
    """The possible values of the kind `choice`."""
    unit: Annotated[str, Field(examples=[""])]
    text: Annotated[str, Field(examples=["How much the people smile."])]
    fixed_by: Annotated[str | None, Field(examples=["the environment variable CURATION_SCORING__WEIGHTS__SMILE"])]
    """What overrides config.yaml for this value, so that it cannot be changed here; null if nothing does."""


class RuleSectionOut(Out):
    """Values that belong together."""

    name: Annotated[str, Field(examples=["weights"])]
    title: Annotated[str, Field(examples=["Weights"])]
    text: Annotated[str, Field(examples=["How much each component counts in the score."])]
    controls: tuple[RuleControlOut, ...]


class PresetOut(Out):
    """A kind of event."""

    name: Annotated[str, Field(examples=["wedding"])]
    text: Annotated[str, Field(examples=["Who is in the photo and smiles counts more."])]
    values: Annotated[dict[str, float], Field(examples=[{"weights.smile": 1.5}])]
    """The values that it gives, by the keys of the controls."""


class RulesOut(Out):
    """The current rules."""

    file: Annotated[str, Field(examples=["config.yaml"])]
    """The name of the settings file; the response has its ETag."""
    ranking_is_current: bool | None
    """Whether the ranking that is shown was made with these rules; null before scoring."""
    sections: tuple[RuleSectionOut, ...]
    presets: tuple[PresetOut, ...]
    """The presets that the control `preset` offers."""


class RulesSaved(RulesOut):
    """The current rules after a change, and what happens to the ranking."""

    job: JobOut | None
    """The scoring that ranks the photos by the new rules; null if none was started."""
    note: Annotated[Text, Field(examples=["the photos are being ranked again"])]
    """What happens to the ranking, or what to do."""


class ScorePartOut(Out):
    """One of the values that a score is the weighted mean of."""

    name: Annotated[str, Field(examples=["smile"])]
    """The name of a component, or of a rule in the mode `weight`."""
    weight: float
    value: Annotated[float, Field(ge=0, le=1)]


class SideOut(Out):
    """A photo under one set of rules."""

    rank: Annotated[int, Field(ge=1, examples=[104])]
    final_score: Score
    parts: tuple[ScorePartOut, ...]
    vetoes: Annotated[tuple[str, ...], Field(examples=[("Anna (main) blinks",)])]
    results_string: str


class MovedPhoto(Out):
    """A photo that enters or leaves the best."""

    photo_id: Annotated[str, Field(examples=["1f0c4be9d93c4c3c"])]
    image_path: Annotated[str, Field(examples=["day 2/IMG_0132.jpg"])]
    burst_id: int | None
    before: SideOut
    after: SideOut
    reasons: Annotated[
        tuple[Text, ...],
        Field(
            examples=[
                ("its score rises from 0.712 to 0.803: smile makes up 38% of it instead of 20%, and is 0.95 here",)
            ]
        ),
    ]
    """Why, the most important reason first."""


class RulePreview(Out):
    """What a change of rules would do to the best photos."""

    top: int
    """The number of best photos that were compared; less than requested if there are fewer photos."""
    photos: Annotated[int, Field(ge=0, examples=[2140])]
    """The number of photos in the whole ranking."""
    not_measured: Annotated[int, Field(ge=0, examples=[0])]
    """Photos that are skipped here, because no measures of them are cached: `POST /score` measures them."""
    moved: Annotated[int, Field(ge=0, examples=[812])]
    """Photos of the whole ranking whose rank would change."""
    newly_vetoed: Annotated[int, Field(ge=0, examples=[31])]
    no_longer_vetoed: Annotated[int, Field(ge=0, examples=[0])]
    entered: tuple[MovedPhoto, ...]
    """Photos that would enter the best, by their new rank."""
    left: tuple[MovedPhoto, ...]
    """Photos that would leave the best, by their old rank."""
    current: bool
    """Whether the ranking that is shown everywhere is the one that this compares with."""
