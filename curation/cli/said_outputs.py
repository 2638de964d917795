"""What commands share that change the user's words in an output folder."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from curation.settings import Settings, with_places

__all__ = ["add_places", "with_edited_outputs"]


def add_places(parser: argparse.ArgumentParser) -> None:
    """Add the options `--input` and `--output`."""
    parser.add_argument("--input", metavar="DIR", help="folder or address of the photos (default: io.input_dir)")
    parser.add_argument("--output", metavar="DIR", help="output folder or address (default: io.output_dir)")


def with_edited_outputs(
    arguments: argparse.Namespace, settings: Settings, action: Callable[[argparse.Namespace, Settings], int]
) -> int:
    """Carry out a command with the outputs at hand, and tell what became of them where they lie in object storage.

    Args:
        arguments: With `input` and `output`, see `add_places`.
        settings: Of the program.
        action: The command; returns its exit code.
    """
    from curation.storage.working_copy.opening import edited_outputs

    settings = with_places(settings, input_dir=arguments.input, output_dir=arguments.output)
    with edited_outputs(settings) as told:
        code = action(arguments, settings)
    for sentence in told:
        print(f"note: {sentence}")
    return code
