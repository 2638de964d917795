from __future__ import annotations

from dataclasses import replace

from curation.domain.choosing.coverage import coverage, people_of_photos
from curation.domain.choosing.shortcomings import NoGoodPhoto, WhyNot, no_good_photos
from curation.domain.judging.picks import PhotoPick, Pick, Picks
from curation.domain.judging.scoring_rules import Excuses
from curation.domain.measuring.measures import Measure, Reason
from tests.unit.domain.choosing.test_best_choice import FINE, PEOPLE, RULES, Faces, event
from tests.unit.domain.judging.scoring_values import ANNA, IDA, TOM, face_measures

BLINKS = face_measures(eyes=0.05)
SOFT = face_measures(focus=0.05)
UNTOLD = Measure.unknown(Reason.TINY)


def missing(photos: list[Faces], picks: Picks | None = None) -> dict[str, NoGoodPhoto]:
    ranked, shots = event(photos, picks)
    people = people_of_photos(shots, RULES.thresholds)
    scores = {score.image_path: score for score in ranked}
    found = no_good_photos(coverage(ranked, people, PEOPLE), scores, shots, RULES.thresholds, Excuses())
    return {one.covered.person.display_name: one for one in found}


def test_why_there_is_no_good_photo_and_the_best_so_far() -> None:
    found = missing(
        [[(ANNA, BLINKS), (TOM, FINE)], [(ANNA, BLINKS), (TOM, SOFT)], [(ANNA, SOFT)], [(IDA, FINE)]],
        Picks({"3.jpg": PhotoPick(Pick.REJECTED)}),
    )
    assert [one.text for one in found["Anna"].shortcomings] == ["blinks in 2 of 3", "blurred in 1 of 3"]
    assert [one.text for one in found["Ida"].shortcomings] == ["rejected by you in the only photo"]
    assert [one.why for one in found["Ben"].shortcomings] == [WhyNot.NO_PHOTO]
    # Anna blinks in the photo that shows Tom well, which the rules veto.
    assert [one.text for one in found["Tom"].shortcomings] == ["blurred in 1 of 2", "vetoed by a rule in 1 of 2"]
    assert found["Anna"].best in {"0.jpg", "1.jpg", "2.jpg"}
    assert found["Ben"].best is None


def test_who_was_never_seen_large() -> None:
    tiny = replace(face_measures(size_px=12), left_eye=UNTOLD, right_eye=UNTOLD)
    found = missing([[(ANNA, tiny)], [(ANNA, tiny)]])
    assert [one.text for one in found["Anna"].shortcomings] == ["never seen large"]
    assert found["Anna"].best == "0.jpg"
    assert "Anna" not in missing([[(ANNA, tiny)], [(ANNA, FINE)]])
