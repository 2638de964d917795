"""One photo that cannot be used; reported per photo, never ends a stage."""

from __future__ import annotations

from typing import ClassVar

from curation.errors.base import CurationError

__all__ = [
    "AssetRejectedError",
    "FaceAnalysisError",
    "PhotoError",
    "PhotoTooLargeError",
    "PhotoTooSmallError",
    "PhotoUnreadableError",
]


class PhotoError(CurationError):
    """One photo cannot be used. It is reported with the photo and never ends a stage."""

    exit_code = 1
    code = "photo"


class PhotoUnreadableError(PhotoError):
    """The file is damaged, truncated, empty or not an image."""

    code = "photo_unreadable"


class PhotoTooLargeError(PhotoError):
    """The photo has more pixels than `io.max_photo_megapixels` allows, or more bytes than `services.max_image_mb`."""

    code = "photo_too_large"


class PhotoTooSmallError(PhotoError):
    """The photo has fewer pixels than the smallest face that is measured."""

    code = "photo_too_small"


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
