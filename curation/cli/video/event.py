"""`curation video event` and `curation video frames`: the clips among an event's photos."""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path

from curation.cli.terminal import ProgressBars, counted, print_failures, print_line, printable
from curation.errors import SettingsError
from curation.settings import Settings, with_places

__all__ = ["add_event", "add_frames"]

_SHOWN = 20
_Commands = argparse._SubParsersAction


def add_event(commands: _Commands[argparse.ArgumentParser]) -> None:
    """Add the command `event` to a group."""
    parser = commands.add_parser(
        "event",
        help="find the people of the photos in the clips beside them",
        description="Looks at the clips in the folder of photos, as far as that was not done before, and finds the "
        "people of the photos in them. The photos' own results stay as they are. Exit code 1 if some clips failed.",
    )
    _add_folders(parser)
    parser.set_defaults(command=_event, adapted=_with_folders)


def add_frames(commands: _Commands[argparse.ArgumentParser]) -> None:
    """Add the command `frames` to a group."""
    parser = commands.add_parser(
        "frames",
        help="the best pictures of an event's clips, as photos",
        description="Writes the best pictures of the clips in full size, as JPEG files with the time at which they "
        "were taken: those that show somebody better than the photos do, or any picture that you name. Run the scoring "
        "first.",
    )
    _add_folders(parser)
    parser.add_argument("--to", type=Path, metavar="DIR", help="where the pictures go; without it they are listed only")
    parser.add_argument("--person", default="", metavar="NAME|ID", help="only those of this person")
    parser.add_argument("--clip", default="", metavar="PATH", help="only those of this clip, as in clip_scores.csv")
    parser.add_argument("--at", type=_seconds, metavar="SECONDS", help="any picture of --clip, such as 41.2")
    parser.add_argument("--count", type=int, metavar="N", help="at most so many")
    parser.add_argument("--also", action="store_true", help="also of people who have good photos")
    parser.set_defaults(command=_frames, adapted=_with_folders)


def _add_folders(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--input", metavar="DIR", help="folder of the photos and clips (default: io.input_dir)")
    parser.add_argument("--output", metavar="DIR", help="folder of the results (default: io.output_dir)")


def _with_folders(arguments: argparse.Namespace, settings: Settings) -> Settings:
    return with_places(settings, input_dir=arguments.input or None, output_dir=arguments.output or None)


def _seconds(text: str) -> Fraction:
    try:
        time = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds, such as 41.2") from error
    if time < 0:
        raise argparse.ArgumentTypeError(f"{text} is before the start of the clip")
    return time


def _event(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.bootstrap import build
    from curation.event.film.told import told_of_films

    bars = ProgressBars()
    try:
        report = build(settings).run_videos(progress=bars)
    finally:
        bars.close()
    lines = told_of_films(report, settings.output_place("video_run.json"))
    for line in lines or ("there are no clips, or video.event_clips is off",):
        print_line(line)
    return 1 if report.failed else 0


def _frames(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.bootstrap import originals_of
    from curation.event.catalog import Catalog
    from curation.event.film.event_films import EventFilms
    from curation.event.film.frame_export import FrameRequest, export_frames
    from curation.storage.working_copy.opening import edited_outputs

    if arguments.at is not None and not (arguments.clip and arguments.to):
        raise SettingsError("--at names a picture of one clip: give --clip PATH and --to DIR as well")
    if arguments.count is not None and arguments.count < 1:
        raise SettingsError("--count is the number of pictures: give 1 or more")
    with edited_outputs(settings):
        films = EventFilms(settings, Catalog(settings))
    if arguments.to is None:
        frames = films.best_frames() if arguments.also else films.candidates()
        for frame in frames[:_SHOWN]:
            print_line(f"{printable(frame.sentence)}  (it would rank {frame.rank})")
        more = len(frames) - _SHOWN
        if more > 0:
            print_line(f"and {more} more, see {settings.output_place('best_frames.csv')}")
        if not frames:
            print_line("no picture of a clip shows somebody better than the photos do; --also lists all good ones")
        return 0
    from curation.video.stills import still_jpeg

    def still(path: Path, time: Fraction) -> bytes:
        with originals_of(settings).at_hand(path) as opened:
            return still_jpeg(opened, time)

    request = FrameRequest(arguments.person, arguments.clip, arguments.at, arguments.count, arguments.also)
    report = export_frames(films, request, arguments.to.absolute(), still=still)
    print_line(f"{counted(len(report.files), 'picture')} in {printable(str(arguments.to))}")
    print_failures(report.failures, settings.output_place("video_run.json"))
    return 1 if report.failures else 0
