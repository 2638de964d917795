"""Settings for other places than those of the settings file: of a command's options, or of another event."""

from __future__ import annotations

import os
from pathlib import Path

from curation.settings.loading import Settings, load_settings, with_absolute_paths, with_working_copies

__all__ = ["reload_settings", "settings_of_event", "with_places"]


def reload_settings(settings: Settings) -> Settings:
    """Load the settings again from the same sources; settings without an origin are returned unchanged.

    Raises:
        SettingsError: As `load_settings`.
    """
    origin = settings.origin
    if origin is None:
        return settings
    path = origin.path if origin.is_explicit else None
    loaded = load_settings(path, default_root=origin.default_root, overrides=origin.overrides)
    return loaded if settings._event_of_service is None else settings_of_event(loaded, *settings._event_of_service)


def with_places(settings: Settings, **places: str | Path | None) -> Settings:
    """The same settings with other folders or addresses in `io`.

    Args:
        settings: As loaded.
        places: `input_dir`, `output_dir` or `export_dir`; relative paths start at the current folder. None changes
            nothing.
    """
    given = {key: str(place) for key, place in places.items() if place is not None}
    absolute = with_absolute_paths({"io": {**given, "state_dir": settings.io.state_dir}}, Path.cwd())
    merged, addresses = with_working_copies(absolute)
    changes = {key: merged["io"][key] for key in given}
    out = settings.model_copy(update={"io": settings.io.model_copy(update=changes)})
    kept = {key: address for key, address in settings._addresses.items() if key not in given}
    out._addresses = {**kept, **addresses}
    return out


def settings_of_event(settings: Settings, input_place: str, output_place: str, event_dir: str) -> Settings:
    """The settings of an event that a service works on beside that of the settings.

    What belongs to an event gets a place of its own; all else stays as it is: the engine, the rules, the weights, what
    is known of photos by their content, the gallery.

    Args:
        settings: Of the service.
        input_place: Folder or address of the photos.
        output_place: The same of the results.
        event_dir: The folder of what this machine keeps of this event alone.
    """
    out = with_places(settings, input_dir=input_place, output_dir=output_place)
    io, kept = out.io, Path(event_dir)
    # Films and assets lie beside the other results, but not where they would be taken for photos.
    own_folders = [io.output_dir / name for name in ("videos", "assets")]
    is_apart = not any(_overlap(folder, io.input_dir) for folder in own_folders)
    beside = io.output_dir if is_apart and not out.output_address else kept
    changes = {
        "io": io.model_copy(
            update={"export_dir": None if io.export_dir is None else io.export_dir / kept.name},
        ),
        "scoring": out.scoring.model_copy(update={"labels_json": Path(out.scoring.labels_json.name)}),
        "video": out.video.model_copy(update={"dir": beside / "videos"}),
        # A database server has the assets of one event: that of the settings.
        "assets": out.assets.model_copy(update={"dir": beside / "assets", "database_url": None}),
    }
    own = out.model_copy(update=changes)
    own._event_of_service = (input_place, output_place, event_dir)
    return own


def _overlap(folder: Path, photos: Path) -> bool:
    one, other = Path(os.path.realpath(folder)), Path(os.path.realpath(photos))
    # Results that lie together in a folder among the photos are passed over.
    return other.is_relative_to(one) or one.parent == other
