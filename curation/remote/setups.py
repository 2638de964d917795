"""What workers of other machines are told before their first task: networks by name and hash, and limits."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

from curation.engines.attributes.reader import ReaderSpec
from curation.engines.base import EngineSpec, WeightsFile
from curation.engines.bodies.base import BodySpec
from curation.pipelines.assets.limits import GateLimits
from curation.pipelines.video.options import LookOptions

__all__ = ["AnyWork", "Converted", "FilmWork", "PhotoWork", "PictureWork", "library_versions"]

_OF_PHOTOS = (
    "dlib-bin",
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "opencv-contrib-python-headless",
    "pillow",
    "pillow-heif",
    "rawpy",
    "simplejpeg",
)
_OF_FILMS = ("av",)


@dataclass(frozen=True, slots=True)
class Converted:
    """A network that is made from another one, see `EngineSpec.converted`.

    Attributes:
        name: Of the file that it is made from.
        sha256: Of the made network; where another one is made, results might be others, too.
        file_name: Of the made network.
    """

    name: str
    sha256: str
    file_name: str


@dataclass(frozen=True, slots=True)
class PhotoWork:
    """The setup of workers for photos; see `curation.worker_setup.WorkerSetup`.

    Attributes:
        spec: The engine without its converted networks and its rules of grouping; None if the stage needs none.
        converted: Networks of the engine that are made from its files.
        predictor: The landmark model, if the stage needs one.
        readers: One for each attribute that is asked for.
        max_megapixels: Larger photos fail.
        chip_px: Longer side of the chips, in pixels.
        input_address: Of the run's photos in object storage; empty if they lie in a folder.
        libraries: Versions of the libraries that results depend on, by name, see `library_versions`.
    """

    spec: EngineSpec | None
    converted: tuple[Converted, ...]
    predictor: WeightsFile | None
    readers: tuple[ReaderSpec, ...]
    max_megapixels: float
    chip_px: int
    input_address: str
    libraries: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FilmWork:
    """The setup of workers for films; see `curation.pipelines.video.setup.VideoSetup`.

    Attributes:
        spec: The engine, as in `PhotoWork`.
        converted: As in `PhotoWork`.
        predictor: The landmark model, if a reader needs it.
        readers: One for each attribute that is asked for.
        looks: How films are looked at.
        input_address: As in `PhotoWork`.
        libraries: As in `PhotoWork`.
    """

    spec: EngineSpec
    converted: tuple[Converted, ...]
    predictor: WeightsFile | None
    readers: tuple[ReaderSpec, ...]
    looks: LookOptions
    input_address: str
    libraries: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PictureWork:
    """The setup of workers for assets; see `curation.pipelines.assets.setup.AssetSetup`.

    Attributes:
        spec: The engine, as in `PhotoWork`.
        converted: As in `PhotoWork`.
        people: Networks for boxes and skeletons; these and all other networks for bodies without what is made of them.
        mask: Network for person masks.
        cutout: Network for cut-outs; None without cut-outs.
        clothes: Networks for clothing masks.
        made: Networks that are made from files of the networks for bodies.
        predictor: The landmark model, if a reader needs it.
        readers: Of age and sex.
        limits: Of the gate.
        min_person_px: Of smaller bodies only box and skeleton are told.
        colours: How many colours are looked for on a garment.
        libraries: As in `PhotoWork`.
    """

    spec: EngineSpec
    converted: tuple[Converted, ...]
    people: tuple[BodySpec, ...]
    mask: BodySpec
    cutout: BodySpec | None
    clothes: tuple[BodySpec, ...]
    made: tuple[Converted, ...]
    predictor: WeightsFile | None
    readers: tuple[ReaderSpec, ...]
    limits: GateLimits
    min_person_px: int
    colours: int
    libraries: tuple[tuple[str, str], ...] = ()


AnyWork = PhotoWork | FilmWork | PictureWork


def library_versions(*, films: bool) -> tuple[tuple[str, str], ...]:
    """Name and version of the libraries that decode pictures and run networks; with others, results may be others.

    Args:
        films: Whether films are looked at, too.
    """
    out = []
    for name in _OF_PHOTOS + (_OF_FILMS if films else ()):
        try:
            out.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            out.append((name, "not installed"))
    return tuple(out)
