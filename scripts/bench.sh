#!/usr/bin/env bash
# Run the measurements in bench/: `bench.sh quick` (those that know --quick) or `bench.sh full`.
# Each prints JSON lines; none fails a run.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p bench/results
out=bench/results/$(date +%Y%m%d-%H%M%S).jsonl
for file in bench/*.py; do
    grep -q '__main__' "$file" || continue
    flags=()
    if [[ ${1:-quick} == quick ]]; then
        grep -q -- '"--quick"' "$file" || continue
        flags=(--quick)
    fi
    .venv/bin/python "$file" "${flags[@]}" | tee -a "$out" || echo "bench: $file failed" >&2
done
echo "bench: written to $out" >&2
