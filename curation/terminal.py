"""What run_clustering.py and run_scoring.py share: options, progress bars, log lines, exit codes."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from curation.errors import CurationError, RunInterruptedError
from curation.settings import CONFIG_VARIABLE, Settings, load_settings

if TYPE_CHECKING:
    from tqdm import tqdm

    from curation.domain.report import Failure, Progress

__all__ = ["INTERNAL_EXIT_CODE", "ProgressBars", "print_failures", "run_stage"]

PROJECT_ROOT = Path(__file__).resolve().parent.parent
INTERNAL_EXIT_CODE = 70
"""Of an error of ours: never 1, which says that the stage was done."""

_SHOWN_FAILURES = 20

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
                unit="B" if is_download else "",
                unit_scale=is_download,
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


def _parser(program: str, description: str) -> argparse.ArgumentParser:
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
        help="folder of the results and of cluster_labels.json, one for each event (default: io.output_dir)",
    )
    parser.add_argument(
        "--engine",
        metavar="NAME",
        help="retinaface-arcface (better, needs weights), dlib (needs no download) or auto (default: auto)",
    )
    parser.add_argument("--workers", metavar="N", help="worker processes; 0 is one per core (default: 0)")
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
    stage: Callable[[Settings, ProgressBars], int],
) -> int:
    """Parse the options, set up logging, run a stage and turn its errors into an exit code.

    Args:
        argv: The command line without the program's name; None takes the process's own.
        program: Name of the script.
        description: For `--help`.
        stage: Runs the stage, tells the user the result, returns 0 or 1.

    Returns:
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        # Photos have names in any language; a terminal that lacks a letter shows a substitute.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    options = _parser(program, description).parse_args(argv)
    logging.basicConfig(level=options.log_level.upper(), format="%(levelname)s %(message)s", stream=sys.stderr)
    previous = signal.signal(signal.SIGTERM, _interrupt)
    bars = ProgressBars()
    try:
        config = options.config or os.environ.get(CONFIG_VARIABLE)
        settings = load_settings(
            Path(config) if config else None, default_root=PROJECT_ROOT, overrides=_overrides(options)
        )
        return stage(settings, bars)
    except CurationError as error:
        bars.close()
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        bars.close()
        print("interrupted; what was done so far is kept, run the same command to go on", file=sys.stderr)
        return RunInterruptedError.exit_code
    except Exception:
        bars.close()
        logging.getLogger(__name__).exception("an error of the program; please report it with the lines above")
        return INTERNAL_EXIT_CODE
    finally:
        bars.close()
        signal.signal(signal.SIGTERM, previous)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _overrides(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    given = {
        "io": {"input_dir": options.input, "output_dir": options.output},
        "engine": {"name": options.engine},
        "performance": {"workers": options.workers},
    }
    return {
        section: {key: value for key, value in values.items() if value is not None} for section, values in given.items()
    }


def print_failures(failures: Sequence[Failure], record: Path) -> None:
    """List photos that failed, the first ones of many."""
    for failure in failures[:_SHOWN_FAILURES]:
        print(f"  failed: {failure.image_path}: {failure.reason}")
    if len(failures) > _SHOWN_FAILURES:
        print(f"  ... and {len(failures) - _SHOWN_FAILURES} more, see {record}")
