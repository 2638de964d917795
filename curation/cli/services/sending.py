"""`services send`: pictures to the services over one stream, a line for each."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.cli.terminal import counted
from curation.domain.attributes.values import Attribute
from curation.errors import PhotosMissingError, RoleUnavailableError, SettingsError
from curation.extras import Extra, extra_for
from curation.settings import Settings

if TYPE_CHECKING:
    from curation.domain.attributes.values import AttributedFace
    from curation.services.answers import ImageAnswer, ImageToProcess

__all__ = ["add_commands"]


def add_commands(groups: Any) -> None:
    """Add the command `send`."""
    send = groups.add_parser(
        "send",
        help="send pictures and print what was found",
        description="Sends pictures to the role image_input and prints a line for each. Exit code 1 if a picture "
        "failed or its result is not complete, 3 if there are no pictures, 5 if no role answers.",
    )
    send.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PHOTO|FOLDER",
        help="files, and folders with their sub-folders (default: services.image_dir)",
    )
    send.add_argument(
        "--reader",
        action="append",
        default=[],
        metavar="ATTRIBUTE=NAME",
        help="another reader than that of the services, such as age=openvino; naming one is the consent to it",
    )
    send.add_argument("--json", action="store_true", help="print a JSON object for each picture instead")
    send.set_defaults(command=_send)


def _send(arguments: argparse.Namespace, settings: Settings) -> int:
    with extra_for(Extra.SERVICES, "python -m curation services send"):
        from curation.services.client import AttributeClient
    readers = _readers(arguments.reader)
    paths = _pictures(arguments.paths or [settings.services.image_dir])
    began = time.monotonic()
    unreadable: list[str] = []
    answers: list[ImageAnswer] = []
    faces = 0
    with AttributeClient(settings.services) as client:
        for answer in client.process_many(_requests(paths, readers, unreadable)):
            print(_json_line(answer) if arguments.json else _line(answer), flush=True)
            faces += len(answer.image.faces) if answer.image is not None else 0
            answers.append(_without_image(answer))
    for problem in unreadable:
        print(problem, file=sys.stderr)
    complete = sum(answer.is_complete for answer in answers)
    partial = sum(answer.status.startswith("Partial") for answer in answers)
    failed = len(paths) - complete - partial
    print(
        f"{counted(len(paths), 'picture')}: {complete} done, {partial} partial, {failed} failed; "
        f"{counted(faces, 'face')}; "
        f"{time.monotonic() - began:.1f} s",
        file=sys.stderr if arguments.json else sys.stdout,
    )
    if answers and all(answer.code == "unavailable" for answer in answers):
        raise RoleUnavailableError(answers[0].message)
    return 0 if complete == len(paths) else 1


def _without_image(answer: ImageAnswer) -> ImageAnswer:
    from dataclasses import replace

    return replace(answer, image=None)


def _readers(named: Sequence[str]) -> dict[Attribute, str]:
    readers: dict[Attribute, str] = {}
    for text in named:
        attribute, equals, reader = text.partition("=")
        if not equals or not reader or attribute not in set(Attribute):
            raise SettingsError(f"--reader {text}: write ATTRIBUTE=NAME with one of {', '.join(Attribute)}")
        readers[Attribute(attribute)] = reader
    return readers


def _pictures(named: Sequence[Path]) -> list[Path]:
    from curation.photos.files.listing import list_photos

    out: list[Path] = []
    for path in named:
        if path.is_dir():
            out.extend(photo.path for photo in list_photos(path, exclude=(), skip_raw_with_jpeg=False).photos)
        elif path.is_file():
            out.append(path)
        else:
            raise PhotosMissingError(f"there is no file or folder {path}: name pictures, or set services.image_dir")
    if not out:
        raise PhotosMissingError(f"there is no picture in {', '.join(map(str, named))}")
    return out


def _requests(
    paths: Sequence[Path], readers: Mapping[Attribute, str], unreadable: list[str]
) -> Iterator[ImageToProcess]:
    from curation.services.answers import ImageToProcess

    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            unreadable.append(f"{path}: cannot be read: {error.strerror or error}")
            continue
        yield ImageToProcess(content, image_id=str(path), readers=readers)


def _line(answer: ImageAnswer) -> str:
    parts = [f"{answer.image_id}:"]
    if answer.image is None:
        return f"{parts[0]} {answer.status}"
    count = len(answer.image.faces)
    parts.append(f"{count} {'face' if count == 1 else 'faces'} · runtime {answer.runtime_s:.3f} s")
    shown = "; ".join(_face(face) for face in answer.image.faces)
    if shown:
        parts.append(f"· {shown}")
    if not answer.is_complete:
        parts.append(f"· {answer.status}")
    parts.extend(f"· {each}" for each in answer.disagreements)
    return " ".join(parts)


def _face(face: AttributedFace) -> str:
    age, sex = face.attributes.age, face.attributes.sex
    words = [] if sex is None else [sex.answer or "sex unknown"]
    if age is not None:
        words.append(f"{age.years:.0f} ({age.low:.0f} to {age.high:.0f})" if age.is_known else "age unknown")
    return " ".join(words) or "a face"


def _json_line(answer: ImageAnswer) -> str:
    from curation.domain.attributes.image_document import image_document

    document = {
        "image_id": answer.image_id,
        "status": answer.status,
        "code": answer.code,
        "message": answer.message,
        "runtime_s": answer.runtime_s,
        "redis_key": answer.redis_key,
        "request_id": answer.request_id,
        "paths": list(answer.paths),
        "disagreements": list(answer.disagreements),
        "image": image_document(answer.image) if answer.image is not None else None,
    }
    return json.dumps(document, allow_nan=False)
