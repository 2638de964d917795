"""`curation files`: which files should be copied again before the card is formatted, and which are not on this disk."""

from __future__ import annotations

import argparse
import json
from typing import Any

from curation.cli.terminal import counted, printable
from curation.errors import NOT_CLUSTERED, NotClusteredError
from curation.settings import Settings, with_places

__all__ = ["add_commands"]


def add_commands(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `files` to a parser."""
    parser = groups.add_parser(
        "files",
        help="files to copy again before you format the card",
        description="Lists the files that the last clustering found cut off, zeroed, spliced, damaged or empty, with "
        "what of them is still good, and photos that are not on this disk. No file is opened: look through the photos "
        "again (run_clustering.py) after you copied files. Exit code 1 if there are any.",
    )
    parser.add_argument("--input", metavar="DIR", help="folder or address of the photos (default: io.input_dir)")
    parser.add_argument("--output", metavar="DIR", help="output folder or address (default: io.output_dir)")
    parser.add_argument("--json", action="store_true", help="print the list as JSON")
    parser.set_defaults(command=_files)


def _files(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.domain.files.broken import broken_from_json, broken_to_json, told
    from curation.storage.run_records import CLUSTERING_RUN, read_run_record
    from curation.storage.working_copy.opening import edited_outputs

    settings = with_places(settings, input_dir=arguments.input, output_dir=arguments.output)
    with edited_outputs(settings):
        record: dict[str, Any] | None = read_run_record(settings.io.output_dir / CLUSTERING_RUN)
    if record is None:
        raise NotClusteredError(NOT_CLUSTERED)
    files = broken_from_json(record.get("files"))
    if arguments.json:
        print(json.dumps(broken_to_json(files), indent=2))
    elif not files:
        photos = record.get("counts", {}).get("photos", 0)
        print(f"{counted(photos, 'photo')}: all files are whole")
    for sentence in () if arguments.json else told(files):
        print(sentence)
    for file in () if arguments.json else files:
        good = f" (still good: {file.still_good})" if file.still_good else ""
        twin = f" (in its place: {printable(file.twin)})" if file.twin else ""
        print(f"  {printable(file.image_path)}: {file.reason}{good}{twin}")
    return 1 if files else 0
