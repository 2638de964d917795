"""`python -m tests.services_program ...` is `python -m curation ...` with a stand-in for the analysis of pictures.

So that processes of roles start in a second and need no model files; everything else is the program itself.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

from curation.cli.main import main
from curation.cli.services import roles
from curation.domain.attributes.values import Attribute, ImageAttributes
from curation.pipelines.attributes.analyser import Wanted
from curation.services.serving import process
from tests.service_roles import FakeAnalyser

DELAY_VARIABLE = "TESTS_ANALYSIS_S"
"""How long the analysis of a picture takes, in seconds."""

POISON = b"poison"
"""A picture that begins so ends the process, as a fault in native code does."""


class _SlowAnalyser(FakeAnalyser):
    def analyse(
        self, content: bytes, *, wanted: Wanted, readers: Mapping[Attribute, str] | None = None
    ) -> ImageAttributes:
        if content.startswith(POISON):
            os._exit(70)
        time.sleep(float(os.environ.get(DELAY_VARIABLE, "0")))
        return super().analyse(content, wanted=wanted, readers=readers)


def _build_analyser(*arguments: Any, **options: Any) -> FakeAnalyser:
    return _SlowAnalyser()


if __name__ == "__main__":
    with (
        patch.object(process, "build_analyser", _build_analyser),
        patch.object(roles, "_PROGRAM", "tests.services_program"),
    ):
        sys.exit(main())
