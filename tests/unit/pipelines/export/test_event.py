"""Which photos an export selects."""

from __future__ import annotations

from curation.domain.choosing.export import ExportRequest
from curation.domain.judging.picks import PhotoPick, Pick
from curation.pipelines.export.event import (
    away_words,
    best_photos,
    passed_over,
    passed_words,
    picked_photos,
    read_export_event,
)
from tests.fake_workflow import FakeEvent
from tests.unit.photos.told.making import packet
from tests.unit.pipelines.export.exports import ANNA, as_jpeg, pick, prepared


class TestChoosing:
    def test_picked_and_best_photos(self, event: FakeEvent) -> None:
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            as_jpeg(event, name, ANNA)
        prepared(event)
        event.score()
        order = list(read_export_event(event.settings()).scores)
        pick(
            event,
            **{
                order[2].replace(".", "__"): PhotoPick(Pick.PICKED),
                order[1].replace(".", "__"): PhotoPick(Pick.REJECTED),
                "gone__jpg": PhotoPick(Pick.PICKED),
            },
        )
        known = read_export_event(event.settings())
        assert picked_photos(known) == (order[2], "gone.jpg")
        assert best_photos(known, 5) == (order[0], order[2])
        assert best_photos(known, 1) == (order[0],)

    def test_picked_photos_that_cannot_be_read_are_told(self, event: FakeEvent) -> None:
        for name in ("a.jpg", "b.jpg"):
            as_jpeg(event, name, ANNA)
        prepared(event)
        pick(event, a__jpg=PhotoPick(Pick.PICKED), b__jpg=PhotoPick(Pick.PICKED))
        event.cluster()
        assert away_words(ExportRequest(), read_export_event(event.settings())) == ()
        whole = (event.photos / "b.jpg").read_bytes()
        (event.photos / "b.jpg").write_bytes(whole[: len(whole) // 2])
        event.cluster()
        known = read_export_event(event.settings())
        assert picked_photos(known) == ("a.jpg",)
        (words,) = away_words(ExportRequest(), known)
        assert words.startswith("1 picked photo is not in this export") and "(b.jpg)" in words
        assert away_words(ExportRequest(best=5), known) == ()
        (event.photos / "b.jpg").write_bytes(whole)
        event.cluster()
        assert read_export_event(event.settings()).picked_away == ()

    def test_photos_that_their_files_reject_are_passed_over_and_told(self, event: FakeEvent) -> None:
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            as_jpeg(event, name, ANNA)
        prepared(event)
        event.score()
        order = list(read_export_event(event.settings()).scores)
        for path in order[:2]:
            (event.photos / path).with_suffix(".xmp").write_bytes(packet(attributes='xmp:Rating="-1"'))
        event.score()
        pick(event, **{order[1].replace(".", "__"): PhotoPick(rating=1)})
        known = read_export_event(event.settings())
        assert set(best_photos(known, 5)) == {order[1], order[2]}
        assert passed_over(known, 5) == (order[0],)
        (words,) = passed_words(passed_over(known, 5))
        assert words.startswith("1 photo is not among the best ones because another program rejected them")
        assert order[0] in words
        assert passed_words(()) == ()
