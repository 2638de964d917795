"""What run_clustering.py and run_scoring.py share: options, progress bars, log lines, exit codes."""

from __future__ import annotations

import argparse
import gc
import io
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from curation.cli.project import PROJECT_ROOT
from curation.errors import CurationError, RunInterruptedError, is_caused_by_interrupt

if TYPE_CHECKING:
    from tqdm import tqdm

    from curation.domain.report import Failure, Progress
    from curation.settings import Settings

__all__ = [
    "INTERNAL_EXIT_CODE",
    "ProgressBars",
    "counted",
    "print_failures",
    "print_line",
    "printable",
    "run_stage",
]

INTERNAL_EXIT_CODE = 70
"""Of an error of ours: never 1, which says that the stage was done."""

_SHOWN_FAILURES = 20
_GC_ALLOCATIONS = 100_000  # some 20 MB
_BAR_FORMAT = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
_PATIENCE_S = 2.0  # a run that was interrupted is given so long to clean up before a second Ctrl-C counts

_EPILOG = """\
exit codes: 0 done; 1 done, but some photos failed (they are listed); 2 wrong usage or settings;
3 input missing or labels invalid; 4 model weights missing or broken; 5 storage; 6 another run is at work;
70 an error of the program; 130 interrupted (what was done so far is kept for the next run)"""


class ProgressBars:
    """A tqdm bar for each phase of a stage; silent when standard error is no terminal."""

    def __init__(self) -> None:
        """No bar yet."""
        self._bar: tqdm[Any] | None = None
        self._phase = ""

    def __call__(self, progress: Progress) -> None:
        """Show a progress."""
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
        # tqdm limits how often it draws only in update(); the last state must be drawn in any case.
        if progress.done >= progress.total:
            self._bar.refresh()
        else:
            self._bar.update(0)

    def close(self) -> None:
        """Leave the last bar as it is."""
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
        help="folder of the photos, with its sub-folders (default: io.input_dir, event_images)",
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="folder of the results and of cluster_labels.json, one for each event (default: io.output_dir, .)",
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

    After an interruption this process ignores a repeated Ctrl-C, as it is about to end.

    Args:
        argv: The command line without the program's name; None takes the process's own.
        program: Name of the script.
        description: For `--help`.
        engine_help: Of `--engine`, for `--help`.
        stage: Runs the stage, tells the user the result, returns 0 or 1.

    Returns:
        The exit code.
    """
    previous = _listen_to_signals()
    # An event makes objects by the hundred thousand that live to the end of the run, and hardly any garbage; looking
    # through them for cycles as often as usual takes a sixth of a run that only scores.
    gc_threshold = gc.get_threshold()
    gc.set_threshold(_GC_ALLOCATIONS, *gc_threshold[1:])
    bars = ProgressBars()
    interrupted = False
    try:
        _open_missing_streams()
        for stream in (sys.stdout, sys.stderr):
            # Photos have names in any language; a terminal that lacks a letter shows a substitute.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        options = _parser(program, description, engine_help).parse_args(argv)
        logging.basicConfig(level=options.log_level.upper(), format="%(levelname)s %(message)s", stream=sys.stderr)
        return stage(_settings(options), bars)
    except (Exception, KeyboardInterrupt) as error:
        bars.close()
        if is_caused_by_interrupt(error):
            interrupted = True
            print_line("interrupted; what was done so far is kept, run the same command to go on", sys.stderr)
            # Python gives signals back their deadly default while it shuts down, unless they are ignored.
            for number in previous:
                signal.signal(number, signal.SIG_IGN)
            return RunInterruptedError.exit_code
        if isinstance(error, CurationError):
            print_line(f"error: {error}", sys.stderr)
            return error.exit_code
        logging.getLogger(__name__).exception("an error of the program; please report it with the lines above")
        return INTERNAL_EXIT_CODE
    finally:
        bars.close()
        gc.set_threshold(*gc_threshold)
        if not interrupted:
            for number, handler in previous.items():
                signal.signal(number, handler)


def _open_missing_streams() -> None:
    # A caller may have closed them. The next file that is opened would take their number, and what native
    # libraries complain about would be written into it: into the analysis store, for instance.
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115


def _listen_to_signals() -> dict[signal.Signals, Any]:
    """Let Ctrl-C and `kill` interrupt the run; gives the handlers that were there before."""
    previous: dict[signal.Signals, Any] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        # A shell that starts the program in the background may have said that Ctrl-C is not for it.
        if signal.getsignal(number) != signal.SIG_IGN:
            previous[number] = signal.signal(number, _interrupt)
    return previous


def _interrupt(number: int, frame: FrameType | None) -> None:
    # What is being cleaned up now must not be broken off by an impatient second Ctrl-C, nor by a signal
    # that arrives twice because it was sent both to this process and to its group.
    insists_from = time.monotonic() + _PATIENCE_S

    def insist(number: int, frame: FrameType | None) -> None:
        if time.monotonic() >= insists_from:
            os._exit(RunInterruptedError.exit_code)  # workers end with this process

    for listened in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(listened) != signal.SIG_IGN:
            signal.signal(listened, insist)
    raise KeyboardInterrupt


def _settings(options: argparse.Namespace) -> Settings:
    # Here, so that a Ctrl-C while the libraries are being loaded is heard, and --help is quick.
    from curation.settings import CONFIG_VARIABLE, load_settings

    config = options.config or os.environ.get(CONFIG_VARIABLE)
    given = {
        "io": {"input_dir": options.input, "output_dir": options.output},
        "engine": {"name": options.engine},
        "performance": {"workers": options.workers},
    }
    overrides = {
        section: {key: value for key, value in values.items() if value is not None} for section, values in given.items()
    }
    return load_settings(Path(config) if config else None, default_root=PROJECT_ROOT, overrides=overrides)


def print_line(text: str, stream: Any = None) -> None:
    """Print a line for the user. That nobody reads it (a closed pipe, a full disk) is no fault of the run.

    Args:
        text: The line.
        stream: Where to; None takes standard output.
    """
    stream = sys.stdout if stream is None else stream
    try:
        print(text, file=stream, flush=True)
    except OSError as error:
        logging.getLogger(__name__).debug("a line could not be printed: %s", error)
        # Else the interpreter complains about the same line once more when it ends.
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())


def printable(name: str) -> str:
    """A file's name on one line, without characters that would steer the terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in name)


def counted(count: int, noun: str) -> str:
    """A number with its noun, for instance `1 face`, `2 faces`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def print_failures(failures: Sequence[Failure], record: Path) -> None:
    """List photos that failed, the first ones of many."""
    for failure in failures[:_SHOWN_FAILURES]:
        print_line(f"  failed: {printable(failure.image_path)}: {failure.reason}")
    if len(failures) > _SHOWN_FAILURES:
        print_line(f"  ... and {len(failures) - _SHOWN_FAILURES} more, see {record}")
