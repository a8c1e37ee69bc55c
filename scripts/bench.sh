#!/usr/bin/env bash
# Run the measurements in bench/: `bench.sh quick | full`. Each prints JSON lines; none fails a run.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p bench/results
out=bench/results/$(date +%Y%m%d-%H%M%S).jsonl
for file in bench/*.py; do
    grep -q '__main__' "$file" || continue
    flags=()
    [[ ${1:-quick} == quick ]] && grep -q -- '--quick' "$file" && flags=(--quick)
    .venv/bin/python "$file" "${flags[@]}" | tee -a "$out" || echo "bench: $file failed" >&2
done
echo "bench: written to $out" >&2
