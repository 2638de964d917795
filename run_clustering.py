"""Stage 1: finds every face in a folder of photos and groups the faces by person."""

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
Finds every face in a folder of photos and groups the faces by person.

Writes into the output folder:
  face_data.csv          every face: photo, position, cluster (-1: too poor to identify), quality
  output_clusters/       cluster_N.jpg is the best face of cluster N, cluster_N/ holds samples of it
  clustering_run.json    settings, counts, failed photos
  file_health.csv        files to copy again before you format the card, and photos that are not on this disk
  videos.csv and more    who is in the clips of the folder, see docs/video_events.md

Then label the people who matter in cluster_labels.json, in the same folder, for instance
  {"0": "main", "1": {"name": "Anna", "category": "important"}}
(the categories are main, important and other), and run run_scoring.py.
"""

ENGINE_HELP = "retinaface-arcface (better, needs weights), dlib (needs no download) or auto (default: engine.name)"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stage; returns the exit code."""
    from curation.cli.terminal import run_stage

    return run_stage(argv, program="run_clustering.py", description=DESCRIPTION, engine_help=ENGINE_HELP, stage=_stage)


def _stage(settings: Settings, bars: ProgressBars) -> int:
    from curation.bootstrap import build
    from curation.cli.terminal import counted, print_failures, print_files, print_line
    from curation.event.film.told import told_of_films

    workflow = build(settings, eager_without="face_data.csv")
    report = workflow.run_clustering(progress=bars)
    bars.close()
    reused = f", {report.reused} of them known from earlier" if report.reused else ""
    total = counted(report.total, "photo")
    known = f" ({report.with_raw} with RAW){reused}" if report.with_raw else reused
    print_line(f"{report.analysed} of {total} analysed{known}, in {report.seconds:.1f} s with {report.engine}")
    faces, clusters = counted(report.faces, "face"), counted(report.clusters, "cluster")
    unreadable = f" ({report.unreadable_faces} cannot be read)" if report.unreadable_faces else ""
    print_line(f"{faces}, {report.identified_faces} good enough to identify{unreadable}, in {clusters}")
    print_failures(report.failures, settings.output_place("clustering_run.json"))
    print_files(report.broken, settings.output_place("file_health.csv"))
    if not report.failed and not report.broken:
        print_line(f"all {counted(report.total, 'file')} are whole" if report.total != 1 else "the file is whole")
    if report.ignored:
        record = settings.output_place("clustering_run.json")
        print_line(f"  {counted(len(report.ignored), 'other file')} skipped, see {record}")
    for warning in report.warnings:
        print_line(f"  note: {warning}")
    films = workflow.run_videos(progress=bars)
    bars.close()
    for line in told_of_films(films, settings.output_place("video_run.json")):
        print_line(line)
    if report.clusters or films.people:
        pictures = settings.output_place("output_clusters")
        labels = settings.output_place(settings.scoring.labels_json.as_posix())
        print_line(f"next: look at {pictures}, write labels in {labels}, then run run_scoring.py")
    else:
        print_line("nobody to label: run_scoring.py ranks the photos by focus and exposure alone")
    return 1 if report.failed or report.broken or films.failed else 0


if __name__ == "__main__":
    try:
        from curation.starting import end_when_interrupted

        end_when_interrupted()
        exit_code = main()
    except KeyboardInterrupt:  # before that
        exit_code = 130
    sys.exit(exit_code)
