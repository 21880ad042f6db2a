# Ronda. Two commands need nothing else first: `make demo` and `make test`.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo lab test lint types imports unit bench docs clean

help:  ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.installed: pyproject.toml constraints.txt scripts/make-venv
	@scripts/make-venv $(VENV)
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@scripts/make-venv $(VENV) dev
	@touch $@

setup: $(VENV)/.installed  ## the environment in .venv, pinned
setup-dev: $(VENV)/.installed-dev

demo: setup  ## a simulated Paser and the whole system, on this machine
	@exec $(BIN)/ronda demo

lab: setup  ## twelve offices of real routers, agents and fibers in network namespaces (root, or uidmap)
	@exec scripts/lab

test: setup-dev  ## lint, types, import contracts and every test
	@scripts/real-servers
	@$(MAKE) --no-print-directory lint types imports unit

lint: setup-dev  ## ruff: style and mistakes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev  ## mypy, strict
	$(BIN)/mypy

imports: setup-dev  ## floors and purity (import-linter)
	$(BIN)/lint-imports

unit: setup-dev
	$(BIN)/pytest -n auto --dist loadgroup

bench: setup-dev  ## speed and memory beside peers, in the same run
	@for f in benchmarks/*/run.py; do echo "== $$f"; $(BIN)/python $$f || exit 1; done

docs: setup-dev  ## write what is generated: the inventory's schema, settings, commands
	$(BIN)/python -m ronda.docs

clean:  ## remove what was made (.venv, caches, demo data)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis var dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
