"""A server whose certificate a private authority signed, as many have that run S3 themselves."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.errors import ObjectStorageError, ObjectStorageUnavailableError
from curation.storage.objects.opening import open_store
from tests.s3_server import FaultyProxy, S3Server, s3_process, s3_server

__all__ = ["s3_process", "s3_server"]


def _certificate(folder: Path) -> tuple[Path, Path]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "private authority")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "ca.pem", folder / "key.pem"
    certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, secret


@pytest.fixture
def certificate(s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The certificate of a server that only https reaches, to which the environment leads."""
    path, key = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    proxy = FaultyProxy(s3_server.endpoint, context)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    yield path
    proxy.close()


def test_its_certificate_is_trusted_where_the_environment_says_so(
    s3_server: S3Server, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    store = open_store(s3_server.address, timeout_s=2)
    store.write("x", b"1")
    assert [info.key for info in store.list()] == ["x"]
    assert store.read("x")[0] == b"1"


def test_else_it_is_not(s3_server: S3Server, certificate: Path) -> None:
    store = open_store(s3_server.address, timeout_s=0.1)
    for action in (lambda: list(store.list()), lambda: store.read("x")):
        with pytest.raises(ObjectStorageUnavailableError, match="its certificate is not trusted: set AWS_CA_BUNDLE"):
            action()


def test_a_file_of_certificates_that_is_missing(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/no/such/file.pem")
    with pytest.raises(ObjectStorageError, match="AWS_CA_BUNDLE cannot be read"):
        open_store(s3_server.address, timeout_s=0.1)
