"""Coverage over photos and clips: who is in how many good photos, for how long in clips, and what would fill a gap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from curation.domain.choosing.best_frames import BestFrame
from curation.domain.choosing.coverage import PersonCoverage
from curation.domain.labelling.labels import Category, Labels, Person
from curation.errors import NotScoredError
from curation.event.film.event_films import EventFilm, EventFilms
from curation.event.rules.judgement import Judgement

__all__ = ["MediaCoverage", "event_coverage", "media_coverage"]


@dataclass(frozen=True, slots=True)
class MediaCoverage:
    """How one person is covered by photos and clips together.

    Attributes:
        person: The person.
        cluster_ids: In photos and clips, ascending.
        photos: Number of photos of the person.
        good: How many of them show the person well.
        clips: Paths of the clips that show the person, longest first.
        screen_time: In all clips, in seconds.
        frames: The best pictures of the person in clips, best first.
    """

    person: Person
    cluster_ids: tuple[int, ...]
    photos: int
    good: int
    clips: tuple[str, ...]
    screen_time: Fraction
    frames: tuple[BestFrame, ...]

    @property
    def is_only_in_clips(self) -> bool:
        """Whether no photo shows the person."""
        return self.photos == 0 and bool(self.clips)

    @property
    def gap(self) -> BestFrame | None:
        """The picture of a clip that would fill the gap; None if there are good photos, or no such picture."""
        return self.frames[0] if self.good == 0 and self.frames else None


def media_coverage(
    covered: Sequence[PersonCoverage],
    clusters: Mapping[str, Sequence[int]],
    films: Iterable[EventFilm],
    frames: Iterable[BestFrame],
    labels: Labels,
) -> tuple[MediaCoverage, ...]:
    """How each main and important person is covered: main people first, then by name.

    Args:
        covered: By photos, as `domain.choosing.coverage` has it; empty before the scoring.
        clusters: Of the photos, by the key of the person.
        films: The clips.
        frames: The best pictures of clips, the most useful first.
        labels: Of the event; people of clips without a label in them are other people.
    """
    persons: dict[str, Person] = {one.person.key: one.person for one in covered}
    of_photos = {one.person.key: one for one in covered}
    ids: dict[str, set[int]] = defaultdict(set, {key: set(of_key) for key, of_key in clusters.items()})
    times: dict[str, dict[str, Fraction]] = defaultdict(dict)
    for film in films:
        for seen in film.result.people:
            person = labels.person(seen.cluster_id)
            if person is None or (person.category is Category.OTHER and person.key not in persons):
                continue
            persons.setdefault(person.key, person)
            ids[person.key].add(seen.cluster_id)
            before = times[person.key].get(film.video_path, Fraction(0))
            times[person.key][film.video_path] = before + seen.screen_time
    pictures: dict[str, list[BestFrame]] = defaultdict(list)
    for frame in frames:
        person = labels.person(frame.person.cluster_id)
        if person is not None:
            pictures[person.key].append(frame)
    order = sorted(persons.values(), key=lambda one: (one.category is not Category.MAIN, one.display_name, one.key))
    return tuple(
        MediaCoverage(
            person=person,
            cluster_ids=tuple(sorted(ids[person.key])),
            photos=len(of_photos[person.key].photos) if person.key in of_photos else 0,
            good=len(of_photos[person.key].good) if person.key in of_photos else 0,
            clips=tuple(sorted(times[person.key], key=lambda path: (-times[person.key][path], path))),
            screen_time=sum(times[person.key].values(), Fraction(0)),
            frames=tuple(pictures[person.key]),
        )
        for person in order
    )


def event_coverage(judgement: Judgement, films: EventFilms) -> tuple[MediaCoverage, ...]:
    """How everybody is covered by the event as it is judged now; by clips alone before the photos are scored.

    Raises:
        CurationError: If a table or the labels are not valid.
    """
    try:
        judged = judgement.now()
    except NotScoredError:
        return media_coverage((), {}, films.films(), films.best_frames(), films.labels())
    return media_coverage(judged.coverage, judged.event.clusters, films.films(), films.best_frames(), films.labels())
