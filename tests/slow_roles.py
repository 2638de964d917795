"""`python -m tests.slow_roles ...` is `tests.services_program`, with pictures whose decoding never ends.

The end of the picture's bytes says how: "stuck" keeps all threads of its process from running, as a decoder may that
never lets go of the interpreter; "asleep" takes no processor time. All pictures are decoded, as the real analysis does.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

from curation.domain.attributes.values import Attribute, ImageAttributes
from curation.photos import elsewhere
from curation.photos.files.decoding import open_photo_bytes as _open_photo_bytes
from curation.pipelines.attributes.analyser import Wanted

STUCK, ASLEEP = b"stuck", b"asleep"


def _opened(content: bytes, **options: Any) -> Any:
    if content.endswith(STUCK):
        re.match(r"(a|a)*b", "a" * 64)  # tries 2 ** 64 ways, in native code
    if content.endswith(ASLEEP):
        time.sleep(3600)
    return _open_photo_bytes(content, **options)


# Decoder processes import this module, too, and call what they find in the other one.
elsewhere.open_photo_bytes = _opened  # type: ignore[attr-defined]

if __name__ == "__main__":
    # Not above, as decoder processes have no use for them.
    from curation.cli.main import main
    from curation.cli.services import roles
    from curation.services.serving import process
    from tests.service_roles import FakeAnalyser

    class _Decoding(FakeAnalyser):
        def analyse(
            self, content: bytes, *, wanted: Wanted, readers: Mapping[Attribute, str] | None = None
        ) -> ImageAttributes:
            elsewhere.open_elsewhere(content, max_megapixels=100).full()
            return super().analyse(content, wanted=wanted, readers=readers)

    with (
        patch.object(process, "build_analyser", lambda *arguments, **options: _Decoding()),
        patch.object(roles, "_PROGRAM", "tests.slow_roles"),
    ):
        sys.exit(main())
