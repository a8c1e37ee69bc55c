#!/usr/bin/env bash
# The main job: start claude-agent on a home inside this checkout and deploy the sample shop with
# its agents. Each run deploys the next release; `RELEASE=broken scripts/run.sh` one that fails.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
export PATH="$root/.tools/bin:$root/.venv/bin:$PATH"
export CLAUDE_AGENT_HOME="$root/.home"
# Started by make, make's own settings would reach the agents' commands.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CLAUDE_AGENT_URL CLAUDE_AGENT_TOKEN

# Behind a proxy, or a company's own certificates, the agents' commands need what we were given.
given=()
for name in HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy \
    SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS; do
    [[ -n ${!name:-} ]] && given+=("\"$name\"")
done
if [[ ${#given[@]} -gt 0 ]]; then
    more=$(IFS=,; printf '%s' "${given[*]}")
    for agent in BACKEND_API FRONTEND_UI; do
        export "CLAUDE_AGENT_AGENTS_${agent}_ENVIRONMENT=[\"PATH\",\"HOME\",\"LANG\",\"TERM\",\"SSH_AUTH_SOCK\",$more]"
    done
fi

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[[ -t 1 && -z ${NO_COLOR:-} ]] || say() { printf '\n%s\n' "$*"; }

PORT=${PORT:-}
if ! claude-agent status >/dev/null 2>&1; then
    say "Starting claude-agent (home: .home)"
    # 7420 may be another's on this machine: then any free port will do.
    if [[ -n $PORT ]]; then
        claude-agent up --detach --port "$PORT"
    else
        claude-agent up --detach 2>.home-up.log || {
            code=$?
            cat .home-up.log >&2
            [[ $code -eq 6 ]] && grep -q 'port' .home-up.log || exit "$code"
            claude-agent up --detach --port 0
        }
        rm -f .home-up.log
    fi
fi

repository=$root/.shop/shop.git
say "Making the shop's repository (.shop/shop.git)"
python scripts/make_shop_repo.py "$repository"

mark=$CLAUDE_AGENT_HOME/shop-release
release=${RELEASE:-release-1}
if [[ -z ${RELEASE:-} && -s $mark ]]; then
    release=release-2
fi

say "Deploying $release through the agents"
code=0
claude-agent workflow --file src/claude_agent/workflows/deploy_web_app.yaml \
    --params repo_url="$repository" --params ref="$release" \
    --watch || code=$?
[[ $code -eq 0 ]] && printf '%s\n' "$release" >"$mark"

say "History"
claude-agent execution list --limit 5
say "The shop"
claude-agent app list
url=$(claude-agent app list -o json | python -c \
    'import json, sys; print(next((a["url"] for a in json.load(sys.stdin)["items"]), "") or "")')
if [[ -n $url ]]; then
    python - "$url" <<'PY'
import json
import sys
import urllib.request

with urllib.request.urlopen(f"{sys.argv[1]}/health", timeout=5) as answer:
    print(f"{sys.argv[1]} answers: {json.load(answer)}")
PY
fi
server=$(python -c 'import json; print(json.load(open(".home/server.json"))["url"])')
say "Next"
cat <<TEXT
  dashboard   $server/ui/
  attach      CLAUDE_AGENT_HOME=.home .venv/bin/claude-agent agent attach deployment
  again       make run          (deploys the next release over this one)
  a failure   RELEASE=broken make run
  stop        CLAUDE_AGENT_HOME=.home .venv/bin/claude-agent app stop shop
              CLAUDE_AGENT_HOME=.home .venv/bin/claude-agent down
  remove      make clean
TEXT
exit "$code"
