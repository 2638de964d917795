"""`python -m curation`: the small commands beside the two scripts."""

from __future__ import annotations

import sys

from curation.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
