"""Changes of words that find nobody: the user forgets them, gives them to somebody else, or takes that back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from curation.domain.identity.said import Said
from curation.domain.identity.settling import used_photos, with_new_pick
from curation.domain.identity.unfound import Unfound, Why, aside_id

__all__ = ["labels_of", "with_labels_back", "with_pick_of", "without_pick"]


def without_pick(said: Said, word: Unfound) -> Said:
    """The same without a pick that finds nobody; the same object if it is not there any more, or was found meanwhile.

    Args:
        said: All words.
        word: A pick, as `unfound` lists it.
    """
    path = word.photos[0]

    def is_meant(photo: str) -> bool:
        return word.why is Why.UNREADABLE or said.photo_now(photo) is None

    picks, aside = dict(said.picks), said.aside
    if word.is_aside:
        aside = tuple(
            pick for pick in aside if (pick.image_path, aside_id(pick)) != (path, word.id) or not is_meant(pick.photo)
        )
    elif path in picks and picks[path].said == word.said and is_meant(picks[path].photo):
        del picks[path]
    if len(picks) == len(said.picks) and len(aside) == len(said.aside):
        return said
    return used_photos(replace(said, picks=picks, aside=aside))


def with_pick_of(said: Said, word: Unfound, image_path: str, content: str) -> Said:
    """The same with a pick that finds nobody given to a photo that is there.

    Args:
        said: All words, settled.
        word: A pick, as `unfound` lists it.
        image_path: Of the photo that gets it.
        content: The SHA-256 of what lies under the path now, or `known_by_path`.

    Returns:
        The changed words; the same object if the pick is not there any more.
    """
    without = without_pick(said, word)
    return said if without is said else with_new_pick(without, image_path, word.said, content)


def labels_of(said: Said, clusters: Collection[int]) -> Said:
    """Only the labels of some clusters, with the photos that they are about: enough to put them back."""
    kept = {cluster: label for cluster, label in said.labels.items() if cluster in clusters and label.faces}
    return used_photos(Said(photos=said.photos, labels=kept))


def with_labels_back(said: Said, kept: Said) -> Said:
    """The same with labels that were taken away and are said again, so that they mean the same people as before.

    Args:
        said: All words.
        kept: What `labels_of` returned before they were taken away.
    """
    back = {
        cluster: label
        for cluster, label in kept.labels.items()
        if cluster not in said.labels or not said.labels[cluster].faces
    }
    if not back:
        return said
    photos = dict(said.photos)
    for label in back.values():
        for key, box in label.faces:
            known, then = photos.get(key), kept.photos.get(key)
            if known is None and then is not None:
                photos[key] = then
            elif known is not None and box not in known.faces:
                # The next run finds where the face is now; until then it counts as where it was before.
                place = None if then is None or then.now != known.now else then.faces.get(box)
                photos[key] = replace(known, faces={**known.faces, box: place})
    return used_photos(replace(said, photos=photos, labels={**said.labels, **back}))
