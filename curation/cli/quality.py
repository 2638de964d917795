"""`curation quality`: measures how good the grouping is, from a few dozen answers of the user."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from curation.settings import Settings, with_places

if TYPE_CHECKING:
    from curation.domain.grouping.check import Pair
    from curation.pipelines.clustering.check import EventGroupingCheck

__all__ = ["add_commands"]


def add_commands(groups: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `quality` to a parser."""
    quality = groups.add_parser(
        "quality",
        help="measure how good the grouping is on your photos",
        description="Shows pairs of faces on a page and asks whether they are the same person; from about 50 answers "
        "it estimates how pure (precision) and how complete (recall) the clusters are. Answers are saved in the output "
        "folder.",
    )
    quality.add_argument("--output", metavar="DIR", help="output folder or address (default: io.output_dir)")
    quality.add_argument(
        "--pairs", type=_pairs, default=50, metavar="N", help="number of questions (default: %(default)s)"
    )
    quality.add_argument("--seed", type=int, default=0, metavar="N", help="another number selects other pairs of faces")
    quality.add_argument("--answers", type=Path, metavar="FILE", help="file of answers that was saved on the page")
    quality.set_defaults(command=_check_quality)


def _pairs(text: str) -> int:
    count = int(text)
    if not 2 <= count <= 1000:
        raise argparse.ArgumentTypeError("must be from 2 to 1000")
    return count


def _check_quality(arguments: argparse.Namespace, settings: Settings) -> int:
    from curation.storage.working_copy.opening import edited_outputs

    settings = with_places(settings, output_dir=arguments.output)
    with edited_outputs(settings) as told:
        _checked(arguments, settings)
    for sentence in told:
        print(f"note: {sentence}")
    return 0


def _checked(arguments: argparse.Namespace, settings: Settings) -> None:
    from curation.pipelines.clustering.check import EventGroupingCheck, verdict_in_words

    check = EventGroupingCheck(settings, count=arguments.pairs, seed=arguments.seed)
    if arguments.answers is not None:
        print(f"{check.import_answers(arguments.answers)} answers imported")
    while questions := check.questions():
        check.write_page(questions)
        print(f"open (or reload) {check.page_path}: it shows {len(questions)} pairs of faces by number")
        if not _ask(check, questions):
            break
    for name, words in verdict_in_words(check.verdict()).items():
        print(f"{name}: {words}")
    print(
        "precision: share of a face's cluster that is the same person; "
        "recall: share of the person's faces that is in its cluster"
    )


def _ask(check: EventGroupingCheck, questions: Sequence[Pair]) -> bool:
    """Ask the questions in the terminal; returns False if the user quits or standard input ends."""
    answers = {"y": True, "n": False, "?": None}
    index = 0
    while index < len(questions):
        try:
            text = input(f"{index + 1} of {len(questions)}, same person? [y]es [n]o [?] cannot tell [b]ack [q]uit: ")
        except EOFError:
            print()
            return False
        key = text.strip().lower()[:1]
        if key == "q":
            return False
        if key == "b":
            index = max(0, index - 1)
        elif key in answers:
            check.answer(questions[index], answers[key])
            index += 1
    return True
