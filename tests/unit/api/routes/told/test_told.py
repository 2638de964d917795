"""What other programs said is shown, offered, and taken over only when asked."""

from __future__ import annotations

import json
import time

import pytest

from curation.domain.faces.ids import photo_id
from curation.pipelines.told.event_told import read_event_told
from tests.service import ServiceClient
from tests.unit.api.http.test_errors import problem
from tests.unit.photos.told.making import mwg, packet, picture

WAIT_S = 20.0
PHOTOS = ("a.jpg", "b.jpg", "c d.jpg", "d.jpg")
LEFT, RIGHT = (0.25, 0.375, 0.4, 0.6), (0.75, 0.375, 0.4, 0.6)
"""Over the first and the second face of each photo."""


def say(client: ServiceClient, said: dict[str, bytes]) -> None:
    """Write what other programs said into photos, and have it read."""
    folder = client.settings.io.input_dir
    folder.mkdir(parents=True, exist_ok=True)
    for name in PHOTOS:
        picture(folder / name, said.get(name))
    read_event_told(client.settings, PHOTOS)


@pytest.fixture
def said(scored: ServiceClient) -> ServiceClient:
    """Anna in three photos of person 0, Ben in one of two of person 1; stars and rejections."""
    program = 'xmp:CreatorTool="Adobe Lightroom 6.0" '
    say(
        scored,
        {
            "a.jpg": packet(mwg(("Anna", *LEFT), ("Ben", *RIGHT)), f'{program}xmp:Rating="4" xmp:Label="Red"'),
            "b.jpg": packet(mwg(("Anna", *LEFT)), f'{program}xmp:Rating="-1"'),
            "d.jpg": packet(mwg(("Anna", *LEFT)), program),
        },
    )
    return scored


def test_nothing_is_said(scored: ServiceClient) -> None:
    told = scored.get("/told").json()
    assert (told["photos"], told["offered"], told["names"], told["preview"]) == (0, 0, [], [])


def test_before_scoring_names_are_proposed_already(clustered: ServiceClient) -> None:
    say(clustered, dict.fromkeys(PHOTOS, packet(mwg(("Anna", *LEFT)), 'xmp:Rating="4"')))
    told = clustered.get("/told").json()
    assert (told["offered"], [(one["cluster_id"], one["votes"]) for one in told["names"]]) == (0, [(0, 3)])


def test_the_columns_and_the_words(said: ServiceClient) -> None:
    photos = {one["image_path"]: one for one in said.get("/photos").json()["photos"]}
    assert (photos["a.jpg"]["file_rating"], photos["a.jpg"]["file_people"]) == (4, ["Anna", "Ben"])
    assert (photos["b.jpg"]["file_pick"], photos["b.jpg"]["pick"]) == ("rejected", None)
    detail = said.get(f"/photos/{photo_id('a.jpg')}").json()
    assert detail["file_says"] == "4 stars, red, Anna, Ben (Lightroom)"


@pytest.mark.parametrize(
    ("wanted", "photos"),
    [("stars", ["a.jpg"]), ("rejected", ["b.jpg"]), ("picked", []), ("nothing", ["c d.jpg"])],
)
def test_filters(said: ServiceClient, wanted: str, photos: list[str]) -> None:
    assert [one["image_path"] for one in said.get(f"/photos?file={wanted}").json()["photos"]] == photos


def test_picks_are_taken_over_as_one_change(said: ServiceClient) -> None:
    told = said.get("/told").json()
    assert (told["offered"], told["rated"], told["rejected"], told["kept"]) == (2, 1, 1, 0)
    assert [one["words"] for one in told["preview"]] == [
        "4 stars, red, Anna, Ben (Lightroom)",
        "rejected, Anna (Lightroom)",
    ]
    done = said.post("/told/picks", json={}).json()
    assert [(one["image_path"], one["pick"], one["rating"]) for one in done["photos"]] == [
        ("a.jpg", None, 4),
        ("b.jpg", "rejected", None),
    ]
    assert said.get("/told").json()["offered"] == 0
    said.post("/picks/undo")
    assert said.get("/picks").json()["total"] == 0
    assert said.get("/told").json()["offered"] == 2


def test_what_the_user_said_stays(said: ServiceClient) -> None:
    said.put(f"/picks/{photo_id('b.jpg')}", json={"pick": "picked"})
    assert (said.get("/told").json()["offered"], said.get("/told").json()["kept"]) == (1, 1)
    said.post("/told/picks", json={"photos": [photo_id("a.jpg"), photo_id("b.jpg")]})
    picks = {one["image_path"]: (one["pick"], one["rating"]) for one in said.get("/picks").json()["picks"]}
    assert picks == {"b.jpg": ("picked", None), "a.jpg": (None, 4)}
    problem(said.post("/told/picks", json={"photos": ["0123456789abcdef"]}), 404, "photo_not_found")


def test_a_name_is_accepted_like_one_typed_by_hand(said: ServiceClient) -> None:
    (anna,) = said.get("/told").json()["names"]  # Ben has one vote only
    assert (anna["name"], anna["votes"], anna["words"]) == ("Anna", 3, "named in 3 photos by Lightroom")
    body = {"cluster_id": 0, "name": "Anna", "answer": "accept"}
    problem(said.post("/told/names", json={**body, "name": "Zoe"}), 404, "suggestion_not_found")
    assert said.post("/told/names", json=body).json()["left"] == 0
    assert said.get("/people/0").json()["name"] == "Anna"
    problem(said.post("/told/names", json=body), 404, "suggestion_not_found")
    said.post("/undo")
    assert said.get("/people/0").json()["name"] is None
    assert len(said.get("/told").json()["names"]) == 1


def test_a_refused_name_is_not_asked_again_and_the_file_keeps_no_name(said: ServiceClient) -> None:
    body = {"cluster_id": 0, "name": "Anna", "answer": "refuse"}
    assert said.post("/told/names", json=body).json()["left"] == 0
    assert "Anna" not in (said.settings.io.output_dir / "known_refused.json").read_text(encoding="utf-8")
    assert said.post("/undo").json()["what"] == "not Anna"
    assert len(said.get("/told").json()["names"]) == 1


def test_a_named_person_keeps_the_name_and_a_category_stays(said: ServiceClient) -> None:
    said.request("PATCH", "/people/0", json={"category": "main"})
    assert len(said.get("/told").json()["names"]) == 1
    said.post("/told/names", json={"cluster_id": 0, "name": "Anna", "answer": "accept"})
    labels = json.loads((said.settings.io.output_dir / "cluster_labels.json").read_text(encoding="utf-8"))
    assert labels["0"] == {"name": "Anna", "category": "main"}
    said.request("PATCH", "/people/0", json={"name": "Ann"})
    assert said.get("/told").json()["names"] == []


def test_files_that_change_are_read_beside_the_service(said: ServiceClient) -> None:
    (said.settings.io.input_dir / "c d.xmp").write_bytes(packet(attributes='xmp:Rating="2"'))
    end_s = time.monotonic() + WAIT_S
    while said.get("/told").json()["rated"] < 2 and time.monotonic() < end_s:
        time.sleep(0.02)
    assert [one["image_path"] for one in said.get("/photos?file=stars").json()["photos"]] == ["a.jpg", "c d.jpg"]
