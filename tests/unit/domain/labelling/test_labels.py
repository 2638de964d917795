from __future__ import annotations

import json
import pickle
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.domain.labelling.labels import MAX_NAME_CHARS, Category, EventPeople, Labels, PersonLabel, parse_labels
from curation.errors import LabelsError

IDS = range(30)


def refused(data: object, *, known: range = IDS) -> str:
    with pytest.raises(LabelsError) as caught:
        parse_labels(data, known_ids=known)
    return str(caught.value)


def test_both_forms_mix() -> None:
    labels = parse_labels({"0": "main", "1": {"name": " Anna  Lee ", "category": "important"}}, known_ids=IDS)
    assert labels.by_cluster == {0: PersonLabel(None, Category.MAIN), 1: PersonLabel("Anna Lee", Category.IMPORTANT)}
    anna = labels.person(1)
    assert anna is not None
    assert (anna.display_name, anna.category, anna.labelled) == ("Anna Lee", Category.IMPORTANT, True)
    unnamed = labels.person(0)
    assert unnamed is not None
    assert unnamed.display_name == "person 0"


def test_clusters_left_out_take_the_given_category_and_unclustered_faces_have_nobody() -> None:
    labels = parse_labels({}, known_ids=IDS, unlabelled_category=Category.IMPORTANT)
    person = labels.person(7)
    assert person is not None
    assert (person.category, person.labelled, person.display_name) == (Category.IMPORTANT, False, "person 7")
    assert labels.person(-1) is None


@pytest.mark.parametrize("second", ["anna", "ANNA", " Anna "])
def test_clusters_of_one_name_are_one_person(second: str) -> None:
    labels = parse_labels(
        {"0": {"name": "Anna", "category": "main"}, "1": {"name": second, "category": "main"}}, known_ids=IDS
    )
    first, other = labels.person(0), labels.person(1)
    assert first is not None
    assert other is not None
    assert first.key == other.key
    assert labels.event_people([0, 1, 5, -1]) == EventPeople(main=1, important=0, other=1)


def test_spellings_of_one_unicode_name_are_one_person() -> None:
    composed, decomposed = unicodedata.normalize("NFC", "Zoé"), unicodedata.normalize("NFD", "Zoé")
    labels = parse_labels(
        {"0": {"name": composed, "category": "main"}, "1": {"name": decomposed, "category": "main"}}, known_ids=IDS
    )
    assert labels.event_people([0, 1]).main == 1


def test_a_user_may_name_someone_like_an_unnamed_cluster() -> None:
    labels = parse_labels({"0": {"name": "person 1", "category": "main"}, "1": "main"}, known_ids=IDS)
    assert labels.event_people([0, 1]).main == 2


@pytest.mark.parametrize("key", ["01", "a", "-1", " 1", "1.0", "", "٣", "1\n"])
def test_a_key_that_is_no_cluster_id_is_named(key: str) -> None:
    message = refused({key: "main"})
    assert "is not a cluster id" in message
    assert ascii(key)[1:-1] in message or key in message


def test_an_unknown_cluster_lists_the_possible_ones() -> None:
    assert "possible ids: 0, 1, 2" in refused({"9": "main"}, known=range(3))
    assert "up to 999 (1000 in all)" in refused({"1000": "main"}, known=range(1000))
    assert "run the clustering first" in refused({"0": "main"}, known=range(0))


@pytest.mark.parametrize(
    ("category", "hint"), [("mian", "'main'"), ("Important", "'important'"), ("othr", "'other'"), ("MAIN", "'main'")]
)
def test_a_misspelt_category_gets_a_suggestion(category: str, hint: str) -> None:
    for value in (category, {"category": category}):
        message = refused({"4": value})
        assert "key '4'" in message
        assert category in message
        assert "possible: main, important, other" in message
        assert f"did you mean {hint}?" in message


def test_unknown_keys_of_a_label_get_a_suggestion() -> None:
    message = refused({"0": {"nmae": "Anna", "category": "main"}})
    assert "'nmae'" in message
    assert "did you mean 'name'?" in message


@pytest.mark.parametrize("value", [None, 3, True, ["main"], 1.5])
def test_wrong_types_are_shown_with_an_example(value: object) -> None:
    message = refused({"2": value})
    assert "key '2'" in message
    assert repr(value) in message
    assert '"main"' in message


@pytest.mark.parametrize("data", [[], "main", None, 3])
def test_the_file_must_be_an_object(data: object) -> None:
    assert "must be a JSON object" in refused(data)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("x" * (MAX_NAME_CHARS + 1), "characters"),
        (7, "string in quotes"),
        ("a\x00b", "control"),
    ],
)
def test_bad_names_are_refused(name: object, part: str) -> None:
    assert part in refused({"0": {"name": name, "category": "main"}})


def test_a_missing_category_is_named() -> None:
    assert "the category is missing" in refused({"0": {"name": "Anna"}})


def test_one_name_in_two_categories_is_refused() -> None:
    message = refused({"0": {"name": "Anna", "category": "main"}, "3": {"name": "anna", "category": "other"}})
    assert "key '3'" in message
    assert "key '0'" in message


def test_all_mistakes_are_listed_but_not_endlessly() -> None:
    message = refused({"a": "main", "0": "mian", "1": 4})
    assert message.count("\n") == 3
    assert "and 80 more mistakes" in refused({f"x{i}": "main" for i in range(100)})


def test_without_a_file_large_clusters_are_important() -> None:
    labels = Labels.without_file({0: 9, 1: 3, 2: 2, -1: 50}, min_cluster_photos=3)
    assert [person.category.value for c in (0, 1, 2) if (person := labels.person(c))] == [
        "important",
        "important",
        "other",
    ]
    assert labels.event_people([0, 1, 2, -1]) == EventPeople(main=0, important=2, other=1)


def test_labels_travel_to_other_processes() -> None:
    labels = parse_labels({"0": {"name": "Anna", "category": "main"}}, known_ids=IDS)
    labels.person(0)
    assert pickle.loads(pickle.dumps(labels)) == labels


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(lambda n: n.strip())


@given(
    st.dictionaries(st.integers(0, 29), st.tuples(st.sampled_from(Category), st.booleans()), max_size=10),
    st.lists(NAMES, min_size=30, max_size=30, unique_by=lambda n: unicodedata.normalize("NFC", n).casefold()),
)
def test_labels_round_trip_through_json(drawn: dict[int, tuple[Category, bool]], names: list[str]) -> None:
    data = {
        str(cluster): {"name": f"{names[cluster]} {cluster}", "category": category.value} if named else category.value
        for cluster, (category, named) in drawn.items()
    }
    labels = parse_labels(data, known_ids=IDS)
    again = parse_labels(json.loads(json.dumps(labels.to_json())), known_ids=IDS)
    assert again == labels
    assert again.to_json() == labels.to_json()
