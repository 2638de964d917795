"""The event has nothing with the id or name that was asked for."""

from __future__ import annotations

from typing import ClassVar

from curation.errors.inputs import InputError

__all__ = [
    "AssetNotFoundError",
    "ClusterNotFoundError",
    "CorrectionNotFoundError",
    "FaceNotFoundError",
    "KnownPersonNotFoundError",
    "NotFoundError",
    "PersonNotFoundError",
    "PhotoGoneError",
    "PhotoNotFoundError",
    "SuggestionNotFoundError",
    "UnfoundWordNotFoundError",
]


class NotFoundError(InputError):
    """The event has nothing with this id or name."""

    code = "not_found"


class PersonNotFoundError(NotFoundError):
    """No person of the event has this name or id."""

    code = "person_not_found"


class ClusterNotFoundError(NotFoundError):
    """The event has no faces in this cluster."""

    code = "cluster_not_found"


class PhotoNotFoundError(NotFoundError):
    """The event has no photo with this id."""

    code = "photo_not_found"


class FaceNotFoundError(NotFoundError):
    """The event has no face with this id."""

    code = "face_not_found"


class CorrectionNotFoundError(NotFoundError):
    """There is no correction with this id."""

    code = "correction_not_found"


class KnownPersonNotFoundError(NotFoundError):
    """The gallery of known people has nobody with this id or name."""

    code: ClassVar[str] = "known_person_not_found"


class UnfoundWordNotFoundError(NotFoundError):
    """No label, correction or pick that finds nobody has this id."""

    code = "unfound_not_found"


class SuggestionNotFoundError(NotFoundError):
    """No suggestion has this id; it may have been answered, or the event may have changed."""

    code = "suggestion_not_found"


class AssetNotFoundError(NotFoundError):
    """There is no asset with this id."""

    code: ClassVar[str] = "asset_not_found"


class TileNotFoundError(NotFoundError):
    """The photo has no such tile."""

    code = "tile_not_found"


class PhotoGoneError(NotFoundError):
    """The event has the photo, but its file is gone."""

    code = "picture_not_found"
