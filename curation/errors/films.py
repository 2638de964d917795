"""Films, posters and catalogues that cannot be used."""

from __future__ import annotations

from typing import ClassVar

from curation.errors.inputs import InputError
from curation.errors.not_found import NotFoundError
from curation.errors.photos import PhotoError

__all__ = [
    "AddressRefusedError",
    "CatalogueFileError",
    "CharacterNotFoundError",
    "ClipRefusedError",
    "ClipUnreadableError",
    "FilmDocumentError",
    "FilmNotReadyError",
    "PosterNotFoundError",
    "VideoFileNotFoundError",
    "VideoNotFoundError",
    "VideosOffError",
]


class ClipUnreadableError(PhotoError):
    """The file is damaged from its start, empty, or holds no moving picture."""

    code: ClassVar[str] = "clip_unreadable"


class ClipRefusedError(PhotoError):
    """The film is longer or larger than `video.max_video_minutes` or `video.max_video_mb` allows."""

    code: ClassVar[str] = "clip_refused"


class AddressRefusedError(PhotoError):
    """Nothing is fetched from this address: addresses are off, it is of a private network, or too much came."""

    code: ClassVar[str] = "address_refused"


class FilmDocumentError(InputError):
    """A file does not hold the results of a film, or those of another version."""

    code: ClassVar[str] = "film_document_invalid"


class CatalogueFileError(InputError):
    """The CSV with the films of a catalogue is missing, or has wrong columns or rows; nothing was begun."""

    code: ClassVar[str] = "catalogue_invalid"


class VideoNotFoundError(NotFoundError):
    """There is no film with this id."""

    code: ClassVar[str] = "video_not_found"


class VideosOffError(InputError):
    """A request is about films, and the service cannot look at them: the extra video is not installed."""

    code: ClassVar[str] = "videos_off"


class FilmNotReadyError(InputError):
    """A request needs the result of a film that has none yet."""

    code: ClassVar[str] = "video_not_ready"


class CharacterNotFoundError(NotFoundError):
    """A film has no character with this cluster id."""

    code: ClassVar[str] = "character_not_found"


class PosterNotFoundError(NotFoundError):
    """A film has no poster with this id."""

    code: ClassVar[str] = "poster_not_found"


class VideoFileNotFoundError(NotFoundError):
    """There is no such file of a film: it is gone, or was not made."""

    code: ClassVar[str] = "video_file_not_found"
