# Two commands on a fresh machine: `make demo` and `make test`. Everything else is for daily work.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A file is run by one process, so that it makes its data once; the files that take longest come first.
IN_PARALLEL := --quiet --numprocesses auto --dist loadfile --no-loadscope-reorder
export DO_NOT_TRACK := 1

.PHONY: demo test test-fast lint docs airflow superset bench clean help

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/ready ## an example from its data to its alert and its map
	$(BIN)/jkpi demo

test: $(VENV)/ready ## all tests, on all cores; the end says what ran and what was skipped, and why
	$(BIN)/pytest $(IN_PARALLEL) $(ARGS)

test-fast: $(VENV)/ready ## two minutes of tests: no server, no dbt, no browser, no public data
	$(BIN)/pytest $(IN_PARALLEL) -m "not (slow or dbt or postgres or browser or real or airflow or superset)" $(ARGS)

lint: $(VENV)/ready ## style, types, layers, dependencies, SQL
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry src dags scripts tests benchmarks
	$(BIN)/sqlfluff lint dbt_project/models

docs: $(VENV)/ready ## the documentation site in build/docs, its reference pages written from the code
	$(BIN)/python -m scripts.reference
	$(BIN)/mkdocs build --quiet
	@echo "open build/docs/index.html"

airflow: $(VENV)/ready ## Airflow on an example, on loopback; Ctrl-C stops it
	$(BIN)/python -m scripts.airflow

superset: $(VENV)/ready .superset/ready ## Superset with the dashboards of an example, on loopback; Ctrl-C stops it
	$(BIN)/python -m scripts.dashboards $(ARGS)

bench: $(VENV)/ready ## speed and memory, as ratios in one run
	$(BIN)/python -m benchmarks

# What other rules of alerting rest on, for benchmarks.alert_quality --peers.
.peers/ready: benchmarks/alert_quality/peers.lock | $(VENV)/ready
	$(PYTHON) -m venv .peers
	$(BIN)/uv pip install --quiet --python .peers/bin/python --compile-bytecode --no-deps --require-hashes -r $<
	touch $@

clean: ## everything that was made here
	rm -rf .venv* jkpi-demo .airflow .superset .peers build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --no-deps --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

# An environment of its own: Superset asks for older releases of what we use.
.superset/ready: scripts/superset/requirements.lock | $(VENV)/ready
	$(BIN)/python -m scripts.superset_environment
	touch $@
