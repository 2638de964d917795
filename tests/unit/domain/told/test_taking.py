"""What files say is offered as picks, and never for photos of which the user said something."""

from __future__ import annotations

from dataclasses import replace

from curation.domain.judging.photo_score import PhotoScore, failed_photo_score
from curation.domain.judging.picks import PhotoPick, Pick, Picks
from curation.domain.told.file_told import FileTold, columns_of, told_words, with_told
from curation.domain.told.taking import offer_of, said_rejected


def photo(path: str, **columns: object) -> PhotoScore:
    return replace(failed_photo_score(path, ""), **columns)  # type: ignore[arg-type]


def test_an_offer_leaves_what_the_user_said() -> None:
    photos = [
        photo("a", file_rating=4),
        photo("b", file_pick=Pick.REJECTED, file_rating=2),
        photo("c", file_pick=Pick.REJECTED),
        photo("d", file_rating=3),
        photo("e", file_people="Anna", file_label="Red"),
    ]
    picks = Picks({"c": PhotoPick(rating=5), "d": PhotoPick(rating=3)})
    offer = offer_of(photos, picks)
    assert offer.picks == {"a": PhotoPick(rating=4), "b": PhotoPick(Pick.REJECTED, 2)}
    assert (offer.rated, offer.picked, offer.rejected, offer.kept) == (2, 0, 1, 1)


def test_a_photo_counts_as_rejected_until_the_user_says_something() -> None:
    assert said_rejected(photo("a", file_pick=Pick.REJECTED))
    assert not said_rejected(photo("a", file_pick=Pick.REJECTED, rating=1))
    assert not said_rejected(photo("a", file_pick=Pick.REJECTED, pick=Pick.PICKED))
    assert not said_rejected(photo("a", file_pick=Pick.PICKED))


def test_columns_follow_the_files_and_what_does_not_change_is_the_same_object() -> None:
    scores = [photo("a"), photo("b", file_rating=3)]
    told = {"a": FileTold(4, Pick.PICKED, "Red", ("Anna", "ANNA", "Zoë"))}
    first, second = with_told(scores, told)
    assert (first.file_rating, first.file_pick, first.file_people, first.file_label) == (
        4,
        Pick.PICKED,
        "Anna; Zoë",
        "Red",
    )
    assert second.file_rating is None
    assert with_told([first], told)[0] is first
    assert columns_of([photo("a"), photo("x")], [first]) == [first, photo("x")]


def test_words() -> None:
    assert told_words(FileTold(1, Pick.REJECTED, "Red", ("Anna",), programs=("Lightroom",))) == (
        "1 star, rejected, red, Anna (Lightroom)"
    )
    assert told_words(FileTold(notes=("damaged",))) == ""
