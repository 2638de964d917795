"""Clients and scripts of other systems of this kind: made from their own proto, without our package.

The proto below holds nothing but the names and numbers that such clients know. Its stubs are compiled into a folder of
their own and used by a process that cannot import `curation`, against four roles in four processes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from curation.services.addresses import peer_address
from curation.services.client import AttributeClient
from curation.services.role import GRPC_ROLES, Role
from tests.redis_server import RedisServer
from tests.service_roles import picture
from tests.services_processes import RoleProcesses, role_processes

OLD_PROTO = """
syntax = "proto3";
package image_processing;
message ImageRequest { bytes image_data = 1; }
message LandmarkResponse { string status = 1; double runtime = 2; string redis_key = 3; }
message AgeGenderResponse { string status = 1; double runtime = 2; string redis_key = 3; }
message CombinedResponse {
  string status = 1;
  LandmarkResponse landmark_response = 2;
  AgeGenderResponse age_gender_response = 3;
}
message StorageRequest { bytes image_data = 1; string redis_key = 2; double runtime = 3; }
message StorageResponse { string status = 1; }
service ImageInput { rpc ProcessImage(ImageRequest) returns (CombinedResponse); }
service FaceLandmarkDetection { rpc DetectLandmarks(ImageRequest) returns (LandmarkResponse); }
service AgeGenderEstimation { rpc EstimateAgeGender(ImageRequest) returns (AgeGenderResponse); }
service DataStorage { rpc StoreData(StorageRequest) returns (StorageResponse); }
"""

CLIENT = """
import json, sys
import grpc
import attributes_pb2 as pb, attributes_pb2_grpc as rpc

assert not any(name.split(".")[0] == "curation" for name in sys.modules)
addresses, images = json.loads(sys.argv[1]), sys.argv[2:]
channels = [grpc.insecure_channel(address) for address in addresses]
out = []
for path in images:
    data = open(path, "rb").read()
    combined = rpc.ImageInputStub(channels[0]).ProcessImage(pb.ImageRequest(image_data=data), timeout=60)
    landmarks = rpc.FaceLandmarkDetectionStub(channels[1]).DetectLandmarks(pb.ImageRequest(image_data=data), timeout=60)
    age = rpc.AgeGenderEstimationStub(channels[2]).EstimateAgeGender(pb.ImageRequest(image_data=data), timeout=60)
    stored = rpc.DataStorageStub(channels[3]).StoreData(
        pb.StorageRequest(image_data=data, redis_key=landmarks.redis_key, runtime=landmarks.runtime), timeout=60)
    parts = (combined.landmark_response, combined.age_gender_response, landmarks, age)
    out.append({
        "statuses": [combined.status, stored.status] + [part.status for part in parts],
        "keys": sorted({part.redis_key for part in parts}),
        "runtimes": [part.runtime for part in parts],
    })
print(json.dumps(out))
"""

READER = """
import json, sys
faces = json.load(open(sys.argv[1]))
results = json.load(open(sys.argv[2]))
print(json.dumps([
    sorted(set(faces) - {"curation"}), faces["redis_key"], faces["num_faces"], faces["image_path"],
    [[f["face_index"], f["box"]["x1"], f["box"]["y1"], f["box"]["x2"], f["box"]["y2"], len(f["landmarks"]),
      f["landmarks"][0]["x"], f["landmarks"][0]["y"], f["agegender"]["age"], f["agegender"]["gender"]]
     for f in faces["faces"]],
    sorted(set(results) - {"curation"}), results["redis_key"],
    results["results"]["landmark_service"]["landmarks"],
    results["results"]["agegender_service"]["age"], results["results"]["agegender_service"]["gender"],
]))
"""


def run(program: str, *words: str, folder: Path) -> object:
    """What an independent program prints; it is isolated from our package and from the folder of the tests."""
    (folder / "program.py").write_text(program)
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COVERAGE"))}
    done = subprocess.run(
        [sys.executable, "program.py", *words], cwd=folder, env=variables, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def client_folder(tmp_path: Path) -> Path:
    """A folder with the stubs of the old proto."""
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "attributes.proto").write_text(OLD_PROTO)
    options = ["-I.", "--python_out=.", "--grpc_python_out=."]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *options, "attributes.proto"], cwd=folder, check=True)
    return folder


def ask(processes: RoleProcesses, folder: Path, names: list[str]) -> list[dict[str, list[object]]]:
    addresses = json.dumps([peer_address(processes.settings.services, role) for role in GRPC_ROLES])
    answers = run(CLIENT, addresses, *names, folder=folder)
    assert isinstance(answers, list)
    return answers


def test_a_client_and_a_script_of_other_systems_work_unchanged(
    tmp_path: Path, client_folder: Path, redis_server: RedisServer
) -> None:
    contents = {f"{number}.png": picture(number, faces=number) for number in range(1, 4)}
    for name, content in contents.items():
        (client_folder / name).write_bytes(content)
    apart = [[role] for role in GRPC_ROLES]
    with role_processes(tmp_path, redis_server, apart) as processes:
        answers = ask(processes, client_folder, list(contents))
        store = processes.settings.services.store

    for answer, content in zip(answers, contents.values(), strict=True):
        assert answer["statuses"] == ["Success"] * 6
        assert answer["keys"] == [hashlib.sha256(content).hexdigest()]
        assert all(isinstance(runtime, float) and runtime > 0 for runtime in answer["runtimes"])
    for faces, content in enumerate(contents.values(), start=1):
        key = hashlib.sha256(content).hexdigest()
        assert (store.faces_dir / f"{key}.jpg").is_file() and (store.results_dir / f"{key}.jpg").is_file()
        read = run(
            READER, str(store.faces_dir / f"{key}.json"), str(store.results_dir / f"{key}.json"), folder=client_folder
        )
        boxes = [[10 + 100 * face, 20, 60 + 100 * face, 80] for face in range(faces)]
        ages = [30 + face for face in range(faces)]
        assert read == [
            ["faces", "image_path", "num_faces", "redis_key", "timestamp"],
            f"image:{key}",
            faces,
            f"saved_data/{key}.jpg",
            [[face, *box, 68, 10 + 100 * face, 25, ages[face], "female"] for face, box in enumerate(boxes)],
            ["image_path", "redis_key", "results"],
            key,
            boxes,
            ages,
            ["Female"] * faces,
        ]


def test_one_process_and_four_give_the_same_files(tmp_path: Path, redis_server: RedisServer) -> None:
    written = []
    for name, groups in (("one", [GRPC_ROLES]), ("four", [[role] for role in GRPC_ROLES])):
        (tmp_path / name).mkdir()
        with (
            role_processes(tmp_path / name, redis_server, groups) as processes,
            AttributeClient(processes.settings.services) as client,
        ):
            answers = [client.process(picture(number)) for number in range(5)]
            assert [answer.status for answer in answers] == ["Success"] * 5, processes.logs()
        files = {
            path.relative_to(tmp_path / name).as_posix(): path.read_bytes()
            for folder in ("saved_data", "output")
            for path in sorted((tmp_path / name / folder).iterdir())
        }
        for path, content in files.items():
            if path.startswith("saved_data") and path.endswith(".json"):
                files[path] = json.dumps({**json.loads(content), "timestamp": ""}).encode()
        written.append(files)
    assert len(written[0]) == 20
    assert written[0] == written[1]


def test_a_stand_alone_role_is_enough_for_its_own_clients(tmp_path: Path, redis_server: RedisServer) -> None:
    with (
        role_processes(tmp_path, redis_server, [[Role.LANDMARKS]]) as processes,
        AttributeClient(processes.settings.services) as client,
    ):
        health = client.health()
    assert health[Role.LANDMARKS] == "SERVING"
    assert health[Role.STORAGE] == "UNREACHABLE"
