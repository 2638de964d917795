"""Roles in this process over real gRPC and a real Redis, with a stand-in for the analysis."""

from __future__ import annotations

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
import redis

from curation.domain.attributes.values import Attribute
from curation.errors import StorageError
from curation.pipelines.attributes.analyser import Wanted
from curation.services.addresses import peer_address
from curation.services.answers import SUCCESS, ImageToProcess
from curation.services.channels import blocking_channel
from curation.services.client import AttributeClient
from curation.services.protocol import image_processing_pb2 as pb
from curation.services.protocol import image_processing_pb2_grpc as pb_grpc
from curation.services.protocol.statuses import detail_of_trailers
from curation.services.queue.verdicts import Verdict, verdict_of
from curation.services.redis_connection import connect
from curation.services.role import Role
from curation.settings.services import ServicesSettings
from tests.processes import wait_until
from tests.redis_server import RedisProcess, RedisServer, free_port
from tests.service_roles import FakeAnalyser, FakeFiles, ListTrail, picture, roles, services_settings

TWO = b"faces 2"
EVERYTHING = Wanted(points68=True, attributes=frozenset(Attribute))


def stub_of(settings: ServicesSettings, role: Role, kind: Any) -> Any:
    return kind(blocking_channel(settings, peer_address(settings, role)))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_one_analysis_answers_both_halves_and_all_is_kept(redis_server: RedisServer) -> None:
    analyser, files, trail = FakeAnalyser(), FakeFiles(), ListTrail()
    settings = services_settings(redis_server)
    with roles(settings, analyser=analyser, files=files, trail=trail) as known, AttributeClient(known) as client:
        answer = client.process(TWO, image_id="a.jpg", request_id="r1")

    assert answer.status == SUCCESS and answer.is_complete
    assert (answer.image_id, answer.request_id, answer.redis_key) == ("a.jpg", "r1", sha256(TWO))
    assert answer.image == FakeAnalyser().analyse(TWO, wanted=EVERYTHING)
    assert answer.paths == (f"{sha256(TWO)}.json",)
    assert answer.runtime_s > 0
    assert len(analyser.asked) == 1
    assert files.written == [(TWO, answer.image)]
    stored = connect(settings.redis).hgetall(sha256(TWO))
    assert json.loads(stored[b"landmark_service"])["landmarks"] == [[10, 20, 60, 80], [110, 20, 160, 80]]
    assert json.loads(stored[b"agegender_service"])["gender"] == ["Female", "Female"]
    told = [(step.role, step.step, step.status) for step in trail.steps if step.request_id == "r1"]
    assert told == [
        ("image_input", "received", "ok"),
        ("landmarks", "landmarks", "ok"),
        ("age_gender", "age_gender", "ok"),
        ("image_input", "result stored", "ok"),
        ("storage", "files written", "ok"),
        ("image_input", "answered", "ok"),
    ]
    assert all(
        step.runtime_s is not None for step in trail.steps if step.request_id == "r1" and step.step != "received"
    )


def test_the_same_picture_at_the_same_time_is_analysed_once() -> None:
    analyser, trail = FakeAnalyser(), ListTrail()
    analyser.hold.set()
    with (
        roles(services_settings(threads=4), analyser=analyser, trail=trail) as known,
        AttributeClient(known) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        answers = [pool.submit(client.process, TWO) for _ in range(4)]
        wait_until(lambda: [step.step for step in trail.steps].count("received") == 4, "all have come")
        analyser.release.set()
        images = [answer.result().image for answer in answers]

    assert images[0] is not None and all(image == images[0] for image in images)
    assert [(content, wanted) for content, wanted, _ in analyser.asked] == [(TWO, EVERYTHING)]


def test_roles_apart_give_the_same_and_store_once(redis_server: RedisServer) -> None:
    files = FakeFiles()
    base = services_settings(redis_server)
    together = FakeFiles()
    with roles(base, files=together) as known, AttributeClient(known) as client:
        expected = client.process(TWO)
    connect(base.redis).flushall()
    with (
        roles(base, [Role.STORAGE], files=files) as storage,
        roles(storage, [Role.LANDMARKS]) as landmarks,
        roles(landmarks, [Role.AGE_GENDER]) as both,
        roles(both, [Role.IMAGE_INPUT]) as known,
        AttributeClient(known) as client,
    ):
        answers = [client.process(TWO, request_id=f"request {number}") for number in range(5)]
        assert set(client.health().values()) == {"SERVING"}

    assert [answer.status for answer in answers] == [SUCCESS] * 5
    assert answers[0].image == expected.image
    assert answers[0].paths == expected.paths
    assert files.written == together.written * 5


def test_a_role_that_is_away_leaves_a_partial_answer() -> None:
    base = services_settings(deadline_s=1.5)
    away = base.model_copy(update={"peers": base.peers.model_copy(update={"age_gender": f"127.0.0.1:{free_port()}"})})
    trail = ListTrail()
    with (
        roles(away, [Role.STORAGE, Role.LANDMARKS]) as first,
        roles(first, [Role.IMAGE_INPUT], trail=trail) as known,
        AttributeClient(known) as client,
    ):
        answer = client.process(TWO)

    assert answer.status.startswith("Partial: ")
    assert "age_gender: no role age_gender answers at" in answer.status
    assert answer.image is not None and len(answer.image.faces) == 2
    assert answer.image.faces[0].points68 and answer.image.faces[0].attributes.age is None
    assert answer.grpc_status == "UNAVAILABLE" and answer.can_be_retried
    assert {step.step for step in trail.steps} >= {"received", "retried", "failed", "answered"}


def test_with_both_away_there_is_an_error() -> None:
    base = services_settings(deadline_s=1)
    gone = {name: f"127.0.0.1:{free_port()}" for name in ("landmarks", "age_gender")}
    with (
        roles(base.model_copy(update={"peers": base.peers.model_copy(update=gone)}), [Role.IMAGE_INPUT]) as known,
        AttributeClient(known) as client,
    ):
        answer = client.process(TWO)

    assert answer.image is None and not answer.is_complete
    assert (answer.grpc_status, answer.code) == ("UNAVAILABLE", "role_unavailable")


def test_without_redis_the_caller_is_answered_and_it_comes_back(
    redis_process: RedisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation.services.results._PAUSE_S", 0.0)
    files = FakeFiles()
    with roles(services_settings(redis_process.address), files=files) as known, AttributeClient(known) as client:
        redis_process.stop()
        away = client.process(TWO)
        landmarks = stub_of(known, Role.LANDMARKS, pb_grpc.FaceLandmarkDetectionStub)
        half = landmarks.DetectLandmarks(pb.ImageRequest(image_data=TWO), timeout=20)
        redis_process.start()
        back = client.process(TWO)

    assert away.status.startswith("Partial: not stored: there is no Redis server at 127.0.0.1")
    assert away.image is not None and away.code == "redis_unavailable"
    assert half.status.startswith("Partial: not stored") and len(half.faces) == 2
    assert back.status == SUCCESS and back.image == away.image
    assert len(files.written) == 2  # files need no Redis when one process has everything


def test_files_that_cannot_be_written_are_told(redis_server: RedisServer) -> None:
    files = FakeFiles()
    files.error = StorageError("the disk is full")
    with roles(services_settings(redis_server), files=files) as known, AttributeClient(known) as client:
        answer = client.process(TWO)

    assert answer.status == "Partial: not stored: the disk is full"
    assert (answer.code, answer.grpc_status) == ("storage", "FAILED_PRECONDITION")


def test_old_clients_ask_each_service_and_storage_comes_by_itself(redis_server: RedisServer) -> None:
    files = FakeFiles()
    with roles(services_settings(redis_server), files=files) as known:
        landmarks = stub_of(known, Role.LANDMARKS, pb_grpc.FaceLandmarkDetectionStub)
        age_gender = stub_of(known, Role.AGE_GENDER, pb_grpc.AgeGenderEstimationStub)
        storage = stub_of(known, Role.STORAGE, pb_grpc.DataStorageStub)
        first = landmarks.DetectLandmarks(pb.ImageRequest(image_data=TWO), timeout=20)
        assert (first.status, first.redis_key, files.written) == (SUCCESS, sha256(TWO), [])
        assert storage.StoreData(pb.StorageRequest(image_data=TWO), timeout=20).status.startswith(
            "Partial: there is no result of agegender_service"
        )
        second = age_gender.EstimateAgeGender(pb.ImageRequest(image_data=TWO), timeout=20)
        assert second.storage_response.status == SUCCESS
        again = storage.StoreData(pb.StorageRequest(image_data=TWO, redis_key=f"image:{sha256(TWO)}"), timeout=20)

    assert again.status == SUCCESS and again.redis_key == sha256(TWO)
    assert [content for content, _ in files.written] == [TWO] * 3
    assert files.written[1][1] == files.written[2][1] == FakeAnalyser().analyse(TWO, wanted=EVERYTHING)


def test_skip_storage_leaves_nothing(redis_server: RedisServer) -> None:
    files = FakeFiles()
    settings = services_settings(redis_server)
    with roles(settings, files=files) as known:
        stub = stub_of(known, Role.IMAGE_INPUT, pb_grpc.ImageInputStub)
        answer = stub.ProcessImage(pb.ImageRequest(image_data=TWO, skip_storage=True), timeout=20)
    assert answer.status == SUCCESS
    assert not files.written and not connect(settings.redis).keys()


@pytest.mark.parametrize(
    ("content", "code", "part"),
    [
        (b"", "photo_unreadable", "put the bytes of its file into image_data"),
        (b"just text", "photo_unreadable", "no picture"),
        (b"x" * 300_000, "photo_too_large", "0.3 MB, more than the 0.2 MB"),
    ],
)
def test_what_is_no_picture_is_an_invalid_argument(content: bytes, code: str, part: str) -> None:
    with roles(services_settings(max_image_mb=0.2)) as known:
        stub = stub_of(known, Role.IMAGE_INPUT, pb_grpc.ImageInputStub)
        with pytest.raises(grpc.RpcError) as raised:
            stub.ProcessImage(pb.ImageRequest(image_data=content), timeout=20)
    error: Any = raised.value
    detail = detail_of_trailers(error.code(), error.details(), error.trailing_metadata())
    assert (error.code(), detail.code, detail.status) == (grpc.StatusCode.INVALID_ARGUMENT, code, "INVALID_ARGUMENT")
    assert part in error.details() == detail.message


@pytest.mark.parametrize(
    ("count", "part"), [(0, "ended without a request"), (2, "one picture a call; for several there is ProcessImages")]
)
def test_a_call_has_one_request(count: int, part: str) -> None:
    with roles(services_settings()) as known:
        channel = blocking_channel(known, peer_address(known, Role.IMAGE_INPUT))
        call = channel.stream_unary(
            "/image_processing.ImageInput/ProcessImage", request_serializer=pb.ImageRequest.SerializeToString
        )
        with pytest.raises(grpc.RpcError) as raised:
            call(iter([pb.ImageRequest(image_data=TWO)] * count), timeout=20)
        channel.close()
    error: Any = raised.value
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert part in error.details()


def test_far_larger_messages_are_not_even_received() -> None:
    with roles(services_settings(max_image_mb=0.2)) as known:
        stub = stub_of(known, Role.IMAGE_INPUT, pb_grpc.ImageInputStub)
        with pytest.raises(grpc.RpcError) as raised:
            stub.ProcessImage(pb.ImageRequest(image_data=bytes(20_000_000)), timeout=20)
        error: Any = raised.value
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "larger than max" in error.details()
        with AttributeClient(known) as client:
            answer = client.process(bytes(20_000_000))
    assert (answer.code, answer.grpc_status) == ("too_large", "INVALID_ARGUMENT")
    assert "0.2 MB of services.max_image_mb" in answer.message


@pytest.mark.parametrize(
    ("readers", "status", "part"),
    [
        ({"colour": "red"}, "INVALID_ARGUMENT", "there is no attribute 'colour'; there are age, sex"),
        ({"age": "unknown"}, "INVALID_ARGUMENT", "there is no reader unknown"),
        ({"age": "missing"}, "FAILED_PRECONDITION", "fetch it"),
    ],
)
def test_readers_that_there_are_not(readers: dict[str, str], status: str, part: str) -> None:
    with roles(services_settings()) as known:
        stub = stub_of(known, Role.IMAGE_INPUT, pb_grpc.ImageInputStub)
        with pytest.raises(grpc.RpcError) as raised:
            stub.ProcessImage(pb.ImageRequest(image_data=TWO, readers=readers), timeout=20)
    error: Any = raised.value
    assert error.code().name == status
    assert part in error.details()


def test_an_error_of_the_program_tells_nothing_of_it(caplog: pytest.LogCaptureFixture) -> None:
    analyser = FakeAnalyser()
    analyser.error = RuntimeError("secret of the program")
    with roles(services_settings(), analyser=analyser) as known, AttributeClient(known) as client:
        answer = client.process(TWO)
        (streamed,) = client.process_many([ImageToProcess(TWO)])

    for each in (answer, streamed):
        assert (each.grpc_status, each.code) == ("INTERNAL", "internal")
        assert "secret" not in each.message and "its log has the details" in each.message
    assert "secret of the program" in caplog.text


def test_a_full_queue_refuses_with_a_time_and_loses_nothing() -> None:
    analyser = FakeAnalyser()
    analyser.hold.set()
    settings = services_settings(threads=1, queue=2)  # one slot, four places, two wait
    with roles(settings, analyser=analyser) as known:
        stub = stub_of(known, Role.IMAGE_INPUT, pb_grpc.ImageInputStub)
        requests = [pb.ImageRequest(image_data=b"faces 1 number %d" % number) for number in range(20)]
        calls = [stub.ProcessImage.future(request, timeout=60) for request in requests]
        wait_until(lambda: sum(call.done() for call in calls) == 14, "the others were refused")
        analyser.release.set()
        codes = [call.code() for call in calls]
        refused = next(call for call in calls if call.code() is grpc.StatusCode.RESOURCE_EXHAUSTED)
        trailers = dict(refused.trailing_metadata())

    assert codes.count(grpc.StatusCode.OK) == 6
    assert codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED) == 14
    assert int(trailers["retry-after"]) >= 1
    assert "as many as services.queue allows" in refused.details()


def test_work_whose_deadline_has_passed_is_not_begun() -> None:
    analyser = FakeAnalyser()
    analyser.hold.set()
    with roles(services_settings(threads=1), analyser=analyser) as known:
        stub = stub_of(known, Role.IMAGE_INPUT, pb_grpc.ImageInputStub)
        first = stub.ProcessImage.future(pb.ImageRequest(image_data=TWO), timeout=60)
        assert analyser.began.acquire(timeout=60)
        late = [
            stub.ProcessImage.future(pb.ImageRequest(image_data=b"faces 1 %d" % number), timeout=0.2)
            for number in range(5)
        ]
        assert [call.code() for call in late] == [grpc.StatusCode.DEADLINE_EXCEEDED] * 5
        analyser.release.set()
        assert first.code() is grpc.StatusCode.OK
        assert stub.ProcessImage(pb.ImageRequest(image_data=b"faces 3"), timeout=60).status
    assert [content for content, _, _ in analyser.asked] == [TWO, b"faces 3"]


def test_the_servers_deadline_holds_where_the_client_sets_none() -> None:
    analyser = FakeAnalyser()
    analyser.hold.set()
    with roles(services_settings(deadline_s=0.2), analyser=analyser) as known:
        stub = stub_of(known, Role.IMAGE_INPUT, pb_grpc.ImageInputStub)
        with pytest.raises(grpc.RpcError) as raised:
            stub.ProcessImage(pb.ImageRequest(image_data=TWO))
        with AttributeClient(known) as client:
            (streamed,) = client.process_many([ImageToProcess(TWO, "x")])
            single = client.process(b"faces 1")
        analyser.release.set()
    error: Any = raised.value
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "services.deadline_s (0.2 s)" in error.details()
    assert (streamed.code, streamed.image_id) == ("deadline_exceeded", "x")
    assert single.code == "deadline_exceeded"


def test_a_stream_answers_each_picture_once_also_the_broken_ones() -> None:
    def pictures() -> list[ImageToProcess]:
        return [
            ImageToProcess(b"broken" if number % 7 == 3 else b"faces %d" % (number % 4), f"picture {number}")
            for number in range(60)
        ]

    with roles(services_settings()) as known, AttributeClient(known) as client:
        answers = list(client.process_many(iter(pictures())))

    assert sorted(answer.image_id for answer in answers) == sorted(each.image_id for each in pictures())
    for answer in answers:
        number = int(answer.image_id.split()[1])
        if number % 7 == 3:
            assert (answer.code, answer.grpc_status) == ("photo_unreadable", "INVALID_ARGUMENT")
        else:
            assert answer.image is not None and len(answer.image.faces) == number % 4


def test_a_stream_works_on_a_few_pictures_at_a_time() -> None:
    analyser = FakeAnalyser()
    analyser.hold.set()
    settings = services_settings(threads=8, stream_ahead=3)
    with roles(settings, analyser=analyser) as known, AttributeClient(known) as client:
        stream = client.process_many(ImageToProcess(b"faces 1 %d" % number) for number in range(20))
        answers: list[object] = []
        thread = threading.Thread(target=lambda: answers.extend(stream))
        thread.start()
        for _ in range(3):
            assert analyser.began.acquire(timeout=60)
        assert not analyser.began.acquire(timeout=0.1)
        analyser.release.set()
        thread.join(60)
    assert len(answers) == 20


def test_a_result_that_cannot_be_kept_as_its_key_is_taken_is_told(redis_server: RedisServer) -> None:
    content = picture(7)
    with redis.Redis(redis_server.host, redis_server.port) as other:
        other.rpush(hashlib.sha256(content).hexdigest(), "of another program")
    with roles(services_settings(redis_server)) as known, AttributeClient(known) as client:
        answer = client.process(content)
        assert answer.status.startswith("Partial: not stored: another program keeps something else")
        assert answer.image is not None and verdict_of(answer) is Verdict.DEAD  # so that the queue gives it up
        assert client.process(picture(8)).is_complete
