#!/usr/bin/env bash
# Prove that a stranger's machine will do: clone this checkout into a new folder, give it a new HOME
# and an empty environment, and time `make run` (twice) and `make test`.
# fresh.sh [run|test|all] [FOLDER]
set -euo pipefail
what=${1:-all}
source=$(cd "$(dirname "$0")/.." && pwd)
folder=${2:-$(mktemp -d /tmp/fresh-XXXXXX)}
mkdir -p "$folder/home"
git clone --quiet --no-local "$source" "$folder/checkout"

# How this machine reaches its package registries is its own affair and goes along.
kept=()
while IFS='=' read -r name value; do
    case $name in
    PIP_* | NPM_CONFIG_* | npm_config_* | SSL_CERT_* | NODE_EXTRA_CA_CERTS | *_proxy | *_PROXY)
        kept+=("$name=$value")
        ;;
    esac
done < <(env)
for file in .npmrc .config/pip/pip.conf; do
    if [[ -f $HOME/$file ]]; then
        mkdir -p "$folder/home/$(dirname "$file")"
        cp "$HOME/$file" "$folder/home/$file"
    fi
done

clean() {
    env -i HOME="$folder/home" LANG=C.UTF-8 TERM="${TERM:-dumb}" \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        "${kept[@]}" make -C "$folder/checkout" "$@"
}

timed() {
    local name=$1 code=0 begun=$SECONDS
    shift
    "$@" || code=$?
    results+=("$(printf '%-22s %4d s   exit %d' "$name" $((SECONDS - begun)) "$code")")
    [[ $code -eq 0 ]] || failed=1
}

results=()
failed=0
trap 'clean clean >/dev/null 2>&1 || true' EXIT
if [[ $what != test ]]; then
    timed "make run (first)" clean run
    timed "make run (second)" clean run
fi
if [[ $what != run ]]; then
    timed "make test" clean test
fi
printf '\nfresh checkout in %s\n' "$folder/checkout"
printf '  %s\n' "${results[@]}"
exit "$failed"
