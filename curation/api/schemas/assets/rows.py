"""Assets as JSON: their rows, and what is told of their people in lists."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Field

from curation.api.schemas.base import Out, Page, Text
from curation.api.schemas.faces import BoxOut, PhotoId
from curation.domain.assets.asset import Asset
from curation.domain.assets.document import record_of_document
from curation.domain.assets.record import AssetRecord, PersonRecord
from curation.domain.assets.states import AssetState
from curation.domain.bodies.composition import CutAt
from curation.domain.faces.ids import photo_id
from curation.domain.outfits.outfit import ColourName, Garment
from curation.errors import AssetDocumentError
from curation.event.known_people.proposals import Proposal

__all__ = [
    "ASSET_ID_PATTERN",
    "AssetDetailOut",
    "AssetOut",
    "AssetPage",
    "AssetPersonOut",
    "AssetProposalOut",
    "asset_detail_out",
    "asset_out",
    "record_of",
]

logger = logging.getLogger(__name__)

ASSET_ID_PATTERN = r"^[0-9a-f]{32}$"

NameOf = Callable[[Asset, int], str | None]
AssetId = Annotated[str, Field(pattern=ASSET_ID_PATTERN, examples=["9f86d081884c7d6560303ae22b998861"])]


class ColourOut(Out):
    """A colour of a garment."""

    name: ColourName
    share: Annotated[float, Field(ge=0, le=1, examples=[0.72])]
    """Of the garment's pixels."""
    rgb: Annotated[tuple[int, int, int], Field(examples=[(178, 34, 40)])]
    """Their mean, sRGB."""


class AssetPersonOut(Out):
    """A person of a picture, in short; everything is in `document` of `GET /assets/{id}`."""

    person_index: Annotated[int, Field(ge=0)]
    """From left to right."""
    name: Annotated[Text | None, Field(examples=["Anna"])]
    """Who it is in the event; null for somebody without a name there."""
    confidence: Annotated[float, Field(ge=0, le=1)]
    box: BoxOut
    has_face: bool
    has_skeleton: bool
    cut_at: CutAt
    """Where the edge of the picture cuts the body."""
    top: tuple[ColourOut, ...]
    """Above the hips, the largest share first; empty: cannot tell."""
    bottom: tuple[ColourOut, ...]


class AssetOut(Out):
    """A picture that was handed in."""

    asset_id: AssetId
    """Half from the picture's bytes, half from the settings: the same upload a thousand times is one asset."""
    name: Annotated[Text, Field(examples=["IMG_0132.jpg"])]
    state: AssetState
    code: Annotated[str | None, Field(examples=["too_small"])]
    """Why it is REJECTED (`unreadable`, `format`, `too_small`, `too_large`, `no_person`) or FAILED (`io`, `database`,
    `broker`, `memory`, `worker_lost`, `timeout`, `model`, `decode`, `bug`), or was last tried again."""
    message: Text
    """The same in words; empty without a fault."""
    attempts: Annotated[int, Field(ge=0)]
    photo_ids: tuple[PhotoId, ...]
    """Photos of the event that have this content; empty for uploads."""
    image_paths: tuple[Text, ...]
    created_at: Annotated[str, Field(examples=["2026-06-12T14:03:22.512Z"])]
    updated_at: str
    version: Annotated[int, Field(ge=0)]
    """Grows with each change of any asset; the id of its event."""
    width: int | None
    """Of the upright picture at full size; null until COMPLETED."""
    height: int | None
    files: tuple[str, ...]
    """What there is at `/assets/{asset_id}/…` besides the original; empty until COMPLETED."""
    people: tuple[AssetPersonOut, ...] | None
    """Null until COMPLETED, and in events."""


class AssetProposalOut(Out):
    """A known person whose name is proposed for a person of a picture; answer at `/known-people/proposals`."""

    person_index: Annotated[int, Field(ge=0)]
    cluster_id: Annotated[int, Field(ge=0, examples=[3])]
    person_id: Annotated[str, Field(examples=["3f2a9d0c5b7e4a1f8c6d2e9b0a7f4c31"])]
    name: Annotated[Text, Field(examples=["Anna"])]
    certainty: Annotated[float, Field(ge=0, le=1, examples=[0.97])]

    @classmethod
    def of_proposals(cls, proposals: Mapping[int, Proposal]) -> tuple[AssetProposalOut, ...]:
        """Convert proposals by the number of the person."""
        return tuple(
            cls(
                person_index=number,
                cluster_id=one.cluster_id,
                person_id=one.person_id,
                name=one.name,
                certainty=min(max(round(one.certainty, 4), 0.0), 1.0),
            )
            for number, one in sorted(proposals.items())
        )


class AssetDetailOut(AssetOut):
    """A picture with everything that was found in it."""

    proposals: tuple[AssetProposalOut, ...] = ()
    """Names of known people for people without a name; empty without a gallery."""

    document: dict[str, Any] | None
    """As `GET /assets/schema` describes it; null until COMPLETED."""


class AssetPage(Page):
    """Assets, the newest first."""

    assets: tuple[AssetOut, ...]


def record_of(asset: Asset) -> AssetRecord | None:
    """What was found; None until COMPLETED, and of a document that another version wrote."""
    if asset.document is None:
        return None
    try:
        return record_of_document(asset.document)
    except AssetDocumentError as error:
        # One old row must not keep all others from being listed.
        logger.warning("the asset %s is shown without its people: %s", asset.id, error)
        return None


def asset_out(asset: Asset, name_of: NameOf | None = None) -> AssetOut:
    """A row as JSON; names of people by `name_of`."""
    return AssetOut(**_fields(asset, name_of))


def asset_detail_out(
    asset: Asset, name_of: NameOf | None = None, proposals: Mapping[int, Proposal] | None = None
) -> AssetDetailOut:
    """A row with its document, and the names that are proposed for its people."""
    document = None if asset.document is None else dict(asset.document)
    proposed = AssetProposalOut.of_proposals(proposals or {})
    return AssetDetailOut(**_fields(asset, name_of), document=document, proposals=proposed)


def _fields(asset: Asset, name_of: NameOf | None) -> dict[str, Any]:
    record = record_of(asset)
    people = None
    if record is not None:
        people = tuple(
            _person(person, None if name_of is None else name_of(asset, person.person.person_index))
            for person in record.people
        )
    return {
        "asset_id": asset.id,
        "name": asset.name,
        "state": asset.state,
        "code": asset.code,
        "message": asset.message,
        "attempts": asset.attempts,
        "photo_ids": tuple(map(photo_id, asset.image_paths)),
        "image_paths": asset.image_paths,
        "created_at": asset.created_at,
        "updated_at": asset.updated_at,
        "version": asset.version,
        "width": None if record is None else record.width,
        "height": None if record is None else record.height,
        "files": () if record is None else record.files,
        "people": people,
    }


def _person(found: PersonRecord, name: str | None) -> AssetPersonOut:
    person = found.person
    return AssetPersonOut(
        person_index=person.person_index,
        name=name,
        confidence=person.confidence,
        box=BoxOut(x=person.box.x, y=person.box.y, w=person.box.w, h=person.box.h),
        has_face=person.face is not None,
        has_skeleton=person.pose is not None,
        cut_at=found.composition.cut_at,
        top=() if found.outfit is None else _colours(found.outfit.top),
        bottom=() if found.outfit is None else _colours(found.outfit.bottom),
    )


def _colours(garment: Garment) -> tuple[ColourOut, ...]:
    return tuple(ColourOut(name=each.name, share=each.share, rgb=each.rgb) for each in garment.colours)
