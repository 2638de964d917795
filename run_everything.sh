#!/bin/sh
# The same as run.sh, under the name that other systems of this kind use.
exec "$(dirname "$0")/run.sh" "$@"
