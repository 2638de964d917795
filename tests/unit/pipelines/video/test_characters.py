"""From tracks to characters: ids, names, times, areas, attributes, and what is recorded."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.attributes.values import Attribute, ClassEstimate, FaceAttributes
from curation.domain.faces.face import Box
from curation.domain.film.joining import KnownPeople
from curation.domain.film.people import TrailerResult
from curation.domain.film.track import FilmAnalysis, Track
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.grouping.unreadable_faces import UnreadableRule
from curation.domain.labelling.labels import Category, Labels, PersonLabel
from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import EngineSpec, WeightsFile
from curation.pipelines.video.characters import ETHNICITY_WARNING, characters_of, tracks_rule, warn_of_ethnicity
from curation.pipelines.video.options import LookOptions, PeopleOptions, PosterOptions
from curation.pipelines.video.setup import VideoSetup
from tests.film_values import made_film, made_track, vector_of

RULE = GroupingRule(0.64, 0.82, 0.25)
RIGHT = Box(900, 200, 80, 100)
WEIGHTS = WeightsFile("found.onnx", Path("found.onnx"), "aa")


def made_setup(*, readers: tuple[ReaderSpec, ...] = (), **people: object) -> VideoSetup:
    """A setup of which only the rule and the options of people count."""
    engine = EngineSpec("fake", (WEIGHTS,), (), 0.64, "", (), "", grouping=RULE)
    options = PeopleOptions(**people)  # type: ignore[arg-type]
    build = lambda setup: pytest.fail("nothing is built here")  # noqa: E731
    return VideoSetup(
        engine, engine, LookOptions(), options, PosterOptions(), readers, None, Path("state"), 1.0, 1.0, build
    )


def two_people() -> FilmAnalysis:
    """Person 0 is on screen for 3 s, person 1 for 4 s, person 2 for a moment."""
    return made_film(
        [
            made_track(0, 2, 0),
            made_track(0, 2, 1, box=RIGHT),
            made_track(3, 5, 1),
            made_track(6, 7, 0),
            made_track(9, 9.2, 2),
        ]
    )


def characters(film: FilmAnalysis, setup: VideoSetup | None = None, **more: object) -> TrailerResult:
    (result,) = characters_of([film], setup or made_setup(), **more)  # type: ignore[arg-type]
    return result


def ids(result: TrailerResult) -> dict[int, tuple[int, ...]]:
    return {person.cluster_id: person.tracks for person in result.people}


def known(*people: int, first: int = 7) -> KnownPeople:
    means = np.stack([vector_of(person) for person in people])
    return KnownPeople(np.arange(first, first + len(people)), means, np.full(len(people), 5))


@pytest.mark.parametrize("model", ["linkage", "chinese_whispers"])
def test_characters_are_numbered_by_screen_time(model: str) -> None:
    result = characters(two_people(), made_setup(cluster_model=model))
    assert ids(result) == {0: (1, 2), 1: (0, 3)}
    first, second = result.people
    assert [first.screen_time, second.screen_time] == [4, 3]
    assert first.screen_share == 0.4 and len(first.intervals) == 2
    assert result.dropped == (4,)
    assert second.occupied_area == pytest.approx(160 * 200 / (1280 * 720))
    assert first.confidence > 0.9
    assert float(np.linalg.norm(first.mean)) == pytest.approx(1.0, abs=1e-5)
    assert first.faces == sum(len(result.film.tracks[index].sightings) for index in first.tracks)


@pytest.mark.parametrize("model", ["linkage", "chinese_whispers"])
def test_films_with_nobody_or_one_face(model: str) -> None:
    setup = made_setup(cluster_model=model)
    assert characters(made_film([]), setup).people == ()
    assert ids(characters(made_film([made_track(0, 1)]), setup)) == {0: (0,)}
    empty = replace(made_track(0, 1), faces=(), mean=np.zeros(0, dtype=np.float32))
    assert characters(made_film([empty]), setup).dropped == (0,)
    assert characters_of([], setup) == ()


@pytest.mark.parametrize("model", ["linkage", "chinese_whispers"])
def test_what_cannot_be_read_is_no_character(model: str) -> None:
    setup = made_setup(cluster_model=model)
    unreadable = UnreadableRule((tuple(vector_of(1).tolist()),), 0.9)
    setup = replace(setup, engine=replace(setup.engine, unreadable=unreadable))
    result = characters(two_people(), setup)
    assert ids(result) == {0: (0, 3)}
    assert result.dropped == (1, 2, 4)


def test_chinese_whispers_takes_its_own_threshold() -> None:
    film = made_film([made_track(0, 2, 0, noise=0.35), made_track(3, 5, 0, noise=0.36)])
    assert len(characters(film, made_setup(cluster_model="chinese_whispers")).people) == 1
    strict = made_setup(cluster_model="chinese_whispers", cluster_threshold=0.05)
    assert len(characters(film, strict).people) == 2


def test_the_users_distance_holds_for_groups_of_all_sizes() -> None:
    spec = made_setup().engine
    assert tracks_rule(spec, PeopleOptions()) is RULE
    assert tracks_rule(spec, PeopleOptions(cluster_threshold=0.3)) == GroupingRule(0.3, 0.3, 0.25)
    unmeasured = tracks_rule(replace(spec, grouping=None), PeopleOptions())
    assert unmeasured.follows_strangers and unmeasured.single_distance == 0.64


def test_photos_come_first() -> None:
    result = characters(two_people(), known=known(1, 5), first_new_id=20)
    assert ids(result) == {7: (1, 2), 20: (0, 3)}


def test_clusters_of_one_name_are_one_person_on_screen_once_at_a_time() -> None:
    anna = PersonLabel("Anna", Category.MAIN)
    labels = Labels({7: anna, 8: PersonLabel("anna", Category.MAIN)}, Category.OTHER)
    film = made_film([made_track(0, 3, 0), made_track(4, 6, 1), made_track(7, 8, 2)])
    result = characters(film, known=known(0, 1), labels=labels, first_new_id=20)
    assert ids(result) == {7: (0, 1), 20: (2,)}
    person, stranger = result.people
    assert (person.name, person.category, float(person.screen_time)) == ("Anna", "main", 5.0)
    assert (stranger.name, stranger.category) == ("", "")


def test_labels_of_a_film_of_its_own() -> None:
    labels = Labels({0: PersonLabel("Ben", Category.OTHER), 1: PersonLabel("Ben", Category.OTHER)}, Category.OTHER)
    (ben,) = characters(two_people(), labels=labels).people
    # Both are on screen from 0 to 2: the union counts it once.
    assert (ben.cluster_id, ben.name, ben.tracks) == (0, "Ben", (0, 1, 2, 3))
    assert ben.screen_time == 5


def test_several_films_share_one_space() -> None:
    one, other = two_people(), made_film([made_track(1, 3, 1), made_track(4, 9, 3)])
    first, second = characters_of([one, other], made_setup())
    assert ids(first) == {0: (1, 2), 2: (0, 3)}
    assert ids(second) == {0: (0,), 1: (1,)}
    backwards = characters_of([other, one], made_setup())
    assert [ids(result) for result in backwards] == [ids(second), ids(first)]


def test_characters_keep_their_ids() -> None:
    film = two_people()
    before = characters(film, first_new_id=3)
    assert set(ids(before)) == {3, 4}
    longer = made_film([*film.tracks, made_track(9.4, 10, 3)])
    after = characters(longer, first_new_id=0, earlier=[before])
    assert ids(after)[3] == ids(before)[3] and ids(after)[4] == ids(before)[4]
    assert ids(characters(film, earlier=[None])) == ids(characters(film))
    # Whom photos have known since: their id.
    assert set(ids(characters(film, earlier=[before], known=known(0)))) == {3, 7}
    # Said track by track.
    assert set(ids(characters(film, earlier=[np.array([5, 6, 6, 5, -1])]))) == {5, 6}
    assert set(ids(characters(film, earlier=[np.array([7, 6, 6, 7, -1])], known=known(4)))) == {6, 8}
    with pytest.raises(ValueError, match="each film"):
        characters_of([film, film], made_setup(), earlier=[before])


def test_who_is_seen_too_little_is_dropped() -> None:
    film = made_film([made_track(0, 1, 0), made_track(2, 2.04, 1), made_track(4, 4.28, 2)])
    assert ids(characters(film)) == {0: (0,)}
    # Looked at once, however long.
    assert ids(characters(film, made_setup(min_screen_time_s=0.0))) == {0: (0,), 1: (2,)}
    assert len(characters(film, made_setup(min_cluster_faces=1, min_screen_time_s=0.0)).people) == 3
    assert characters(film, made_setup(min_cluster_faces=100)).dropped == (0, 1, 2)


def test_every_picture_looked_at_drops_the_same_people() -> None:
    def people(step_s: float) -> int:
        short, long = made_track(2, 2.2, 1, step_s=step_s), made_track(4, 4.32, 2, step_s=step_s)
        return len(characters(made_film([made_track(0, 1, 0, step_s=step_s), short, long])).people)

    assert people(0.5) == people(0.04) == 2


def read(classes: Sequence[str], shares: Sequence[float]) -> ClassEstimate:
    best = classes[int(np.argmax(shares))]
    return ClassEstimate(best, max(shares), tuple(classes), tuple(shares), "r")


def with_attributes(track: Track, attributes: FaceAttributes) -> Track:
    return replace(track, faces=tuple(replace(face, attributes=attributes) for face in track.faces))


def test_ethnicity_is_warned_of_recorded_and_told_of_characters_only(caplog: pytest.LogCaptureFixture) -> None:
    reader = ReaderSpec("gear", (Attribute.ETHNICITY,), (WeightsFile("gear.onnx", Path("gear.onnx"), "bb"),), ())
    attributes = FaceAttributes(sex=read(("female", "male"), (0.9, 0.1)), ethnicity=read("ab", (0.8, 0.2)))
    films = [made_film([with_attributes(made_track(0, 2, person), attributes)]) for person in (0, 1)]
    with caplog.at_level(logging.WARNING):
        warn_of_ethnicity((reader,))
        results = characters_of(films, made_setup(readers=(reader,)))
        characters_of(films, made_setup(readers=(reader,)))
    told = [record.getMessage() for record in caplog.records if record.name.startswith("curation")]
    assert told == [ETHNICITY_WARNING]
    for result in results:
        options = dict(result.options)
        assert json.loads(options["infer_ethnicity"]) is True
        assert json.loads(options["ethnicity_warning"]) == ETHNICITY_WARNING
        assert json.loads(options["ethnicity"]) == "gear"
        assert ("gear.onnx", "bb") in result.weights
        (person,) = result.people
        assert person.attributes is not None and person.attributes.ethnicity is not None
        assert person.attributes.ethnicity.answer == "a"
        faces = [face.attributes for track in result.film.tracks for face in track.faces]
        assert all(face is not None and face.ethnicity is None and face.sex is not None for face in faces)


def test_ethnicity_changes_no_group() -> None:
    plain = two_people()
    reader = ReaderSpec("gear", (Attribute.ETHNICITY,), (), ())
    differing = [
        with_attributes(track, FaceAttributes(ethnicity=read("ab", (index % 2, 1 - index % 2))))
        for index, track in enumerate(plain.tracks)
    ]
    assert ids(characters(made_film(differing), made_setup(readers=(reader,)))) == ids(characters(plain))


def test_without_a_reader_nothing_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        warn_of_ethnicity((ReaderSpec("dlib", (Attribute.SEX,), (), ()),))
        options = dict(characters(two_people()).options)
    assert not caplog.records
    assert json.loads(options["infer_ethnicity"]) is False and "ethnicity" not in options
    assert json.loads(options["sample_step_s"]) == 0.5 and "batch_size" not in options


def test_the_methods_of_aggregation_are_used() -> None:
    good = with_attributes(made_track(0, 2, quality=0.9), FaceAttributes(sex=read(("female", "male"), (0.95, 0.05))))
    poor = [
        with_attributes(
            made_track(start, start + 1, quality=0.31), FaceAttributes(sex=read(("female", "male"), (0.1, 0.9)))
        )
        for start in (3, 5)
    ]
    film = made_film([good, *poor])

    def sex(method: str) -> str | None:
        (person,) = characters(film, made_setup(agr_method=method)).people
        assert person.attributes is not None and person.attributes.sex is not None
        return person.attributes.sex.most_likely

    assert sex("best") == "female"
    assert sex("majority") == "male"


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(5)), st.sampled_from(["linkage", "chinese_whispers"]))
def test_nothing_depends_on_the_order_of_tracks(order: Sequence[int], model: str) -> None:
    film = two_people()
    shuffled = replace(film, tracks=tuple(film.tracks[index] for index in order))
    straight = characters(film, made_setup(cluster_model=model))
    found = characters(shuffled, made_setup(cluster_model=model))
    times = {person.cluster_id: (person.screen_time, person.intervals) for person in straight.people}
    assert {person.cluster_id: (person.screen_time, person.intervals) for person in found.people} == times
    assert {person.cluster_id: frozenset(order[index] for index in person.tracks) for person in found.people} == {
        person.cluster_id: frozenset(person.tracks) for person in straight.people
    }


def test_the_picture_of_a_character_is_the_best_face() -> None:
    film = made_film([made_track(0, 2, quality=0.5), made_track(3, 5, quality=0.9), made_track(6, 7, quality=0.9)])
    (person,) = characters(film).people
    assert person.best_track == 1
    assert person.screen_time == Fraction(5)


def test_what_the_user_said_has_the_last_word() -> None:
    def settle(joined: Mapping[int, int], groups: np.ndarray) -> dict[int, int]:
        assert groups.tolist() == [0, 1, 1, 0, 2] and joined == {1: 7}
        return {int(groups[0]): 7}

    assert ids(characters(two_people(), known=known(1), settle=settle, first_new_id=20)) == {7: (0, 3), 20: (1, 2)}
