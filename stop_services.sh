#!/bin/sh
# Ends what run.sh started, and nothing else: each process answers what it has begun.
set -eu
cd "$(dirname "$0")"
if [ ! -x .venv/bin/python ]; then
    echo "Curation is not installed here, so nothing of it runs." >&2
    exit 0
fi
exec .venv/bin/python -m curation services down "$@"
