# Sourced by the scripts beside it, which set $root to the top of the checkout.
# shellcheck shell=sh disable=SC2154

# What .venv is made from: its place, for its scripts name it, and the packages.
recipe() {
    printf '%s\n' "$root"
    cat "$root/pyproject.toml" "$root/scripts/constraints.txt"
}

find_python() {
    for python in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    echo "gradcalc: Python 3.11 or later, with pip and venv, is needed, and no python3 on the PATH is that" >&2
    echo "gradcalc: it is at https://www.python.org/downloads (Debian, Ubuntu: apt install python3 python3-venv)" >&2
    return 1
}

# make_environment all|dev: leaves .venv with gradcalc and those extras in it, or ends the script with status 2.
# A call that finds it made from the same recipe installs nothing and is over in a few milliseconds.
make_environment() {
    if [ -x "$root/.venv/bin/python" ] && recipe | cmp -s - "$root/.venv/made-with-$1"; then
        return
    fi
    python=$(find_python) || exit 2
    recipe | "$python" "$root/scripts/environment.py" "$1" || exit 2
}
