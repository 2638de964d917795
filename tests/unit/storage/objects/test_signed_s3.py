from __future__ import annotations

import urllib.request
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

    class _Then(S3SigV4Auth):
        def _modify_request_before_signing(self, request: Any) -> None:
            super()._modify_request_before_signing(request)
            request.headers["X-Amz-Date"] = request.context["timestamp"] = headers["x-amz-date"]

        def add_auth(self, request: Any) -> None:
            request.context["timestamp"] = headers["x-amz-date"]
            request.context["payload_signing_enabled"] = True
            request.headers.pop("X-Amz-Content-SHA256", None)
            request.headers["X-Amz-Content-SHA256"] = self.payload(request)
            self._modify_request_before_signing(request)
            canonical = self.canonical_request(request)
            text = self.string_to_sign(request, canonical)
            self._inject_signature_to_request(request, self.signature(text, request))

    credentials = Credentials("AKIDEXAMPLE", "very/secret+key", token or None)
    theirs = AWSRequest(method="GET", url=sent.full_url)
    _Then(credentials, "s3", "eu-west-3").add_auth(theirs)
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
    store = open_store("s3://bucket", timeout_s=0.1)
    for action in (lambda: list(store.list()), lambda: store.read("a//b"), lambda: store.read("x")):
        with pytest.raises(ObjectStorageError) as raised:
            action()
        assert "hunter2" not in str(raised.value)
