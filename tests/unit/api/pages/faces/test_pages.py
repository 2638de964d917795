"""The pages about single pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.services.answers import ImageAnswer
from curation.services.role import Role
from curation.services.trail.batch_figures import PersonFacts, figures_of
from curation.services.trail.charts import CHART_NAMES, CHARTS_DIR, draw_charts
from tests.fake_face_services import FakeFaceServices
from tests.service import ServiceClient, make_settings, service
from tests.unit.api.routes.test_attributes import BYTES, picture


@pytest.fixture
def fake() -> FakeFaceServices:
    return FakeFaceServices()


@pytest.fixture
def client(tmp_path: Path, fake: FakeFaceServices) -> Iterator[ServiceClient]:
    settings = make_settings(tmp_path, services={"max_image_mb": 7.5, "readers": {"sex": "gear"}})
    with service(settings, face_services=fake.connected) as client:
        yield client


class TestFaces:
    def test_says_limits_readers_and_what_is_kept(self, client: ServiceClient) -> None:
        text = client.get("/review/faces").text
        assert "up to 7.5 MB each" in text
        assert "keep no picture" in text
        assert "the usual reader (dlib and gear)" in text
        assert re.findall(r'<option value="(\w+)">', text)[:3] == ["deepface", "dlib", "fairface"]
        assert "Redis keeps them for 1 day" in text

    def test_opens_without_waiting_for_the_services(self, client: ServiceClient, fake: FakeFaceServices) -> None:
        fake.health_of = {}
        assert client.get("/review/faces").status_code == 200


class TestState:
    def test_all_running(self, client: ServiceClient) -> None:
        text = client.get("/fragments/faces/status").text
        assert text.count('data-state="up"') == 4
        assert "role=" not in text

    def test_none_running(self, client: ServiceClient, fake: FakeFaceServices) -> None:
        fake.health_of = {}
        text = client.get("/fragments/faces/status").text
        assert "The attribute services are not running." in text
        assert 'data-copy="python -m curation services up"' in text

    def test_one_starting(self, client: ServiceClient, fake: FakeFaceServices) -> None:
        fake.health_of[Role.LANDMARKS] = "NOT_SERVING"
        text = client.get("/fragments/faces/status").text
        assert "Landmarks (127.0.0.1:50052) is starting or stopping" in text
        assert 'data-copy="python -m curation services up --roles landmarks"' in text


class TestLog:
    def test_begins_with_a_question(self, client: ServiceClient) -> None:
        assert "services logs IMAGE" in client.get("/review/faces/log").text

    def test_errors_come_first(self, client: ServiceClient, fake: FakeFaceServices) -> None:
        sha256 = client.post("/attributes", content=picture(), headers=BYTES).json()["image"]["sha256"]
        fake.failure = ImageAnswer("Failed: full", None, "busy", "try again", "RESOURCE_EXHAUSTED")
        client.post("/attributes?request_id=second", content=picture(), headers=BYTES)
        text = client.get(f"/review/faces/log?image={sha256[:10]}").text
        assert re.findall(r'<tr data-status="(\w+)">', text) == ["error", *["ok"] * 5]
        assert "6 steps of 2 requests" in text
        assert "<strong>1 error</strong>" in text
        assert "<code>busy</code>" in text

    def test_of_one_role(self, client: ServiceClient) -> None:
        sha256 = client.post("/attributes", content=picture(), headers=BYTES).json()["image"]["sha256"]
        text = client.get(f"/review/faces/log?image={sha256}&role=storage").text
        assert text.count("<tr data-status") == 1
        assert "The role queue has no line" in client.get(f"/review/faces/log?image={sha256}&role=queue").text
        # The form sends an empty role for all of them.
        assert client.get(f"/review/faces/log?image={sha256}&role=").text.count("<tr data-status") == 5

    def test_of_a_picture_that_never_came(self, client: ServiceClient) -> None:
        assert "no line about a picture abcdef" in client.get("/review/faces/log?image=ABCDEF").text

    def test_that_is_away(self, client: ServiceClient, fake: FakeFaceServices) -> None:
        fake.is_log_away = True
        assert "start one, such as redis-server" in client.get("/review/faces/log?image=abcdef").text


class TestCharts:
    def test_before_there_are_any(self, client: ServiceClient) -> None:
        assert "services up --roles plotter" in client.get("/review/faces/charts").text
        assert client.get("/review/faces/charts/ages.png").status_code == 404

    def test_with_their_numbers(self, client: ServiceClient, fake: FakeFaceServices) -> None:
        client.post("/attributes", content=picture(), headers=BYTES)
        client.post("/attributes", content=b"no picture", headers=BYTES)
        folder = client.settings.services.log_dir / CHARTS_DIR
        draw_charts(
            figures_of(fake.lines, {fake.lines[0].sha256: [PersonFacts(31, "female"), PersonFacts(None, None)]}), folder
        )
        text = client.get("/review/faces/charts").text
        assert "1 picture with 2 faces" in text
        sources = re.findall(r'<img src="([^"]+)"', text)
        assert [source.partition("?")[0] for source in sources] == [
            f"/review/faces/charts/{name}.png" for name in CHART_NAMES
        ]
        for source in sources:
            response = client.get(source)
            assert (response.headers["content-type"], response.content[:4]) == ("image/png", b"\x89PNG")
        rows = [re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", text)]
        assert ["30 to 34", "1", "0", "0"] in rows
        assert ["cannot tell", "", "", "1"] in rows
        assert ["image_input: photo_unreadable", "1"] in rows

    def test_that_are_damaged(self, client: ServiceClient) -> None:
        folder = client.settings.services.log_dir / CHARTS_DIR
        folder.mkdir(parents=True)
        (folder / "charts.json").write_text("{}")
        assert "services plot" in client.get("/review/faces/charts").text

    @pytest.mark.parametrize("name", ["nothing", "..%2f..%2fconfig", "charts.json"])
    def test_no_other_file_can_be_named(self, client: ServiceClient, name: str) -> None:
        assert client.get(f"/review/faces/charts/{name}.png").status_code == 404
