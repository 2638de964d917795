"""The responses of each route in each state of the output folder."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from curation import __version__, bootstrap
from curation.api import starting_event
from curation.errors import PhotosMissingError
from curation.storage.locks import hold_output
from tests.service import FACES, ServiceClient, write_face_data
from tests.unit.api.http.test_errors import problem

WAIT_S = 20.0


def test_health(empty: ServiceClient) -> None:
    assert empty.get("/health").json() == {
        "status": "ok",
        "version": __version__,
        "engine": "auto",
        "running_jobs": [],
    }


class TestStages:
    def test_cluster_answers_with_a_job(self, empty: ServiceClient) -> None:
        response = empty.post("/cluster")
        assert response.status_code == 202
        assert response.headers["location"] == f"/jobs/{response.json()['id']}"
        job = empty.finished(response)
        assert (job["stage"], job["state"], job["error"]) == ("clustering", "succeeded", None)
        assert job["counts"]["clusters"] == 2
        progress = {"phase": "photos", "done": 4, "total": 4, "failed": 1, "rate_per_s": None, "seconds_left": None}
        assert job["progress"] == progress
        assert job["result"] == {"outputs": ["face_data.csv"]}

    @pytest.mark.parametrize("body", [b"", b"{}", b"null"])
    def test_an_empty_body_is_as_good_as_none(self, empty: ServiceClient, body: bytes) -> None:
        empty.finished(empty.post("/cluster", content=body, headers={"content-type": "application/json"}))

    def test_score_before_cluster(self, empty: ServiceClient) -> None:
        assert "POST /cluster" in problem(empty.post("/score"), 409, "not_clustered")["detail"]
        assert empty.get("/jobs").json()["total"] == 0

    def test_score(self, clustered: ServiceClient) -> None:
        job = clustered.finished(clustered.post("/score"))
        assert (job["stage"], job["state"], job["counts"]["vetoed"]) == ("scoring", "succeeded", 1)

    def test_one_job_at_a_time(self, clustered: ServiceClient) -> None:
        clustered.orchestrator.hold = True
        first = clustered.post("/cluster")
        assert clustered.orchestrator.began.wait(WAIT_S)
        for url in ("/cluster", "/score"):
            body = problem(clustered.post(url), 409, "already_running")
            assert body["job_id"] == first.json()["id"]
            assert first.headers["location"] in body["detail"]
        assert clustered.get("/health").json()["running_jobs"] == [{"id": first.json()["id"], "stage": "clustering"}]
        running = clustered.get(first.headers["location"]).json()
        assert (running["state"], running["progress"]["done"]) == ("running", 1)
        clustered.orchestrator.release.set()
        clustered.finished(first)
        clustered.finished(clustered.post("/score"))

    def test_a_run_of_a_script_is_in_the_way(self, clustered: ServiceClient) -> None:
        with hold_output(clustered.settings.io.output_dir, run="scoring", caller="run_scoring.py"):
            for url in ("/cluster", "/score"):
                detail = problem(clustered.post(url), 409, "already_running")["detail"]
                assert "scoring by run_scoring.py since" in detail
        assert clustered.get("/jobs").json()["total"] == 0
        clustered.finished(clustered.post("/score"))

    def test_a_failed_job_says_why(self, empty: ServiceClient) -> None:
        empty.orchestrator.error = PhotosMissingError("there is no photo in \udcff; put some there")
        job = empty.finished(empty.post("/cluster"))
        assert job["state"] == "failed"
        assert job["error"] == {
            "code": "photos_missing",
            "message": "there is no photo in \\udcff; put some there",
        }

    def test_no_job_after_the_end(self, empty: ServiceClient) -> None:
        empty.app.state.service.runner.stop()
        problem(empty.post("/cluster"), 503, "service_ending")


class TestJobs:
    def test_all_and_one(self, empty: ServiceClient) -> None:
        first = empty.finished(empty.post("/cluster"))
        second = empty.finished(empty.post("/score"))
        page = empty.get("/jobs").json()
        assert page == {"total": 2, "limit": 100, "offset": 0, "jobs": [second, first]}
        assert empty.get("/jobs?limit=1&offset=1").json()["jobs"] == [first]
        assert empty.get("/jobs?stage=scoring").json()["jobs"] == [second]
        assert empty.get(f"/jobs/{first['id']}").json() == first
        assert "owner" not in first

    def test_unknown(self, empty: ServiceClient) -> None:
        problem(empty.get("/jobs/00"), 404, "job_not_found")


class TestClusters:
    def test_before_clustering(self, empty: ServiceClient) -> None:
        for url in ("/clusters", "/clusters/0", "/clusters/0/thumbnail", "/clusters/0/samples/0", "/labels"):
            problem(empty.get(url), 409, "not_clustered")

    def test_sorted_by_size_with_labels(self, clustered: ServiceClient) -> None:
        clustered.put("/labels", json={"0": {"name": "Anna", "category": "main"}})
        page = clustered.get("/clusters").json()
        assert page["total"] == 2
        assert page["clusters"] == [
            {
                "id": 0,
                "faces": 4,
                "photos": 3,
                "name": "Anna",
                "category": "main",
                "thumbnail_url": "/clusters/0/thumbnail",
                "sample_urls": [],
                "attributes": None,
            },
            {
                "id": 1,
                "faces": 2,
                "photos": 2,
                "name": None,
                "category": None,
                "thumbnail_url": "/clusters/1/thumbnail",
                "sample_urls": [],
                "attributes": None,
            },
        ]
        assert [c["id"] for c in clustered.get("/clusters?limit=1&offset=1").json()["clusters"]] == [1]

    def test_one_with_its_samples(self, clustered: ServiceClient) -> None:
        cluster = clustered.get("/clusters/1").json()
        assert cluster["sample_urls"] == ["/clusters/1/samples/0", "/clusters/1/samples/1"]
        for url in cluster["sample_urls"]:
            assert clustered.get(url).headers["content-type"] == "image/jpeg"
        problem(clustered.get("/clusters/1/samples/2"), 404, "picture_not_found")

    @pytest.mark.parametrize("url", ["/clusters/2", "/clusters/2/thumbnail", "/clusters/2/samples/0"])
    def test_unknown(self, clustered: ServiceClient, url: str) -> None:
        problem(clustered.get(url), 404, "cluster_not_found")

    @pytest.mark.parametrize("name", ["-1", "..%2F..%2Fface_data", "99999999999999999999", "0.jpg"])
    def test_only_ids_are_taken(self, clustered: ServiceClient, name: str) -> None:
        assert clustered.get(f"/clusters/{name}/thumbnail").status_code in (404, 422)

    def test_thumbnail_is_asked_for_again_only_if_it_changed(self, clustered: ServiceClient) -> None:
        first = clustered.get("/clusters/0/thumbnail")
        path = clustered.settings.io.output_dir / "output_clusters" / "cluster_0.jpg"
        assert first.content == path.read_bytes()
        assert first.headers["content-type"] == "image/jpeg"
        assert first.headers["last-modified"]
        etag = first.headers["etag"]
        for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            again = clustered.get("/clusters/0/thumbnail", headers={"if-none-match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        path.write_bytes(b"a new picture")
        assert clustered.get("/clusters/0/thumbnail", headers={"if-none-match": etag}).content == b"a new picture"
        path.unlink()
        problem(clustered.get("/clusters/0/thumbnail"), 404, "picture_not_found")

    def test_new_face_data_is_seen(self, clustered: ServiceClient) -> None:
        assert clustered.get("/clusters").json()["total"] == 2
        write_face_data(clustered.settings.io.output_dir, [*FACES, ("e.jpg", 7)])
        assert clustered.get("/clusters").json()["total"] == 3

    @pytest.mark.parametrize(
        "spoil", [lambda t: t.replace("cluster_id", "group"), lambda t: t.replace(",0,", ",zero,")]
    )
    def test_face_data_that_was_spoilt(self, clustered: ServiceClient, spoil: Callable[[str], str]) -> None:
        path = clustered.settings.io.output_dir / "face_data.csv"
        path.write_text(spoil(path.read_text()))
        problem(clustered.get("/clusters"), 409, "face_data_invalid")

    def test_labels_that_were_spoilt(self, clustered: ServiceClient) -> None:
        (clustered.settings.io.output_dir / "cluster_labels.json").write_text('{"0": "mian"}')
        assert "mian" in problem(clustered.get("/clusters"), 422, "labels_invalid")["detail"]
        assert clustered.get("/clusters/0/thumbnail").status_code == 200


LABELS = {"0": {"name": "Anna", "category": "main"}, "1": "other"}


class TestLabels:
    def labels_path(self, client: ServiceClient) -> Path:
        return client.settings.io.output_dir / "cluster_labels.json"

    def test_none_yet(self, clustered: ServiceClient) -> None:
        response = clustered.get("/labels")
        assert response.json() == {}
        assert response.headers["etag"]

    def test_put_and_get(self, clustered: ServiceClient) -> None:
        put = clustered.put("/labels", json=LABELS)
        assert (put.status_code, put.json()) == (200, LABELS)
        assert json.loads(self.labels_path(clustered).read_text()) == LABELS
        got = clustered.get("/labels")
        assert (got.json(), got.headers["etag"]) == (LABELS, put.headers["etag"])

    def test_if_match(self, clustered: ServiceClient) -> None:
        etag = clustered.get("/labels").headers["etag"]
        put = clustered.put("/labels", json=LABELS, headers={"if-match": etag})
        assert put.status_code == 200
        problem(clustered.put("/labels", json={}, headers={"if-match": etag}), 412, "labels_changed")
        assert clustered.get("/labels").json() == LABELS
        self.labels_path(clustered).write_text('{"1": "main"}')
        stale = {"if-match": put.headers["etag"]}
        problem(clustered.put("/labels", json={}, headers=stale), 412, "labels_changed")
        assert clustered.put("/labels", json={}, headers={"if-match": "*"}).status_code == 200

    @pytest.mark.parametrize(
        ("labels", "named"),
        [
            ({"99": "main"}, "'99'"),
            ({"0": "mian"}, "'mian'"),
            ({"0": {"nam": "Anna", "category": "main"}}, "'nam'"),
            ([1], "object"),
        ],
    )
    def test_wrong_labels_change_nothing(self, clustered: ServiceClient, labels: object, named: str) -> None:
        clustered.put("/labels", json=LABELS)
        assert named in problem(clustered.put("/labels", json=labels), 422, "labels_invalid")["detail"]
        assert clustered.get("/labels").json() == LABELS

    def test_a_retired_cluster_may_keep_its_label(self, clustered: ServiceClient) -> None:
        problem(clustered.put("/labels", json={"3": "main"}), 422, "labels_invalid")
        record = {"next_cluster_id": 4}
        (clustered.settings.io.output_dir / "clustering_run.json").write_text(json.dumps(record))
        assert clustered.put("/labels", json={"3": "main"}).status_code == 200
        assert clustered.get("/clusters").json()["total"] == 2

    @pytest.mark.parametrize("body", [b"", b"{", b'{"0": "main", "0": "other"}', b'{"0": NaN}', b"[" * 100_000])
    def test_not_json(self, clustered: ServiceClient, body: bytes) -> None:
        problem(clustered.put("/labels", content=body), 422, "labels_invalid")

    def test_not_text(self, clustered: ServiceClient) -> None:
        problem(clustered.put("/labels", content=b'{"0": "\xff"}'), 400, "bad_request")

    def test_too_long(self, clustered: ServiceClient) -> None:
        problem(clustered.put("/labels", content=b" " * (4 * 1024 * 1024 + 1)), 413, "too_large")

    def test_another_media_type(self, clustered: ServiceClient) -> None:
        response = clustered.put("/labels", data={"0": "main"})
        problem(response, 415, "media_type_not_supported")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
    def test_folder_without_permission(self, clustered: ServiceClient) -> None:
        folder = clustered.settings.io.output_dir
        folder.chmod(0o500)
        try:
            problem(clustered.put("/labels", json=LABELS), 507, "storage")
        finally:
            folder.chmod(0o700)


class TestDownloads:
    @pytest.mark.parametrize(("name", "code"), [("face_data", "not_clustered"), ("photo_scores", "not_scored")])
    def test_nothing_yet(self, empty: ServiceClient, name: str, code: str) -> None:
        problem(empty.get(f"/downloads/{name}.csv"), 409, code)

    @pytest.mark.parametrize("name", ["face_data.csv", "photo_scores.csv"])
    def test_the_file_as_it_is(self, scored: ServiceClient, name: str) -> None:
        response = scored.get(f"/downloads/{name}")
        assert response.content == (scored.settings.io.output_dir / name).read_bytes()
        assert response.headers["content-type"] == "text/csv; charset=utf-8"
        assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert int(response.headers["content-length"]) == len(response.content)

    @pytest.mark.parametrize("name", ["cluster_labels.json", "..%2Fconfig.yaml", "%2Fetc%2Fpasswd"])
    def test_nothing_else(self, scored: ServiceClient, name: str) -> None:
        problem(scored.get(f"/downloads/{name}"), 404, "not_found")


class TestOpenApi:
    def operations(self, client: ServiceClient) -> dict[str, dict[str, Any]]:
        paths = client.get("/openapi.json").json()["paths"]
        return {f"{method} {path}": operation for path, of in paths.items() for method, operation in of.items()}

    def test_all_routes(self, empty: ServiceClient) -> None:
        # The tests of each subject check that the other routes are listed.
        assert set(self.operations(empty)) >= {
            "post /cluster",
            "post /score",
            "get /jobs",
            "get /jobs/{job_id}",
            "delete /jobs/{job_id}",
            "get /jobs/{job_id}/log",
            "get /jobs/{job_id}/events",
            "get /jobs/events",
            "get /clusters",
            "get /clusters/{cluster_id}",
            "get /clusters/{cluster_id}/thumbnail",
            "get /clusters/{cluster_id}/samples/{number}",
            "get /labels",
            "put /labels",
            "get /photos",
            "get /downloads/face_data.csv",
            "get /downloads/photo_scores.csv",
            "get /downloads/file_health.csv",
            "get /files",
            "get /health",
        }

    def test_each_is_described_and_tagged(self, empty: ServiceClient) -> None:
        for name, operation in self.operations(empty).items():
            assert operation["summary"], name
            assert operation["description"], name
            assert operation["tags"], name

    def test_errors_are_problems(self, empty: ServiceClient) -> None:
        for name, operation in self.operations(empty).items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert set(response["content"]) == {"application/problem+json"}, (name, status)

    def test_stages_need_no_body(self, empty: ServiceClient) -> None:
        for name in ("post /cluster", "post /score"):
            assert not self.operations(empty)[name]["requestBody"].get("required", False)

    def test_the_swagger_page_is_there(self, empty: ServiceClient) -> None:
        assert "swagger" in empty.get("/docs").text.lower()

    @pytest.mark.parametrize("page", ["/docs", "/redoc"])
    def test_its_page_loads_nothing_from_elsewhere(self, empty: ServiceClient, page: str) -> None:
        text = empty.get(page).text
        assert "//" not in "".join(re.findall(r"(?:src|href)=[\"']?([^\"' >]+)", text))
        for asset in re.findall(r"/static-offline-docs/[\w.-]+", text):
            assert empty.get(asset).status_code == 200


def test_the_service_never_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(bootstrap, "build", lambda settings, *, allow_download, caller: asked.append(allow_download))
    starting_event.build_orchestrator(object())  # type: ignore[arg-type]
    assert asked == [False]


def test_after_a_run_its_tables_are_read(empty: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("/cluster", "/score"):
        empty.finished(empty.post(url))
    for reader in ("clustered_faces.read_face_data", "ranked_photos.read_photo_scores"):
        monkeypatch.setattr(f"curation.event.{reader}", None)
    assert empty.get("/photos").json()["total"] == 4
    assert empty.get("/clusters").json()["total"] == 2


def test_schemas_are_named_after_what_they_hold_not_after_our_modules(empty: ServiceClient) -> None:
    names = empty.get("/openapi.json").json()["components"]["schemas"]
    # FastAPI writes the module into the name of two models that share one.
    assert not [name for name in names if "__" in name]
