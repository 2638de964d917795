"""Stage 2: scores every photo by eyes, smile, focus, exposure and people, and ranks them, best first."""

from __future__ import annotations

try:
    import sys
    from collections.abc import Sequence
    from typing import TYPE_CHECKING
except KeyboardInterrupt:  # Ctrl-C in the first milliseconds; a traceback would only frighten
    raise SystemExit(130) from None

if TYPE_CHECKING:
    from curation.cli.terminal import ProgressBars
    from curation.settings import Settings

DESCRIPTION = """\
Scores the photos that run_clustering.py analysed, and ranks them, best first.

Needs the photos, and in the output folder face_data.csv (run run_clustering.py first, with the same --input and
--output). Uses cluster_labels.json from there; without it every cluster of several photos counts as important.

Writes into the output folder:
  photo_scores.csv       every photo, best first, with its score and the reasons in words
  scoring_run.json       settings, counts, failed photos

Rules, weights and thresholds are in config.yaml; after a change only the scores are computed again, in seconds.
"""

ENGINE_HELP = "not needed here: the faces are those of face_data.csv, whatever engine found them"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; returns the exit code."""
    from curation.cli.terminal import run_stage

    return run_stage(argv, program="run_scoring.py", description=DESCRIPTION, engine_help=ENGINE_HELP, stage=_stage)


def _stage(settings: Settings, bars: ProgressBars) -> int:
    from curation.bootstrap import build
    from curation.cli.terminal import counted, print_failures, print_line, printable

    report = build(settings, eager_without="photo_scores.csv").run_scoring(progress=bars)
    bars.close()
    reused = f", {report.reused} of them measured earlier" if report.reused else ""
    labels = f"{report.labelled_clusters} labels" if report.labelled else "no labels yet"
    print_line(
        f"{report.scored} of {counted(report.total, 'photo')} scored{reused}, in {report.seconds:.1f} s; {labels}"
    )
    if report.frontal_faces:
        unclear = 1 - report.frontal_judged_faces / report.frontal_faces
        print_line(
            f"eyes cannot be judged on {unclear:.1%} of "
            f"{counted(report.frontal_faces, 'frontal face')} of at least 80 px"
        )
    if report.vetoed:
        print_line(f"{counted(report.vetoed, 'photo')} vetoed by the rules")
    for warning in report.warnings:
        print_line(f"  note: {warning}")
    print_failures(report.failures, settings.output_place("scoring_run.json"))
    for path, score in report.best[:3]:
        print_line(f"  {score:.2f}  {printable(path)}")
    print_line(f"all photos, best first: {settings.output_place('photo_scores.csv')}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    try:
        from curation.starting import end_when_interrupted

        end_when_interrupted()
        exit_code = main()
    except KeyboardInterrupt:  # before that
        exit_code = 130
    sys.exit(exit_code)
