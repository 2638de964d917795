"""Guests: their links, what they found, how often they may ask, and who the person of a selfie is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.recognition.guests import GuestAnswer, GuestIndex
from curation.domain.recognition.known import ClusterFaces
from curation.domain.recognition.policy import RecognitionRule
from curation.engines.weights.grouping_rules import DLIB_RESNET
from curation.errors import InputError, StorageError
from curation.event.guests.finder import measured_rule
from curation.event.guests.links import MOST_LINKS, GuestLinks, GuestPhotos
from curation.event.guests.results import KEPT_S, GuestResults, SelfieRate

RULE = RecognitionRule(GroupingRule(1.0, 1.0), name_limit=0.64, ask_limit=0.72, single_less=0.07, margin=0.08)


def near(direction: int, distance: float = 0.0) -> np.ndarray[Any, Any]:
    """A unit vector at a cosine distance from an axis."""
    vector = np.zeros(8, dtype=np.float32)
    vector[direction] = 1 - distance
    vector[7] = np.sqrt(1 - (1 - distance) ** 2)
    return vector


def person(cluster: int, faces: int, *, direction: int | None = None, photos: str = "") -> ClusterFaces:
    axis = cluster if direction is None else direction
    return ClusterFaces(cluster, np.stack([near(axis)] * faces), tuple(photos or f"{cluster}{n}" for n in range(faces)))


class TestMatch:
    def test_one_person_is_found_and_a_stranger_is_not(self) -> None:
        index = GuestIndex([person(0, 4), person(1, 4)], RULE)
        assert index.match(near(1, 0.3)).cluster_ids == (1,)
        assert index.match(near(4)).answer is GuestAnswer.NOBODY

    def test_who_has_few_faces_must_be_nearer(self) -> None:
        index = GuestIndex([person(0, 4), person(1, 1)], RULE)
        assert index.match(near(0, 0.55)).answer is GuestAnswer.FOUND
        assert index.match(near(1, 0.55)).answer is GuestAnswer.NOBODY
        assert index.match(near(1, 0.5)).answer is GuestAnswer.FOUND

    def test_twins_on_one_photo_are_told_apart_by_nobody(self) -> None:
        twins = [person(0, 4, photos="both"), person(1, 4, direction=0, photos="both")]
        assert GuestIndex(twins, RULE).match(near(0, 0.3)).answer is GuestAnswer.ALIKE

    def test_a_person_in_two_clusters_is_found_in_both(self) -> None:
        index = GuestIndex([person(0, 4), person(1, 3, direction=0)], RULE)
        assert set(index.match(near(0, 0.3)).cluster_ids) == {0, 1}

    def test_an_event_without_people(self) -> None:
        assert GuestIndex([], RULE).match(near(0)).answer is GuestAnswer.NOBODY


class TestLinks:
    def test_made_found_by_its_key_and_revoked(self, tmp_path: Path) -> None:
        links = GuestLinks(tmp_path)
        link, key = links.create(name="bar", photos=GuestPhotos.PICKS, download=True, days=3)
        assert links.of_key(key) == link == links.all()[0]
        assert links.of_key("other") is None and links.of_key("") is None
        assert key.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
        assert links.revoke(link.link_id) and not links.revoke(link.link_id)
        assert links.of_key(key) is None

    def test_it_expires(self, tmp_path: Path) -> None:
        now = datetime(2026, 6, 1, tzinfo=UTC)
        links = GuestLinks(tmp_path, lambda: now)
        _, key = links.create(name="", photos=GuestPhotos.ALL, download=False, days=1)
        later = GuestLinks(tmp_path, lambda: now + timedelta(days=1))
        assert links.of_key(key) is not None and later.of_key(key) is None and later.all() == ()

    def test_too_many_and_a_damaged_file(self, tmp_path: Path) -> None:
        links = GuestLinks(tmp_path)
        for _ in range(MOST_LINKS):
            links.create(name="", photos=GuestPhotos.ALL, download=False, days=1)
        with pytest.raises(InputError, match="revoke some"):
            links.create(name="", photos=GuestPhotos.ALL, download=False, days=1)
        (tmp_path / "guest_links.json").write_text("{", encoding="ascii")
        with pytest.raises(StorageError, match="new links"):
            links.all()


class TestResults:
    def test_kept_for_a_while_under_a_name_that_cannot_be_guessed(self) -> None:
        now = [0.0]
        results = GuestResults(lambda: now[0])
        name = results.keep(("a.jpg",), download=True, link_id="x")
        assert len(name) >= 32 and results.of(name) is not None and results.of("other") is None
        now[0] = KEPT_S
        assert results.of(name) is None

    def test_forgotten_by_name_and_with_the_link(self) -> None:
        results = GuestResults()
        one, two = (results.keep(("a.jpg",), download=True, link_id=link) for link in "xy")
        results.forget(one)
        assert results.of(one) is None and results.of(two) is not None
        results.forget_link("y")
        assert results.of(two) is None

    def test_the_rate_of_one_and_of_all(self) -> None:
        now = [0.0]
        rate = SelfieRate(from_one=2, from_all=3, clock=lambda: now[0])
        assert [rate.wait_s("a"), rate.wait_s("a"), rate.wait_s("a")] == [0, 0, 60]
        assert rate.wait_s("b") == 0 and rate.wait_s("c") == 60
        now[0] = 61
        assert rate.wait_s("a") == 0


def test_the_weights_of_dlib_find_no_guests() -> None:
    found = measured_rule(DLIB_RESNET)
    assert found is not None and not found.names and measured_rule("0" * 64) is None
