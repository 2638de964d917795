"""`infer_on_trailer` looks at a film and tells its characters."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from curation.domain.film.track import FilmAnalysis
from curation.domain.labelling.labels import Category, Labels, PersonLabel
from curation.domain.report import Progress
from curation.errors import ClipUnreadableError
from curation.pipelines.stage import ProgressListener
from curation.pipelines.video.trailer import infer_on_trailer
from tests.film_values import made_film, made_track
from tests.unit.pipelines.video.test_characters import ids, known, made_setup


class FakeAnalyser:
    """Finds the same tracks in every film."""

    def analyse(
        self, path: Path, *, progress: ProgressListener | None = None, cancel: threading.Event | None = None
    ) -> FilmAnalysis:
        if path.suffix != ".mp4":
            raise ClipUnreadableError(f"{path} holds no moving picture")
        if progress is not None:
            progress(Progress("looking", 1, 1))
        return made_film([made_track(0, 2, 0), made_track(3, 4, 1)])


def test_a_film_in_its_characters_out() -> None:
    seen: list[Progress] = []
    result = infer_on_trailer(Path("film.mp4"), FakeAnalyser(), made_setup(), progress=seen.append)
    assert ids(result) == {0: (0,), 1: (1,)}
    assert seen


def test_people_labels_and_ids_are_passed_on() -> None:
    labels = Labels({7: PersonLabel("Anna", Category.MAIN)}, Category.OTHER)
    result = infer_on_trailer(
        Path("film.mp4"), FakeAnalyser(), made_setup(), known=known(0), labels=labels, first_new_id=30
    )
    assert ids(result) == {7: (0,), 30: (1,)}
    assert result.people[0].name == "Anna"
    again = infer_on_trailer(Path("film.mp4"), FakeAnalyser(), made_setup(), earlier=result)
    assert ids(again) == ids(result)


def test_a_file_that_is_no_film() -> None:
    with pytest.raises(ClipUnreadableError):
        infer_on_trailer(Path("film.txt"), FakeAnalyser(), made_setup())
