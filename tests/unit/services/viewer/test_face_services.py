from __future__ import annotations

import threading

import pytest

from curation.domain.attributes.values import Attribute
from curation.errors import InputError
from curation.services.role import GRPC_ROLES, Role
from curation.services.viewer.face_services import FaceServices, reader_names
from curation.settings.services import ServicesSettings
from tests.fake_face_services import FakeFaceServices
from tests.unit.api.routes.test_attributes import picture


def test_all_threads_share_one_client() -> None:
    fake = FakeFaceServices()
    made = []

    def connect(settings: ServicesSettings) -> FakeFaceServices:
        made.append(settings)
        return fake

    with FaceServices(ServicesSettings(), connect=connect) as services:
        assert not made
        threads = [
            threading.Thread(target=services.read, args=(picture(),), kwargs={"request_id": str(number), "readers": {}})
            for number in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(fake.asked) == 4
    assert len(made) == 1
    assert fake.is_closed


def test_the_real_client_finds_nobody_where_nobody_listens() -> None:
    nowhere = {role.value: "127.0.0.1:1" for role in GRPC_ROLES}
    settings = ServicesSettings.model_validate({"peers": nowhere, "deadline_s": 0.3})
    with FaceServices(settings) as services:
        state = services.state()
        assert [role.state for role in state.roles] == ["UNREACHABLE"] * 4
        assert (state.is_ready, state.running, state.command) == (False, 0, "python -m curation services up")
        assert "127.0.0.1:1" in state.detail
        answer = services.read(b"x", request_id="r1", readers={})
        assert (answer.image, answer.grpc_status, answer.request_id) == (None, "UNAVAILABLE", "r1")


def test_a_role_that_is_missing_is_named() -> None:
    fake = FakeFaceServices()
    fake.health_of[Role.AGE_GENDER] = "SERVICE_UNKNOWN"
    state = fake.connected(ServicesSettings()).state()
    assert (state.is_ready, state.running) == (False, 3)
    assert "another program answers there" in state.detail
    assert state.command.endswith("--roles age_gender")


@pytest.mark.parametrize("image", ["", "12345", "x" * 64, "a" * 65, "photos/a.jpg"])
def test_the_log_is_asked_for_hashes_only(image: str) -> None:
    with pytest.raises(InputError, match="first 6 of its hex digits"):
        FakeFaceServices().connected(ServicesSettings()).steps(image)


def test_hashes_may_be_written_as_others_write_them() -> None:
    fake = FakeFaceServices()
    fake.process(picture())
    sha256 = fake.lines[0].sha256
    assert fake.connected(ServicesSettings()).steps(f" image:{sha256.upper()} ")


def test_readers_that_can_be_named() -> None:
    assert "dlib" in reader_names(Attribute.AGE)
    assert all("off" not in reader_names(attribute) for attribute in Attribute)
    assert reader_names(Attribute.LANDMARKS) == ("mediapipe",)
