from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.domain.attributes.age_groups import AgeGroup
from curation.errors import AttributesOffError
from curation.event.catalog import Catalog
from tests.fake_workflow import FakeEvent
from tests.family_event import ADULT, ALL_READERS, CHILD, UNSURE, family_event


@pytest.fixture
def event(tmp_path: Path) -> Iterator[FakeEvent]:
    with family_event(tmp_path / "event") as made:
        yield made


def catalog(event: FakeEvent, **attributes: str) -> Catalog:
    return Catalog(event.settings({"attributes": attributes}))


def test_people_and_photos_by_group(event: FakeEvent) -> None:
    looks = catalog(event, **ALL_READERS).attributes.now()
    assert looks.has_ages
    assert [looks.group_of_cluster(person) for person in (ADULT, CHILD, UNSURE)] == [
        AgeGroup.ADULT,
        AgeGroup.CHILD,
        AgeGroup.CANNOT_TELL,
    ]
    assert looks.group_of_cluster(-1) is looks.group_of_cluster(99) is AgeGroup.CANNOT_TELL
    assert looks.photos == {
        AgeGroup.ADULT: {"a.png", "b.png", "c.png", "e.png"},
        AgeGroup.CHILD: {"a.png", "b.png", "d.png"},
        AgeGroup.CANNOT_TELL: {"a.png", "e.png"},
    }
    told = looks.of_cluster(CHILD)
    assert told is not None and told.age is not None and told.sex is not None
    assert (told.age.years, told.sex.answer) == (6.0, "female")


def test_only_what_the_settings_still_ask_for_is_shown(event: FakeEvent) -> None:
    looks = catalog(event, sex="dlib").attributes.now()
    told = looks.of_cluster(CHILD)
    assert told is not None and told.age is None and told.sex is not None and told.ethnicity is None
    assert not looks.has_ages
    with pytest.raises(AttributesOffError, match=r"set attributes\.age"):
        looks.demand_ages()


def test_while_all_is_off_nothing_is_computed(event: FakeEvent, monkeypatch: pytest.MonkeyPatch) -> None:
    off = catalog(event)
    monkeypatch.setattr(off.event_labels, "read", lambda: pytest.fail("the labels were read"))
    assert off.attributes.now().people == {}
    assert off.attributes.now().of_cluster(CHILD) is None


def test_clusters_of_one_name_are_one_person(event: FakeEvent) -> None:
    event.label({str(CHILD): {"name": "Kim", "category": "main"}, str(ADULT): {"name": "kim", "category": "main"}})
    known = catalog(event, **ALL_READERS)
    looks = known.attributes.now()
    assert looks.of_cluster(CHILD) is looks.of_cluster(ADULT)
    told = looks.of_cluster(CHILD)
    assert told is not None and told.age is not None and 20 < told.age.years < 30  # 6 and 41 years, averaged
    assert known.attributes.now() is looks
    event.label({})
    assert known.attributes.now().group_of_cluster(CHILD) is AgeGroup.CHILD
