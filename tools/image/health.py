"""Asks the web service of this container for its health; the exit code is 1 if it does not answer."""

from __future__ import annotations

import os
import sys
from urllib.request import Request, urlopen

if __name__ == "__main__":
    port = os.environ.get("CURATION_SERVICE__PORT", "8000")
    token = os.environ.get("CURATION_SERVICE__TOKEN", "")
    try:
        with urlopen(
            Request(f"http://127.0.0.1:{port}/health", headers={"Authorization": f"Bearer {token}"}), timeout=5
        ) as answer:
            sys.exit(0 if answer.status == 200 else 1)
    except OSError as error:
        print(f"the service does not answer: {error}", file=sys.stderr)
        sys.exit(1)
