"""Packages that only one of the systems needs: when they are missing, the message says how to get them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from curation.errors import ExtraMissingError

__all__ = ["Extra", "extra_for"]


class Extra(StrEnum):
    """A group of packages that `pip install 'curation[NAME]'` and `make extras EXTRAS=NAME` install."""

    VIDEO = "video"
    ASSETS = "assets"
    SERVICES = "services"
    WORKERS = "workers"
    GALLERY = "gallery"
    S3 = "s3"
    JPEGXL = "jpegxl"


@contextmanager
def extra_for(extra: Extra, purpose: str) -> Iterator[None]:
    """Import an extra's packages in here, at the moment when they are needed.

        with extra_for(Extra.VIDEO, "python -m curation video"):
            import av

    Args:
        extra: The extra that brings the packages.
        purpose: The command or the setting that needs them, as the user wrote it; it begins the message.

    Raises:
        ExtraMissingError: A package is not installed. One that is there but fails to load is another fault: its own
            error is left as it is, and so is that of a module of ours.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("", "curation"):
            raise
        raise ExtraMissingError(
            f"{purpose} needs the extra {extra.value}, and its package {package} is not installed. In a checkout:  "
            f"make extras EXTRAS={extra.value}  Where pip installed Curation:  pip install 'curation[{extra.value}]'"
        ) from error
