"""Real photos and a real clip of the same people, with the real networks through both stages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from curation.bootstrap import build
from curation.errors import ExtraMissingError, WeightsMissingError
from curation.event.catalog import Catalog
from curation.event.film.event_films import EventFilms
from curation.event.film.frame_export import FrameRequest, export_frames
from curation.extras import Extra, extra_for
from curation.settings import Settings, load_settings

TABLES = ("face_data.csv", "embeddings.npy")


@pytest.fixture
def settings(test_data: Path, tmp_path: Path) -> Settings:
    """A portrait of somebody who is in the clip beside it; the files of a folder that was copied in a hurry, too."""
    try:
        with extra_for(Extra.VIDEO, "this test"):
            import av  # noqa: F401
    except ExtraMissingError as error:
        pytest.skip(str(error))
    source = test_data / "photos" / "videos"
    clip, portrait = source / "hamilton" / "short_hamilton_clip.mp4", source / "hamilton" / "lin-manuel-miranda.png"
    if not (clip.exists() and portrait.exists()):
        pytest.skip("no clip with a portrait of one of its people")
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy(clip, photos / "clip.mp4")
    shutil.copy(portrait, photos / "portrait.png")
    (photos / "broken.mp4").write_bytes(clip.read_bytes()[:500])
    models = tmp_path / "models"
    models.mkdir()
    for folder in ("onnx", "deepface_home/.deepface/weights"):
        for path in (test_data / "weights" / folder).glob("*.onnx"):
            (models / path.name).symlink_to(path.resolve())
    return load_settings(
        None,
        default_root=tmp_path,
        overrides={
            "io": {"input_dir": photos, "output_dir": tmp_path / "out", "state_dir": tmp_path / "state",
                   "models_dir": models},
            "engine": {"name": "retinaface-arcface", "download": False},
            "performance": {"workers": 1},
        },
    )  # fmt: skip


def test_somebody_on_a_photo_is_found_in_the_clip_and_the_photos_stay_as_they_are(
    settings: Settings, tmp_path: Path
) -> None:
    workflow = build(settings, allow_download=False)
    try:
        workflow.run_clustering()
    except WeightsMissingError as error:
        pytest.skip(f"no weights: {error}")
    before = {name: (tmp_path / "out" / name).read_bytes() for name in TABLES}
    report = workflow.run_videos()
    assert (report.total, report.failed) == (2, 1)
    assert report.known_people == 1
    films = EventFilms(settings, Catalog(settings))
    person = films.film("clip.mp4").person(0)
    assert person is not None
    assert 4 < person.screen_time < 6, "five seconds by hand"
    again = workflow.run_videos()
    assert again.seconds < report.seconds / 2
    workflow.run_scoring()
    assert {name: (tmp_path / "out" / name).read_bytes() for name in TABLES} == before
    clip, broken = films.scores()
    assert clip.score.rank == 2
    assert broken.score.error

    from curation.video.stills import still_jpeg

    assert clip.time is not None
    (path,) = export_frames(
        films, FrameRequest(clip="clip.mp4", at=clip.time), tmp_path / "frames", still=still_jpeg
    ).files
    with Image.open(path) as picture:
        assert picture.size == (640, 360)
