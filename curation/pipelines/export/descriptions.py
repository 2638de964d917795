"""What an export writes into the XMP of a photo: rating, label, names and face regions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from curation.domain.choosing.export import REJECTED, ExportRequest, PhotoDescription
from curation.domain.faces.regions import StoredPicture
from curation.domain.judging.picks import Pick
from curation.errors import PhotoError
from curation.photos.files.stored_picture import stored_picture
from curation.pipelines.export.event import ExportEvent

__all__ = ["Descriptions"]


class Descriptions:
    """Describes the photos of one export."""

    def __init__(
        self, request: ExportRequest, event: ExportEvent, max_megapixels: float, note: Callable[[str, str], None]
    ) -> None:
        """Take what the descriptions are made from.

        Args:
            request: Names the label of picked photos.
            event: The photos, people and picks.
            max_megapixels: Larger photos get no face regions.
            note: Called with a file and a message for the user.
        """
        self._request = request
        self._event = event
        self._max_megapixels = max_megapixels
        self._note = note

    def of_photo(self, image_path: str, source: Path) -> PhotoDescription:
        """The description of a photo of the event.

        Args:
            image_path: Of the photo.
            source: To open it.
        """
        said = self._event.picks.of(image_path)
        description = PhotoDescription(
            rating=REJECTED if said.pick is Pick.REJECTED else said.rating,
            label=self._request.picked_label if said.pick is Pick.PICKED and self._request.picked_label else None,
            names=self._event.names(image_path),
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
