"""Clusters as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from curation.api.schemas.base import Out, Page
from curation.api.schemas.person_attributes import PersonAttributesOut
from curation.domain.labelling.labels import Category

__all__ = ["ClusterOut", "ClusterPage"]


class ClusterOut(Out):
    """Faces that the clustering grouped as one person."""

    id: Annotated[int, Field(ge=0, examples=[0])]
    faces: Annotated[int, Field(ge=0, examples=[57])]
    photos: Annotated[int, Field(ge=0, examples=[55])]
    """Photos with at least one of these faces."""
    name: Annotated[str | None, Field(examples=["Anna"])]
    """As in the labels; null without a name."""
    category: Annotated[Category | None, Field(examples=["main"])]
    """As in the labels; null for a cluster without a label."""
    thumbnail_url: Annotated[str | None, Field(examples=["/clusters/0/thumbnail"])]
    """A picture of the best face; null if there is none."""
    sample_urls: Annotated[tuple[str, ...], Field(examples=[("/clusters/0/samples/0",)])] = ()
    """Pictures of varied faces; only in the response for a single cluster."""
    attributes: PersonAttributesOut | None = None
    """What the person looks like; null unless the section `attributes` of config.yaml asks for it."""


class ClusterPage(Page):
    """Clusters, the one with the most photos first."""

    clusters: tuple[ClusterOut, ...]
