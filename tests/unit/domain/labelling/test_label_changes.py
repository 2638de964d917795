"""Merging labels that two people changed, against a reference; and what a change of some clusters does to all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.domain.labelling.label_changes import LabelChange, changed_labels, merge_labels, most_important_first
from curation.domain.labelling.labels import Category, Labels, PersonLabel, parse_labels

MAIN, IMPORTANT, OTHER = Category
some_labels = st.dictionaries(
    st.integers(0, 4), st.builds(PersonLabel, st.sampled_from([None, "Anna", "Tom"]), st.sampled_from(Category))
)


@settings(max_examples=400)
@given(base=some_labels, yours=some_labels, theirs=some_labels)
def test_merges_cluster_by_cluster(
    base: dict[int, PersonLabel], yours: dict[int, PersonLabel], theirs: dict[int, PersonLabel]
) -> None:
    merged = merge_labels(base, yours, theirs)
    conflicts = {conflict.cluster: conflict for conflict in merged.conflicts}
    for cluster in range(5):
        before, mine, other = base.get(cluster), yours.get(cluster), theirs.get(cluster)
        if mine == before:
            assert merged.by_cluster.get(cluster) == other
        elif other in (before, mine):
            assert merged.by_cluster.get(cluster) == mine
        else:
            assert (conflicts.pop(cluster).yours, cluster in merged.by_cluster) == (mine, False)
    assert conflicts == {}


@settings(max_examples=200)
@given(base=some_labels, yours=some_labels)
def test_one_change_alone_is_taken(base: dict[int, PersonLabel], yours: dict[int, PersonLabel]) -> None:
    assert merge_labels(base, yours, base).by_cluster == yours
    assert merge_labels(base, base, yours).by_cluster == yours
    assert merge_labels(base, yours, yours).conflicts == ()


def labels(**by_cluster: PersonLabel) -> Labels:
    return Labels({int(cluster[1:]): label for cluster, label in by_cluster.items()}, OTHER)


ANNA = PersonLabel("Anna", MAIN)


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ({}, LabelChange(category=MAIN), {0: PersonLabel(None, MAIN)}),
        ({}, LabelChange(name="Anna"), {0: PersonLabel("Anna", OTHER)}),
        ({"c0": ANNA}, LabelChange(category=IMPORTANT), {0: PersonLabel("Anna", IMPORTANT)}),
        ({"c0": ANNA}, LabelChange(name=None), {0: PersonLabel(None, MAIN)}),
        ({"c0": ANNA}, LabelChange(name=None, category=None), {}),
        ({"c0": PersonLabel(None, MAIN)}, LabelChange(category=None), {}),
        # Of the same name there is one category.
        ({"c1": ANNA}, LabelChange(name="ANNA"), {0: PersonLabel("ANNA", MAIN), 1: ANNA}),
        (
            {"c0": ANNA, "c1": ANNA},
            LabelChange(category=OTHER),
            {0: PersonLabel("Anna", OTHER), 1: PersonLabel("Anna", OTHER)},
        ),
        (
            {"c1": ANNA},
            LabelChange(name="anna", category=OTHER),
            {0: PersonLabel("anna", OTHER), 1: PersonLabel("Anna", OTHER)},
        ),
        # Who loses the name takes no part in that.
        ({"c0": ANNA, "c1": ANNA}, LabelChange(name=None, category=OTHER), {0: PersonLabel(None, OTHER), 1: ANNA}),
    ],
)
def test_changes(before: dict[str, PersonLabel], change: LabelChange, after: dict[int, PersonLabel]) -> None:
    assert changed_labels(labels(**before), [0], change) == after


def test_a_name_needs_a_category() -> None:
    with pytest.raises(ValueError, match="needs a category"):
        changed_labels(labels(c0=ANNA), [0], LabelChange(category=None))


@settings(max_examples=200)
@given(
    before=some_labels,
    clusters=st.sets(st.integers(0, 4), min_size=1),
    name=st.sampled_from(["Anna", "Tom", "anna"]),
    category=st.sampled_from([*Category, None]),
)
def test_what_was_valid_stays_valid(
    before: dict[int, PersonLabel], clusters: set[int], name: str, category: Category | None
) -> None:
    people: dict[str | None, Category] = {}
    valid = {
        cluster: label
        for cluster, label in sorted(before.items())
        if label.name is None or people.setdefault(label.name, label.category) is label.category
    }
    change = LabelChange(name=name) if category is None else LabelChange(name=name, category=category)
    after = Labels(changed_labels(Labels(valid, OTHER), clusters, change), OTHER)
    assert parse_labels(after.to_json(), known_ids=range(5)) == after


def test_who_is_better_labelled() -> None:
    said = {1: PersonLabel(None, MAIN), 2: ANNA, 3: PersonLabel("Tom", OTHER), 4: PersonLabel(None, OTHER)}
    assert most_important_first(said, {0: 90, 1: 3, 2: 1, 3: 9, 4: 5, 5: 91}) == [2, 3, 1, 4, 5, 0]
