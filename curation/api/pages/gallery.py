"""The content of the gallery: photos in the order of a view, bursts as stacks, and the people to filter by."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from fastapi import Request

from curation.api.http.urls import root_of
from curation.api.pages.culling.sections import Section, sections_of
from curation.api.pages.photo_query import Order, PhotoQuery, matching
from curation.api.schemas.photos import split_list
from curation.domain.bursts.scenes import clock_time
from curation.domain.faces.ids import photo_id
from curation.domain.judging.photo_score import PhotoScore
from curation.domain.judging.picks import Pick
from curation.domain.labelling.labels import Category
from curation.domain.measuring.camera import NO_CAMERA, CameraFacts
from curation.event.catalog import Catalog

__all__ = [
    "Galleries",
    "Gallery",
    "GalleryPerson",
    "NamedPerson",
    "PhotoCard",
    "cards_of",
    "exposure_line",
    "galleries",
    "people_to_choose",
    "photo_card",
]

_MOST_GALLERIES = 24
_MOST_FACES_SHOWN = 14
_MOST_OTHERS = 300


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """A person in a photo."""

    name: str
    category: Category


@dataclass(frozen=True, slots=True)
class PhotoCard:
    """A photo in a grid.

    Attributes:
        id: The id of the photo.
        path: The path of its file, relative to the folder of photos.
        name: The name of its file.
        rank: 1 is the best.
        score: The score as text; empty for a photo without a score.
        share: The score in percent, for its bar.
        people: The people in it, the most important first.
        vetoes: Sentences, one for each veto.
        problems: Sentences, one for each problem that is not a veto.
        summary: The score in words.
        error: Why it could not be read; empty if it could.
        burst: The number of its burst; None for a photo outside of bursts.
        burst_size: The number of photos in the burst; 1 for a photo outside of bursts.
        pick: Whether the user picked or rejected it; None for neither.
        rating: The user's stars; 0 without a rating.
        rest: The ids of the other photos of its burst, each with what the user said of it (`picked`, `rejected` or
            nothing) after a colon.
        time: When it was taken, `14:05:10`; empty if unknown.
        exposure: How it was taken, as one line; empty if unknown.
    """

    id: str
    path: str
    name: str
    rank: int
    score: str
    share: int
    people: tuple[NamedPerson, ...]
    vetoes: tuple[str, ...]
    problems: tuple[str, ...]
    summary: str
    error: str
    burst: int | None
    burst_size: int
    pick: Pick | None
    rating: int
    rest: tuple[str, ...] = ()
    time: str = ""
    exposure: str = ""

    @property
    def key_people(self) -> tuple[NamedPerson, ...]:
        """Main and important people."""
        return tuple(person for person in self.people if person.category is not Category.OTHER)

    @property
    def others(self) -> tuple[NamedPerson, ...]:
        """The other people."""
        return tuple(person for person in self.people if person.category is Category.OTHER)

    @property
    def spoken(self) -> str:
        """The description of the card for screen readers."""
        pick = {Pick.PICKED: "picked", Pick.REJECTED: "rejected", None: ""}[self.pick]
        stars = f"{self.rating} stars" if self.rating else ""
        people = ", ".join(person.name for person in self.people)
        stack = f"in a burst of {self.burst_size} photos" if self.burst_size > 1 else ""
        parts = [self.name, f"rank {self.rank}", f"score {self.score}" if self.score else "", pick, stars]
        return ", ".join(part for part in [*parts, people, *self.vetoes, *self.problems, self.error, stack] if part)


@dataclass(frozen=True, slots=True)
class GalleryPerson:
    """A person to filter by.

    Attributes:
        key: The name, or for a person without a name the id of the cluster.
        title: The name as it is shown.
        category: None without a label.
        photos: The number of photos; an upper bound for a person with several clusters.
        face_id: The id of the best face.
    """

    key: str
    title: str
    category: Category | None
    photos: int
    face_id: str


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """A view with the order that it had when it was opened: picking changes ranks, but must not move the photos shown.

    Attributes:
        key: The key with which a page requests the next part.
        query: The view.
        singles: All photos of the view, in order.
        fronts: The photos that the grid shows: of each burst only one, if bursts are stacked.
        places: The index of each photo in `singles`.
        members: The photos of the view that each front stands for, itself included.
        sections: Headings among the fronts, if they are in the order of time.
        unknown: The number of photos of which it is not known whether they belong to the view, see `matching`.
    """

    key: str
    query: PhotoQuery
    singles: tuple[str, ...]
    fronts: tuple[str, ...]
    places: Mapping[str, int]
    members: Mapping[str, tuple[str, ...]]
    sections: tuple[Section, ...] = ()
    unknown: int = 0


class Galleries:
    """The views that were opened last. May be used from any thread."""

    def __init__(self) -> None:
        """Start without any view."""
        self._guard = threading.Lock()
        self._kept: OrderedDict[str, Gallery] = OrderedDict()

    def open(self, catalog: Catalog, query: PhotoQuery) -> Gallery:
        """Open a view in its current order. Raises what `matching` raises."""
        photos, unknown = matching(catalog, query)
        singles = tuple(photo.image_path for photo in photos)
        is_stacked = query.stacked and query.burst is None
        members = _stacks(photos) if is_stacked else {path: (path,) for path in singles}
        fronts = tuple(members)
        is_by_time = query.order is Order.TIME
        gallery = Gallery(
            key=secrets.token_hex(6),
            query=query,
            singles=singles,
            fronts=fronts,
            places={path: place for place, path in enumerate(singles)},
            members=members,
            sections=sections_of(fronts, members, catalog.times(), query.heads) if is_by_time else (),
            unknown=unknown,
        )
        with self._guard:
            self._kept[gallery.key] = gallery
            while len(self._kept) > _MOST_GALLERIES:
                self._kept.popitem(last=False)
        return gallery

    def get(self, catalog: Catalog, query: PhotoQuery, key: str) -> Gallery:
        """The view that was opened before; opened again if it is no longer kept. Raises what `matching` raises."""
        with self._guard:
            gallery = self._kept.get(key)
            if gallery is not None and gallery.query == query:
                self._kept.move_to_end(key)
                return gallery
        return self.open(catalog, query)


def galleries(request: Request) -> Galleries:
    """The views of the request's event."""
    state = request.app.state
    if not hasattr(state, "galleries"):
        state.galleries = {}
    of_event: dict[str, Galleries] = state.galleries
    return of_event.setdefault(root_of(request), Galleries())


def _stacks(photos: Sequence[PhotoScore]) -> dict[str, tuple[str, ...]]:
    """The photos of each burst at the place of its first one, by the photo that stands for them.

    That is the best of the burst if it is among them, else the first; photos outside of bursts stand for themselves.
    """
    together: dict[tuple[str, object], list[PhotoScore]] = {}
    for photo in photos:
        key = ("photo", photo.image_path) if photo.burst_id is None else ("burst", photo.burst_id)
        together.setdefault(key, []).append(photo)
    return {
        next((one for one in group if one.best_of_burst), group[0]).image_path: tuple(one.image_path for one in group)
        for group in together.values()
    }


def cards_of(catalog: Catalog, image_paths: Iterable[str]) -> list[PhotoCard]:
    """Photos as cards; those that are no longer ranked are skipped. Raises what `Catalog.scores` raises."""
    scores, sizes, bursts = catalog.scores(), catalog.burst_sizes(), catalog.bursts()
    taken_s, cameras = catalog.times().taken_s, catalog.cameras_now().by_path
    cards = []
    for path in image_paths:
        if path not in scores:
            continue
        score, facts = scores[path], cameras.get(path, NO_CAMERA)
        burst = bursts.get(score.burst_id, ()) if score.burst_id is not None else ()
        cards.append(
            replace(
                photo_card(score, sizes),
                rest=tuple(
                    f"{photo_id(other.image_path)}:{other.pick.value if other.pick else ''}"
                    for other in burst
                    if other.image_path != path
                ),
                time=f"{clock_time(taken_s[path]):%H:%M:%S}" if path in taken_s else "",
                exposure=exposure_line(facts),
            )
        )
    return cards


def exposure_line(facts: CameraFacts) -> str:
    """How a photo was taken, such as `85 mm, f/1.8, 1/250 s, ISO 400`; empty if nothing is known."""
    focal = "" if facts.focal_length_mm is None else f"{facts.focal_length_mm:.3g} mm"
    iso = "" if facts.iso is None else f"ISO {facts.iso}"
    return ", ".join(part for part in (focal, facts.aperture_text, facts.shutter_text, iso) if part)


def photo_card(score: PhotoScore, burst_sizes: Mapping[int, int]) -> PhotoCard:
    """A photo as a card."""
    names = split_list(score.people)
    vetoes = split_list(score.vetoes)
    categories = [
        *[Category.MAIN] * score.main_count,
        *[Category.IMPORTANT] * score.important_count,
        *[Category.OTHER] * max(0, len(names) - score.main_count - score.important_count),
    ]
    return PhotoCard(
        id=photo_id(score.image_path),
        path=score.image_path,
        name=PurePosixPath(score.image_path).name,
        rank=score.rank,
        score="" if score.final_score is None else f"{score.final_score:.2f}",
        share=round(100 * (score.final_score or 0.0)),
        people=tuple(NamedPerson(name, category) for name, category in zip(names, categories, strict=False)),
        vetoes=vetoes,
        problems=tuple(problem for problem in split_list(score.problems) if problem not in vetoes),
        summary=score.results_string,
        error=score.error,
        burst=score.burst_id,
        burst_size=1 if score.burst_id is None else burst_sizes.get(score.burst_id, 1),
        pick=score.pick,
        rating=score.rating or 0,
    )


def people_to_choose(
    catalog: Catalog, chosen: Sequence[str]
) -> tuple[Sequence[GalleryPerson], Sequence[GalleryPerson]]:
    """The people who are shown with a face, and the others; chosen people are always among the first.

    Raises:
        NotClusteredError: If there was no clustering yet.
        FaceDataError: If face_data.csv is not valid.
        LabelsError: If cluster_labels.json is not valid.
        StorageError: If a file cannot be read.
    """
    importance = list(Category)
    labels = catalog.labels()
    people: dict[str, GalleryPerson] = {}
    for cluster in catalog.clusters():
        person = labels.person(cluster.id)
        if person is None:
            continue
        name = None if cluster.label is None else cluster.label.name
        before = people.get(person.key)
        people[person.key] = GalleryPerson(
            key=name or str(cluster.id),
            title=name or f"Person {cluster.id}",
            category=None if cluster.label is None else cluster.label.category,
            photos=cluster.photos + (before.photos if before else 0),
            face_id=before.face_id if before else cluster.best_face,
        )
    ordered = sorted(
        people.values(),
        key=lambda one: (len(importance) if one.category is None else importance.index(one.category), -one.photos),
    )
    wanted = {name.casefold() for name in chosen}
    shown = [one for one in ordered if one.key.casefold() in wanted]
    key_people = (Category.MAIN, Category.IMPORTANT)
    for one in ordered:
        matters = one.category in key_people or one.photos > 1
        if one not in shown and matters and len(shown) < _MOST_FACES_SHOWN:
            shown.append(one)
    shown.sort(key=ordered.index)
    others = [one for one in ordered if one not in shown]
    return shown, others[:_MOST_OTHERS]
