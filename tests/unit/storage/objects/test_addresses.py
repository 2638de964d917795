from __future__ import annotations

import pytest

from curation.errors import CurationError, SettingsError
from curation.storage.objects.addresses import Address, parse_address
from curation.storage.objects.opening import open_store


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("s3://bucket", Address("s3", "bucket", ""), "s3://bucket"),
        ("s3://bucket/", Address("s3", "bucket", ""), "s3://bucket"),
        ("s3://my.bucket-1/a b/ü%20/", Address("s3", "my.bucket-1", "a b/ü%20"), "s3://my.bucket-1/a b/ü%20"),
        ("gs://bucket/x", Address("gs", "bucket", "x"), "gs://bucket/x"),
        ("az://container/x/y", Address("az", "container", "x/y"), "az://container/x/y"),
        ("file:///a/b%20c/", Address("file", "", "/a/b c"), "file:///a/b c"),
        ("file://localhost/a", Address("file", "", "/a"), "file:///a"),
    ],
)
def test_addresses(text: str, address: Address, shown: str) -> None:
    assert parse_address(text) == address
    assert str(address) == shown


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("photos", "begins with one of s3://"),
        ("ftp://host/photos", "ftp:// is no address of object storage"),
        ("s3:bucket", "begins with one of"),
        ("s3://", "names no bucket: an address looks like s3://bucket/folder"),
        ("s3:///folder", "names no bucket"),
        ("s3://b", "cannot be the name of a bucket"),
        ("s3://bu cket/x", "cannot be the name of a bucket"),
        ("s3://bucket/a//b", "empty part"),
        ("s3://bucket/a/../b", "empty part"),
        ("file://host/photos", "three slashes"),
        ("file:///", "names no folder"),
        ("file:///a/../b", "names no folder"),
    ],
)
def test_what_is_no_address(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        parse_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3://AKIAKEY:hunter2secret@bucket/folder",
        "s3://hunter2secret@bucket",
        "s3://bucket:hunter2secret/folder",
        "s3://bucket/folder?secret=hunter2secret",
        "s3://bucket/folder?AWS_SECRET_ACCESS_KEY=hunter2secret",
        "az://account:hunter2secret@container",
        "file://user:hunter2secret@host/folder",
        "hunter2secret://bucket",
        "https://hunter2secret@host/bucket",
    ],
)
def test_credentials_in_an_address_are_refused_and_not_shown(text: str) -> None:
    with pytest.raises(CurationError) as raised:
        open_store(text)
    assert isinstance(raised.value, SettingsError)
    if not text.startswith("hunter2"):
        assert "hunter2" not in str(raised.value)
        assert "AKIAKEY" not in str(raised.value)
