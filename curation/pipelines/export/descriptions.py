"""What an export writes into the XMP of a photo: rating, label, names and face regions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from curation.domain.choosing.export import REJECTED, PhotoDescription
from curation.domain.choosing.programs import Program
from curation.domain.choosing.sidecars import SidecarParts
from curation.domain.faces.regions import StoredPicture
from curation.domain.judging.picks import Pick
from curation.errors import PhotoError
from curation.photos.files.stored_picture import stored_picture
from curation.pipelines.export.event import ExportEvent

__all__ = ["Descriptions"]


class Descriptions:
    """Describes photos for one program, or for no one in particular."""

    def __init__(
        self,
        event: ExportEvent,
        max_megapixels: float,
        note: Callable[[str, str], None],
        *,
        picked_label: str,
        program: Program | None = None,
        parts: SidecarParts | None = None,
    ) -> None:
        """Take what the descriptions are made from.

        Args:
            event: The photos, people and picks.
            max_megapixels: Larger photos get no face regions.
            note: Called with a file and a message for the user.
            picked_label: The label of picked photos; empty for none.
            program: The program that reads them; None for no one in particular.
            parts: What is written of a photo; None is everything.
        """
        self._picked_label = picked_label
        self._program = program
        self._parts = parts or SidecarParts()
        self._event = event
        self._max_megapixels = max_megapixels
        self._note = note

    def of_photo(self, image_path: str, source: Path) -> PhotoDescription:
        """The description of a photo of the event.

        Args:
            image_path: Of the photo.
            source: To open it.
        """
        said, parts = self._event.picks.of(image_path), self._parts
        pick = said.pick if parts.flags else None
        names = self._event.names(image_path)
        description = PhotoDescription(
            rating=REJECTED if pick is Pick.REJECTED else said.rating if parts.stars else None,
            label=self._picked_label if pick is Pick.PICKED and self._picked_label else None,
            names=names if parts.people else (),
            keywords=names if parts.keywords else (),
            pick=pick,
            program=self._program,
        )
        if not description.names:
            return description
        try:
            picture: StoredPicture = stored_picture(source, max_megapixels=self._max_megapixels)
        except PhotoError as error:
            self._note(image_path, f"its face regions are missing: {error}")
            return description
        regions = self._event.regions(image_path, picture, picture.upright_size)
        if not regions:
            self._note(image_path, "its face regions are missing: the photo was changed after the clustering")
        return replace(description, picture=picture, regions=regions)

    def of_raw(
        self, description: PhotoDescription, image_path: str, photo: Path, raw: Path, name: str
    ) -> PhotoDescription:
        """The description of the RAW file beside a photo, with regions in the coordinates of the RAW file.

        Args:
            description: Of the photo.
            image_path: Of the photo.
            photo: To open the photo.
            raw: To open the RAW file.
            name: Of the RAW file in the export.
        """
        if not description.regions:
            return description
        # The orientation of the two may differ: cameras and programs may rotate one and not the other.
        described = replace(description, picture=None, regions=())
        try:
            picture = stored_picture(raw, max_megapixels=self._max_megapixels)
            upright_size = stored_picture(photo, max_megapixels=self._max_megapixels).upright_size
            regions = self._event.regions(image_path, picture, upright_size)
            return replace(described, picture=picture, regions=regions)
        except PhotoError as error:
            self._note(name, f"its face regions are missing: {error}")
            return described
