"""Labels as JSON, in the two forms of cluster_labels.json."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from curation.api.schemas.base import Sent
from curation.domain.labelling.labels import Category, PersonLabel

__all__ = ["LabelIn", "LabelsOut", "label_out"]


class LabelIn(Sent):
    """The label of a cluster."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str | None, Field(max_length=80, examples=["Anna"])] = None
    category: Category


LabelsOut = Annotated[
    dict[str, Category | LabelIn],
    Field(
        description="From cluster id to a category, or to a name and a category.",
        examples=[{"0": "main", "1": {"name": "Anna", "category": "important"}}],
    ),
]


def label_out(label: PersonLabel) -> Category | LabelIn:
    """A label in the shorter of the two forms that can express it."""
    return label.category if label.name is None else LabelIn(name=label.name, category=label.category)
