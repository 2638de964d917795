from __future__ import annotations

import urllib.request
from datetime import datetime
from typing import Any

import pytest

from curation.errors import ObjectStorageError
from curation.storage.objects import signed_s3 as signed_s3_module
from curation.storage.objects.opening import open_store
from curation.storage.objects.signed_s3 import signed_s3

_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "very/secret+key",
    "AWS_REGION": "eu-west-3",
}


class _Recorder:
    """Stands for the opener: keeps the request, and answers nothing."""

    def __init__(self) -> None:
        self.request: urllib.request.Request | None = None

    def open(self, request: urllib.request.Request, timeout: float) -> Any:
        self.request = request
        raise ConnectionRefusedError


@pytest.mark.parametrize("token", ["", "a/session+token=="])
@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:9000", "https://storage.example.com/path/"])
@pytest.mark.parametrize("key", ["x.jpg", "a//b c+d%20.jpg", "../ü/日本😀~.jpg", "folder/", "", "a=b&c?d#e'(f)!*"])
def test_signatures_are_those_of_botocore(key: str, endpoint: str, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.config import Config
    from botocore.credentials import Credentials

    environment = {**_ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint, "AWS_SESSION_TOKEN": token}
    signed = signed_s3("bucket", environment, 1)
    assert signed is not None
    recorder = _Recorder()
    monkeypatch.setattr(signed_s3_module, "_opener", lambda _: recorder)
    with pytest.raises(ConnectionRefusedError):
        signed.read(key, start=5, length=2) if key else signed.page("a b/ü+&=", "token+/=")
    sent = recorder.request
    assert sent is not None
    headers = {name.lower(): value for name, value in sent.header_items()}

    moment = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: moment)
    credentials = Credentials("AKIDEXAMPLE", "very/secret+key", token or None)
    theirs = AWSRequest(method="GET", url=sent.full_url)
    theirs.context["client_config"] = Config(s3={"payload_signing_enabled": True})
    S3SigV4Auth(credentials, "s3", "eu-west-3").add_auth(theirs)
    assert headers["authorization"] == theirs.headers["Authorization"]
    assert headers.get("x-amz-security-token", "") == token


def test_no_secret_in_its_repr() -> None:
    signed = signed_s3("bucket", {**_ENVIRONMENT, "AWS_SESSION_TOKEN": "tok"}, 1)
    assert repr(signed) == (
        "SignedS3(base='https://s3.eu-west-3.amazonaws.com/bucket', region='eu-west-3', timeout_s=1, ca_bundle='')"
    )


def test_public_buckets_are_asked_without_a_signature() -> None:
    signed = signed_s3("bucket", {"AWS_SKIP_SIGNATURE": "true"}, 1)
    assert signed is not None
    assert signed.access_key == ""
    assert signed_s3("bucket", {}, 1) is None


def test_a_token_that_cannot_be_sent_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "hunter2\ntoken")
    with pytest.raises(ObjectStorageError, match="AWS_SESSION_TOKEN holds a line break") as raised:
        open_store("s3://bucket", timeout_s=0.1)
    assert "hunter2" not in str(raised.value)
