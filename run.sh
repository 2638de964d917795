#!/bin/sh
# Starts the attribute services in the background: roles, ports, Redis and folders are those of config.yaml (`services:`).
# ./run.sh                        one process for image_input, landmarks, age_gender, storage; one for queue and log
# ./run.sh --apart                a process for each role
# ./run.sh --config-json FILE     addresses, Redis and folders from a config.json
set -eu
cd "$(dirname "$0")"
if [ ! -x .venv/bin/python ]; then
    echo "Curation is not installed here: run  make extras EXTRAS=services  first." >&2
    exit 2
fi
exec .venv/bin/python -m curation services up "$@"
