"""One photo that cannot be used; reported per photo, never ends a stage."""

from __future__ import annotations

from typing import ClassVar

from curation.errors.base import CurationError

__all__ = [
    "AssetRejectedError",
    "FaceAnalysisError",
    "PhotoDamagedError",
    "PhotoError",
    "PhotoNotWrittenError",
    "PhotoTooLargeError",
    "PhotoTooSmallError",
    "PhotoUnknownFormError",
    "PhotoUnreadableError",
    "fault_of",
]


class PhotoError(CurationError):
    """One photo cannot be used. It is reported with the photo and never ends a stage."""

    exit_code = 1
    code = "photo"


class PhotoUnreadableError(PhotoError):
    """The file is damaged, truncated, empty or not an image."""

    code = "photo_unreadable"


class PhotoDamagedError(PhotoUnreadableError):
    """The file is not whole: what the program would show of it is missing or wrong."""

    def __init__(self, message: str, kind: str = "damaged", good: str = "") -> None:
        """Say what is wrong.

        Args:
            message: For the user.
            kind: A value of `curation.domain.files.health.FaultKind`.
            good: What of the file is still good; empty if nothing is, or if it is not known.
        """
        super().__init__(message)
        self.kind = kind
        self.good = good

    def __reduce__(self) -> tuple[type[PhotoDamagedError], tuple[str, str, str]]:
        return type(self), (str(self), self.kind, self.good)


class PhotoUnknownFormError(PhotoUnreadableError):
    """The file may be whole, but of a form that cannot be opened: copying it again does not help."""


class PhotoTooLargeError(PhotoError):
    """The photo has more pixels than `io.max_photo_megapixels` allows, or more bytes than `services.max_image_mb`."""

    code = "photo_too_large"


class PhotoTooSmallError(PhotoError):
    """The photo has fewer pixels than the smallest face that is measured."""

    code = "photo_too_small"


class PhotoNotWrittenError(PhotoError):
    """A copy of this photo cannot be written where others can: the disk does not take its name, or so large a file."""

    code: ClassVar[str] = "photo_not_written"


class FaceAnalysisError(PhotoError):
    """The engine failed on this photo."""

    code = "face_analysis"


class AssetRejectedError(PhotoError):
    """A picture that cannot be taken apart through no fault of the program; another try gives the same."""

    code: ClassVar[str] = "asset_rejected"

    def __init__(self, message: str, reason: str = "unreadable") -> None:
        """Say why.

        Args:
            message: For the user.
            reason: A value of `curation.domain.assets.states.RejectCode`.
        """
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type[AssetRejectedError], tuple[str, str]]:
        return type(self), (str(self), self.reason)


def fault_of(error: PhotoError) -> tuple[str, str]:
    """What is wrong with the file of a photo, as far as an error tells.

    Args:
        error: Of one photo.

    Returns:
        A value of `curation.domain.files.health.FaultKind` and what of the file is still good; two empty texts if the
        file is not known to be broken: it is too large, or of an unknown form.
    """
    if isinstance(error, PhotoDamagedError):
        return error.kind, error.good
    if not isinstance(error, PhotoUnreadableError) or isinstance(error, PhotoUnknownFormError):
        return "", ""
    cause = error.__cause__
    # Decoders raise OSError, too, for what they cannot decode, but without a number of the system.
    is_of_system = isinstance(cause, OSError) and cause.errno is not None
    return ("unreadable" if is_of_system else "damaged"), ""
