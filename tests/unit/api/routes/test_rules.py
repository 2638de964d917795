"""The rules over HTTP, on an event that was really clustered and scored, with a fake engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from curation.event.rules.controls import SECTIONS, controls, value_of
from curation.settings import ScoringSettings, Settings
from tests.fake_workflow import FakeEvent, fake_event
from tests.service import FakeOrchestrator, ServiceClient, service
from tests.unit.api.http.test_errors import problem

CONFIG = """# my own
scoring:
  weights:   # what counts
    eyes: 3.0      # most of all
    people: 2
"""


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    """Persons 0 and 1 on many photos, labelled; nothing is scored yet."""
    with fake_event(tmp_path / "event") as made:
        for name, people in (("a.png", (0, 1)), ("b.png", (0,)), ("c.png", (1, 0)), ("d.png", ()), ("e.png", (1,))):
            made.add(name, *people, seed=ord(name[0]))
        (made.folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
        made.cluster()
        made.label({"0": {"name": "Anna", "category": "main"}, "1": {"name": "Tom", "category": "other"}})
        yield made


@pytest.fixture
def client(event: FakeEvent) -> Iterator[ServiceClient]:
    event.score()
    with running(event) as client:
        yield client


def running(event: FakeEvent) -> Any:
    workflow = event.workflow()
    return service(workflow.settings, cast(FakeOrchestrator, workflow))


def config(event: FakeEvent) -> str:
    return (event.folder / "config.yaml").read_text(encoding="utf-8")


def values(body: dict[str, Any]) -> dict[str, Any]:
    return {control["key"]: control["value"] for section in body["sections"] for control in section["controls"]}


def test_every_value_has_a_meaning_and_a_range() -> None:
    keys = {control.path for control in controls()}
    assert {path[0] for path in keys} == set(SECTIONS)
    assert ("weights", "smile") in keys
    assert ("rules", "max_unknown_faces", "count") in keys
    assert ("rules", "ignore_others", "enabled") in keys
    for control in controls():
        assert control.text.endswith(".")
        assert control.text[0].isupper()
        value = value_of(ScoringSettings(), control.path)
        if control.kind in ("number", "integer"):
            assert control.minimum is not None
            assert control.maximum is not None
            assert control.minimum <= value <= control.maximum  # type: ignore[operator]
        if control.kind == "choice":
            assert value in control.choices
        assert (control.kind == "switch") is isinstance(value, bool)


def test_the_current_rules(client: ServiceClient) -> None:
    response = client.get("/rules")
    body = response.json()
    assert (body["file"], body["ranking_is_current"]) == ("config.yaml", True)
    assert [section["name"] for section in body["sections"]] == list(SECTIONS)
    assert values(body)["weights.eyes"] == 3.0
    mode = next(c for s in body["sections"] for c in s["controls"] if c["key"] == "rules.require_smile.mode")
    assert mode == {
        "key": "rules.require_smile.mode",
        "kind": "choice",
        "value": "off",
        "default": "off",
        "follows_preset": False,
        "minimum": None,
        "exclusive_minimum": False,
        "maximum": None,
        "choices": ["off", "veto", "weight"],
        "unit": "",
        "text": "Every main and important person smiles.",
        "fixed_by": None,
    }
    assert response.headers["etag"].startswith('"')


def test_a_preview_says_who_enters_who_leaves_and_why(client: ServiceClient, event: FakeEvent) -> None:
    ranked = [photo["image_path"] for photo in client.get("/photos").json()["photos"]]
    before = event.snapshot()
    # Only Tom counts, and how many of the people are there.
    change = {
        "category_weights": {"main": 0.0, "other": 1.0, "unknown": 0.0},
        "weights": {"eyes": 0, "smile": 0, "focus": 0, "exposure": 0.001, "picture": 0},
    }
    body = client.post("/rules/preview", json={"scoring": change, "top": 2}).json()
    assert (body["top"], body["photos"], body["not_measured"]) == (2, 5, 0)
    assert len(body["entered"]) == len(body["left"])
    wide = client.post("/rules/preview", json={"scoring": change, "top": 3}).json()
    assert [photo["image_path"] for photo in wide["entered"]] == ["e.png"]
    (new,) = wide["entered"]
    assert new["after"]["rank"] <= 3 < new["before"]["rank"]
    assert new["reasons"]
    assert {part["name"] for part in new["after"]["parts"]} == {"people", "exposure"}
    assert {part["name"] for part in new["before"]["parts"]} == {
        "eyes",
        "smile",
        "focus",
        "exposure",
        "people",
        "picture",
    }
    (old,) = wide["left"]
    assert old["image_path"] == "b.png"
    assert old["before"]["rank"] <= 3 < old["after"]["rank"]
    # Nothing was changed.
    assert event.snapshot() == before
    assert [photo["image_path"] for photo in client.get("/photos").json()["photos"]] == ranked


def test_a_preview_of_nothing_changes_nothing(client: ServiceClient) -> None:
    body = client.post("/rules/preview", json={"scoring": {}}).json()
    assert (body["entered"], body["left"], body["moved"]) == ([], [], 0)


def test_the_users_picks_stay_on_top(client: ServiceClient) -> None:
    photo = next(p for p in client.get("/photos").json()["photos"] if p["image_path"] == "d.png")
    client.put(f"/picks/{photo['photo_id']}", json={"pick": "picked"})
    change = {"weights": {"eyes": 0, "smile": 0, "focus": 0, "people": 100}}
    body = client.post("/rules/preview", json={"scoring": change, "top": 1}).json()
    assert (body["entered"], body["left"]) == ([], [])


def test_a_preview_follows_the_labels(client: ServiceClient, event: FakeEvent) -> None:
    change = {"rules": {"min_main_people": {"mode": "veto", "count": 1}}}
    assert client.post("/rules/preview", json={"scoring": change}).json()["newly_vetoed"] == 2
    event.label({"0": "main", "1": "main"})
    assert client.post("/rules/preview", json={"scoring": change}).json()["newly_vetoed"] == 1


def test_rules_are_saved_with_the_comments_and_photos_are_ranked_again(client: ServiceClient, event: FakeEvent) -> None:
    etag = client.get("/rules").headers["etag"]
    change = {"weights": {"eyes": 4.5, "smile": 0.0}, "rules": {"min_main_people": {"mode": "veto"}}}
    response = client.put("/rules", json={"scoring": change}, headers={"If-Match": etag})
    body = response.json()
    assert config(event) == CONFIG.replace("eyes: 3.0 ", "eyes: 4.5 ") + (
        "    smile: 0.0\n  rules:\n    min_main_people:\n      mode: veto\n"
    )
    assert (values(body)["weights.eyes"], values(body)["rules.min_main_people.mode"]) == (4.5, "veto")
    assert response.headers["etag"] != etag
    assert body["note"] == "the photos are being ranked again"
    job = finished(client, body["job"]["id"])
    assert (job["stage"], job["state"], job["counts"]["vetoed"]) == ("scoring", "succeeded", 2)
    now = client.get("/rules")
    assert (now.json()["ranking_is_current"], now.headers["etag"]) == (True, response.headers["etag"])
    assert event.scoring_record()["settings"]["scoring"]["weights"]["eyes"] == 4.5
    # The same again is nothing new.
    again = client.put("/rules", json={"scoring": change}).json()
    assert (again["job"], again["note"]) == (None, "the rules are saved; the ranking is current")


def finished(client: ServiceClient, job_id: str) -> dict[str, Any]:
    while True:
        job: dict[str, Any] = client.get(f"/jobs/{job_id}").json()
        if job["state"] not in ("queued", "running"):
            return job


def test_a_preset_gives_what_the_user_does_not_set(client: ServiceClient, event: FakeEvent) -> None:
    body = client.get("/rules").json()
    assert (values(body)["preset"], values(body)["weights.smile"]) == ("general", 1.0)
    presets = {preset["name"]: preset["values"] for preset in body["presets"]}
    assert list(presets) == ["general", "wedding", "portrait", "sports", "conference"]
    follows = {c["key"] for s in body["sections"] for c in s["controls"] if c["follows_preset"]}
    assert presets["sports"].keys() - follows == {"weights.eyes", "weights.people"}, "config.yaml has values for these"
    # Another preset, and a value of one's own.
    assert client.post("/rules/preview", json={"scoring": {"preset": "sports"}}).json()["moved"] >= 0
    saved = client.put("/rules", json={"scoring": {"preset": "sports", "weights": {"focus": 2.5}}}).json()
    finished(client, saved["job"]["id"])
    now = values(client.get("/rules").json())
    assert (now["weights.smile"], now["weights.focus"], now["weights.eyes"]) == (
        presets["sports"]["weights.smile"],
        2.5,
        3.0,
    )
    assert event.scoring_record()["settings"]["scoring"]["weights"]["smile"] == presets["sports"]["weights.smile"]
    # Null gives a value back to the preset.
    saved = client.put("/rules", json={"scoring": {"weights": {"focus": None, "eyes": None, "smile": None}}}).json()
    finished(client, saved["job"]["id"])
    assert {key: values(saved)[key] for key in presets["sports"]} == presets["sports"] | {"weights.people": 2}
    assert yaml.safe_load(config(event))["scoring"] == {
        "weights": {"eyes": None, "people": 2, "focus": None},
        "preset": "sports",
    }


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(client: ServiceClient, event: FakeEvent) -> None:
    etag = client.get("/rules").headers["etag"]
    edited = CONFIG.replace("eyes: 3.0", "eyes: 9.0")
    (event.folder / "config.yaml").write_text(edited, encoding="utf-8")
    change = {"scoring": {"weights": {"smile": 1.0}}}
    problem(client.put("/rules", json=change, headers={"If-Match": etag}), 412, "rules_changed")
    assert config(event) == edited
    # An edit of the file takes effect without a restart.
    now = client.get("/rules")
    assert (values(now.json())["weights.eyes"], now.json()["ranking_is_current"]) == (9.0, True)
    response = client.put("/rules", json=change, headers={"If-Match": now.headers["etag"]})
    assert response.status_code == 200
    finished(client, response.json()["job"]["id"])
    assert yaml.safe_load(config(event))["scoring"]["weights"] == {"eyes": 9.0, "people": 2, "smile": 1.0}


def test_a_run_goes_by_the_file_as_it_is_then(client: ServiceClient, event: FakeEvent) -> None:
    (event.folder / "config.yaml").write_text(CONFIG.replace("eyes: 3.0", "eyes: 9.0"), encoding="utf-8")
    client.finished(client.post("/score"))
    assert event.scoring_record()["settings"]["scoring"]["weights"]["eyes"] == 9.0


def test_a_file_that_is_not_valid_is_reported_and_not_changed(client: ServiceClient, event: FakeEvent) -> None:
    (event.folder / "config.yaml").write_text("scoring: [", encoding="utf-8")
    for response in (
        client.get("/rules"),
        client.post("/rules/preview", json={"scoring": {}}),
        client.put("/rules", json={"scoring": {"weights": {"eyes": 1}}}),
    ):
        assert "not valid YAML" in problem(response, 409, "settings_invalid")["detail"]
    assert config(event) == "scoring: ["
    client.finished(client.post("/score"))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"weights": {"eyes": -1}}, "weights.eyes"),
        ({"thresholds": {"eyes_open": None}}, "thresholds.eyes_open"),
        ({"preset": "picnic"}, "preset"),
        ({"problem_costs": {"collage": 2}}, "problem_costs.collage"),
        ({"weights": {"nose": 1}}, "weights.nose"),
        ({"weights": dict.fromkeys(("eyes", "smile", "focus", "exposure", "people"), 0)}, "weights"),
        ({"rules": {"require_smile": {"mode": "maybe"}}}, "rules.require_smile.mode"),
        ({"rules": {"require_smile": {"weight": 0}}}, "rules.require_smile.weight"),
        ({"rules": {"max_unknown_faces": {"count": 1.5}}}, "rules.max_unknown_faces.count"),
        ({"labels_json": "/etc/passwd"}, "labels_json"),
        ({"dlib_model_path": "x"}, "dlib_model_path"),
    ],
)
def test_wrong_values(client: ServiceClient, event: FakeEvent, change: dict[str, Any], where: str) -> None:
    for method, url in (("POST", "/rules/preview"), ("PUT", "/rules")):
        body = problem(client.request(method, url, json={"scoring": change}), 422, "request_invalid")
        assert [error["where"] for error in body["errors"]] == [f"body.scoring.{where}"]
    assert config(event) == CONFIG


def test_what_the_environment_sets_is_not_changed_here(
    client: ServiceClient, event: FakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CURATION_SCORING__WEIGHTS__SMILE", "7")
    body = client.get("/rules").json()
    fixed = {c["key"]: c["fixed_by"] for s in body["sections"] for c in s["controls"] if c["fixed_by"]}
    assert fixed == {"weights.smile": "the environment variable CURATION_SCORING__WEIGHTS__SMILE"}
    change = {"scoring": {"weights": {"smile": 1.0}}}
    assert (
        "CURATION_SCORING__WEIGHTS__SMILE" in problem(client.put("/rules", json=change), 409, "setting_fixed")["detail"]
    )
    assert config(event) == CONFIG


def test_rules_before_scoring(event: FakeEvent) -> None:
    with running(event) as client:
        assert client.get("/rules").json()["ranking_is_current"] is None
        problem(client.post("/rules/preview", json={"scoring": {}}), 409, "not_scored")
        body = client.put("/rules", json={"scoring": {"weights": {"eyes": 1.0}}}).json()
        assert (body["job"], "not scored yet" in body["note"]) == (None, True)
        client.finished(client.post("/score"))
        assert event.scoring_record()["settings"]["scoring"]["weights"]["eyes"] == 1.0


def test_a_settings_file_is_made_where_there_is_none(event: FakeEvent) -> None:
    event.score()
    (event.folder / "config.yaml").unlink()
    with running(event) as client:
        body = client.put("/rules", json={"scoring": {"weights": {"eyes": 1.0}}}).json()
        finished(client, body["job"]["id"])
    assert config(event) == "scoring:\n  weights:\n    eyes: 1.0\n"


def test_a_running_job_is_in_the_way_of_ranking_but_not_of_the_rules(clustered: ServiceClient) -> None:
    clustered.finished(clustered.post("/score"))
    clustered.orchestrator.hold = True
    clustered.orchestrator.began.clear()
    clustered.post("/cluster")
    assert clustered.orchestrator.began.wait(20)
    body = clustered.put("/rules", json={"scoring": {"weights": {"eyes": 1.0}}}).json()
    assert body["job"] is None
    assert "the rules are saved, but the ranking is out of date: clustering already runs" in body["note"]
    assert values(body)["weights.eyes"] == 1.0
    clustered.orchestrator.release.set()


def test_settings_that_came_from_nowhere_cannot_be_written(tmp_path: Path) -> None:
    settings = Settings()
    settings = settings.model_copy(
        update={"io": settings.io.model_copy(update={"output_dir": tmp_path, "state_dir": tmp_path / "state"})}
    )
    with service(settings) as client:
        assert client.get("/rules").status_code == 200
        problem(client.put("/rules", json={"scoring": {"weights": {"eyes": 1.0}}}), 409, "settings_invalid")
    assert json.dumps(sorted(path.name for path in tmp_path.iterdir())) == '["state"]'
