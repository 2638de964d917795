"""A request that cannot be fulfilled as things are now, and uploads that are refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from curation.errors.inputs import InputError

__all__ = [
    "AssetNotFailedError",
    "AssetsOffError",
    "AttributesOffError",
    "FacePresentError",
    "GalleryOffError",
    "KnownPersonTakenError",
    "LabelTakenError",
    "LabelsChangedError",
    "LabelsConflictError",
    "NameTakenError",
    "NoWayBackError",
    "NotAPhotoError",
    "NotAttachableError",
    "NothingToSplitError",
    "NothingToUndoError",
    "PhotoPresentError",
    "PhotoRefusedError",
    "PickTakenError",
    "TooManyPhotosError",
    "UploadTooLargeError",
]


class LabelsChangedError(InputError):
    """Someone else changed the labels since the client read them; nothing was written."""

    code = "labels_changed"


class LabelsConflictError(LabelsChangedError):
    """Someone else gave the same clusters other labels; nothing was written.

    Attributes:
        conflicts: For each such cluster its id (`cluster_id`) and both labels as JSON values (`yours`, `theirs`).
    """

    code = "labels_conflict"

    def __init__(self, message: str, conflicts: Sequence[dict[str, object]] = ()) -> None:
        super().__init__(message)
        self.conflicts = tuple(conflicts)


class NoWayBackError(InputError):
    """There is no version of a file of words to go back to, or another one than the user agreed to."""

    code = "no_way_back"


class LabelTakenError(InputError):
    """A name would be given to a person who has another one; nothing was written."""

    code = "label_taken"


class PickTakenError(InputError):
    """A pick would be given to a photo that has one of its own; nothing was written."""

    code = "pick_taken"


class FacePresentError(InputError):
    """A face is drawn where one was found, or drawn before; nothing was written."""

    code: ClassVar[str] = "face_present"


class NotAttachableError(InputError):
    """What was said cannot be given to others, or not to this kind."""

    code = "not_attachable"


class AttributesOffError(InputError):
    """A request needs attributes of people that the settings do not ask for, or that no clustering has read yet."""

    code = "attributes_off"


class AssetsOffError(InputError):
    """A request is about assets, and the service does not work on them: `assets.enabled` is false."""

    code: ClassVar[str] = "assets_off"


class GalleryOffError(InputError):
    """A request is about known people, and `gallery.enabled` is false."""

    code: ClassVar[str] = "gallery_off"


class KnownPersonTakenError(InputError):
    """The gallery has another person of this name; nothing was written."""

    code: ClassVar[str] = "known_person_taken"


class AssetNotFailedError(InputError):
    """An asset is to be tried again that waits, is worked on, or has its result."""

    code: ClassVar[str] = "asset_not_failed"


class NothingToSplitError(InputError):
    """A request would split off all faces of a person."""

    code = "nothing_to_split"


class NothingToUndoError(InputError):
    """There is nothing left to undo."""

    code = "nothing_to_undo"


class PhotoRefusedError(InputError):
    """An uploaded photo is refused."""

    code = "photo_refused"


class NotAPhotoError(PhotoRefusedError):
    """The file name has no extension of a photo."""

    code = "not_a_photo"


class UploadTooLargeError(PhotoRefusedError):
    """The photo has more bytes than `service.upload_photo_mb`, or `services.max_image_mb`, allows."""

    code = "too_large"


class PhotoPresentError(PhotoRefusedError):
    """The event already has the same photo.

    Attributes:
        stored_as: Name of the file with this photo.
    """

    code = "already_there"

    def __init__(self, message: str, stored_as: str = "") -> None:
        super().__init__(message)
        self.stored_as = stored_as


class TooManyPhotosError(PhotoRefusedError):
    """A request has more photos than `service.upload_photos` allows."""

    code = "too_many"


class NameTakenError(PhotoRefusedError):
    """Too many photos have this name."""

    code = "name_taken"
