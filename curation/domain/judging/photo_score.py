"""One row of photo_scores.csv: the score of a photo and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from operator import attrgetter

from curation.domain.judging.picks import Pick

__all__ = ["PHOTO_SCORE_COLUMNS", "SCORE_DIGITS", "PhotoScore", "failed_photo_score", "renumbered", "with_problem"]

SCORE_DIGITS = 4  # decimals in photo_scores.csv; the order is that of the rounded scores, as the table shows them


@dataclass(frozen=True, slots=True)
class PhotoScore:
    """One row of photo_scores.csv; the fields are its columns.

    Attributes:
        rank: 1 is best; 0 before ranking.
        image_path: Path of the photo.
        final_score: In [0, 1]; None if the photo failed.
        results_string: The score in one line for the photographer.
        people: Names of the people in the photo, most important first, joined by `; `.
        main_count: Number of different main people.
        important_count: Number of different important people.
        other_count: Number of different other people.
        unknown_count: Number of faces without a cluster.
        eyes_score: Component in [0, 1]; None if it does not apply, as for all components.
        smile_score: Component.
        focus_score: Component.
        exposure_score: Component.
        people_score: Component.
        vetoes: Why the photo is vetoed, joined by `; `; empty if it is not.
        problems: What is wrong with the photo, whether or not a rule checks it.
        error: Why the photo could not be read; empty if it could.
        burst_id: Number of its burst, by the time of the first photo; None if it is in no burst.
        best_of_burst: Whether it is the best photo of its burst, or in no burst; so these photos remain when every
            burst is reduced to its best photo. False for a photo that could not be read.
        burst_rank: Place among the photos of its burst, 1 is best; without the user's picks. None if it is in no burst.
        pick: Whether the user picked or rejected it; None if neither.
        rating: The user's stars, 1 to 5; None without a rating.
        picture_score: Component: the picture as a whole, without artefacts, strangers in front and the like.
        well_shown_count: Number of people who matter and are shown well, which the order depends on; None in tables of
            earlier versions.
        file_rating: The stars that another program wrote into the photo's files, 1 to 5; None without. Never the user's
            `rating`, as the columns below are never the user's words here.
        file_pick: Whether the files say that the photo is picked or rejected; None if neither.
        file_people: Names of people in the files, joined by `; `.
        file_label: The colour label in the files; empty without one.
    """

    rank: int
    image_path: str
    final_score: float | None
    results_string: str
    people: str
    main_count: int
    important_count: int
    other_count: int
    unknown_count: int
    eyes_score: float | None
    smile_score: float | None
    focus_score: float | None
    exposure_score: float | None
    people_score: float | None
    vetoes: str
    problems: str
    error: str
    burst_id: int | None = None
    best_of_burst: bool = True
    burst_rank: int | None = None
    pick: Pick | None = None
    rating: int | None = None
    picture_score: float | None = None
    well_shown_count: int | None = None
    file_rating: int | None = None
    file_pick: Pick | None = None
    file_people: str = ""
    file_label: str = ""


PHOTO_SCORE_COLUMNS: tuple[str, ...] = tuple(f.name for f in fields(PhotoScore))
# A pick moves thousands of photos by one place, and `replace` takes twice as long as this.
_BUT_RANK = attrgetter(*PHOTO_SCORE_COLUMNS[1:])


def failed_photo_score(image_path: str, error: str) -> PhotoScore:
    """The row of a photo that could not be read."""
    return PhotoScore(
        0, image_path, None, "", "", 0, 0, 0, 0, None, None, None, None, None, "", "", error, best_of_burst=False
    )


def renumbered(score: PhotoScore, rank: int) -> PhotoScore:
    """The same row with another rank."""
    return score if score.rank == rank else PhotoScore(rank, *_BUT_RANK(score))


def with_problem(score: PhotoScore, problem: str | None) -> PhotoScore:
    """The same row with one more problem, the first; None adds none."""
    if not problem:
        return score
    return replace(score, problems="; ".join(part for part in (problem, score.problems) if part))
