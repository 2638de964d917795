from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from curation.domain.attributes.values import Attribute
from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import RETINAFACE_ARCFACE, WeightsFile
from curation.pipelines.video.setup import film_engine, for_films, look_options, on_video_device, reader_key
from curation.settings import Settings, load_settings
from tests.fakes import fake_spec

SEX = ReaderSpec("some", (Attribute.SEX,), (WeightsFile("sex.onnx", Path("sex.onnx"), "ab" * 32),), ("CPU",))


def settings_of(folder: Path, **video: object) -> Settings:
    return load_settings(None, default_root=folder, overrides={"video": video})


def test_the_engine_looks_once_at_the_size_of_films(tmp_path: Path) -> None:
    engine = for_films(settings_of(tmp_path, working_size_px=960, min_conf=0.6)).engine

    assert (engine.retinaface_arcface.working_size_px, engine.retinaface_arcface.tiling) == (960, "off")
    assert engine.retinaface_arcface.min_confidence == pytest.approx(0.3)
    assert (engine.dlib.working_size_px, engine.dlib.tiling) == (1920, "off")


def test_only_the_engine_of_films_takes_profiles_to_be_upright() -> None:
    spec = replace(fake_spec(), name=RETINAFACE_ARCFACE, options=(("tiling", "off"),))

    assert film_engine(spec).options == (("sure_from", 0.9), ("tiling", "off"))
    assert film_engine(fake_spec()) == fake_spec()


@pytest.mark.parametrize(
    ("device", "providers"),
    [
        ("auto", ("OpenVINOExecutionProvider",)),
        ("cpu", ("CPUExecutionProvider",)),
        ("cuda", ("CUDAExecutionProvider",)),
    ],
)
def test_the_device_names_providers(tmp_path: Path, device: str, providers: tuple[str, ...]) -> None:
    settings = load_settings(
        None,
        default_root=tmp_path,
        overrides={"video": {"device": device}, "engine": {"providers": ["OpenVINOExecutionProvider"]}},
    )

    assert tuple(on_video_device(settings).engine.providers) == providers


def test_options_are_those_of_the_settings(tmp_path: Path) -> None:
    video = settings_of(tmp_path, sample_step_s=1.5, effective_area="full", faces_per_track=5).video

    options = look_options(video, [SEX], None, ("CPUExecutionProvider",))

    assert (options.sample_step_s, options.faces_per_track, options.uses_effective_area) == (1.5, 5, False)
    assert options.attributes == ((Attribute.SEX, reader_key(SEX, None)),)
    assert options.batch_size == 1
    assert look_options(video, [], None, ("CUDAExecutionProvider",)).batch_size == 8
    other = replace(SEX, weights=(WeightsFile("sex.onnx", Path("sex.onnx"), "cd" * 32),))
    assert reader_key(other, None) != reader_key(SEX, None)
