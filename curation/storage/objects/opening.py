"""Opens object storage by its address."""

from __future__ import annotations

import os
from pathlib import Path

from curation.errors import ObjectStorageError
from curation.extras import Extra, extra_for
from curation.storage.objects.addresses import parse_address
from curation.storage.objects.store import ObjectStore

__all__ = ["open_store"]


def open_store(address: str, *, timeout_s: float = 60) -> ObjectStore:
    """Open a bucket, or the part of one below a prefix; nothing is asked of it yet.

    Credentials, endpoint and region come from the environment only, under the names that the vendors' own tools have:
    `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_ENDPOINT_URL`, `AWS_REGION`;
    `GOOGLE_APPLICATION_CREDENTIALS`; `AZURE_STORAGE_ACCOUNT_NAME`, `AZURE_STORAGE_ACCOUNT_KEY`; or from the role of the
    machine. With an endpoint, the bucket is a part of the path.

    Args:
        address: Such as `s3://bucket/folder`, `gs://bucket`, `az://container/folder`, `file:///disk/folder`.
        timeout_s: An answer may take as long, and what fails is tried again for as long.

    Raises:
        SettingsError: If the address is none.
        ExtraMissingError: If the extra `s3` is not installed.
        ObjectStorageError: If the environment describes no storage.
    """
    place = parse_address(address)
    if place.scheme == "file":
        from curation.storage.objects.folder import Folder

        return Folder(Path(place.prefix), timeout_s=timeout_s)
    with extra_for(Extra.S3, f"an address that begins with {place.scheme}://"):
        from obstore.exceptions import BaseError
    from curation.storage.objects.clouds import open_bucket

    try:
        return open_bucket(place, os.environ, timeout_s=timeout_s)
    except (BaseError, ValueError) as error:
        # Not `from error`: its text may hold what the environment held.
        raise ObjectStorageError(
            f"{place} cannot be opened ({type(error).__name__}): check the variables of the environment that describe "
            "the storage (AWS_ENDPOINT_URL, AWS_REGION, AZURE_STORAGE_ACCOUNT_NAME ...)"
        ) from None
