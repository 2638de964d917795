"""A real clip with real weights: its people are followed, in one process and in two alike, and found again at once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from curation.bootstrap import video_analyser, video_setup
from curation.domain.film.clip import ClipStatus
from curation.domain.film.track import FilmAnalysis
from curation.pipelines.video.characters import characters_of
from curation.settings import Settings, load_settings
from tests.film_run import film_hash

pytest.importorskip("av")

_CLIP = "photos/videos/hamilton/short_hamilton_clip.mp4"


def settings_of(test_data: Path, state_dir: Path, **video: object) -> Settings:
    weights = test_data / "weights/deepface_home/.deepface/weights"
    if not (weights / "retinaface.onnx").is_file() or not (test_data / _CLIP).is_file():
        pytest.skip(f"no weights or no clip in {test_data}")
    overrides: Mapping[str, Mapping[str, object]] = {
        "io": {"models_dir": str(weights.resolve()), "state_dir": str(state_dir)},
        "engine": {"name": "retinaface-arcface", "download": False},
        "video": video,
    }
    return load_settings(None, default_root=state_dir, overrides=overrides)


def analysed(settings: Settings, clip: Path) -> tuple[FilmAnalysis, FilmAnalysis, float, float]:
    """The film of a first and of a second run, and the seconds that each took."""
    with video_analyser(settings, video_setup(settings)) as analyser:
        begun = time.monotonic()
        first = analyser.analyse(clip)
        between = time.monotonic()
        second = analyser.analyse(clip)
        return first, second, between - begun, time.monotonic() - between


def test_a_real_clip(test_data: Path, tmp_path: Path) -> None:
    clip = test_data / _CLIP
    alone, _, _, _ = analysed(settings_of(test_data, tmp_path / "one", num_cpu=1), clip)
    shared, again, first_s, second_s = analysed(settings_of(test_data, tmp_path / "two", num_cpu=2), clip)

    assert film_hash(alone) == film_hash(shared) == film_hash(again)
    assert second_s < first_s / 5
    assert alone.status is ClipStatus.OK
    assert alone.frames_decoded > 250
    assert alone.frames_looked_at < alone.frames_decoded / 5
    # The film begins with three short shots; in its last two seconds four people sit side by side.
    last = [track for track in alone.tracks if track.span.end > 9.5]
    assert len(last) == 4
    assert all(float(track.span.start) == pytest.approx(7.88, abs=0.2) for track in last)
    assert all(track.faces and len(track.mean) for track in alone.tracks)
    singer = max(alone.tracks, key=lambda track: track.span.length)
    assert float(singer.span.start) == pytest.approx(3.58, abs=0.2)
    assert float(singer.span.end) == pytest.approx(7.88, abs=0.2)
    assert max(face.face.quality.score for face in singer.faces) == singer.faces[0].face.quality.score

    # Its people: the singer of the first shot is the one of the fourth, the four at the end are four, and a face in
    # the dark is nobody. A musician, tiny in the first shot and from the side in the second, may be two.
    (result,) = characters_of([alone], video_setup(settings_of(test_data, tmp_path / "one")))
    assert len(result.people) in (6, 7)
    whole = max(result.people, key=lambda person: person.screen_time)
    assert len(whole.tracks) == 2 and alone.tracks.index(singer) in whole.tracks
    four = {alone.tracks.index(track) for track in last}
    owners = [person.cluster_id for person in result.people for index in person.tracks if index in four]
    assert len(owners) == len(set(owners)) == 4
    assert len(result.dropped) <= 1
