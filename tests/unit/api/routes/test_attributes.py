"""Single pictures through the attribute services, as a script sends them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import grpc
import numpy as np
import pytest

from curation.api.http.attributes.problems import STATUS_OF_GRPC
from curation.domain.attributes.image_document import image_of_document
from curation.domain.attributes.values import Attribute
from curation.domain.faces.face import Box
from curation.errors import ExtraMissingError
from curation.services.answers import ImageAnswer
from curation.services.role import Role
from curation.services.viewer.face_services import FaceServices
from tests.fake_face_services import FakeFaceServices
from tests.fakes import painted_photo
from tests.service import ServiceClient, make_settings, service
from tests.unit.api.http.test_errors import problem

BYTES = {"content-type": "application/octet-stream"}
EVENTS = {**BYTES, "accept": "text/event-stream"}


@pytest.fixture
def fake() -> FakeFaceServices:
    return FakeFaceServices()


@pytest.fixture
def client(tmp_path: Path, fake: FakeFaceServices) -> Iterator[ServiceClient]:
    settings = make_settings(tmp_path, services={"max_image_mb": 0.05})
    with service(settings, face_services=fake.connected) as client:
        yield client


def picture() -> bytes:
    array = painted_photo(200, 120, [(Box(20, 30, 40, 50), 0), (Box(120, 20, 50, 60), 4)])
    return bytes(cv2.imencode(".png", cv2.cvtColor(array, cv2.COLOR_RGB2BGR))[1])


def events_of(text: str) -> list[tuple[str, Any]]:
    blocks = [dict(line.split(": ", 1) for line in block.splitlines()) for block in text.strip().split("\n\n")]
    return [(block["event"], json.loads(block["data"])) for block in blocks]


class TestPicture:
    def test_is_answered_with_its_document(self, client: ServiceClient) -> None:
        answer = client.post("/attributes", content=picture(), headers=BYTES).json()
        assert (answer["status"], answer["code"], answer["runtime_s"]) == ("Success", None, 0.109)
        image = image_of_document(answer["image"])
        assert (image.width, image.height) == (200, 120)
        assert [face.box for face in image.faces] == [Box(20, 30, 40, 50), Box(120, 20, 50, 60)]
        assert answer["image"]["faces"][1]["sex"]["answer"] is None
        assert answer["paths"] == [f"saved_data/{image.sha256}.jpg", f"saved_data/{image.sha256}.json"]

    def test_may_be_a_file_of_a_form(self, client: ServiceClient) -> None:
        answer = client.post("/attributes", files={"anything": ("a.png", picture(), "image/png")})
        assert len(answer.json()["image"]["faces"]) == 2

    def test_readers_and_storing_are_passed_on(self, client: ServiceClient, fake: FakeFaceServices) -> None:
        query = "age=openvino&ethnicity=off&store=false&request_id=mine-1"
        answer = client.post(f"/attributes?{query}", content=picture(), headers=BYTES).json()
        assert fake.asked == [({Attribute.AGE: "openvino", Attribute.ETHNICITY: "off"}, True)]
        assert (answer["request_id"], answer["paths"]) == ("mine-1", [])
        assert [face["age"]["reader"] for face in answer["image"]["faces"]] == ["openvino"] * 2

    def test_without_readers_those_of_the_services_are_meant(
        self, client: ServiceClient, fake: FakeFaceServices
    ) -> None:
        client.post("/attributes", content=picture(), headers=BYTES)
        assert fake.asked == [(None, False)]

    @pytest.mark.parametrize("query", ["age=deepmind", "landmarks=dlib", "request_id=a%0Ab", "store=perhaps"])
    def test_a_wrong_query_names_what_is_wrong(self, client: ServiceClient, query: str) -> None:
        body = problem(client.post(f"/attributes?{query}", content=picture(), headers=BYTES), 422, "request_invalid")
        assert body["errors"][0]["where"] == f"query.{query.split('=')[0]}"

    def test_nothing_is_kept_of_it(self, client: ServiceClient) -> None:
        client.post("/attributes", content=picture(), headers=BYTES)
        client.post("/attributes/picture", content=picture(), headers=BYTES)
        folder = client.settings.io.state_dir.parent
        kept = [path for path in folder.rglob("*") if path.is_file() and picture() in path.read_bytes()]
        assert kept == []
        assert not list(folder.rglob("*.jpg"))


class TestFaults:
    @pytest.mark.parametrize(
        ("options", "status", "code"),
        [
            ({"content": b"", "headers": BYTES}, 422, "request_invalid"),
            ({"files": {"picture": ("a.png", b"")}}, 422, "request_invalid"),
            ({"files": [("p", ("a.png", b"x")), ("p", ("b.png", b"y"))]}, 422, "request_invalid"),
            ({"json": {"url": "a.png"}}, 415, "media_type_not_supported"),
            (
                {"content": b"--x\r\n", "headers": {"content-type": "multipart/form-data; boundary=x"}},
                400,
                "bad_request",
            ),
            ({"content": b"x" * 60_000, "headers": BYTES}, 413, "too_large"),
            ({"content": b"no picture", "headers": BYTES}, 422, "photo_unreadable"),
        ],
    )
    def test_of_the_body(self, client: ServiceClient, options: dict[str, Any], status: int, code: str) -> None:
        assert problem(client.post("/attributes", **options), status, code)["detail"]

    @pytest.mark.parametrize(
        ("grpc_status", "own_code", "status", "code", "retry_after"),
        [
            ("UNAVAILABLE", "unavailable", 503, "services_unavailable", "5"),
            ("UNAVAILABLE", "role_unavailable", 503, "role_unavailable", "5"),
            ("RESOURCE_EXHAUSTED", "busy", 503, "services_busy", "2"),
            ("DEADLINE_EXCEEDED", "deadline_exceeded", 504, "services_too_slow", None),
            ("FAILED_PRECONDITION", "weights_missing", 503, "weights_missing", None),
            ("INVALID_ARGUMENT", "too_large", 413, "too_large", None),
            ("INVALID_ARGUMENT", "photo_too_large", 422, "photo_too_large", None),
            ("UNAUTHENTICATED", "unauthenticated", 502, "services_refused", None),
            ("INTERNAL", "internal", 502, "services_failed", None),
            ("", "", 502, "services_failed", None),
        ],
    )
    def test_of_the_services(
        self,
        client: ServiceClient,
        fake: FakeFaceServices,
        grpc_status: str,
        own_code: str,
        status: int,
        code: str,
        retry_after: str | None,
    ) -> None:
        fake.failure = ImageAnswer("Failed: so it is", None, own_code, "do this", grpc_status)
        response = client.post("/attributes?request_id=r7", content=picture(), headers=BYTES)
        body = problem(response, status, code)
        assert (body["detail"], body["request_id"]) == ("do this", "r7")
        assert response.headers.get("retry-after") == retry_after

    def test_every_grpc_status_has_one_of_http(self) -> None:
        assert {status.name for status in grpc.StatusCode} - {"OK"} == set(STATUS_OF_GRPC)

    def test_a_partial_answer_is_an_answer(self, client: ServiceClient, fake: FakeFaceServices) -> None:
        whole = fake.process(picture())
        fake.failure = ImageAnswer(
            "Partial: ages are missing", whole.image, "role_unavailable", "start it", "UNAVAILABLE"
        )
        answer = client.post("/attributes", content=picture(), headers=BYTES).json()
        assert (answer["status"], answer["code"]) == ("Partial: ages are missing", "role_unavailable")


class TestEvents:
    def test_tell_the_steps_and_then_the_answer(self, client: ServiceClient) -> None:
        response = client.post("/attributes?request_id=r1", content=picture(), headers=EVENTS)
        assert response.headers["content-type"].startswith("text/event-stream")
        *steps, (last, answer) = events_of(response.text)
        assert [(name, step["role"], step["step"]) for name, step in steps] == [
            ("step", "image_input", "received"),
            ("step", "landmarks", "answered"),
            ("step", "age_gender", "answered"),
            ("step", "storage", "files written"),
            ("step", "image_input", "answered"),
        ]
        assert (last, answer["request_id"], len(answer["image"]["faces"])) == ("answer", "r1", 2)

    def test_end_with_the_problem(self, client: ServiceClient) -> None:
        *_, (last, body) = events_of(client.post("/attributes", content=b"no picture", headers=EVENTS).text)
        assert (last, body["status"], body["code"], body["instance"]) == (
            "problem",
            422,
            "photo_unreadable",
            "/attributes",
        )

    def test_without_a_log_there_are_no_steps(self, client: ServiceClient, fake: FakeFaceServices) -> None:
        fake.is_log_away = True
        assert [name for name, _ in events_of(client.post("/attributes", content=picture(), headers=EVENTS).text)] == [
            "answer"
        ]


class TestState:
    def test_all_running(self, client: ServiceClient) -> None:
        state = client.get("/attributes/status").json()
        assert (state["ready"], state["installed"], state["detail"]) == (True, True, "")
        first = state["roles"][0]
        assert (first["role"], first["address"], first["state"]) == ("image_input", "127.0.0.1:50051", "SERVING")

    def test_none_running(self, client: ServiceClient, fake: FakeFaceServices) -> None:
        fake.health_of = dict.fromkeys(fake.health_of, "UNREACHABLE")
        state = client.get("/attributes/status").json()
        assert not state["ready"]
        assert state["detail"].endswith("Start them: python -m curation services up")

    def test_one_missing(self, client: ServiceClient, fake: FakeFaceServices) -> None:
        fake.health_of[Role.STORAGE] = "UNREACHABLE"
        detail = client.get("/attributes/status").json()["detail"]
        assert detail.startswith("Storage (127.0.0.1:50054) is not running")
        assert detail.endswith("python -m curation services up --roles storage")

    def test_packages_missing(self, tmp_path: Path) -> None:
        def connect(_: object) -> Any:
            raise ExtraMissingError("this needs the extra services: make extras EXTRAS=services")

        def no_packages(settings: Any) -> FaceServices:
            return FaceServices(settings, connect=connect)

        with service(make_settings(tmp_path), face_services=no_packages) as client:
            state = client.get("/attributes/status").json()
            assert (state["ready"], state["installed"], state["roles"]) == (False, False, [])
            assert "make extras EXTRAS=services" in state["detail"]
            problem(client.post("/attributes", content=picture(), headers=BYTES), 503, "extra_missing")
            *_, (last, body) = events_of(client.post("/attributes", content=picture(), headers=EVENTS).text)
            assert (last, body["code"]) == ("problem", "extra_missing")
            assert "make extras EXTRAS=services" in client.get("/fragments/faces/status").text

    def test_the_client_is_closed_with_the_service(self, tmp_path: Path, fake: FakeFaceServices) -> None:
        with service(make_settings(tmp_path), face_services=fake.connected) as client:
            client.get("/attributes/status")
            assert not fake.is_closed
        assert fake.is_closed


class TestLog:
    def test_steps_of_a_picture(self, client: ServiceClient) -> None:
        answer = client.post("/attributes", content=picture(), headers=BYTES).json()
        steps = client.get(f"/attributes/{answer['image']['sha256'][:8]}/steps").json()
        assert [step["step"] for step in steps][0::4] == ["received", "answered"]
        assert client.get("/attributes/ffffff/steps").json() == []

    @pytest.mark.parametrize("image", ["12345", "config.yaml", "..%2fconfig.yaml", "%2fetc%2fhosts"])
    def test_files_cannot_be_named(self, client: ServiceClient, image: str) -> None:
        assert client.get(f"/attributes/{image}/steps").status_code in (404, 422)
        page = client.get(f"/review/faces/log?image={image}")
        assert (page.status_code, "The log cannot be read" in page.text) == (200, True)

    def test_a_log_that_is_away(self, client: ServiceClient, fake: FakeFaceServices) -> None:
        fake.is_log_away = True
        problem(client.get("/attributes/000000/steps"), 503, "redis_unavailable")


def test_a_picture_for_the_browser_is_a_jpeg(client: ServiceClient) -> None:
    response = client.post("/attributes/picture", content=picture(), headers=BYTES)
    assert response.headers["content-type"] == "image/jpeg"
    shown = cv2.imdecode(np.frombuffer(response.content, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (120, 200, 3)
    problem(client.post("/attributes/picture", content=b"no picture", headers=BYTES), 422, "photo_unreadable")
