"""From the tracks of films to their characters: who they are, when, how large, and what was read of their faces."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from curation.domain.attributes.values import Attribute
from curation.domain.film.aggregation import agreed, without_ethnicity_of_faces
from curation.domain.film.grouping import (
    TrackGroups,
    canonical_order,
    group_tracks,
    screen_mates,
    shows_somebody,
    stands_alone,
)
from curation.domain.film.joining import KnownPeople, ids_of_earlier, ids_of_groups, joined_people
from curation.domain.film.people import FilmPerson, TrailerResult
from curation.domain.film.screen_time import face_area, length_of, union_of
from curation.domain.film.track import FilmAnalysis, Track
from curation.domain.grouping.clusters import confidences
from curation.domain.grouping.grouping_rule import GroupingRule
from curation.domain.labelling.labels import Labels
from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import EngineSpec
from curation.engines.whispers import chinese_whispers, usual_threshold
from curation.pipelines.video.options import PeopleOptions
from curation.pipelines.video.setup import VideoSetup

__all__ = ["ETHNICITY_WARNING", "WHISPERS", "characters_of", "tracks_rule", "warn_of_ethnicity"]

logger = logging.getLogger(__name__)

WHISPERS = "chinese_whispers"
ETHNICITY_WARNING = (
    "the ethnicity of characters is estimated, as video.infer_ethnicity asks for it. No network that can be had was "
    "measured to be right here, and most are wrong often. In the European Union, to infer a person's race from a face "
    "is prohibited for most purposes (Artificial Intelligence Act, Article 5(1)(g)). Use it for statistics over many "
    "films only; this run's results say that it was on"
)

Earlier = TrailerResult | NDArray[np.int64] | None
"""What an earlier run said of a film."""

SAME_PHOTO_PART = 1 / 3
"""Of the threshold, as for photos: how much nearer tracks on screen at the same time have to be to be one person, if
that was not measured for the weights."""


def warn_of_ethnicity(readers: Sequence[ReaderSpec]) -> None:
    """Log the warning if a reader tells ethnicity; called once in a run, however many films it looks at."""
    if any(Attribute.ETHNICITY in reader.attributes for reader in readers):
        logger.warning(ETHNICITY_WARNING)


def tracks_rule(spec: EngineSpec, options: PeopleOptions) -> GroupingRule:
    """When faces are one person: the user's distance, else as measured for the weights, else as published for them."""
    distance = options.cluster_threshold if options.cluster_model != WHISPERS else None
    if distance is None and spec.grouping is not None:
        return spec.grouping
    given = distance or spec.distance_threshold
    penalty = spec.grouping.same_photo_penalty if spec.grouping is not None else SAME_PHOTO_PART * given
    return GroupingRule(given, given, penalty, follows_strangers=distance is None)


def characters_of(
    films: Sequence[FilmAnalysis],
    setup: VideoSetup,
    *,
    known: KnownPeople | None = None,
    labels: Labels | None = None,
    first_new_id: int = 0,
    earlier: Sequence[Earlier] = (),
    settle: Callable[[Mapping[int, int], NDArray[np.int64]], dict[int, int]] | None = None,
    threads: int = 1,
) -> tuple[TrailerResult, ...]:
    """The characters of films that share one space of people.

    The tracks of all films are grouped together, so somebody who is in two films is one person, and groups join the
    known people. The result does not depend on the order of the films but for equal screen times.

    Args:
        films: What was found in each.
        setup: Rules and options.
        known: People whom tracks may join, for instance those of an event's photos; their ids stay.
        labels: Names and categories by cluster id. Clusters of one name are one character of a film.
        first_new_id: Characters who are nobody known get ids from here on, the longest on screen first; never one that
            somebody known or an earlier character has.
        earlier: What an earlier run said of each film, so that characters keep their ids: its result, the id of each
            track (-1 for none), or None for a film that is new.
        settle: Has the last word on who joins whom, for instance by what the user said: gets the known person by group
            and the group of each track of all films in turn (-1 for none), and returns what counts of it.
        threads: Number of CPU threads. The result does not depend on it.

    Returns:
        One result for each film.

    Raises:
        ValueError: If an embedding is not of unit length or holds no numbers, or `earlier` has another length.
    """
    if earlier and len(earlier) != len(films):
        raise ValueError("one earlier result is needed for each film")
    tracks = [track for film in films for track in film.tracks]
    film_of = np.array([number for number, film in enumerate(films) for _ in film.tracks], dtype=np.int64)
    rule = tracks_rule(setup.engine, setup.people)
    groups = _grouped(tracks, film_of, rule, setup, threads)
    joined = {} if known is None else _joined(tracks, film_of, groups.labels, rule, known, labels)
    if settle is not None:
        joined = settle(joined, groups.labels)
    before = _earlier_ids(films, earlier, known)
    if known is not None:
        first_new_id = max(first_new_id, int(known.cluster_ids.max(initial=-1)) + 1)
    ids = _ids(tracks, film_of, groups.labels, joined, before, first_new_id, setup.people)
    out, start = [], 0
    for film in films:
        part = slice(start, start + len(film.tracks))
        start += len(film.tracks)
        out.append(_result(film, ids[part], groups.confidence[part], setup, labels))
    return tuple(out)


def _grouped(
    tracks: Sequence[Track], film_of: NDArray[np.int64], rule: GroupingRule, setup: VideoSetup, threads: int
) -> TrackGroups:
    """The groups of tracks, by the model that the options ask for."""
    unreadable, options = setup.engine.unreadable, setup.people
    if options.cluster_model != WHISPERS:
        return group_tracks(tracks, rule, film_of=film_of.tolist(), unreadable=unreadable, threads=threads)
    threshold = options.cluster_threshold or usual_threshold(rule.single_distance)
    rows = np.flatnonzero(shows_somebody(tracks, unreadable))
    labels, confidence = np.full(len(tracks), -1, dtype=np.int64), np.zeros(len(tracks))
    if len(rows) > 0:
        used = [tracks[row] for row in rows.tolist()]
        faces = [face.face.detected.embedding for track in used for face in track.faces]
        owner = np.repeat(np.arange(len(used)), [len(track.faces) for track in used])
        of_face = chinese_whispers(np.stack(faces), threshold)
        for place, row in enumerate(rows.tolist()):
            # Its faces may be told apart; a track is one appearance, so most of them decide, then the best.
            mine = of_face[owner == place].tolist()
            labels[row] = max(dict.fromkeys(mine), key=mine.count)
        somebody = labels[rows][stands_alone(used, unreadable)]
        labels[rows] = np.where(np.isin(labels[rows], somebody), labels[rows], -1)
        means = np.stack([track.mean for track in used])
        # For unit vectors the cosine distance is half the square of the Euclidean one.
        confidence[rows] = confidences(means, labels[rows], threshold * threshold / 2.0)
    return TrackGroups(labels, confidence, rule)


def _joined(
    tracks: Sequence[Track],
    film_of: NDArray[np.int64],
    groups: NDArray[np.int64],
    rule: GroupingRule,
    known: KnownPeople,
    labels: Labels | None,
) -> dict[int, int]:
    """The known person whom each group joins."""
    rows = np.flatnonzero(groups >= 0)
    if len(rows) == 0:
        return {}
    used = [tracks[row] for row in rows.tolist()]
    persons = {cluster: _person(cluster, labels)[0] for cluster in known.cluster_ids.tolist()}
    means = np.stack([track.mean for track in used])
    mates = screen_mates(used, film_of[rows])
    return joined_people(means, groups[rows], mates, known, rule, same_person=persons)


def _ids(
    tracks: Sequence[Track],
    film_of: NDArray[np.int64],
    groups: NDArray[np.int64],
    joined: dict[int, int],
    before: NDArray[np.int64],
    first_new_id: int,
    options: PeopleOptions,
) -> NDArray[np.int64]:
    """(N,) the cluster id of each track, -1 for nobody, and for those who are seen too little to be a new character."""
    by_film: dict[tuple[int, int], list[Track]] = defaultdict(list)
    for track, film, group in zip(tracks, film_of.tolist(), groups.tolist(), strict=True):
        by_film[film, group].append(track)
    seen = {group for (_, group), mine in by_film.items() if group >= 0 and _is_seen(mine, options)}
    order = canonical_order(tracks, film_of)
    times = [tracks[row].span.length for row in order.tolist()]
    ids = ids_of_groups(groups[order], times, joined, before[order], first_new_id, seen)
    return np.array([ids.get(group, -1) for group in groups.tolist()], dtype=np.int64)


def _earlier_ids(
    films: Sequence[FilmAnalysis], earlier: Sequence[Earlier], known: KnownPeople | None
) -> NDArray[np.int64]:
    """(N,) the id that each track had in an earlier run, -1 for none.

    Known people are told by their means, so what a film said of them earlier does not count.
    """
    held = set() if known is None else set(known.cluster_ids.tolist())
    out: list[int] = []
    for number, film in enumerate(films):
        result = earlier[number] if earlier else None
        if isinstance(result, np.ndarray):
            out += np.where(np.isin(result, list(held)), -1, result).tolist()
            continue
        were = (
            [(result.film.tracks[index], person.cluster_id) for person in result.people for index in person.tracks]
            if result is not None
            else []
        )
        out += ids_of_earlier(film.tracks, [(track, cluster) for track, cluster in were if cluster not in held])
    return np.array(out, dtype=np.int64)


def _result(
    film: FilmAnalysis,
    ids: NDArray[np.int64],
    confidence: NDArray[np.float64],
    setup: VideoSetup,
    labels: Labels | None,
) -> TrailerResult:
    """The characters of one film whose tracks have ids."""
    persons: dict[str, list[int]] = defaultdict(list)
    for index, cluster in enumerate(ids.tolist()):
        if cluster >= 0:
            persons[_person(cluster, labels)[0]].append(index)
    people = []
    for indices in persons.values():
        if _is_seen([film.tracks[index] for index in indices], setup.people):
            people.append(_character(film, indices, ids, confidence, setup.people.agr_method, labels))
    people.sort(key=lambda person: person.cluster_id)
    used = {index for person in people for index in person.tracks}
    return TrailerResult(
        film=without_ethnicity_of_faces(film),
        people=tuple(people),
        dropped=tuple(index for index in range(len(film.tracks)) if index not in used),
        engine=setup.engine.name,
        weights=_weights(setup),
        options=_options(setup),
    )


def _person(cluster: int, labels: Labels | None) -> tuple[str, str, str]:
    """Key, name and category of a cluster's person; the latter two empty if none was given."""
    person = labels.person(cluster) if labels is not None else None
    if labels is None or person is None or not person.labelled:
        return f"cluster:{cluster}", "", ""
    return person.key, labels.by_cluster[cluster].name or "", person.category.value


def _is_seen(tracks: Sequence[Track], options: PeopleOptions) -> bool:
    """Whether a character is looked at often enough in a film, and on screen for long enough, to count.

    At a step of half a second two looks are at least that long, or both ends of a short shot; where every picture is
    looked at they are two pictures, and the time alone decides: it means the same at any step.
    """
    looks = len({sighting.frame_index for track in tracks for sighting in track.sightings})
    on_screen = length_of(union_of(track.span for track in tracks))
    return looks >= options.min_cluster_faces and on_screen >= Fraction(str(options.min_screen_time_s))


def _character(
    film: FilmAnalysis,
    indices: Sequence[int],
    ids: NDArray[np.int64],
    confidence: NDArray[np.float64],
    method: str,
    labels: Labels | None,
) -> FilmPerson:
    tracks = [film.tracks[index] for index in indices]
    intervals = union_of(track.span for track in tracks)
    screen_time = length_of(intervals)
    area = face_area(tracks, film.shots)
    duration = film.facts.duration
    by_cluster: dict[int, Fraction] = defaultdict(Fraction)
    for index in indices:
        by_cluster[int(ids[index])] += film.tracks[index].span.length
    # Of several clusters of one name: that which is on screen longest.
    cluster = min(by_cluster, key=lambda one: (-by_cluster[one], one))
    _, name, category = _person(cluster, labels)
    readings = [
        (face.attributes, face.face.quality.score)
        for track in tracks
        for face in track.faces
        if face.attributes is not None
    ]
    lengths = [float(track.span.length) for track in tracks]
    return FilmPerson(
        cluster_id=cluster,
        name=name,
        category=category,
        tracks=tuple(indices),
        confidence=_mean(confidence[list(indices)].tolist(), lengths),
        intervals=intervals,
        screen_time=screen_time,
        screen_share=min(float(screen_time / duration), 1.0) if duration > 0 else 0.0,
        occupied_area=area.mean,
        largest_area=area.largest,
        faces=sum(len(track.sightings) for track in tracks),
        best_track=max(indices, key=lambda index: (_best_score(film.tracks[index]), -index)),
        attributes=agreed(readings, method),
        mean=_mean_vector(tracks),
    )


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    total = sum(weights)
    return sum(v * w for v, w in zip(values, weights, strict=True)) / total if total > 0 else 0.0


def _best_score(track: Track) -> float:
    return track.faces[0].face.quality.score if track.faces else -1.0


def _mean_vector(tracks: Sequence[Track]) -> NDArray[np.float32]:
    """The mean of the tracks' means by the quality of their faces: profiles and dark faces hardly count."""
    used = [track for track in tracks if len(track.mean) > 0]
    weights = [max(sum(face.face.quality.score for face in track.faces), 1e-3) for track in used]
    total = np.zeros(len(used[0].mean))
    for track, weight in zip(used, weights, strict=True):
        total += weight * track.mean.astype(np.float64)
    length = float(np.linalg.norm(total))
    return (total / length).astype(np.float32) if length > 0 else used[0].mean


def _weights(setup: VideoSetup) -> tuple[tuple[str, str], ...]:
    files = [*setup.engine.weights, *(file for reader in setup.readers for file in reader.weights)]
    if setup.predictor is not None:
        files.append(setup.predictor)
    return tuple(sorted({(file.name, file.sha256) for file in files}))


def _options(setup: VideoSetup) -> tuple[tuple[str, str], ...]:
    """What the result depends on, `batch_size` left out, and whether ethnicity was inferred."""
    values: dict[str, object] = {
        field.name: getattr(options, field.name)
        for options in (setup.looks, setup.people)
        for field in fields(options)
        if field.name not in ("attributes", "batch_size")
    }
    values |= {attribute.value: reader.name for reader in setup.readers for attribute in reader.attributes}
    values["infer_ethnicity"] = Attribute.ETHNICITY.value in values
    if values["infer_ethnicity"]:
        values["ethnicity_warning"] = ETHNICITY_WARNING
    return tuple((name, json.dumps(value)) for name, value in sorted(values.items()))
