"""Assets over HTTP: handing in, finding, files, events, trying again, deleting."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from curation.api.http.assets.receiving import INCOMING_DIR, remove_abandoned
from curation.domain.assets.document import asset_document, record_of_document
from curation.domain.assets.states import AssetState
from curation.domain.faces.ids import photo_id
from curation.errors import DatabaseBusyError, StorageError
from tests.fake_asset_jobs import FakeAssets, people_picture
from tests.service import FACES, ServiceClient, make_settings, service, write_face_data
from tests.unit.api.http.test_errors import problem

NOBODYS = "0" * 32


@pytest.fixture
def fake(tmp_path: Path) -> FakeAssets:
    return FakeAssets(tmp_path / "assets")


@pytest.fixture
def client(tmp_path: Path, fake: FakeAssets) -> Iterator[ServiceClient]:
    settings = make_settings(
        tmp_path, assets={"enabled": True}, service={"upload_photo_mb": 0.5, "upload_photos": 4, "upload_total_mb": 3}
    )
    with service(settings, open_assets=fake.opened) as client:
        yield client


def send(client: ServiceClient, *files: tuple[str, bytes], to: str = "/assets") -> httpx.Response:
    return client.post(to, files=[("files", (name, content, "image/jpeg")) for name, content in files])


def taken_apart(client: ServiceClient, fake: FakeAssets, name: str = "2 people.jpg", seed: int = 0) -> str:
    """The id of a picture that is COMPLETED."""
    count = int(name[0]) if name[0].isdigit() else 1
    answer = send(client, (name, people_picture(count, seed=seed)))
    assert answer.status_code == 202, answer.text
    asset_id: str = answer.json()["assets"][0]["asset"]["asset_id"]
    assert fake.settled(asset_id).state is AssetState.COMPLETED
    return asset_id


class TestHandingIn:
    @pytest.mark.parametrize("address", ["/assets", "/api/upload/"])
    def test_the_rows_come_at_once_and_a_bad_file_refuses_no_other(
        self, client: ServiceClient, fake: FakeAssets, address: str
    ) -> None:
        fake.takes_s = 5
        answer = send(
            client,
            ("a.jpg", people_picture(1)),
            ("note.txt", b"no picture"),
            ("tiny.png", people_picture(1, width=40, height=30, kind="PNG")),
            to=address,
        )
        assert answer.status_code == 202, answer.text
        body = answer.json()
        assert body["accepted"] == 1
        assert [one["sent_as"] for one in body["assets"]] == ["a.jpg", "note.txt", "tiny.png"]
        assert [one["asset"]["state"] for one in body["assets"]] == ["PENDING", "REJECTED", "REJECTED"]
        assert [one["code"] for one in body["assets"]] == [None, "unreadable", "too_small"]
        assert "fewer than the 256" in body["assets"][2]["message"]
        row = client.get(f"/assets/{body['assets'][0]['asset']['asset_id']}").json()
        assert (row["name"], row["people"], row["document"], row["files"]) == ("a.jpg", None, None, [])

    def test_the_same_picture_is_the_same_asset(self, client: ServiceClient, fake: FakeAssets) -> None:
        first = taken_apart(client, fake)
        again = send(client, ("another name.jpg", people_picture(2))).json()["assets"][0]["asset"]
        assert (again["asset_id"], again["state"], again["name"]) == (first, "COMPLETED", "2 people.jpg")

    def test_a_file_with_too_many_bytes_has_no_row(self, client: ServiceClient) -> None:
        large = bytes(700_000)
        body = send(client, ("large.tif", large), ("a.jpg", people_picture(1))).json()
        assert [(one["code"], one["asset"] is None) for one in body["assets"]] == [("too_large", True), (None, False)]
        assert "0.5 MB (service.upload_photo_mb)" in body["assets"][0]["message"]
        said = problem(send(client, ("large.tif", large)), 413, "too_large")
        assert said["detail"].startswith("nothing was accepted; large.tif: ")

    def test_no_more_files_than_a_request_may_bring(self, client: ServiceClient) -> None:
        body = send(client, *[(f"{n}.jpg", people_picture(1, seed=n)) for n in range(5)]).json()
        assert [one["code"] for one in body["assets"]] == [None, None, None, None, "too_many"]

    def test_a_form_of_endless_files_is_not_read_to_its_end(self, client: ServiceClient) -> None:
        body = send(client, *[(f"{n}.jpg", people_picture(1, seed=n)) for n in range(30)]).json()
        assert [one["code"] for one in body["assets"]] == [None] * 4 + ["too_many"] * 4

    def test_a_body_beyond_the_limit_of_all_uploads(self, client: ServiceClient) -> None:
        problem(send(client, *[(f"{n}.jpg", bytes(400_000)) for n in range(9)]), 413, "too_large")

    def test_nothing_is_left_of_what_was_received(self, client: ServiceClient) -> None:
        send(client, ("a.jpg", people_picture(1)), ("large.tif", bytes(700_000)))
        incoming = client.settings.io.state_dir / INCOMING_DIR
        assert list(incoming.iterdir()) == []

    def test_files_that_a_killed_process_was_receiving_are_removed(self, tmp_path: Path) -> None:
        left = tmp_path / INCOMING_DIR / "0123.999999999.incoming"
        left.parent.mkdir()
        left.write_bytes(b"half a pict")
        remove_abandoned(tmp_path)
        assert list(left.parent.iterdir()) == []

    @pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\Users\\anna\\IMG 1.jpg", "day 2/IMG_1.jpg", ".."])
    def test_a_name_is_never_a_path(self, client: ServiceClient, fake: FakeAssets, name: str) -> None:
        before = set(fake.folder.parent.rglob("*"))
        row = send(client, (name, people_picture(1))).json()["assets"][0]["asset"]
        assert "/" not in row["name"].strip(".") or row["name"] == "picture"
        fake.settled(row["asset_id"])
        locks = client.settings.io.state_dir / "locks"
        new = {
            path
            for path in set(fake.folder.parent.rglob("*")) - before
            if path.suffix != ".lock" and locks not in (path, *path.parents)
        }
        assert {path for path in new if fake.folder not in path.parents and path != fake.folder} <= {
            client.settings.io.state_dir / INCOMING_DIR
        }

    def test_photos_of_the_event_by_their_ids(self, client: ServiceClient, fake: FakeAssets) -> None:
        problem(client.post("/assets", json={"photo_ids": [photo_id("a.jpg")]}), 409, "not_clustered")
        write_face_data(client.settings.io.output_dir, FACES)
        client.settings.io.input_dir.mkdir()
        (client.settings.io.input_dir / "a.jpg").write_bytes(people_picture(2))
        ids = [photo_id(name) for name in ("a.jpg", "b.jpg", "unknown.jpg")]
        body = client.post("/assets", json={"photo_ids": ids}).json()
        assert [one["code"] for one in body["assets"]] == [None, "picture_not_found", "photo_not_found"]
        row = body["assets"][0]["asset"]
        assert (row["name"], row["image_paths"], row["photo_ids"]) == ("a.jpg", ["a.jpg"], [ids[0]])
        problem(client.post("/assets", json={"photo_ids": ids[2:]}), 404, "photo_not_found")

    @pytest.mark.parametrize(
        "body", ["", "{", "[]", "{}", '{"photo_ids": []}', '{"photo_ids": ["../a.jpg"]}', '{"photo_ids": "all"}']
    )
    def test_json_that_is_not_valid(self, client: ServiceClient, body: str) -> None:
        answer = client.post("/assets", content=body, headers={"content-type": "application/json"})
        assert problem(answer, 422, "request_invalid")["errors"][0]["where"].startswith("body")

    def test_bodies_of_another_kind(self, client: ServiceClient) -> None:
        problem(client.post("/assets", content=b"\xff\xd8\xff", headers={"content-type": "image/jpeg"}), 415,
                "media_type_not_supported")  # fmt: skip
        problem(client.post("/assets"), 415, "media_type_not_supported")
        form = {"content-type": "multipart/form-data; boundary=x"}
        problem(client.post("/assets", content=b"--x\r\nhalf", headers=form), 400, "bad_request")
        problem(client.post("/assets", content=b"--x--\r\n", headers=form), 422, "request_invalid")

    def test_a_full_disk_is_said(self, client: ServiceClient, fake: FakeAssets) -> None:
        fake.error = StorageError("the disk is full: free some space and run again")
        problem(send(client, ("a.jpg", people_picture(1))), 507, "storage")
        fake.error = DatabaseBusyError("the database is busy: try again in a moment")
        problem(send(client, ("a.jpg", people_picture(1))), 503, "database_busy")


class TestFinding:
    def test_people_colours_and_cuts_are_asked_of_the_same_person(
        self, client: ServiceClient, fake: FakeAssets
    ) -> None:
        two = taken_apart(client, fake)
        one = taken_apart(client, fake, "1 person.jpg")

        def found(query: str) -> list[str]:
            answer = client.get(f"/assets?{query}")
            assert answer.status_code == 200, answer.text
            return [row["asset_id"] for row in answer.json()["assets"]]

        assert found("") == [one, two]
        assert found("top=red&bottom=black") == [one, two]
        assert found("top=blue") == [two]
        assert found("top=red&bottom=white") == []
        assert found("cut_at=feet") == [two]
        assert found("person=Anna") == [one, two]
        assert found("person=anna&cut_at=feet") == []
        assert found("state=COMPLETED") == [one, two]
        assert found("state=FAILED") == []
        problem(client.get("/assets?person=Ana"), 404, "person_not_found")
        for wrong in ("top=crimson", "cut_at=toes", "state=done", "person=", "limit=0"):
            problem(client.get(f"/assets?{wrong}"), 422, "request_invalid")

    def test_pages(self, client: ServiceClient, fake: FakeAssets) -> None:
        ids = [taken_apart(client, fake, seed=seed) for seed in range(3)]
        page = client.get("/assets?limit=2&offset=1").json()
        assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)
        assert [row["asset_id"] for row in page["assets"]] == ids[1::-1]

    def test_each_person_has_a_name_beside(self, client: ServiceClient, fake: FakeAssets) -> None:
        asset_id = taken_apart(client, fake)
        anna, other = client.get("/assets").json()["assets"][0]["people"]
        assert (anna["name"], other["name"]) == ("Anna", None)
        assert anna["top"][0] == {"name": "red", "share": 0.8, "rgb": [196, 38, 44]}
        assert (other["cut_at"], other["has_face"], other["has_skeleton"]) == ("feet", True, True)
        whole = client.get(f"/assets/{asset_id}").json()
        assert whole["document"]["people"][0]["keypoints"][0]["name"] == "nose"
        assert (whole["width"], whole["height"], whole["people"][0]["name"]) == (480, 360, "Anna")

    def test_what_is_not_there(self, client: ServiceClient) -> None:
        for path in ("", "/cutout.png", "/mask.png", "/clothes.png", "/annotated.jpg", "/original", "/picture"):
            problem(client.get(f"/assets/{NOBODYS}{path}"), 404, "asset_not_found")
        problem(client.get("/assets/../config.yaml"), 404, "not_found")
        problem(client.get("/assets/ABC"), 422, "request_invalid")

    def test_the_schema_describes_documents(self, client: ServiceClient) -> None:
        answer = client.get("/assets/schema")
        assert answer.headers["content-type"] == "application/schema+json"
        assert answer.json()["type"] == "object"


class TestFiles:
    def test_each_file_has_its_type_and_a_tag(self, client: ServiceClient, fake: FakeAssets) -> None:
        asset_id = taken_apart(client, fake)
        for name, kind in {
            "cutout.png": "image/png",
            "mask.png": "image/png",
            "clothes.png": "image/png",
            "annotated.jpg": "image/jpeg",
            "original": "image/jpeg",
            "picture": "image/jpeg",
            "cutout.png?size=thumbnail": "image/png",
        }.items():
            answer = client.get(f"/assets/{asset_id}/{name}")
            assert (answer.status_code, answer.headers["content-type"]) == (200, kind), name
            assert "no-cache" in answer.headers["cache-control"]
            again = client.get(f"/assets/{asset_id}/{name}", headers={"if-none-match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b""), name
        answer = client.get(f"/assets/{asset_id}/original")
        assert answer.content == people_picture(2)
        assert answer.headers["content-disposition"] == 'attachment; filename="2 people.jpg"'

    def test_one_person_alone(self, client: ServiceClient, fake: FakeAssets) -> None:
        two = taken_apart(client, fake)
        whole = opened(client.get(f"/assets/{two}/cutout.png"))
        alone = opened(client.get(f"/assets/{two}/cutout.png?person=1"))
        assert whole.size == (480, 360)
        assert alone.size[0] < 240
        said = problem(client.get(f"/assets/{two}/cutout.png?person=2"), 404, "asset_file_not_found")
        assert "there is no person 2 in 2 people.jpg: it has 2 people" in said["detail"]
        one = taken_apart(client, fake, "1 person.jpg")
        assert opened(client.get(f"/assets/{one}/cutout.png?person=0")).size == (480, 360)

    def test_only_one_of_several_is_large_enough_to_be_cut_out(self, client: ServiceClient, fake: FakeAssets) -> None:
        two = taken_apart(client, fake)
        row = fake.rows[two]
        assert row.document is not None
        record = record_of_document(row.document)
        people = (record.people[0], replace(record.people[1], mask_confidence=None, outfit=None))
        whole = tuple(name for name in record.files if not name.startswith("cutout_"))
        fake.rows[two] = replace(row, document=asset_document(replace(record, people=people, files=whole)))
        assert opened(client.get(f"/assets/{two}/cutout.png?person=0")).size == (480, 360)
        said = problem(client.get(f"/assets/{two}/cutout.png?person=1"), 404, "asset_file_not_found")
        assert "is not cut out alone" in said["detail"]

    def test_smaller_and_trimmed(self, client: ServiceClient, fake: FakeAssets) -> None:
        one = taken_apart(client, fake, "1 person.jpg")
        trimmed = opened(client.get(f"/assets/{one}/cutout.png?trimmed=true"))
        assert trimmed.mode == "RGBA"
        assert trimmed.size[0] < 480
        assert trimmed.getchannel("A").getbbox() == (0, 0, *trimmed.size)

    def test_files_of_what_is_not_ready(self, client: ServiceClient, fake: FakeAssets) -> None:
        answer = send(client, ("stuck.jpg", people_picture(1))).json()["assets"][0]["asset"]
        for name in ("cutout.png", "cutout.png?person=0", "mask.png", "annotated.jpg"):
            said = problem(client.get(f"/assets/{answer['asset_id']}/{name}"), 404, "asset_file_not_found")
            assert "its files are there when it is COMPLETED" in said["detail"]
        assert client.get(f"/assets/{answer['asset_id']}/picture").status_code == 200

    def test_a_picture_without_a_cut_out(self, client: ServiceClient, fake: FakeAssets) -> None:
        asset_id = taken_apart(client, fake)
        fake.file(asset_id, "cutout.png").unlink()
        said = problem(client.get(f"/assets/{asset_id}/cutout.png"), 404, "asset_file_not_found")
        assert "assets.cutouts was off" in said["detail"]

    def test_cut_outs_as_a_zip(self, client: ServiceClient, fake: FakeAssets) -> None:
        two, other = taken_apart(client, fake), taken_apart(client, fake, seed=1)
        answer = client.get(f"/assets/cutouts.zip?cutout={two}&cutout={two}.1&cutout={other}")
        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == 'attachment; filename="cutouts.zip"'
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == ["2 people.png", "2 people person 2.png", "2 people (2).png"]
            assert archive.read("2 people.png") == fake.file(two, "cutout.png").read_bytes()
        problem(client.get(f"/assets/cutouts.zip?cutout={NOBODYS}"), 404, "asset_not_found")
        problem(client.get(f"/assets/cutouts.zip?cutout={two}.7"), 404, "asset_file_not_found")
        problem(client.get("/assets/cutouts.zip?cutout=../a"), 422, "request_invalid")


class TestChanging:
    def test_a_failed_one_is_tried_again(self, client: ServiceClient, fake: FakeAssets) -> None:
        asset_id = send(client, ("tries.jpg", people_picture(1))).json()["assets"][0]["asset"]["asset_id"]
        assert fake.settled(asset_id).state is AssetState.FAILED
        row = client.get(f"/assets/{asset_id}").json()
        assert (row["state"], row["code"]) == ("FAILED", "worker_lost")
        again = client.post(f"/assets/{asset_id}/retry")
        assert (again.status_code, again.json()["state"], again.json()["code"]) == (202, "PENDING", None)
        assert fake.settled(asset_id).state is AssetState.COMPLETED
        problem(client.post(f"/assets/{asset_id}/retry"), 409, "asset_not_failed")
        problem(client.post(f"/assets/{NOBODYS}/retry"), 404, "asset_not_found")

    def test_deleting_takes_the_row_and_all_that_was_made(self, client: ServiceClient, fake: FakeAssets) -> None:
        asset_id = taken_apart(client, fake)
        assert client.get(f"/assets/{asset_id}/cutout.png?size=thumbnail").status_code == 200
        answer = client.request("DELETE", f"/assets/{asset_id}")
        assert (answer.status_code, answer.content) == (204, b"")
        assert not (fake.folder / asset_id).exists()
        problem(client.get(f"/assets/{asset_id}/cutout.png?size=thumbnail"), 404, "asset_not_found")
        problem(client.request("DELETE", f"/assets/{asset_id}"), 404, "asset_not_found")

    def test_pages_of_other_sites_change_nothing(self, client: ServiceClient, fake: FakeAssets) -> None:
        asset_id = taken_apart(client, fake)
        answer = client.request("DELETE", f"/assets/{asset_id}", headers={"origin": "http://elsewhere.example"})
        problem(answer, 403, "origin_not_allowed")
        assert asset_id in fake.rows


class TestSwitchedOff:
    def test_every_request_says_what_to_do(self, empty: ServiceClient) -> None:
        asset = f"/assets/{NOBODYS}"
        for method, path in [
            ("GET", "/assets"),
            ("POST", "/assets"),
            ("POST", "/api/upload/"),
            ("GET", asset),
            ("DELETE", asset),
            ("POST", f"{asset}/retry"),
            ("GET", f"{asset}/cutout.png"),
            ("GET", f"{asset}/original"),
            ("GET", "/assets/events"),
        ]:
            said = problem(empty.request(method, path), 409, "assets_off")
            assert "set assets.enabled to true in config.yaml" in said["detail"]
        assert empty.get("/assets/schema").status_code == 200

    def test_working_begins_and_ends_with_the_service(self, tmp_path: Path, fake: FakeAssets) -> None:
        with service(make_settings(tmp_path), open_assets=fake.opened):
            assert fake.is_started
            assert not fake.is_stopped
        assert fake.is_stopped

    def test_nobody_gets_a_file_without_the_token(self, tmp_path: Path, fake: FakeAssets) -> None:
        settings = make_settings(tmp_path, service={"token": "0123456789-abcdefghij"})
        with service(settings, open_assets=fake.opened) as client:
            for path in ("", f"/{NOBODYS}/cutout.png", f"/{NOBODYS}/js/app.js", "/schema", "/events"):
                problem(client.get(f"/assets{path}"), 401, "token_needed")


class TestEvents:
    def test_changes_come_with_their_version_and_what_was_missed_comes_again(
        self, client: ServiceClient, fake: FakeAssets
    ) -> None:
        asset_id = taken_apart(client, fake)
        version = fake.rows[asset_id].version
        events = followed(client, "/assets/events?after=0")
        assert [event["event"] for event in events] == ["counts", "asset", "counts", "idle"]
        assert events[0]["data"]["COMPLETED"] == 1
        assert events[1]["id"] == str(version)
        told = events[1]["data"]
        assert (told["asset_id"], told["state"], told["people"]) == (asset_id, "COMPLETED", None)
        missed = followed(client, "/assets/events?after=0", last=str(version - 1))
        assert [event["id"] for event in missed if event["event"] == "asset"] == [str(version)]
        assert [event["event"] for event in followed(client, "/assets/events?after=0", last=str(version))] == [
            "counts",
            "idle",
        ]

    def test_without_a_version_they_begin_now_and_end_when_nothing_waits(
        self, client: ServiceClient, fake: FakeAssets
    ) -> None:
        taken_apart(client, fake)
        fake.takes_s = 0.6
        new = fake.submit(people_picture(1, seed=7), "new.jpg")
        events = followed(client, "/assets/events")
        told = [event["data"] for event in events if event["event"] == "asset"]
        assert {row["asset_id"] for row in told} == {new.id}
        assert told[-1]["state"] == "COMPLETED"
        assert events[-1] == {"event": "idle", "data": {}}

    def test_a_database_that_fails_ends_the_stream(self, client: ServiceClient, fake: FakeAssets) -> None:
        fake.error = StorageError("the database is away")
        assert followed(client, "/assets/events?after=0") == [{"event": "counts", "data": dict.fromkeys(AssetState, 0)}]


def opened(answer: httpx.Response) -> Image.Image:
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


def followed(client: ServiceClient, path: str, *, last: str = "") -> list[dict[str, Any]]:
    """The events until the stream ends."""
    answer = client.get(path, headers={"last-event-id": last} if last else {})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    blocks = [dict(line.split(": ", 1) for line in block.split("\n")) for block in answer.text.split("\n\n") if block]
    return [{**block, "data": json.loads(block["data"])} for block in blocks if "data" in block]
