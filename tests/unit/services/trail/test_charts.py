from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from PIL import Image

from curation.domain.attributes.documents import age_gender_result, faces_document
from curation.domain.attributes.values import (
    AgeEstimate,
    AttributedFace,
    ClassEstimate,
    FaceAttributes,
    ImageAttributes,
)
from curation.domain.faces.face import Box, FiveLandmarks, Point
from curation.domain.faces.geometry import HeadPose
from curation.services.results import Half, ResultStore
from curation.services.trail.batch_figures import LogFacts, PersonFacts, figures_of, person_facts
from curation.services.trail.charts import CHART_NAMES, CHARTS_DIR, NUMBERS_NAME, draw_charts
from curation.services.trail.line import TrailLine, line_of
from curation.services.trail.opening import open_trail
from curation.services.trail.people import KnownPeople
from curation.services.trail.plotter_role import run
from curation.services.trail.reading import errors_of
from curation.services.trail.step import Step
from curation.settings.services import ServicesSettings, StoreSettings
from tests.processes import wait_until
from tests.queue_world import services_settings
from tests.redis_server import RedisProcess, RedisServer, free_port, redis_process, redis_server

__all__ = ["redis_process", "redis_server"]

NOON = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def lines_of(*steps: tuple[Step, float]) -> list[TrailLine]:
    return [
        line_of(step, moment=NOON + timedelta(seconds=after_s), pid=1, host="here", source="one", number=number)
        for number, (step, after_s) in enumerate(steps, start=1)
    ]


def answered(sha256: str, faces: int, runtime_s: float = 0.2) -> Step:
    return Step("image_input", "answered", sha256=sha256, faces=faces, runtime_s=runtime_s)


def a_face(index: int, *, years: float | None, sex: str | None) -> AttributedFace:
    age = AgeEstimate(years or 40, 30, 50, 0.8, years is not None, (0, 100), (0.5, 0.5), "dlib")
    return AttributedFace(
        face_index=index,
        box=Box(10 * index, 0, 10, 10),
        landmarks=FiveLandmarks(Point(1, 1), Point(2, 1), Point(1.5, 2), Point(1, 3), Point(2, 3)),
        confidence=0.9,
        points68=(),
        pose=HeadPose(0.0, 0.0, 0.0),
        attributes=FaceAttributes(age=age, sex=ClassEstimate(sex, 0.9, ("female", "male"), (0.6, 0.4), "dlib")),
    )


def an_image(sha256: str) -> ImageAttributes:
    faces = (a_face(0, years=31.0, sex="female"), a_face(1, years=None, sex=None))
    return ImageAttributes(sha256=sha256, width=100, height=80, faces=faces, engine="dlib", weights=())


def test_numbers_of_a_batch_add_up() -> None:
    lines = lines_of(
        (answered("aa", 2), 0),
        (answered("bb", 0, 0.4), 10),
        (answered("cc", 2, 0.8), 20),
        (answered("aa", 1), 30),
        (Step("image_input", "failed", "error", sha256="dd", code="photo_unreadable", runtime_s=0.01), 31),
        (Step("queue", "dead letter", "error", sha256="dd", code="photo_unreadable"), 32),
        (Step("queue", "retried", "error", sha256="ee", code="too_busy"), 33),
        (Step("queue", "retried", "error", sha256="ee", code="too_busy"), 34),
        (Step("landmarks", "landmarks", sha256="aa", faces=2, runtime_s=0.1), 35),
    )
    people = {"aa": (PersonFacts(31.0, "female"),)}
    figures = figures_of(lines, people)
    assert (figures.pictures, figures.faces) == (3, 3)
    assert figures.faces_per_picture == ((0, 1), (1, 1), (2, 1))
    assert figures.ages == ((30, {"female": 1, "male": 0, "unknown": 0}),)
    assert figures.sexes == {"female": 1, "male": 0, "unknown": 0}
    assert figures.without_result == 1  # bb has no face that could be missing
    assert figures.errors == (
        ("queue", "too_busy", 2),
        ("image_input", "photo_unreadable", 1),
        ("queue", "photo_unreadable", 1),
    )
    assert [(each.role, each.step, each.count, each.p50_s, each.p95_s) for each in figures.latencies] == [
        ("image_input", "answered", 4, 0.2, 0.8),
        ("landmarks", "landmarks", 1, 0.1, 0.1),
    ]
    assert sum(each.pictures for each in figures.timeline) == 4
    assert sum(each.errors for each in figures.timeline) == 4
    assert figures.timeline[0].start == "2026-11-29T12:00:00Z"
    assert json.loads(json.dumps(figures.document()))["faces"] == 3


def test_ages_stand_in_bars_of_five_years_and_the_very_old_in_the_last() -> None:
    people = {
        "aa": [PersonFacts(years, None) for years in (0.0, 4.99, 5.0, 99.0, 117.0, -3.0)] + [PersonFacts(None, "male")]
    }
    figures = figures_of(lines_of((answered("aa", 7), 0)), people)
    assert {first: by_sex["unknown"] for first, by_sex in figures.ages if by_sex["unknown"]} == {0: 3, 5: 1, 95: 2}
    assert len(figures.ages) == 20
    assert figures.ages_unknown == 1


@pytest.mark.parametrize("seconds", [0, 5, 600, 86_400, 40 * 86_400])
def test_the_timeline_has_a_few_round_parts_for_any_time(seconds: float) -> None:
    figures = figures_of(lines_of((answered("aa", 0), 0.5), (answered("bb", 0), 0.5 + seconds)), {})
    assert 1 <= len(figures.timeline) <= 62
    assert sum(each.pictures for each in figures.timeline) == 2


def test_what_is_old_is_forgotten() -> None:
    facts = LogFacts()
    for line in lines_of((answered("aa", 1), 0), (Step("queue", "x", "error"), 1), (answered("bb", 1), 100)):
        facts.add(line)
    facts.forget_before(NOON + timedelta(seconds=50))
    assert facts.pictures == ("bb",)
    assert facts.figures({}).errors == ()


def test_only_what_may_be_used_is_told_of_a_face() -> None:
    assert person_facts(a_face(0, years=31.0, sex="female")) == PersonFacts(31.0, "female")
    assert person_facts(a_face(0, years=None, sex=None)) == PersonFacts(None, None)


@pytest.mark.parametrize("count", [0, 1, 400])
def test_charts_are_pictures_with_their_numbers_beside_them(tmp_path: Path, count: int) -> None:
    steps = [(answered(f"{number:02x}", number % 40), number / 3) for number in range(count)]
    steps += [(Step("queue", "retried", "error", code=f"code {number % 20}"), number / 3) for number in range(count)]
    people = {f"{number:02x}": [PersonFacts(number % 90, "male")] for number in range(count)}
    paths = draw_charts(figures_of(lines_of(*steps), people), tmp_path / "charts")
    assert [path.name for path in paths] == [*(f"{name}.png" for name in CHART_NAMES), NUMBERS_NAME]
    for path in paths[:-1]:
        with Image.open(path) as picture:
            picture.load()
            assert picture.size == (960, 540)
            assert len(set(picture.convert("L").resize((96, 54)).tobytes())) > 3
    assert json.loads(paths[-1].read_text())["pictures"] == min(count, 400)


def test_results_come_from_redis_and_from_files(redis_server: RedisServer, tmp_path: Path) -> None:
    stores = StoreSettings(faces_dir=tmp_path / "faces", results_dir=tmp_path / "results")
    settings = services_settings(redis_server, tmp_path, store=stores)
    in_redis, in_file, damaged = "aa" * 32, "bb" * 32, "cc" * 32
    store = ResultStore(settings.redis)
    halves = {Half.AGE_GENDER: age_gender_result(an_image(in_redis))}
    store.put(in_redis, halves, request_id="r", engine="dlib", weights={})
    store.close()
    stores.faces_dir.mkdir()
    document = faces_document(an_image(in_file), image_path="x.jpg", timestamp="now")
    (stores.faces_dir / f"{in_file}.json").write_text(json.dumps(document))
    (stores.faces_dir / f"{damaged}.json").write_text("{")
    known = KnownPeople(settings)
    found = known.of([in_redis, in_file, damaged, "dd" * 32])
    assert set(found) == {in_redis, in_file}
    assert found[in_redis] == found[in_file] == (PersonFacts(31.0, "female"), PersonFacts(None, None))
    known.close()


def run_plotter(settings: ServicesSettings, stop: threading.Event) -> threading.Thread:
    def plot() -> None:
        trail = open_trail(settings, "plotter")
        try:
            run(settings, trail, stop)
        finally:
            trail.close()

    thread = threading.Thread(target=plot)
    thread.start()
    return thread


def test_the_plotter_draws_as_the_batch_goes_on_each_line_once(redis_process: RedisProcess, tmp_path: Path) -> None:
    settings = services_settings(redis_process.address, tmp_path, charts_s=1)
    numbers = tmp_path / CHARTS_DIR / NUMBERS_NAME

    def pictures() -> int:
        with suppress(OSError, ValueError):
            return int(json.loads(numbers.read_text())["pictures"])
        return -1

    trail = open_trail(settings, "image_input")
    trail.tell(answered("aa" * 32, 1))
    time.sleep(0.3)
    stop = threading.Event()
    thread = run_plotter(settings, stop)
    try:
        wait_until(lambda: pictures() == 1, "it draws what was before")
        trail.tell(answered("bb" * 32, 2))
        wait_until(lambda: pictures() == 2, "it draws what is new")
        # Restarted empty, with ids of the stream that begin anew.
        redis_process.stop()
        redis_process.start()
        with redis.Redis(host=redis_process.address.host, port=redis_process.address.port) as client:
            line = lines_of((answered("cc" * 32, 2), (datetime.now(UTC) - NOON).total_seconds()))[0]
            client.xadd("log", {"line": line.as_json()}, id="1-1")
        wait_until(lambda: pictures() == 3, "it goes on")
        trail.tell(answered("dd" * 32, 2))
        time.sleep(0.2)
    finally:
        stop.set()
        thread.join(20)
        trail.close()
    assert not thread.is_alive()
    latencies = json.loads(numbers.read_text())["latencies"]
    assert [each["count"] for each in latencies] == [4]


def test_a_plotter_that_cannot_write_waits(redis_server: RedisServer, tmp_path: Path) -> None:
    settings = services_settings(redis_server, tmp_path, charts_s=1)
    (tmp_path / CHARTS_DIR).touch()
    trail = open_trail(settings, "image_input")
    trail.tell(answered("aa" * 32, 1))
    stop = threading.Event()
    thread = run_plotter(settings, stop)
    wait_until(lambda: any(line.role == "plotter" for line in errors_of(settings)), "it says that it waits")
    (tmp_path / CHARTS_DIR).unlink()
    wait_until((tmp_path / CHARTS_DIR / NUMBERS_NAME).exists, "it draws")
    stop.set()
    thread.join(20)
    trail.close()
    assert not thread.is_alive()


def test_the_plotter_draws_from_files_while_redis_is_away(tmp_path: Path) -> None:
    settings = services_settings(RedisServer("127.0.0.1", free_port()), tmp_path)
    trail = open_trail(settings, "image_input")
    trail.tell(answered("aa" * 32, 1))
    trail.close()
    stop = threading.Event()
    thread = run_plotter(settings, stop)
    wait_until((tmp_path / CHARTS_DIR / NUMBERS_NAME).exists, "it draws")
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
