"""A picture as the database knows it, and what can be asked of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from curation.domain.assets.states import AssetState
from curation.domain.bodies.composition import CutAt
from curation.domain.outfits.outfit import ColourName

__all__ = ["Asset", "AssetQuery", "Claim", "NewAsset", "asset_id"]

_ID_CHARACTERS = 32


def asset_id(sha256: str, settings_hash: str) -> str:
    """The id of a picture with some settings: the same upload a thousand times is one asset.

    Args:
        sha256: Of the picture's bytes, hex.
        settings_hash: Of all that the result depends on besides the picture, hex.

    Returns:
        32 hexadecimal digits: half of the picture's digest, half of the settings'.
    """
    half = _ID_CHARACTERS // 2
    return sha256[:half] + settings_hash[:half]


@dataclass(frozen=True, slots=True)
class NewAsset:
    """A picture that was handed in.

    Attributes:
        id: See `asset_id`.
        sha256: Of its bytes, hex.
        settings_hash: See `asset_id`.
        name: The file's name as the user knows it, for show; never used as a path.
        image_path: If it is a photo of the event: its path relative to the input folder; else None.
    """

    id: str
    sha256: str
    settings_hash: str
    name: str
    image_path: str | None = None


@dataclass(frozen=True, slots=True)
class Asset:
    """A row of the database.

    Attributes:
        id: See `asset_id`.
        sha256: Of the picture's bytes, hex.
        settings_hash: See `asset_id`.
        name: As it was first handed in.
        image_paths: Photos of the event that have this content, ordered; empty for uploads.
        state: Where it is on its way.
        code: Why it is REJECTED or FAILED, or was last tried again (a `RejectCode` or `FailCode`); None without a
            fault.
        message: The same in words for the user; empty without a fault.
        attempts: How many times a worker has begun.
        created_at: When it was handed in, UTC, ISO 8601 with milliseconds.
        updated_at: When its row was last changed, likewise.
        version: Grows with each change of any row of the database; for listeners.
        document: What was found, see `curation.domain.assets.document`; None until COMPLETED.
    """

    id: str
    sha256: str
    settings_hash: str
    name: str
    image_paths: tuple[str, ...]
    state: AssetState
    code: str | None
    message: str
    attempts: int
    created_at: str
    updated_at: str
    version: int
    document: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a picture until a lease ends.

    Attributes:
        asset: The row, PROCESSING.
        attempt: 1 for the first one; a result of another attempt is refused.
    """

    asset: Asset
    attempt: int


@dataclass(frozen=True, slots=True)
class AssetQuery:
    """What is asked of all assets; None asks nothing.

    Attributes:
        state: Rows in this state.
        top: Somebody wears this colour above the hips ...
        bottom: ... and this one below; both on the same person.
        cut_at: Somebody (of `top` and `bottom`, if these are asked for) is cut there.
        people: Only these people, each as id of the asset and number of the person: for people of the event, whom the
            caller knows by their faces. `top`, `bottom` and `cut_at` are asked of the same person.
        image_paths: Only rows of these photos of the event.
    """

    state: AssetState | None = None
    top: ColourName | None = None
    bottom: ColourName | None = None
    cut_at: CutAt | None = None
    people: frozenset[tuple[str, int]] | None = None
    image_paths: frozenset[str] | None = None
