# One place for every command; `make help` lists them. Works as root or as a user on a fresh
# Debian or Ubuntu: what is missing is installed (root) or named in one command (user).
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
TOOLS := $(CURDIR)/.tools/bin
export PATH := $(TOOLS):$(CURDIR)/.venv/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

PROVE_SCALE ?= 10
# Most tests wait for processes; two workers per core keep the cores busy.
TEST_WORKERS ?= $(shell echo $$((2 * $$(nproc))))
PYTEST := $(PY) -m pytest --numprocesses $(TEST_WORKERS) --dist worksteal
HAS_DASHBOARD := $(wildcard dashboard/package.json)
DASHBOARD_SOURCES := $(shell find dashboard -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
# The agent CLIs that the tests drive, with a scripted model instead of a vendor's.
AGENT_CLIS ?= claude codex gemini opencode aider
STATIC := tests/unit tests/contract tests/architecture
COMPILE := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.PHONY: help setup agents run test prove check lint dashboard dashboard-check bench bench-quick lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## (.*)$$/  make \1\t\2/' | expand -t 20

setup: .venv/.stamp-dev .tools/.stamp dashboard agents  ## install what is missing: system packages, Python and Node parts
	@echo "setup: ready"

agents: .tools/agents/.stamp  ## install the agent CLIs that the tests drive, into .tools/agents

run: .venv/.stamp-run .tools/.stamp dashboard  ## the main job: start everything and deploy the sample shop
	@scripts/run.sh

test: lint .tools/.stamp dashboard-check agents  ## everything: style, types, floors, all tests
	$(PYTEST) tests

prove: .venv/.stamp-dev .tools/.stamp dashboard agents  ## the same tests with larger counts (PROVE_SCALE=10)
	PROVE_SCALE=$(PROVE_SCALE) $(PYTEST) tests --timeout=3600

check: lint dashboard-check  ## the quick gate: style, types, floors, unit, contract, architecture
	$(PYTEST) $(STATIC)

lint: .venv/.stamp-dev
	ruff format --check --quiet .
	ruff check --quiet .
	mypy
	lint-imports >.import-linter.log || { cat .import-linter.log; exit 1; }

ifeq ($(HAS_DASHBOARD),)
dashboard dashboard-check:
else
dashboard: src/claude_agent/dashboard/index.html  ## build the dashboard into the package

src/claude_agent/dashboard/index.html: dashboard/node_modules/.stamp $(DASHBOARD_SOURCES)
	@echo "dashboard: building"
	cd dashboard && npm run --silent build
	@touch $@

dashboard/node_modules/.stamp: dashboard/package.json dashboard/package-lock.json .npmrc .tools/.stamp
	@echo "dashboard: installing its packages"
	cp .npmrc dashboard/.npmrc
	cd dashboard && npm ci --no-progress --loglevel=error
	@touch $@

dashboard-check: dashboard
	cd dashboard && npm run --silent lint && npm test --silent
endif

bench: .venv/.stamp-dev dashboard  ## every measurement beside its peer
	@scripts/bench.sh full

bench-quick: .venv/.stamp-dev dashboard  ## the figures of the promise in under two minutes
	@scripts/bench.sh quick

lock:  ## renew requirements/*.txt (needs uv: pip install uv)
	$(COMPILE) pyproject.toml -o requirements/run.txt
	$(COMPILE) pyproject.toml --group dev -o requirements/dev.txt
	$(COMPILE) requirements/build.in -c requirements/dev.txt -o requirements/build.txt
	$(COMPILE) requirements/node.in -o requirements/node.txt
	$(COMPILE) requirements/agents/aider/requirements.in -o requirements/agents/aider/requirements.txt

clean:  ## stop what `make run` started and remove everything that was made
	@scripts/clean.sh

.tools/.stamp: requirements/node.txt scripts/setup.sh .venv/.stamp-venv
	@scripts/setup.sh node
	@touch $@

.tools/agents/.stamp: $(wildcard requirements/agents/*/*.json requirements/agents/*/*.txt) scripts/agents.sh .tools/.stamp
	@scripts/agents.sh $(AGENT_CLIS)

.venv/.stamp-venv: scripts/setup.sh
	@scripts/setup.sh venv
	@touch $@

.venv/.stamp-run: .venv/.stamp-venv requirements/run.txt requirements/build.txt pyproject.toml hatch_build.py
	@scripts/setup.sh run
	@touch $@

.venv/.stamp-dev: .venv/.stamp-run requirements/dev.txt
	@scripts/setup.sh dev
	@touch $@
