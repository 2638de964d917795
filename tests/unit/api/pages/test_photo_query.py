"""The query part of the gallery's address, and the photos that match it."""

from __future__ import annotations

from datetime import datetime

import pytest
from starlette.datastructures import QueryParams

from curation.api.context import ServiceContext
from curation.api.pages.photo_query import Heads, Order, PhotoQuery, Problem, matching, read_query
from curation.domain.labelling.labels import Category
from curation.event.photo_filters import PickFilter
from tests.service import ServiceClient


def read(address: str) -> PhotoQuery:
    return read_query(QueryParams(address))


def names(client: ServiceClient, address: str) -> list[str]:
    context: ServiceContext = client.app.state.service
    return [photo.image_path for photo in matching(context.catalog, read(address))[0]]


class TestReading:
    def test_nothing_is_all_photos(self) -> None:
        assert read("") == PhotoQuery()
        assert not read("").is_filtered

    def test_everything_at_once_and_back(self) -> None:
        address = (
            "person=Anna&person=3&category=main&score=0.5-0.9&burst=7&problem=blinks&pick=none&stars=4"
            "&order=time&stacks=off&q=day+2&camera=NIKON+D750&lens=85mm&aperture=1.4-2.8&scene=3&heads=hour"
            "&from=2024-06-15T10:00:00&to=2024-06-15T11:30:00"
        )
        query = read(address)
        assert query == PhotoQuery(
            people=("Anna", "3"),
            category=Category.MAIN,
            score=(0.5, 0.9),
            burst=7,
            problem=Problem.BLINKS,
            pick=PickFilter.NONE,
            min_rating=4,
            search="day 2",
            camera="NIKON D750",
            lens="85mm",
            aperture=(1.4, 2.8),
            taken_from=datetime(2024, 6, 15, 10),
            taken_to=datetime(2024, 6, 15, 11, 30),
            scene=3,
            order=Order.TIME,
            heads=Heads.HOUR,
            stacked=False,
        )
        assert read(query.address()) == query
        assert query.is_filtered

    def test_what_cannot_be_read_is_left_out(self) -> None:
        wrong = "person=&person=%20&category=mian&score=x-1&burst=-3&problem=ugly&pick=yes&stars=9&order=up"
        assert read(f"{wrong}&q=%20&aperture=9-1&scene=0&heads=day&from=noon&to=2024-06-15T10:00Z") == PhotoQuery()

    @pytest.mark.parametrize("text", ["", "0.5", "0.9-0.1", "-0.2-0.5", "0-1.5", "nan-1", "0-inf", "--"])
    def test_a_score_without_two_sensible_ends_is_left_out(self, text: str) -> None:
        assert read(f"score={text}").score is None

    @pytest.mark.parametrize(("text", "ends"), [("0.8-", (0.8, 1.0)), ("-0.5", (0.0, 0.5)), ("0-1", (0.0, 1.0))])
    def test_an_end_of_the_score_may_be_left_out(self, text: str, ends: tuple[float, float]) -> None:
        assert read(f"score={text}").score == ends

    def test_order_headings_and_stacks_are_no_filters(self) -> None:
        assert not read("order=time&heads=hour&stacks=off").is_filtered

    def test_an_address_is_changed_in_one_place(self) -> None:
        assert read("person=Anna%20%26%20Tom&pick=picked").address(pick=None) == "person=Anna+%26+Tom"


class TestMatching:
    def test_the_ranking_is_the_order(self, scored: ServiceClient) -> None:
        assert names(scored, "") == ["a.jpg", "b.jpg", "d.jpg", "c d.jpg"]

    def test_other_orders(self, scored: ServiceClient) -> None:
        assert names(scored, "order=score") == ["a.jpg", "d.jpg", "b.jpg", "c d.jpg"]
        assert names(scored, "order=name") == ["a.jpg", "b.jpg", "c d.jpg", "d.jpg"]

    @pytest.mark.parametrize(
        ("address", "found"),
        [
            ("person=0", ["a.jpg", "b.jpg", "d.jpg"]),
            ("person=0&person=1", ["a.jpg"]),
            ("person=nobody", []),
            ("category=other", ["a.jpg"]),
            ("score=0.7-1", ["a.jpg", "d.jpg"]),
            ("score=0-1", ["a.jpg", "b.jpg", "d.jpg"]),
            ("problem=vetoed", ["d.jpg"]),
            ("problem=blinks", ["d.jpg"]),
            ("problem=key-blinks", ["d.jpg"]),
            ("q=C+JPG", ["c d.jpg"]),
            ("q=nothing", []),
            ("camera=X", []),
            ("scene=1", []),
            ("problem=unreadable", ["c d.jpg"]),
            ("problem=none", ["a.jpg", "b.jpg"]),
            ("problem=focus", []),
            ("pick=none", ["a.jpg", "b.jpg", "d.jpg", "c d.jpg"]),
            ("pick=picked", []),
            ("stars=1", []),
            ("burst=1", []),
            ("person=0&problem=vetoed", ["d.jpg"]),
        ],
    )
    def test_filters_work_together(self, scored: ServiceClient, address: str, found: list[str]) -> None:
        assert names(scored, address) == found
