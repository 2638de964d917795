"""Opens the buckets of S3, GCS and Azure as the environment describes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from curation.errors import ObjectStorageError
from curation.storage.objects.addresses import Address
from curation.storage.objects.bucket import Bucket
from curation.storage.objects.signed_s3 import signed_s3

__all__ = ["open_bucket"]

_LONGEST_CONNECT_S = 10.0
_LONGEST_REQUEST_S = 3600.0  # of a large file on a slow line; one that stands still ends much sooner
_ENDPOINTS = (
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT",
    "AZURE_STORAGE_ENDPOINT",
    "AZURE_ENDPOINT",
    "GOOGLE_SERVICE_ACCOUNT_KEY",  # JSON, which may name another server
)


def open_bucket(address: Address, environment: Mapping[str, str], *, timeout_s: float) -> Bucket:
    """Open a bucket; nothing is asked of it yet."""
    from obstore.store import AzureStore, GCSStore, S3Store

    for name, value in environment.items():
        # obstore panics, and its message shows the value.
        if name.startswith(("AWS_", "AZURE_")) and not value.isprintable():
            raise ObjectStorageError(f"{name} holds a line break or another character that cannot be sent")
    client: dict[str, Any] = {
        "connect_timeout": timedelta(seconds=min(timeout_s, _LONGEST_CONNECT_S)),
        "read_timeout": timedelta(seconds=timeout_s),
        "timeout": timedelta(seconds=max(timeout_s, _LONGEST_REQUEST_S)),
        "allow_http": any("http://" in environment.get(name, "") for name in _ENDPOINTS),
    }
    if bundle := environment.get("AWS_CA_BUNDLE"):
        try:
            client["root_certificate"] = Path(bundle).read_bytes()
        except OSError as error:
            raise ObjectStorageError(f"the file of AWS_CA_BUNDLE cannot be read: {error.strerror}") from error
    once = {"max_retries": 0, "retry_timeout": timedelta(seconds=timeout_s)}
    # Its own default is over after 0.4 s where a connection is refused.
    often = {
        "max_retries": 10,
        "retry_timeout": timedelta(seconds=timeout_s),
        "backoff": {"init_backoff": timedelta(seconds=0.2), "max_backoff": timedelta(seconds=5), "base": 2},
    }
    kind = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}[address.scheme]
    options: dict[str, Any] = {"client_options": client}
    signed = None
    if address.scheme == "s3":
        options["virtual_hosted_style_request"] = False
        signed = signed_s3(address.bucket, environment, timeout_s)
    store: Any = kind(address.bucket, retry_config=once, **options)
    patient: Any = kind(address.bucket, retry_config=often, **options)
    return Bucket(address, store, patient, signed, timeout_s)
