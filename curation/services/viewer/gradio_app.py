"""The viewer in Gradio: a picture, the faces in it, their JSON, and two readers side by side.

Gradio cannot be among our packages: with our releases of Pillow and pandas, pip goes back to a Gradio of 2023. So it
lives in an environment of its own, beside the few packages that the client needs, and is imported when it is needed.
Only what Gradio has had unchanged for years is used here: Blocks, Row, Column, Markdown, Image, Dropdown, Button,
Textbox, JSON.
"""

from __future__ import annotations

import importlib
import logging
import uuid
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.domain.attributes.image_document import image_document
from curation.domain.attributes.values import Attribute, AttributedFace, ImageAttributes
from curation.errors import CurationError, ExtraMissingError
from curation.services.viewer.face_services import FaceServices, reader_names
from curation.services.viewer.words import difference_words, image_words

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["HOW_TO_INSTALL", "USUAL", "Viewer", "build_viewer", "gradio_module"]

logger = logging.getLogger(__name__)

HOW_TO_INSTALL = (
    "python3 -m venv viewer && viewer/bin/pip install 'gradio>=5' numpy pydantic-settings pyyaml filelock "
    "'grpcio>=1.85,<2' 'grpcio-health-checking>=1.85,<2' 'redis>=8.1,<9'"
)
"""Makes an environment for Gradio; with its Python, the command runs in the folder of the project."""

USUAL = "the usual reader"
_NOBODY = "nobody"
_BOX = "#3fe0bf"
_POINT = "#ffe15a"
_LONGEST_SIDE_PX = 1600
_TITLE = "# Faces\nWhat the attribute services see in a picture. Ages and sexes are *apparent* ones, and often wrong."


def gradio_module() -> Any:
    """Gradio, if it is installed.

    Raises:
        ExtraMissingError: It is not; the message says how to get it beside us.
    """
    try:
        return importlib.import_module("gradio")
    except ModuleNotFoundError as error:
        if error.name != "gradio":
            raise
        raise ExtraMissingError(
            "python -m curation services viewer needs Gradio, which does not go with the packages of Curation: "
            f"give it an environment of its own:  {HOW_TO_INSTALL}  and then, in the folder of the project, run  "
            "viewer/bin/python -m curation services viewer  The page /review/faces of the web service (make serve) "
            "shows the same without it"
        ) from error


class Viewer:
    """What happens when the button is pressed; knows nothing of Gradio."""

    def __init__(self, services: FaceServices) -> None:
        """Take the way to the services."""
        self._services = services

    def look(self, path: str | None, first: str, second: str) -> tuple[Image | None, str, Any, str, Any]:
        """Send a picture to the services, once or for each of two readers.

        Args:
            path: Of the picture's file; None if there is none.
            first: Name of the reader of age and sex, or `USUAL`.
            second: Name of another one, or "nobody".

        Returns:
            The picture with its faces, the words and the document of the first reader, and those of the second: what
            differs, and its document.
        """
        if path is None:
            return None, "Choose a picture first.", None, "", None
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            return None, f"The picture cannot be read: {error.strerror}", None, "", None
        image, said = self._read(content, first)
        if image is None:
            return None, said, None, "", None
        picture = _annotated(content, image)
        if second in (_NOBODY, first):
            return picture, said, image_document(image), "", None
        other, other_said = self._read(content, second, store=False)
        if other is None:
            return picture, said, image_document(image), other_said, None
        difference = f"{other_said}\n\n{difference_words(image, other)}"
        return picture, said, image_document(image), difference, image_document(other)

    def state(self) -> str:
        """Whether the services answer, in a sentence."""
        state = self._services.state()
        if state.missing_extra:
            return state.missing_extra
        if state.is_ready:
            return "The attribute services are running."
        return f"{state.detail} Start them: {state.command}"

    def _read(self, content: bytes, reader: str, *, store: bool = True) -> tuple[ImageAttributes | None, str]:
        readers = {} if reader == USUAL else {Attribute.AGE: reader, Attribute.SEX: reader}
        try:
            answer = self._services.read(content, request_id=uuid.uuid4().hex[:12], readers=readers, store=store)
        except CurationError as error:
            return None, _sentence(str(error))
        if answer.image is None:
            return None, _sentence(answer.message or answer.status)
        notes = [*answer.disagreements, *([] if answer.is_complete else [answer.status])]
        return answer.image, "\n".join([image_words(answer.image), *notes])


def build_viewer(services: FaceServices, gradio: Any) -> Any:
    """Put the page together.

    Args:
        services: The way to the services.
        gradio: The module.

    Returns:
        Gradio's `Blocks`, to be launched.
    """
    viewer = Viewer(services)
    readers = sorted({*reader_names(Attribute.AGE), *reader_names(Attribute.SEX)})
    # Nothing is told to its makers.
    with gradio.Blocks(title="Faces", analytics_enabled=False) as page:
        gradio.Markdown(_TITLE)
        state = gradio.Textbox(label="Services", interactive=False)
        with gradio.Row():
            with gradio.Column():
                picture = gradio.Image(type="filepath", label="Picture")
                first = gradio.Dropdown([USUAL, *readers], value=USUAL, label="Age and sex read by")
                second = gradio.Dropdown([_NOBODY, *readers], value=_NOBODY, label="Compared with")
                button = gradio.Button("Look at the faces")
            with gradio.Column():
                shown = gradio.Image(type="pil", label="Faces", interactive=False)
                said = gradio.Textbox(label="What is seen", lines=6, interactive=False)
                compared = gradio.Textbox(
                    label="What the second reader sees, and what differs", lines=6, interactive=False
                )
        with gradio.Row():
            document = gradio.JSON(label="JSON document")
            other = gradio.JSON(label="JSON document of the second reader")
        button.click(_guarded(viewer.look), [picture, first, second], [shown, said, document, compared, other])
        page.load(viewer.state, None, state)
    return page


def _guarded(look: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    """An error of the program is a sentence on the page, and a traceback in the terminal."""

    def guarded(path: str | None, first: str, second: str) -> tuple[Any, ...]:
        try:
            return look(path, first, second)
        except Exception:
            logger.exception("a picture could not be shown")
            return None, "An unexpected error occurred; the terminal has the details.", None, "", None

    return guarded


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _annotated(content: bytes, image: ImageAttributes) -> Image | None:
    """The picture with boxes, numbers and points; None for a format that Pillow cannot open."""
    from PIL import Image as images
    from PIL import ImageDraw, ImageOps, UnidentifiedImageError

    try:
        opened = images.open(BytesIO(content))
        # Turned upright like the picture that the services saw.
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, UnidentifiedImageError, images.DecompressionBombError):
        return None
    picture.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
    scale = picture.width / image.width
    draw = ImageDraw.Draw(picture)
    width = max(2, round(max(picture.size) / 400))
    for face in image.faces:
        _draw_face(draw, face, scale, width)
    return picture


def _draw_face(draw: Any, face: AttributedFace, scale: float, width: int) -> None:
    box = face.box
    corners = [value * scale for value in (box.x, box.y, box.x + box.w, box.y + box.h)]
    draw.rectangle(corners, outline=_BOX, width=width)
    draw.text((corners[0], corners[1] - 6 * width), str(face.face_index + 1), fill=_BOX, font_size=5 * width)
    for point in face.points68 or face.landmarks:
        x, y = point.x * scale, point.y * scale
        draw.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=_POINT)
