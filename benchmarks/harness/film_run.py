"""Look at a film in this process and its workers, and write the result.

    python -m benchmarks.harness.film_run FILM OUTPUT STATE DATA --models DIR [--workers N]

Benchmarks start it as a process, watch it and kill it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from curation.storage.video.result_files import write_result
from ground_truth.films.looking import FilmProgram


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("state", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    program = FilmProgram(
        options.data, options.models, options.state.parent, workers=options.workers, state=options.state.name
    )
    write_result(options.output, program.result(options.film))


if __name__ == "__main__":
    main()
