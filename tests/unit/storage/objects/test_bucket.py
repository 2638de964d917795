from __future__ import annotations

import os

import pytest

from curation.errors import CurationError, ExtraMissingError, ObjectStorageError
from curation.storage.objects.opening import open_store
from tests.s3_server import S3Server, s3_process, s3_server

__all__ = ["s3_process", "s3_server"]


def test_a_forked_process_is_told_instead_of_waiting_for_ever(s3_server: S3Server) -> None:
    store = open_store(s3_server.address, timeout_s=5)
    store.write("x", b"1")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            store.read("x")
        except CurationError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        assert "before this process was forked" in told.read()
    os.waitpid(child, 0)


def test_a_presigned_address_is_read_by_anybody(s3_server: S3Server) -> None:
    import urllib.request

    store = open_store(f"{s3_server.address}/a b", timeout_s=5)
    store.write("ü c.jpg", b"1")
    address = store.presigned("ü c.jpg", expires_s=60)
    assert address is not None
    with urllib.request.urlopen(address, timeout=5) as answer:
        assert answer.read() == b"1"
    assert store.presigned("a//b", expires_s=60) is None


def test_the_role_of_a_machine_that_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1")
    store = open_store("s3://bucket", timeout_s=0.5)
    with pytest.raises(ObjectStorageError, match="there are no credentials: set AWS_ACCESS_KEY_ID"):
        store.read("x")
    with pytest.raises(ObjectStorageError, match="there are no credentials: set AWS_ACCESS_KEY_ID"):
        list(store.list())


def test_the_extra_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "obstore.exceptions", None)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ExtraMissingError, match=r"s3:// needs the extra s3.*make extras EXTRAS=s3"):
        open_store("s3://bucket")


@pytest.mark.parametrize("address", ["az://container", "gs://bucket"])
def test_other_clouds_without_credentials(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("AZURE_", "GOOGLE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/nonexistent")
    with pytest.raises(ObjectStorageError, match=r"credentials|cannot be opened"):
        open_store(address, timeout_s=0.5).read("x")


def test_what_the_environment_says_wrongly_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", "hunter2 is no JSON")
    with pytest.raises(ObjectStorageError) as raised:
        open_store("gs://bucket", timeout_s=0.5).read("x")
    assert "hunter2" not in str(raised.value)
