from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import grpc
import pytest

from curation import errors
from curation.domain.attributes.values import Attribute, FaceAttributes, ImageAttributes
from curation.errors import CurationError, PhotoUnreadableError, TooBusyError, WeightsMissingError
from curation.pipelines.attributes.analyser import Wanted
from curation.services.protocol import image_processing_pb2 as pb
from curation.services.protocol.messages import face_message, face_of_message, fill_image, image_of_message
from curation.services.protocol.names import SERVICE_OF_ROLE
from curation.services.protocol.statuses import DETAIL_KEY, AnsweredError, detail_of, detail_of_trailers, status_of
from curation.services.role import GRPC_ROLES
from tests.service_roles import FakeAnalyser, face

PROTO = Path("curation/services/protocol/image_processing.proto")
EVERYTHING = Wanted(points68=True, attributes=frozenset(Attribute))


def test_the_generated_modules_are_those_of_the_proto_file(project_root: Path, tmp_path: Path) -> None:
    target = tmp_path / PROTO
    target.parent.mkdir(parents=True)
    target.write_bytes((project_root / PROTO).read_bytes())
    options = ["-I.", "--python_out=.", "--pyi_out=.", "--grpc_python_out=."]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *options, str(PROTO)], cwd=tmp_path, check=True)

    made = {path.name: path.read_text() for path in target.parent.iterdir() if path != target}
    assert sorted(made) == [
        "image_processing_pb2.py",
        "image_processing_pb2.pyi",
        "image_processing_pb2_grpc.py",
    ]
    for name, text in made.items():
        assert (project_root / PROTO).with_name(name).read_text() == text, f"run `make proto`: {name}"


def test_the_numbers_that_clients_in_use_know_stay() -> None:
    def numbers(message: type) -> dict[str, int]:
        return {field.name: field.number for field in message.DESCRIPTOR.fields if field.number < 10}  # type: ignore[attr-defined]

    assert numbers(pb.ImageRequest) == {"image_data": 1}
    assert numbers(pb.StorageRequest) == {"image_data": 1, "redis_key": 2, "runtime": 3}
    assert numbers(pb.CombinedResponse) == {"status": 1, "landmark_response": 2, "age_gender_response": 3}
    assert numbers(pb.StorageResponse) == {"status": 1}
    for answer in (pb.LandmarkResponse, pb.AgeGenderResponse):
        assert numbers(answer) == {"status": 1, "runtime": 2, "redis_key": 3}


def test_every_role_with_a_port_has_a_service() -> None:
    services = pb.DESCRIPTOR.services_by_name
    assert list(SERVICE_OF_ROLE) == list(GRPC_ROLES)
    assert {name.rpartition(".")[2] for name in SERVICE_OF_ROLE.values()} == set(services)
    assert [method.name for method in services["ImageInput"].methods] == ["ProcessImage", "ProcessImages"]


def test_a_picture_comes_back_as_it_was() -> None:
    image = FakeAnalyser().analyse(b"faces 3", wanted=EVERYTHING, readers={Attribute.LANDMARKS: "stand-in"})
    assert image.faces[0].attributes.dense
    answer = pb.CombinedResponse()
    fill_image(answer, image)

    assert image_of_message(pb.CombinedResponse.FromString(answer.SerializeToString())) == image


def test_what_was_not_asked_is_not_what_nobody_can_tell() -> None:
    bare = face(0, Wanted(points68=False, attributes=frozenset()))
    assert face_of_message(face_message(bare)).attributes == FaceAttributes()

    blind = face(0, EVERYTHING)
    unseen = type(blind)(
        **{
            **{name: getattr(blind, name) for name in blind.__slots__},
            "attributes": FaceAttributes(dense=()),
        }
    )
    assert face_of_message(face_message(unseen)).attributes.dense == ()


def test_a_picture_without_faces_comes_back_too() -> None:
    image = ImageAttributes("ab", 1, 2, (), "stand-in", (("a", "b"),))
    answer = pb.LandmarkResponse()
    fill_image(answer, image)

    assert image_of_message(answer) == image


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name.endswith("Error")])
def test_every_error_has_a_status(name: str) -> None:
    kind: type[CurationError] = getattr(errors, name)
    error = kind("what to do")

    assert status_of(error) is not grpc.StatusCode.UNKNOWN
    assert detail_of(error) == pb.ErrorDetail(code=kind.code, message="what to do", status=status_of(error).name)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PhotoUnreadableError("x"), "INVALID_ARGUMENT"),
        (WeightsMissingError("x"), "FAILED_PRECONDITION"),
        (TooBusyError("x"), "RESOURCE_EXHAUSTED"),
        (errors.SettingsError("x"), "FAILED_PRECONDITION"),
        (errors.RedisUnavailableError("x"), "UNAVAILABLE"),
        (CurationError("x"), "INTERNAL"),
    ],
)
def test_statuses(error: CurationError, status: str) -> None:
    assert status_of(error).name == status


def test_an_error_of_another_role_is_passed_on() -> None:
    detail = pb.ErrorDetail(code="photo_unreadable", message="no picture", status="INVALID_ARGUMENT")
    error = AnsweredError(detail)

    assert detail_of(error) == detail
    assert status_of(error) is grpc.StatusCode.INVALID_ARGUMENT
    assert status_of(AnsweredError(pb.ErrorDetail(status="NO SUCH"))) is grpc.StatusCode.INTERNAL


def test_details_come_from_the_trailers_or_the_status() -> None:
    detail = pb.ErrorDetail(code="a", message="b", status="INTERNAL")
    trailers = ((DETAIL_KEY, detail.SerializeToString()),)

    assert detail_of_trailers(grpc.StatusCode.INTERNAL, "b", trailers) == detail
    unknown = detail_of_trailers(grpc.StatusCode.DEADLINE_EXCEEDED, None, None)
    assert (unknown.code, unknown.message) == ("deadline_exceeded", "DEADLINE_EXCEEDED")
