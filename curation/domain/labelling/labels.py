"""Who is main, important or other: the content of cluster_labels.json.

Both forms may be mixed: `{"0": "main", "1": {"name": "Anna", "category": "important"}}`. An invalid
file is rejected as a whole, and the message lists every mistake. Clusters of one name are one person.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from curation.errors import LabelsError

__all__ = ["MAX_NAME_CHARS", "Category", "EventPeople", "Labels", "Person", "PersonLabel", "parse_labels"]

MAX_NAME_CHARS = 80
_SHOWN_IDS = 20
_SHOWN_MISTAKES = 20
_CLUSTER_ID = re.compile(r"0|[1-9][0-9]{0,8}")
_LABEL_KEYS = ("name", "category")
_NAMED = '{"name": "Anna", "category": "main"}'
_EXAMPLE = f'"main" or {_NAMED}'


class Category(StrEnum):
    """How much a person matters to the user; the order is that of importance."""

    MAIN = "main"
    IMPORTANT = "important"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PersonLabel:
    """The label that the user gave a cluster; the name may be missing."""

    name: str | None
    category: Category


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the event.

    Attributes:
        key: The same for all clusters of the person, and different for every other person.
        display_name: The name from the label, or `person N` for the unnamed cluster N.
        category: Main, important or other.
        labelled: Whether the user (or, without labels, the number of photos) put the person into
            the category; False for clusters without a label.
    """

    key: str
    display_name: str
    category: Category
    labelled: bool


@dataclass(frozen=True, slots=True)
class EventPeople:
    """How many different people of each category the event has."""

    main: int
    important: int
    other: int


def same_name(name: str) -> str:
    """The form in which names are compared: upper and lower case, spaces and forms of Unicode make no difference."""
    # NFKC would also join names that only look alike; NFC and casefold join different spellings of one name.
    name = " ".join(name.split())
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of an event, looked up by cluster.

    Attributes:
        by_cluster: Labels by cluster id.
        unlabelled_category: Category of clusters that are not in `by_cluster`.
    """

    by_cluster: Mapping[int, PersonLabel]
    unlabelled_category: Category
    _people: dict[int, Person] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_cluster", MappingProxyType(dict(self.by_cluster)))

    def __reduce__(self) -> tuple[type[Labels], tuple[dict[int, PersonLabel], Category]]:
        # A mapping proxy cannot be pickled, and labels are sent to worker processes.
        return Labels, (dict(self.by_cluster), self.unlabelled_category)

    @classmethod
    def without_file(cls, photos_per_cluster: Mapping[int, int], *, min_cluster_photos: int) -> Labels:
        """The labels of an event that nobody has labelled yet.

        Args:
            photos_per_cluster: Number of photos of each cluster.
            min_cluster_photos: A cluster on at least this many photos is important; the
                others are `other`.
        """
        important = PersonLabel(None, Category.IMPORTANT)
        return cls(
            {
                cluster: important
                for cluster, photos in sorted(photos_per_cluster.items())
                if cluster >= 0 and photos >= min_cluster_photos
            },
            Category.OTHER,
        )

    def person(self, cluster_id: int) -> Person | None:
        """The person of a cluster; None for a face without a cluster (id -1)."""
        if cluster_id < 0:
            return None
        known = self._people.get(cluster_id)
        if known is None:
            known = self._people[cluster_id] = self._make_person(cluster_id)
        return known

    def _make_person(self, cluster_id: int) -> Person:
        label = self.by_cluster.get(cluster_id)
        if label is None:
            return Person(f"cluster:{cluster_id}", f"person {cluster_id}", self.unlabelled_category, False)
        if label.name is None:
            return Person(f"cluster:{cluster_id}", f"person {cluster_id}", label.category, True)
        return Person(f"name:{same_name(label.name)}", label.name, label.category, True)

    def event_people(self, cluster_ids: Collection[int]) -> EventPeople:
        """Count the different people of the clusters that have faces in the event."""
        people = {person.key: person.category for c in set(cluster_ids) if (person := self.person(c)) is not None}
        categories = list(people.values())
        return EventPeople(
            main=categories.count(Category.MAIN),
            important=categories.count(Category.IMPORTANT),
            other=categories.count(Category.OTHER),
        )

    def to_json(self) -> dict[str, str | dict[str, str]]:
        """The content of cluster_labels.json, by ascending id; the short form where there is no name."""
        return {
            str(cluster): label.category.value
            if label.name is None
            else {"name": label.name, "category": label.category.value}
            for cluster, label in sorted(self.by_cluster.items())
        }


def parse_labels(data: object, *, known_ids: Collection[int], unlabelled_category: Category = Category.OTHER) -> Labels:
    """Check the content of cluster_labels.json.

    Args:
        data: The content of the file, as parsed from JSON.
        known_ids: All cluster ids that may be labelled, including retired ones.
        unlabelled_category: Category of clusters that are not in the file.

    Returns:
        The labels.

    Raises:
        LabelsError: If anything is wrong; the message names each key, the value found and the values allowed.
    """
    if not isinstance(data, dict):
        raise LabelsError(
            f'the labels must be a JSON object from cluster id to label, like {{"0": {_EXAMPLE}}}; found {_shown(data)}'
        )
    mistakes: list[str] = []
    parsed: dict[int, PersonLabel] = {}
    known = frozenset(known_ids)
    for key, value in data.items():
        cluster = _cluster_id(key, known, mistakes)
        label = _label(key, value, mistakes)
        if cluster is not None and label is not None:
            parsed[cluster] = label
    _check_names(parsed, mistakes)
    if mistakes:
        more = len(mistakes) - _SHOWN_MISTAKES
        shown = mistakes[:_SHOWN_MISTAKES] + ([f"and {more} more mistakes"] if more > 0 else [])
        raise LabelsError("the labels are not valid, none of them was used:\n" + "\n".join(f"  {m}" for m in shown))
    return Labels(parsed, unlabelled_category)


def _shown(value: object) -> str:
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _possible_ids(known: frozenset[int]) -> str:
    if not known:
        return "there are no clusters yet: run the clustering first"
    ids = sorted(known)
    listed = ", ".join(str(i) for i in ids[:_SHOWN_IDS])
    if len(ids) > _SHOWN_IDS:
        listed += f", ... up to {ids[-1]} ({len(ids)} in all)"
    return f"possible ids: {listed}"


def _cluster_id(key: object, known: frozenset[int], mistakes: list[str]) -> int | None:
    if not isinstance(key, str) or _CLUSTER_ID.fullmatch(key) is None:
        mistakes.append(
            f"key {_shown(key)}: is not a cluster id; write a whole number without sign, spaces or leading zeros "
            f"({_possible_ids(known)})"
        )
        return None
    if int(key) not in known:
        mistakes.append(f"key {_shown(key)}: there is no such cluster ({_possible_ids(known)})")
        return None
    return int(key)


def _label(key: object, value: object, mistakes: list[str]) -> PersonLabel | None:
    if isinstance(value, str):
        category = _category(key, value, mistakes, is_alone=True)
        return None if category is None else PersonLabel(None, category)
    if not isinstance(value, dict):
        mistakes.append(f"key {_shown(key)}: found {_shown(value)}; write {_EXAMPLE}")
        return None
    unknown = [k for k in value if k not in _LABEL_KEYS]
    for extra in unknown:
        close = difflib.get_close_matches(str(extra), _LABEL_KEYS, n=1)
        hint = f", did you mean {close[0]!r}?" if close else ""
        mistakes.append(f"key {_shown(key)}: {_shown(extra)} is not a known key; possible: name, category{hint}")
    if "category" not in value:
        mistakes.append(f"key {_shown(key)}: the category is missing; possible: main, important, other")
        category = None
    else:
        category = _category(key, value["category"], mistakes)
    good_name, name = _name(key, value.get("name"), mistakes)
    return PersonLabel(name, category) if good_name and category is not None and not unknown else None


def _category(key: object, value: object, mistakes: list[str], *, is_alone: bool = False) -> Category | None:
    names = [c.value for c in Category]
    if isinstance(value, str) and value in names:
        return Category(value)
    close = difflib.get_close_matches(value.strip().lower(), names, n=1) if isinstance(value, str) else []
    hint = f", did you mean {close[0]!r}?" if close else ""
    if is_alone and not close:
        hint = f"; for a name write {_NAMED}"
    mistakes.append(f"key {_shown(key)}: {_shown(value)} is not a category; possible: {', '.join(names)}{hint}")
    return None


def _name(key: object, value: object, mistakes: list[str]) -> tuple[bool, str | None]:
    if value is None:
        return True, None
    if not isinstance(value, str):
        mistakes.append(f"key {_shown(key)}: the name {_shown(value)} must be a string in quotes, or be omitted")
        return False, None
    name = unicodedata.normalize("NFC", " ".join(value.split()))
    if not name:
        mistakes.append(f"key {_shown(key)}: the name is empty; write one, or omit it")
    elif len(name) > MAX_NAME_CHARS:
        mistakes.append(f"key {_shown(key)}: the name has {len(name)} characters; at most {MAX_NAME_CHARS} are allowed")
    elif any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        mistakes.append(f"key {_shown(key)}: the name {_shown(name)} contains control characters; write plain text")
    else:
        return True, name
    return False, None


def _check_names(parsed: Mapping[int, PersonLabel], mistakes: list[str]) -> None:
    first: dict[str, tuple[int, PersonLabel]] = {}
    for cluster, label in parsed.items():
        if label.name is None:
            continue
        earlier_cluster, earlier = first.setdefault(same_name(label.name), (cluster, label))
        if earlier.category is not label.category:
            mistakes.append(
                f"key '{cluster}': {_shown(label.name)} is {label.category.value} here but {earlier.category.value} at "
                f"key '{earlier_cluster}'; clusters of one name are one person and need one category, "
                "different people need different names"
            )
