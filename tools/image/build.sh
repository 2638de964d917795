#!/bin/sh
# Builds the image `curation` with docker, podman or buildah, whichever is there and works. BASE is another base, such as
# docker.io/library/python:3.11-slim-bookworm@sha256:..., EXTRAS are other extras than those of docker-compose.yaml, NAME is
# another name. Further arguments go to the builder.
set -eu
cd "$(dirname "$0")/../.."
if command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1; then
    builder="docker build"
elif command -v podman >/dev/null 2>&1; then
    builder="podman build --format docker"   # without it the health check is left out
elif command -v buildah >/dev/null 2>&1; then
    builder="buildah build --format docker"
else
    echo "No builder of images is here: install docker, podman or buildah." >&2
    exit 1
fi
[ -z "${BASE-}" ] || set -- --build-arg "BASE=$BASE" "$@"
[ -z "${EXTRAS-}" ] || set -- --build-arg "EXTRAS=$EXTRAS" "$@"
set -x
# Two words, or four.
# shellcheck disable=SC2086
exec $builder "$@" --tag "${NAME:-curation}" --file Dockerfile .
