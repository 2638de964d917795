"""What serves roles: health, TLS, token, ports, and the end of a server, over real gRPC."""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from curation.domain.attributes.values import Attribute
from curation.errors import SettingsError, WeightsMissingError
from curation.services.addresses import peer_address
from curation.services.answers import ImageToProcess
from curation.services.channels import blocking_channel, token_metadata
from curation.services.client import AttributeClient
from curation.services.role import GRPC_ROLES, Role
from curation.settings.services import ServicesSettings
from tests.processes import wait_until
from tests.service_roles import FakeAnalyser, roles, services_settings

TWO = b"faces 2"


def test_health_of_each_service_and_reflection() -> None:
    with roles(services_settings(), [Role.IMAGE_INPUT, Role.STORAGE]) as known:
        channel = blocking_channel(known, peer_address(known, Role.STORAGE))
        health = health_pb2_grpc.HealthStub(channel)

        def state(service: str) -> int:
            return int(health.Check(health_pb2.HealthCheckRequest(service=service), timeout=20).status)

        assert state("") == state("image_processing.DataStorage") == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError):
            state("image_processing.FaceLandmarkDetection")
        services = ProtoReflectionDescriptorDatabase(channel).get_services()
        channel.close()
    assert {"image_processing.ImageInput", "image_processing.DataStorage", "grpc.health.v1.Health"} <= set(services)


def test_roles_whose_model_files_are_gone_say_so_by_their_health() -> None:
    analyser = FakeAnalyser()
    with roles(services_settings(), analyser=analyser) as known, AttributeClient(known) as client:
        named = client.process(TWO, readers={Attribute.AGE: "missing"})
        assert named.code == "weights_missing" and set(client.health().values()) == {"SERVING"}
        analyser.error = WeightsMissingError("there is no file")
        assert client.process(TWO).grpc_status == "FAILED_PRECONDITION"
        wait_until(lambda: client.health()[Role.IMAGE_INPUT] == "NOT_SERVING", "the health says so")
        assert client.health()[Role.LANDMARKS] == client.health()[Role.AGE_GENDER] == "NOT_SERVING"
        assert client.health()[Role.STORAGE] == "SERVING"
        analyser.error = None
        assert client.process(TWO).image is not None
        wait_until(lambda: set(client.health().values()) == {"SERVING"}, "they are well again")


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine that signs itself, and its key."""
    files = (folder / "cert.pem", folder / "key.pem")
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl, which makes the certificate")
    command = [program, "req", *options, *names, "-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run(command, check=True, capture_output=True)
    return files


def test_with_a_certificate_clients_and_peers_speak_tls(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    settings = services_settings(tls_cert=cert, tls_key=key, tls_ca=cert, token="a-token-of-this-test")
    with (
        roles(settings, [Role.STORAGE, Role.LANDMARKS, Role.AGE_GENDER]) as first,
        roles(first, [Role.IMAGE_INPUT]) as known,
        AttributeClient(known) as client,
    ):
        assert client.process(TWO).image is not None
        assert set(client.health().values()) == {"SERVING"}
        plain = ServicesSettings.model_validate(
            {**known.model_dump(), "tls_cert": None, "tls_key": None, "tls_ca": None}
        )
        with AttributeClient(plain) as other:
            assert set(other.health().values()) == {"UNREACHABLE"}


def test_files_of_tls_that_are_not_there_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "no.pem"
    with (
        pytest.raises(SettingsError, match=r"services\.tls_key: .*no\.pem cannot be read"),
        roles(services_settings(tls_cert=missing, tls_key=missing)),
    ):
        pass
    with pytest.raises(SettingsError, match=r"services\.tls_ca: .*no\.pem cannot be read"):
        AttributeClient(services_settings(tls_ca=missing))


def test_whoever_has_no_token_is_refused() -> None:
    settings = services_settings(token="correct-horse-battery")
    with roles(settings) as known:
        for token in (None, "another-one,-just-as-long"):
            other = ServicesSettings.model_validate({**known.model_dump(), "token": token})
            with AttributeClient(other) as client:
                answer = client.process(TWO)
                assert set(client.health().values()) == {"SERVING"}
            assert (answer.code, answer.grpc_status) == ("unauthenticated", "UNAUTHENTICATED")
            assert "services.token" in answer.message
            with AttributeClient(other) as client:
                assert [each.code for each in client.process_many([ImageToProcess(TWO)] * 3)] == ["unauthenticated"] * 3
        with AttributeClient(known) as client:
            assert client.process(TWO).image is not None
    assert token_metadata(settings) == (("authorization", "Bearer correct-horse-battery"),)


def test_a_taken_port_is_named() -> None:
    with roles(services_settings(), [Role.STORAGE]) as known:
        port = int(peer_address(known, Role.STORAGE).rpartition(":")[2])
        listen = known.listen.model_copy(update={"storage": port})
        with (
            pytest.raises(SettingsError, match=f"storage cannot listen on 127.0.0.1:{port}"),
            roles(known.model_copy(update={"listen": listen}), [Role.STORAGE]),
        ):
            pass


def test_other_machines_need_a_token() -> None:
    settings = services_settings()
    listen = settings.listen.model_copy(update={"host": "0.0.0.0"})
    with (
        pytest.raises(SettingsError, match=r"set services\.token"),
        roles(settings.model_copy(update={"listen": listen})),
    ):
        pass


def test_a_server_that_stops_answers_what_it_has_begun() -> None:
    analyser = FakeAnalyser()
    analyser.hold.set()
    with ThreadPoolExecutor(2) as pool:
        with roles(services_settings(drain_s=30), analyser=analyser) as known:
            client = AttributeClient(known)
            begun = pool.submit(client.process, TWO)
            assert analyser.began.acquire(timeout=60)
            watch = health_pb2_grpc.HealthStub(blocking_channel(known, peer_address(known, Role.STORAGE))).Watch(
                health_pb2.HealthCheckRequest(), timeout=60
            )
            states = iter(watch)
            assert next(states).status == health_pb2.HealthCheckResponse.SERVING

            def release() -> None:
                assert next(states).status == health_pb2.HealthCheckResponse.NOT_SERVING
                analyser.release.set()

            releasing = pool.submit(release)
        releasing.result()
        assert begun.result().image is not None
        refused = client.process(b"faces 1", deadline_s=0.5)
        client.close()
    assert (refused.code, refused.grpc_status) == ("unavailable", "UNAVAILABLE")
    assert "start it with `python -m curation services up`" in refused.message


def test_work_that_takes_longer_than_the_drain_is_broken_off() -> None:
    analyser = FakeAnalyser()
    analyser.hold.set()
    with ThreadPoolExecutor(1) as pool:
        with roles(services_settings(drain_s=0.1), analyser=analyser) as known:
            client = AttributeClient(known)
            begun = pool.submit(client.process, TWO, deadline_s=3)
            assert analyser.began.acquire(timeout=60)
        assert begun.result().image is None
        analyser.release.set()
        client.close()


def test_all_four_ports_are_of_one_server() -> None:
    with roles(services_settings()) as known:
        addresses = {peer_address(known, role) for role in GRPC_ROLES}
        assert len(addresses) == 4
        with AttributeClient(known) as client:
            assert set(client.health().values()) == {"SERVING"}
