#!/usr/bin/env bash
# Stop what `make run` started in this checkout and remove everything that was made.
set -uo pipefail
cd "$(dirname "$0")/.."
if [[ -d .home ]]; then
    if [[ -x .venv/bin/claude-agent ]]; then
        .venv/bin/claude-agent --home "$PWD/.home" app stop shop >/dev/null 2>&1
        .venv/bin/claude-agent --home "$PWD/.home" down --stop-agents >/dev/null 2>&1
    fi
    [[ -S .home/tmux.sock ]] && tmux -S .home/tmux.sock kill-server 2>/dev/null
fi
rm -rf .home .shop .tools .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis \
    .import_linter_cache .import-linter.log .coverage* dist build \
    dashboard/node_modules src/claude_agent/dashboard
find src tests bench scripts examples -name __pycache__ -type d -prune -exec rm -rf {} +
echo "clean: done"
