# Sourced by scripts/run, scripts/test and scripts/check: makes .venv in the repository root.
# The caller sets $root (the repository) and calls `bootstrap run` or `bootstrap dev`.
# shellcheck shell=sh

venv=$root/.venv

# Prints the path of the first interpreter that starts and is new enough; fails when there is none.
# A name on PATH proves nothing: version managers leave shims there that only print an error.
find_python() {
    for candidate in "${PYTHON:-}" python3.14 python3.13 python3.12 python3.11 python3; do
        [ -n "$candidate" ] || continue
        path=$(command -v "$candidate") || continue
        case $path in /*) ;; *) path=$PWD/$path ;; esac
        if [ "$(runs_and_is_new "$path")" = yes ]; then
            printf '%s\n' "$path"
            return 0
        fi
    done
    return 1
}

runs_and_is_new() {
    "$1" -c 'import sys; print("yes" if sys.version_info >= (3, 11) else "no")' </dev/null 2>/dev/null || :
}

# What the installed set was made from; another place or another lock is another stamp.
stamp_of() {
    printf '%s\n' "$root"
    (cd "$root" && cksum pyproject.toml "$1")
}

is_current() {
    [ -f "$venv/$1.stamp" ] && [ "$(cat "$venv/$1.stamp")" = "$(stamp_of "$2")" ]
}

# An environment without a stamp was interrupted; one whose interpreter is gone or was upgraded
# by the system can not import what it holds; one that was moved points at its old place.
is_whole() {
    [ -f "$venv/run.stamp" ] &&
        [ "$(sed -n 1p "$venv/run.stamp")" = "$root" ] &&
        [ -x "$venv/bin/tt" ] &&
        "$venv/bin/python" -I -c 'import tt_tui' </dev/null 2>/dev/null
}

# PIP_USER=0: a user-wide "install for me only" setting can not work in an environment.
venv_pip() {
    PIP_USER=0 "$venv/bin/python" -m pip -qq --disable-pip-version-check --no-input "$@"
}

outer_pip() {
    PIP_USER=0 "$outer" -m pip -qq --disable-pip-version-check --no-input --python "$venv/bin/python" "$@"
}

uv_pip() {
    verb=$1
    shift
    uv pip "$verb" --quiet --python "$venv/bin/python" "$@"
}

# Finds an interpreter whose pip can install into another environment (pip 22.3 and later).
find_outer_pip() {
    for outer in "$1" python3.14 python3.13 python3.12 python3.11 python3; do
        outer_pip --version </dev/null >/dev/null 2>&1 && return 0
    done
    return 1
}

# Makes an empty .venv and sets $installer to the command that installs into it.
make_venv() {
    rm -rf "$venv"
    if python=$(find_python); then
        printf 'tt: setting up .venv with %s; this is done once and takes about a minute\n' "$python" >&2
        if "$python" -m venv "$venv" >/dev/null 2>&1; then
            installer=venv_pip
            return 0
        fi
        rm -rf "$venv"
        if "$python" -m venv --without-pip "$venv" >/dev/null 2>&1 && find_outer_pip "$python"; then
            installer=outer_pip
            return 0
        fi
        rm -rf "$venv"
    fi
    command -v uv >/dev/null 2>&1 || return 1
    printf 'tt: setting up .venv with uv; this is done once and takes about a minute\n' >&2
    installer=uv_pip
    uv venv --quiet --python "${python:->=3.11}" "$venv"
}

# Chooses the installer of an .venv that already stands.
find_installer() {
    if venv_pip --version </dev/null >/dev/null 2>&1; then
        installer=venv_pip
    elif python=$(find_python) && find_outer_pip "$python"; then
        installer=outer_pip
    elif command -v uv >/dev/null 2>&1; then
        installer=uv_pip
    else
        return 1
    fi
}

# Says in one line what to type on this system.
explain_and_stop() {
    if command -v apt-get >/dev/null 2>&1; then
        wanted='python3 python3-venv'
        for version in 3.14 3.13 3.12 3.11; do
            if apt-cache show "python$version-venv" >/dev/null 2>&1; then
                wanted="python$version python$version-venv"
                break
            fi
        done
        advice="sudo apt install $wanted"
    elif command -v dnf >/dev/null 2>&1; then
        advice='sudo dnf install python3.12'
    elif command -v brew >/dev/null 2>&1 || [ "$(uname -s)" = Darwin ]; then
        advice='brew install python@3.13'
    else
        advice='install Python 3.11 or later with its venv and pip modules, or uv'
    fi
    printf 'tt: no Python 3.11 or later that can make a virtual environment was found; please run: %s\n' "$advice" >&2
    exit 3
}

install_locked() {
    rm -f "$venv/run.stamp" "$venv/dev.stamp"
    (
        cd "$root"
        "$installer" install --require-hashes -r "$1"
        "$installer" install --no-deps --no-build-isolation -e .
    )
}

bootstrap() {
    case $1 in
    run) lock=requirements.lock ;;
    dev) lock=requirements-dev.lock ;;
    esac
    if is_whole; then
        if is_current "$1" "$lock"; then
            return 0
        fi
        printf 'tt: bringing .venv up to date with %s\n' "$lock" >&2
        find_installer || make_venv || explain_and_stop
    else
        make_venv || explain_and_stop
    fi
    install_locked "$lock"
    # The development set holds all of the other, so it makes both current.
    stamp_of requirements.lock >"$venv/run.stamp"
    if [ "$1" = dev ]; then
        stamp_of requirements-dev.lock >"$venv/dev.stamp"
    fi
}
