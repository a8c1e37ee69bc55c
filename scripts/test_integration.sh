#!/usr/bin/env bash
# Send one task through every link and name the first that is broken:
#   server -> API -> queue -> tmux -> result -> event -> page
# test_integration.sh [HOME]   on the server of that home; without one, on a product of its own.
# Exit codes: 0 every link holds, 1 one is broken (named in the last line), 2 wrong use.
set -uo pipefail
patience=${PATIENCE:-15}  # seconds for each link
if [[ $# -gt 1 || ${1:-} == -* ]]; then
    echo "usage: $0 [HOME]" >&2
    exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
export PATH="$root/.tools/bin:$root/.venv/bin:$PATH"
unset CLAUDE_AGENT_URL
work=$(mktemp -d /tmp/ca-XXXXXX)
own=""
finish() {
    [[ -z $own ]] || claude-agent down --stop-agents >/dev/null 2>&1
    rm -rf "$work"
}
trap finish EXIT

holds() { printf 'ok      %-7s %s\n' "$1" "$2"; }
broken() {
    printf 'BROKEN  %-7s %s\n' "$1" "$2"
    exit 1
}
field() { python -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
# Try a command for $1 seconds until it exits with 0.
within() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >"$work/said" 2>&1; do
        ((SECONDS < end)) || return 1
        sleep 0.2
    done
}
said() { tail -n 3 "$work/said" | tr '\n' ' '; }

if [[ $# -eq 1 ]]; then
    export CLAUDE_AGENT_HOME=$1
else
    own=yes
    export CLAUDE_AGENT_HOME=$work/home
    claude-agent up --detach --port 0 >"$work/said" 2>&1 || broken server "it does not start: $(said)"
fi
address=$(field url <"$CLAUDE_AGENT_HOME/server.json" 2>"$work/said") ||
    broken server "nothing runs on $CLAUDE_AGENT_HOME"
fetch() {
    python -c 'import sys, urllib.request as u
sys.stdout.write(u.urlopen(sys.argv[1], timeout=12).read().decode())' "$1"
}
within 5 fetch "$address/health" || broken server "$address/health does not answer: $(said)"
holds server "$address"

# The command waits, so that it can be seen at work.
mark="integration-$$-$RANDOM"
command="echo $mark; while [ ! -e $work/go ]; do sleep 0.1; done
echo '{\"mark\": \"$mark\"}' >\"\$CLAUDE_AGENT_OUTPUTS\""
claude-agent submit --run "$command" --agent testing --title "$mark" --timeout 2m \
    --idempotency-key "$mark" -o json >"$work/task" 2>"$work/said" ||
    broken API "the task is not accepted: $(said)"
id=$(field id <"$work/task") ref=$(field ref <"$work/task")
holds API "task $ref accepted"

history() {
    claude-agent event list --topic tasks --limit 1000 --after "$cursor" -o jsonl |
        grep "$id" | grep -o '"type": *"task\.[a-z_]*"' | grep -o 'task\.[a-z_]*' >"$work/history"
}
cursor=$(python - "$(claude-agent event export-head -o json | field cursor)" <<'PY'
import sys

epoch, _, position = sys.argv[1].partition(":")
print(f"{epoch}:{max(0, int(position) - 500)}")
PY
)
claimed() { history && grep -qx task.started "$work/history"; }
within "$patience" claimed || broken queue "nobody took the task: $(tr '\n' ' ' <"$work/history")"
holds queue "claimed and started"

read -ra attach < <(claude-agent agent attach testing)
socket=""
for ((n = 0; n < ${#attach[@]}; n++)); do
    [[ ${attach[n]} == -S ]] && socket=${attach[n + 1]}
done
[[ -S $socket ]] || broken tmux "there is no tmux server for the agents"
# Into a file: a tmux that hangs keeps a pipe open beyond its client's death.
shown() {
    timeout -s KILL 2 tmux -S "$socket" capture-pane -p -t "=claude-testing:=$ref" >"$work/pane"
    grep -q "$mark" "$work/pane"
}
within "$patience" shown || broken tmux "window $ref of claude-testing does not show the command: $(said)"
holds tmux "window $ref of claude-testing shows the command"

touch "$work/go"
claude-agent task wait "$ref" --timeout 20s >"$work/said" 2>&1 ||
    broken result "task $ref did not succeed: $(said)"
claude-agent task result "$ref" -o json >"$work/result" 2>"$work/said" &&
    grep -q "\"$mark\"" "$work/result" || broken result "the outputs are missing: $(said)"
claude-agent task logs "$ref" 2>"$work/said" | grep -qx "$mark" ||
    broken result "what the command printed is missing: $(said)"
holds result "succeeded, with its outputs and its log"

ended() { history && [[ $(tail -n 1 "$work/history") == task.succeeded ]]; }
within 5 ended || broken event "the log does not end with its success: $(tr '\n' ' ' <"$work/history")"
[[ $(grep -cx task.started "$work/history") -eq 1 ]] || broken event "the log has several starts"
claude-agent event verify >"$work/said" 2>&1 || broken event "the chain does not verify: $(said)"
holds event "$(tr '\n' ' ' <"$work/history")"

fetch "$address/ui/" >"$work/page" 2>"$work/said" || broken page "/ui/ does not answer: $(said)"
script=$(grep -o 'src="[^"]*\.js"' "$work/page" | head -n 1 | cut -d'"' -f2)
[[ -n $script ]] || broken page "the dashboard is not built (make dashboard)"
fetch "$address/ui/${script#./}" >/dev/null 2>"$work/said" || broken page "$script is missing: $(said)"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [[ -z $browser ]]; then
    holds page "served (no browser here to look at it)"
    exit 0
fi
login=$(python -c 'from claude_sdk import ClaudeSystem
with ClaudeSystem() as system: print(system.server.login_address())' 2>"$work/said") ||
    broken page "there is no way to log in: $(said)"
HOME=$work timeout 60 "$browser" --headless --no-sandbox --disable-gpu --no-first-run \
    --user-data-dir="$work/browser" --timeout=15000 --virtual-time-budget=8000 \
    --dump-dom "$login#/tasks/$ref" >"$work/dom" 2>"$work/said"
grep -q "$mark" "$work/dom" || broken page "the browser does not show the task: $(said)"
holds page "the browser shows the task"
