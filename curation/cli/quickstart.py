"""What `make run` and `make serve` start: `python -m curation.cli.quickstart run|serve`.

`run` calls the two scripts one after the other, as a user would, and then prints what was found and what to do next. It
reads the results from their output files.
"""

from __future__ import annotations

from curation.starting import end_when_interrupted

if __name__ == "__main__":
    end_when_interrupted()

import argparse
import csv
import io
import os
import shlex
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from curation.cli.project import default_root, is_installed, script_command
from curation.cli.serving import serve
from curation.disk.file_modes import follow_settings, keep_private
from curation.errors import CurationError, PhotosMissingError, SettingsError, StorageError
from curation.parsing.not_valid import PARSER_ERRORS
from curation.parsing.plain_files import read_plain
from curation.photos.files.listing import list_photos, photo_path
from curation.photos.sample_event import build_sample_event
from curation.settings import (
    CONFIG_VARIABLE,
    EventPlaces,
    Settings,
    event_places,
    is_address,
    load_settings,
    own_event,
    sample_places,
    with_places,
)
from curation.settings.event_places import CURATED_FOLDER
from curation.settings.loading import ENV_PREFIX
from curation.storage.csv_tables import ENCODING, unguarded
from curation.storage.run_records import CLUSTERING_RUN, SCORING_RUN

__all__ = ["main"]

SHOWN_FAILURES = 10
SHOWN_PHOTOS = 5
SHOWN_CLUSTERS = 6

_NO = ("no", "off", "false", "0")
_STAGES = (("run_clustering.py", CLUSTERING_RUN), ("run_scoring.py", SCORING_RUN))


@dataclass(frozen=True, slots=True)
class _Event:
    """The places of one run.

    Attributes:
        input: Folder or address of the photos, as the scripts take it.
        output: The same of the results.
        output_dir: The folder of this machine that has the results after the run.
    """

    input: str
    output: str
    output_dir: Path

    def result(self, name: str) -> str:
        """Where a result lies, for people."""
        return f"{self.output}/{name}" if is_address(self.output) else _shown(Path(self.output) / name)

    def photo(self, image_path: str) -> str:
        """Where a photo lies, for people."""
        return (
            f"{self.input}/{image_path}" if is_address(self.input) else _shown(photo_path(Path(self.input), image_path))
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run both stages, or the service.

    Args:
        argv: The arguments after the program's name; None for those of the process.

    Returns:
        0 if both stages ran to their end, even if some photos failed, or the service was ended; else the exit code of
        the stage that failed, or of the error before it.
    """
    if argv is None:
        keep_private()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # File names may have any characters; those that the terminal cannot show are replaced.
        sys.stdout.reconfigure(errors="replace")
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "serve":
            return _serve(arguments)
        settings = load_settings(_config_path(), default_root=default_root())
        follow_settings(settings.io.file_mode)
        return _run(arguments, settings)
    except CurationError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m curation.cli.quickstart", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="cluster and score a folder of photos")
    run.add_argument("--input", help="the folder of photos; default: io.input_dir, or a sample event if it is empty")
    run.add_argument("--output", help=f"the folder of results; default: {CURATED_FOLDER}/<name of the input folder>")
    run.add_argument("--engine", help="auto, retinaface-arcface or dlib")
    run.add_argument("--workers", help="worker processes; 0 is one per core")
    serving = commands.add_parser("serve", help="show the page, on service.host and service.port")
    serving.add_argument("--input", help="the folder of photos whose event is shown; default: the list of all events")
    serving.add_argument("--output", help="the folder of its results; default: as for run")
    serving.add_argument("--open", default="yes", help="no: the browser is not opened")
    serving.add_argument(
        "--follow", default="yes", help="no: new photos of a folder are not looked through by themselves"
    )
    return parser


def _config_path() -> Path | None:
    named = os.environ.get(CONFIG_VARIABLE)
    return Path(named).absolute() if named else None


def _serve(arguments: argparse.Namespace) -> int:
    """Serve the page, on that of the event if one is named."""
    if arguments.follow not in _NO:
        # The service reads the environment; what the user says there counts.
        os.environ.setdefault(f"{ENV_PREFIX}SERVICE__FOLLOW_FOLDER", "true")
    if (config := _config_path()) is not None:
        os.environ[CONFIG_VARIABLE] = str(config)
    settings = load_settings(config, default_root=default_root())
    event = None
    if arguments.input:
        event = event_places(settings, arguments.input, arguments.output)
        if not is_address(event.input) and not Path(event.input).is_dir():
            raise PhotosMissingError(
                f"there is no folder {event.input}: give PHOTOS the folder of your photos; if it is on a disk, plug "
                "the disk in"
            )
    elif arguments.output:
        raise SettingsError("OUTPUT is the folder of the results of PHOTOS: name the folder of the photos too")
    root = default_root()
    root.mkdir(parents=True, exist_ok=True)
    os.chdir(root)
    return serve(settings, event, opens=arguments.open not in _NO)


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    event = _event(arguments, settings)
    options = ["--input", event.input, "--output", event.output]
    if arguments.engine:
        options += ["--engine", arguments.engine]
    if arguments.workers:
        options += ["--workers", arguments.workers]
    if (config := _config_path()) is not None:
        options += ["--config", str(config)]
    for script, record in _STAGES:
        before = _version(event.output_dir / record)
        code = _call(script, options)
        # 1 means "done, but some photos failed", but Python also exits with 1 if it cannot start the script.
        if code == 1 and _version(event.output_dir / record) == before:
            print(f"error: {script} ended without a result; see its messages above", file=sys.stderr)
            return 70
        if code not in (0, 1):
            return code
    _print_summary(event, settings)
    return 0


def _event(arguments: argparse.Namespace, settings: Settings) -> _Event:
    if not arguments.input and not settings.input_address:
        folder = settings.io.input_dir
        try:
            list_photos(folder, exclude=(), skip_raw_with_jpeg=False)
        except PhotosMissingError as error:
            if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
                raise
            if folder.is_dir() and list_photos(folder, exclude=(), skip_raw_with_jpeg=False, needs_photos=False).absent:
                raise  # the user's own photos are elsewhere: the sample event is none of theirs
            return _sample_event(error, settings)
    places = event_places(settings, arguments.input or own_event(settings).input, arguments.output)
    return _Event(places.input, places.output, with_places(settings, output_dir=places.output).io.output_dir)


def _sample_event(reason: PhotosMissingError, settings: Settings) -> _Event:
    places = sample_places(settings)
    photos = Path(places.input)
    event = _Event(places.input, places.output, Path(places.output))
    made = build_sample_event(photos)
    print(f"{reason}.")
    print(f"This run uses a sample event, {'created' if made else 'found'} in {_shown(photos)}.")
    example = "curation /path/to/photos" if is_installed() else "make run PHOTOS=/path/to/photos"
    print(f"For your own photos: {example}\n", flush=True)
    return event


def _call(script: str, options: Sequence[str]) -> int:
    """Run one of the two scripts and return its exit code; 130 if it was interrupted."""
    command = [*script_command(script), *options]
    child: subprocess.Popen[bytes] | None = None
    is_told_to_end = False

    def forward(number: int, _frame: object) -> None:
        # Ctrl-C reaches the script through the terminal; this process only waits for the script to clean up.
        nonlocal is_told_to_end
        if number == signal.SIGTERM:
            is_told_to_end = True
            if child is not None:
                child.terminate()

    previous = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        child = subprocess.Popen(command)
        if is_told_to_end:  # while the script was being started
            child.terminate()
        code = child.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return 128 - code if code < 0 else code


def _print_summary(event: _Event, settings: Settings) -> None:
    """Print what was found, which files to open and what to do next."""
    scores = _rows(event.output_dir / "photo_scores.csv")
    faces = _rows(event.output_dir / "face_data.csv")
    clusters = Counter(cluster for cluster, _ in {(row["cluster_id"], row["image_path"]) for row in faces})
    clusters.pop("-1", None)
    people = sum(count >= settings.clustering.min_cluster_photos for count in clusters.values())
    failures = [row for row in scores if row["error"]]

    print(f"\n{_count(len(scores), 'photo')}, {_count(len(faces), 'face')}, ", end="")
    print(f"{_count(len(clusters), 'cluster')}; {people} of them on ", end="")
    print(f"{_count(settings.clustering.min_cluster_photos, 'photo')} or more.")
    if failures:
        print(f"{_count(len(failures), 'photo')} could not be used:")
        for row in failures[:SHOWN_FAILURES]:
            print(f"  {row['image_path']}: {row['error']}")
        if len(failures) > SHOWN_FAILURES:
            print(f"  ... and {len(failures) - SHOWN_FAILURES} more, at the end of {event.result('photo_scores.csv')}")
    best = [row for row in scores if row["final_score"]][:SHOWN_PHOTOS]
    if best:
        print("\nThe best photos:")
        for row in best:
            print(f"  {float(row['final_score']):.2f}  {event.photo(row['image_path'])}  {row['results_string']}")
    print("\nOpen:")
    print(f"  {event.result('photo_scores.csv')}  every photo, best first, with the reasons")
    largest = sorted(clusters.items(), key=lambda item: (-item[1], int(item[0])))[:SHOWN_CLUSTERS]
    for cluster, photos in largest:
        thumbnail = event.result(f"output_clusters/cluster_{cluster}.jpg")
        print(f"  {thumbnail}  on {_count(photos, 'photo')}")
    if len(clusters) > len(largest):
        print(f"  {event.result('output_clusters')}/  and the other {len(clusters) - len(largest)}")
    _print_next_step(event, settings, [cluster for cluster, _ in largest])


def _print_next_step(event: _Event, settings: Settings, largest: Sequence[str]) -> None:
    print(f"\nNow look at them: {_serve_command(event, settings)}")
    labels = event.result(settings.scoring.labels_json.as_posix())
    if (event.output_dir / settings.scoring.labels_json).exists():
        print(f"\nThe labels of {labels} were used. If you change labels or rules, score again:")
    elif largest:
        example = f'"{largest[0]}": {{"name": "Anna", "category": "main"}}'
        example += f', "{largest[1]}": "important"' if len(largest) > 1 else ""
        print(f"\nNext: label the people who matter. Look at the faces and write {labels}, for instance")
        print(f"  {{{example}}}")
        print("(the categories are main, important and other), then score again:")
    else:
        return
    command = [_shown(Path(sys.executable)), *(["-m", "run_scoring"] if is_installed() else ["run_scoring.py"])]
    if EventPlaces(event.input, event.output) != own_event(settings):
        command += ["--input", _shown_place(event.input), "--output", _shown_place(event.output)]
    print(f"  {shlex.join(command)}")


def _serve_command(event: _Event, settings: Settings) -> str:
    """What shows the event in the browser, as a shell takes it."""
    places = EventPlaces(event.input, event.output)
    words, photos, results = ["make", "serve"], "PHOTOS=", "OUTPUT="
    if is_installed():
        words, photos, results = ["curation", "serve"], "", "--output="
    if places != own_event(settings):
        words.append(f"{photos}{_quoted(_shown_place(event.input))}")
        if event.output != event_places(settings, event.input).output:
            words.append(f"{results}{_quoted(_shown_place(event.output))}")
    return " ".join(words)


def _quoted(text: str) -> str:
    """As `shlex.quote`, with the quotes that people write around names with spaces where both are right."""
    quoted = shlex.quote(text)
    return f'"{text}"' if quoted != text and not set(text) & set('"$`\\!\n') else quoted


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        rows = list(csv.DictReader(io.StringIO(read_plain(path).decode(ENCODING), newline="")))
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    except PARSER_ERRORS as error:
        raise StorageError(f"{path} is not a table that can be read: {error}") from error
    return [{name: unguarded(cell or "") for name, cell in row.items() if name} for row in rows]


def _version(path: Path) -> tuple[int, int] | None:
    """Identifies a version of a file: inode and modification time; None if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _shown_place(place: str) -> str:
    return place if is_address(place) else _shown(Path(place))


def _shown(path: Path) -> str:
    """A path as the user would type it: relative to the current folder if it lies below that."""
    current = Path.cwd()
    return str(path.relative_to(current) if path.is_relative_to(current) else path)


if __name__ == "__main__":
    sys.exit(main())
