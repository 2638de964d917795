"""Files of the user's words, damaged in turn: who needs one tells the way back, all others answer as before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curation.storage.said.last_good import LAST_GOOD
from tests.described_service import AUTHORISED, KNOWN_IDS, described_service
from tests.service import ServiceClient

DAMAGED = b'{"version": 1, "corre'
PHOTO_PAGE = f"/review/photos/{KNOWN_IDS['photo_id']}"
NEEDED: dict[str, set[str]] = {
    "corrections.json": {
        "/clusters", "/clusters/{cluster_id}", "/clusters/{cluster_id}/thumbnail",
        "/clusters/{cluster_id}/samples/{number}", "/clusters/{cluster_id}/faces", "/people", "/people/names",
        "/people/choices", "/people/{cluster_id}", "/corrections", "/suggestions/merges", "/unfound", "/told",
        "/faces/{face_id}", "/photos/{photo_id}", "/photos/{photo_id}/burst",
        "/review/event", "/review/assets", "/review/photos", PHOTO_PAGE,
        "/review/people", "/review/people/0", "/review/unfound", "/fragments/people/cards",
    },
    "cluster_labels.json": {
        "/clusters", "/clusters/{cluster_id}", "/clusters/{cluster_id}/faces", "/people", "/people/names",
        "/people/choices", "/people/{cluster_id}", "/unfound", "/faces/{face_id}", "/labels", "/photos/{photo_id}",
        "/photos/{photo_id}/burst", "/videos", "/videos/{video_id}", "/videos/{video_id}/people",
        "/videos/{video_id}/posters", "/videos/{video_id}/posters/{poster_id}",
        "/videos/{video_id}/posters/{poster_id}/annotated.jpg",
        "/review/event", "/review/assets", "/review/photos", PHOTO_PAGE, "/review/videos",
        "/review/people", "/review/people/0", "/review/unfound", "/fragments/people/cards",
    },
    "picks.json": {
        "/unfound", "/told", "/photos", "/photos/{photo_id}", "/scenes", "/photos/{photo_id}/burst", "/picks",
        "/picks/{photo_id}", "/ranking", "/coverage", "/photos/{photo_id}/reasons", "/event/coverage",
        "/review/event", "/review/export", "/review/photos", PHOTO_PAGE, "/review/unfound",
    },
    "people_seen.json": {"/unfound", "/review/unfound", PHOTO_PAGE},
    "known_refused.json": set(),
    "grouping_answers.json": set(),
}  # fmt: skip
"""What needs each file, among what can be asked with GET; nothing else may fail with it."""
PAGES = (
    "/", "/review/people", "/review/people/0", "/review/photos", "/review/event", "/review/rules", "/review/coverage",
    "/review/export", "/review/unfound", "/review/files", "/review/videos", "/review/assets", "/review/known-people",
    "/review/workers", "/fragments/people/cards", PHOTO_PAGE,
)  # fmt: skip


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceClient]:
    """A service in which each file of words says something."""
    with described_service(tmp_path_factory.mktemp("words")) as client:
        photo, face = KNOWN_IDS["photo_id"], KNOWN_IDS["face_id"]
        client.request("PATCH", "/people/0", json={"name": "Anna", "category": "main"}, headers=AUTHORISED)
        client.put(f"/picks/{photo}", json={"pick": "picked"}, headers=AUTHORISED)
        client.post("/corrections", json={"kind": "not_a_face", "face_ids": [face]}, headers=AUTHORISED)
        out = client.settings.io.output_dir
        for name in ("people_seen.json", "known_refused.json", "grouping_answers.json"):
            for folder in (out, out / LAST_GOOD):
                (folder / name).write_text(GOOD[name])
        assert client.get("/words", headers=AUTHORISED).json() == {"files": []}
        yield client


GOOD = {
    "people_seen.json": '{"version": 1, "people": []}',
    "known_refused.json": '{"version": 1, "refused": []}',
    "grouping_answers.json": '{"answers": []}',
}


def operations(client: ServiceClient) -> dict[str, str]:
    """The address of each GET of the description by its template."""
    out = {}
    for template, methods in client.app.openapi()["paths"].items():
        address = re.sub(r"\{(\w+)\}", lambda found: str(KNOWN_IDS.get(found[1], found[0])), template)
        if "get" in methods and "{" not in address and not address.endswith("/events"):  # streams do not end
            out[template] = address
    assert len(out) > 50
    return out | {page: page for page in PAGES}


def answers(client: ServiceClient) -> dict[str, tuple[int, Any]]:
    out = {}
    for template, address in operations(client).items():
        answer = client.get(address, headers=AUTHORISED)
        is_problem = "problem+json" in answer.headers.get("content-type", "")
        out[template] = (answer.status_code, answer.json() if is_problem else "")
    return out


@pytest.fixture(scope="module")
def before(everything: ServiceClient) -> dict[str, tuple[int, Any]]:
    """What all are answered while all files can be read."""
    return answers(everything)


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_only_what_needs_a_refused_file_says_so_and_tells_the_way_back(
    everything: ServiceClient, before: dict[str, tuple[int, Any]], name: str
) -> None:
    path = everything.settings.io.output_dir / name
    good = path.read_bytes()
    path.write_bytes(DAMAGED)
    try:
        now = answers(everything)
        refused = everything.get("/words", headers=AUTHORISED).json()["files"]
        assert [one["name"] for one in refused] == [name]
        assert refused[0]["last_good"] is not None
        differ = {template for template in before if now[template] != before[template]}
        asked = operations(everything)
        assert differ - NEEDED[name] == set(), "fails with a file that it does not need"
        assert NEEDED[name] - differ - {t for t in before if before[t][0] >= 400} == set(), "needs it no more"
        described = everything.app.openapi()["paths"]
        for template in differ:
            status, problem = now[template]
            if template in PAGES:
                page = everything.get(asked[template], headers={**AUTHORISED, "accept": "text/html"}).text
                assert "Use the version of" in page, template
                continue
            assert problem["code"] == refused[0]["code"], template
            assert str(int(status)) in described[template]["get"]["responses"], template
            assert f"words --back {name}" in problem["detail"], template
    finally:
        path.write_bytes(good)


def test_going_back_keeps_the_damaged_file_and_asks_for_the_version(
    everything: ServiceClient, before: dict[str, tuple[int, Any]]
) -> None:
    out = everything.settings.io.output_dir

    def back(file: str, version: str) -> Any:
        return everything.post(f"/words/{file}/back", json={"version": version}, headers=AUTHORISED)

    assert back("labels", "0" * 16).json()["code"] == "no_way_back"  # nothing is wrong with it
    good = (out / "cluster_labels.json").read_bytes()
    for round_ in (1, 2):
        damaged = DAMAGED + str(round_).encode()
        (out / "cluster_labels.json").write_bytes(damaged)
        (refused,) = everything.get("/words", headers=AUTHORISED).json()["files"]
        assert back("labels", "0" * 16).status_code == 409
        assert (out / "cluster_labels.json").read_bytes() == damaged
        answer = back(refused["file"], refused["last_good"]["version"])
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"kept_as": f"cluster_labels.json.damaged-{round_}", "files": []}
        assert (out / "cluster_labels.json").read_bytes() == good
        assert (out / f"cluster_labels.json.damaged-{round_}").read_bytes() == damaged
    assert answers(everything) == before
    assert back("notes", "0" * 16).status_code == 422
    assert json.loads(good)["0"]["name"] == "Anna"
    assert not list(Path(out).glob(".*.tmp*"))
