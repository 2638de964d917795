"""Addresses of object storage: `s3://bucket/prefix`, `gs://`, `az://`, and `file:///folder` on a shared disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from curation.errors import SettingsError

__all__ = ["SCHEMES", "Address", "parse_address"]

SCHEMES = ("s3", "gs", "az", "file")

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_EXAMPLE = "an address looks like s3://bucket/folder"


@dataclass(frozen=True, slots=True)
class Address:
    """A place in object storage.

    Attributes:
        scheme: One of `SCHEMES`.
        bucket: Of S3 or GCS, or the container of Azure; empty for `file`.
        prefix: The folder, without `/` at either end; of `file` the absolute path of the folder.
    """

    scheme: str
    bucket: str
    prefix: str

    def __str__(self) -> str:
        if self.scheme == "file":
            return f"file://{self.prefix}"
        return f"{self.scheme}://{self.bucket}{'/' if self.prefix else ''}{self.prefix}"


def parse_address(text: str) -> Address:
    """Take an address apart; a `/` at its end does not count.

    Of `file://` addresses `%20` and the like are decoded, as in every such address; in a bucket a prefix counts letter
    by letter, as in the tools of the vendors.

    Raises:
        SettingsError: If it is none. The message never repeats an address that holds a password or a key.
    """
    scheme, colon, rest = text.partition("://")
    if not colon or scheme not in SCHEMES:
        named = f"{scheme}://" if colon and scheme.isalnum() else "this"
        raise SettingsError(
            f"{named} is no address of object storage: it begins with one of {', '.join(f'{s}://' for s in SCHEMES)}"
        )
    if scheme == "file":
        return _folder(rest)
    bucket, _, prefix = rest.partition("/")
    _refuse_secrets(scheme, rest)
    if not bucket:
        raise SettingsError(f"an address that begins with {scheme}:// names no bucket: {_EXAMPLE}")
    if not _BUCKET.fullmatch(bucket):
        raise SettingsError(f"{bucket!r} cannot be the name of a bucket (letters, digits, . _ -): {_EXAMPLE}")
    prefix = prefix.strip("/")
    if "\0" in prefix or (any(part in ("", ".", "..") for part in prefix.split("/")) and prefix):
        raise SettingsError(f"{prefix!r} cannot be a folder of a bucket: it has an empty part, . or ..; {_EXAMPLE}")
    return Address(scheme, bucket, prefix)


def _refuse_secrets(scheme: str, rest: str) -> None:
    place = rest.partition("/")[0]
    if "@" in place or ":" in place or re.search(r"[?&#][A-Za-z0-9_-]+=", rest):
        raise SettingsError(
            f"an address that begins with {scheme}:// has a user, a key, a port or options in it, which are not taken "
            f"from there: put credentials into the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
            f"AWS_ENDPOINT_URL ...); {_EXAMPLE}"
        )


def _folder(rest: str) -> Address:
    host, _, path = rest.partition("/")
    path = unquote(path).strip("/")
    if "@" in host:
        _refuse_secrets("file", rest)
    if host not in ("", "localhost"):
        raise SettingsError("an address that begins with file:// has three slashes: file:///folder/of/photos")
    if not path or "\0" in path or any(part in ("", ".", "..") for part in path.split("/")):
        raise SettingsError("an address that begins with file:// names no folder: file:///folder/of/photos")
    return Address("file", "", f"/{path}")
