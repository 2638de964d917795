"""`curation attributes`: age, sex and landmarks of the faces of single pictures, without any server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from curation.domain.attributes.values import Attribute
from curation.errors import PhotoError, PhotoTooLargeError, PhotoUnreadableError
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.domain.attributes.values import ImageAttributes

__all__ = ["add_commands"]

_POINTS_OF_READER = 478


def add_commands(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `attributes` to a parser."""
    parser = groups.add_parser(
        "attributes",
        help="age, sex and landmarks of the faces of pictures, as JSON",
        description="Prints the document that the attribute services write of each picture, without starting them. "
        "Apparent ages and sexes are wrong often; docs/attributes.md says how often, and what not to use them for. "
        "Exit code 1 if a picture cannot be used.",
    )
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="picture files")
    parser.add_argument(
        "--reader",
        action="append",
        default=[],
        type=_reader,
        metavar="ATTRIBUTE=NAME",
        help="another reader than services.readers says, such as age=openvino, ethnicity=gear or sex=off; can be "
        "repeated",
    )
    parser.add_argument(
        "--points",
        type=int,
        choices=[5, 68, _POINTS_OF_READER],
        default=68,
        help="landmarks of each face; 478 asks the reader mediapipe (default: %(default)s)",
    )
    parser.add_argument(
        "--shape",
        choices=["faces", "results", "image"],
        default="faces",
        help="form of the document; image is all that is known and nothing else (default: %(default)s)",
    )
    parser.add_argument(
        "--save",
        type=Path,
        metavar="DIR",
        help="write the files of the services, pictures and documents, into DIR and print their paths instead",
    )
    parser.set_defaults(command=_print_attributes)


def _reader(text: str) -> tuple[Attribute, str]:
    attribute, _, name = text.partition("=")
    known = ", ".join(Attribute)
    if attribute not in list(Attribute) or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not ATTRIBUTE=NAME with one of {known}")
    return Attribute(attribute), name


def _print_attributes(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.bootstrap import build_analyser
    from curation.pipelines.attributes.analyser import Wanted

    analyser = build_analyser(settings, _names(arguments, settings))
    wanted = Wanted(points68=arguments.points >= 68)
    code = 0
    for path in arguments.photos:
        try:
            content = _content(path, settings)
            _put_out(arguments, settings, path, content, analyser.analyse(content, wanted=wanted))
        except PhotoError as error:
            print(f"error: {path}: {error}", file=sys.stderr)
            code = error.exit_code
    return code


def _names(arguments: argparse.Namespace, settings: Settings) -> Mapping[Attribute, str]:
    names = {Attribute(attribute): name for attribute, name in settings.services.readers.model_dump().items()}
    if arguments.points == _POINTS_OF_READER:
        names[Attribute.LANDMARKS] = "mediapipe"
    return {**names, **dict(arguments.reader)}


def _content(path: Path, settings: Settings) -> bytes:
    limit_mb = settings.services.max_image_mb
    try:
        # A service refuses such a file; here it is not even read.
        size = path.stat().st_size
        if size > limit_mb * 1e6:
            raise PhotoTooLargeError(
                f"the picture has {size / 1e6:.1f} MB, at most {limit_mb:g} MB are taken: raise services.max_image_mb"
            )
        return path.read_bytes()
    except OSError as error:
        raise PhotoUnreadableError(f"the file cannot be read: {error.strerror or error}") from error


def _put_out(
    arguments: argparse.Namespace, settings: Settings, path: Path, content: bytes, image: ImageAttributes
) -> None:
    from datetime import UTC, datetime

    from curation.bootstrap import build_attribute_files
    from curation.domain.attributes.documents import (
        Unsure,
        document_text,
        faces_document,
        image_document,
        results_document,
    )

    now = datetime.now(UTC)
    unsure = Unsure(settings.services.store.unsure)
    if arguments.save is not None:
        files = build_attribute_files(_saving_to(arguments.save.absolute(), settings))
        print(*files.write(content, image, now), sep="\n")
    elif arguments.shape == "faces":
        timestamp = now.isoformat(timespec="seconds")
        document = faces_document(image, image_path=path.as_posix(), timestamp=timestamp, unsure=unsure)
        print(document_text(document), end="")
    elif arguments.shape == "results":
        print(document_text(results_document(image, image_path=path.as_posix(), unsure=unsure)), end="")
    else:
        print(document_text(image_document(image)), end="")


def _saving_to(folder: Path, settings: Settings) -> Settings:
    """The settings with the folders of the services inside of another one, under the same names."""
    store = settings.services.store
    moved = store.model_copy(
        update={"faces_dir": folder / store.faces_dir.name, "results_dir": folder / store.results_dir.name}
    )
    return settings.model_copy(update={"services": settings.services.model_copy(update={"store": moved})})
