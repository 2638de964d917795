"""`curation quality`: how good the grouping is, from a few dozen answers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from curation.settings import Settings

if TYPE_CHECKING:
    from curation.domain.grouping.check import Pair
    from curation.pipelines.clustering.check import EventGroupingCheck

__all__ = ["add_commands"]


def add_commands(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands of this subject to a parser."""
    quality = groups.add_parser(
        "quality",
        help="how good the grouping is on your photos",
        description="Shows pairs of faces on a page and asks whether they are the same person; from some 50 answers it "
        "tells how pure (precision) and how complete (recall) the groups are. Answers are kept in the output folder.",
    )
    quality.add_argument("--output", type=Path, metavar="DIR", help="output folder of the run (default: io.output_dir)")
    quality.add_argument("--pairs", type=_pairs, default=50, metavar="N", help="questions (default: %(default)s)")
    quality.add_argument("--seed", type=int, default=0, metavar="N", help="another number asks about other faces")
    quality.add_argument("--answers", type=Path, metavar="FILE", help="answers that were saved on the page")
    quality.set_defaults(command=_check_quality)


def _pairs(text: str) -> int:
    count = int(text)
    if not 2 <= count <= 1000:
        raise argparse.ArgumentTypeError("from 2 to 1000")
    return count


def _check_quality(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.pipelines.clustering.check import EventGroupingCheck, told

    if arguments.output is not None:
        io = settings.io.model_copy(update={"output_dir": arguments.output.absolute()})
        settings = settings.model_copy(update={"io": io})
    check = EventGroupingCheck(settings, count=arguments.pairs, seed=arguments.seed)
    if arguments.answers is not None:
        print(f"{check.take_answers(arguments.answers)} answers taken over")
    while questions := check.questions():
        check.write_page(questions)
        print(f"open (or reload) {check.page_path}: it shows {len(questions)} pairs of faces by number")
        if not _ask(check, questions):
            break
    for name, words in told(check.verdict()).items():
        print(f"{name}: {words}")
    print(
        "precision: of a face's group, the share that is the same person; recall: of its person, the share in its group"
    )
    return 0


def _ask(check: EventGroupingCheck, questions: Sequence[Pair]) -> bool:
    """Ask in the terminal; gives False when the user has enough, or nobody is there."""
    answers = {"y": True, "n": False, "?": None}
    place = 0
    while place < len(questions):
        try:
            text = input(f"{place + 1} of {len(questions)}, same person? [y]es [n]o [?] cannot tell [b]ack [q]uit: ")
        except EOFError:
            print()
            return False
        key = text.strip().lower()[:1]
        if key == "q":
            return False
        if key == "b":
            place = max(0, place - 1)
        elif key in answers:
            check.answer(questions[place], answers[key])
            place += 1
    return True
