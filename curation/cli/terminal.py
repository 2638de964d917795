"""The shared part of run_clustering.py and run_scoring.py: options, progress bars, output, exit codes."""

from __future__ import annotations

import argparse
import gc
import io
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curation.cli.project import default_root
from curation.disk.file_modes import follow_settings, keep_private
from curation.errors import CurationError, RunInterruptedError, is_caused_by_interrupt
from curation.interrupts import Interrupts, interrupts_delayed
from curation.settings import CONFIG_VARIABLE, load_settings

if TYPE_CHECKING:
    from tqdm import tqdm

    from curation.domain.files.broken import BrokenFile
    from curation.domain.report import Failure, Progress
    from curation.settings import Settings

__all__ = [
    "INTERNAL_EXIT_CODE",
    "ProgressBars",
    "counted",
    "print_failures",
    "print_files",
    "print_line",
    "printable",
    "run_stage",
]

INTERNAL_EXIT_CODE = 70
"""Exit code for an error of the program; never 1, which means that the stage was done."""

_SHOWN_FAILURES = 20
_GC_ALLOCATIONS = 100_000  # some 20 MB
_BAR_FORMAT = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
_INTERRUPTED = "interrupted; what was done so far is kept, run the same command to continue"

_EPILOG = """\
exit codes: 0 done; 1 done, but some photos failed, are broken or are not there (they are listed);
2 wrong usage or settings; 3 input missing or labels invalid; 4 model weights missing or broken;
5 storage; 6 another run is active; 70 an error of the program;
130 interrupted (what was done so far is kept for the next run)"""


class ProgressBars:
    """A tqdm bar for each phase of a stage; hidden if standard error is not a terminal."""

    def __init__(self) -> None:
        """Start without a bar."""
        self._bar: tqdm[Any] | None = None
        self._phase = ""

    def __call__(self, progress: Progress) -> None:
        """Show the progress."""
        # tqdm's locks are taken by a thread of its own too, for which `close` waits.
        with interrupts_delayed():
            self._show(progress)

    def _show(self, progress: Progress) -> None:
        if progress.phase != self._phase:
            self.close()
            from tqdm import tqdm

            self._phase = progress.phase
            is_download = progress.phase.startswith("downloading")
            self._bar = tqdm(
                desc=progress.phase,
                total=progress.total or None,
                initial=progress.done,
                unit="B",
                unit_scale=is_download,
                bar_format=None if is_download else _BAR_FORMAT,
                disable=not sys.stderr.isatty(),
                dynamic_ncols=True,
                smoothing=0.05,
            )
        if self._bar is None:
            return
        self._bar.total = progress.total or None
        self._bar.n = progress.done
        if progress.failed:
            self._bar.set_postfix_str(f"{progress.failed} failed", refresh=False)
        # update() limits how often tqdm draws, refresh() does not: the last state must always be drawn.
        if progress.done >= progress.total:
            self._bar.refresh()
        else:
            self._bar.update(0)

    def close(self) -> None:
        """Close the current bar; it stays visible."""
        with interrupts_delayed():
            if self._bar is not None:
                self._bar.close()
                self._bar = None


def _parser(program: str, description: str, engine_help: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program, description=description, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", metavar="FILE", help="settings file (default: config.yaml beside this script)")
    parser.add_argument(
        "--input",
        metavar="DIR",
        help="folder of the photos, or an address such as s3://bucket/folder (default: io.input_dir, event_images)",
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="folder or address of the results and of cluster_labels.json, one an event (default: io.output_dir, .)",
    )
    parser.add_argument("--engine", metavar="NAME", help=engine_help)
    parser.add_argument(
        "--workers", metavar="N", help="worker processes; 0 is one per core (default: performance.workers, 0)"
    )
    parser.add_argument(
        "--log-level",
        metavar="LEVEL",
        default="info",
        choices=["debug", "info", "warning", "error"],
        help="debug, info, warning or error (default: info)",
    )
    return parser


def run_stage(
    argv: Sequence[str] | None,
    *,
    program: str,
    description: str,
    engine_help: str,
    stage: Callable[[Settings, ProgressBars], int],
) -> int:
    """Parse the options, set up logging, run a stage and turn its errors into an exit code.

    Args:
        argv: The arguments after the program's name; None for those of the process, which then is about to end: it
            ignores further Ctrl-C, and has `interrupts.END_S` for its end.
        program: Name of the script.
        description: Description for `--help`.
        engine_help: Help of `--engine`.
        stage: Runs the stage, prints the result, returns 0 or 1.

    Returns:
        The exit code.
    """
    if argv is None:
        keep_private()
    _open_missing_streams()
    interrupts = Interrupts(_INTERRUPTED)
    # An event has some hundred thousand objects that live to the end of the run, and hardly any garbage; with the usual
    # threshold garbage collection takes a sixth of a run that only scores.
    gc_threshold = gc.get_threshold()
    gc.set_threshold(_GC_ALLOCATIONS, *gc_threshold[1:])
    ends = False
    try:
        for stream in (sys.stdout, sys.stderr):
            # File names may have any characters; those that the terminal cannot show are escaped.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        options = _parser(program, description, engine_help).parse_args(argv)
        code = _code_of_stage(options, stage, interrupts)
        ends = argv is None
        if ends:
            interrupts.end_process(code)
        return code
    finally:
        gc.set_threshold(*gc_threshold)
        if not ends:
            interrupts.restore()


def _code_of_stage(
    options: argparse.Namespace, stage: Callable[[Settings, ProgressBars], int], interrupts: Interrupts
) -> int:
    bars = ProgressBars()
    try:
        logging.basicConfig(level=options.log_level.upper(), format="%(levelname)s %(message)s", stream=sys.stderr)
        settings = _settings(options)
        follow_settings(settings.io.file_mode)
        code = stage(settings, bars)
        interrupts.ignore()
        bars.close()
        return code
    except BaseException as error:  # native libraries that Ctrl-C hits while they load panic in their own way
        interrupts.ignore()
        bars.close()
        _end_workers()
        if interrupts.has_come or is_caused_by_interrupt(error):
            interrupts.tell()
            print_line(_INTERRUPTED, sys.stderr)
            return RunInterruptedError.exit_code
        if isinstance(error, CurationError):
            print_line(f"error: {error}", sys.stderr)
            return error.exit_code
        fault = _disk_fault(error)
        if fault is not None:
            print_line(f"error: {fault}", sys.stderr)
            return fault.exit_code
        logging.getLogger(__name__).exception("an error of the program; please report it with the lines above")
        return INTERNAL_EXIT_CODE


def _disk_fault(error: BaseException) -> CurationError | None:
    from curation.storage.disk_faults import disk_fault

    return disk_fault(error)


def _end_workers() -> None:
    # Workers that were started early, before there was a pool that would end them.
    from curation.workers.worker_process import end_all

    end_all()


def _open_missing_streams() -> None:
    # The caller may have closed them. Then the next file that is opened, for instance the analysis store, would get the
    # file descriptor of standard error, and native libraries would write their messages into it.
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free descriptor, which is this one
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115


def _settings(options: argparse.Namespace) -> Settings:
    config = options.config or os.environ.get(CONFIG_VARIABLE)
    given = {
        "io": {"input_dir": options.input, "output_dir": options.output},
        "engine": {"name": options.engine},
        "performance": {"workers": options.workers},
    }
    overrides = {
        section: {key: value for key, value in values.items() if value is not None} for section, values in given.items()
    }
    return load_settings(Path(config) if config else None, default_root=default_root(), overrides=overrides)


def print_line(text: str, stream: Any = None) -> None:
    """Print a line for the user. A closed pipe or a full disk does not fail the run.

    Args:
        text: The line.
        stream: The stream to print to; None for standard output.
    """
    stream = sys.stdout if stream is None else stream
    try:
        print(text, file=stream, flush=True)
    except OSError as error:
        logging.getLogger(__name__).debug("a line could not be printed: %s", error)
        # Otherwise the interpreter reports the same error once more at exit.
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


def printable(name: str) -> str:
    """A file name on one line, with control characters escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in name)


def counted(count: int, noun: str) -> str:
    """A number with its noun, for instance `1 face`, `2 faces`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def print_failures(failures: Sequence[Failure], record: str) -> None:
    """Print the photos that failed, at most the first twenty."""
    for failure in failures[:_SHOWN_FAILURES]:
        print_line(f"  failed: {printable(failure.image_path)}: {failure.reason}")
    if len(failures) > _SHOWN_FAILURES:
        print_line(f"  ... and {len(failures) - _SHOWN_FAILURES} more, see {record}")


def print_files(files: Sequence[BrokenFile], table: str) -> None:
    """Print the broken files and the photos that are not on this disk, at most the first twenty.

    Photos that failed were told with their reasons.

    Args:
        files: All of them.
        table: Where they all stand.
    """
    shown = [file for file in files if file.is_analysed or file.is_absent]
    for file in shown[:_SHOWN_FAILURES]:
        what = "not on this disk" if file.is_absent else "broken"
        good = f" (still good: {file.still_good})" if file.still_good else ""
        print_line(f"  {what}: {printable(file.image_path)}: {file.reason}{good}")
    if len(shown) > _SHOWN_FAILURES:
        print_line(f"  ... and {len(shown) - _SHOWN_FAILURES} more, see {table}")
