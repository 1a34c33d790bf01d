# Works on a machine with Python 3.11 or newer and make: everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# A private environment: nothing outside the checkout changes what runs.
export PYTHONPATH :=
unexport PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help install demo test lint types unit policies schema bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Repeated only when the project's dependencies change, or after an installation broke off.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say PYTHON=/path/to/python3.12")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

install: $(INSTALLED) ## make .venv with the library and what its tests need

demo: $(INSTALLED) ## audit an operator's invented complaints, in Chinese and English, then judge one record
	@$(BIN)/python examples/demo/run.py

test: lint types unit policies ## everything below: lint, types, unit, policies

lint: $(INSTALLED) ## ruff over everything
	$(BIN)/ruff check .

types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy

unit: $(INSTALLED) ## pytest; a skipped test names what it needs
	$(BIN)/python -m pytest

policies: $(INSTALLED) ## check every shipped policy and run the tests beside its rules
	@for policy in $$($(BIN)/python -c 'import complaint_policy; print(*complaint_policy.shipped_policies())'); do \
	  $(BIN)/complaint-policy check $$policy && $(BIN)/complaint-policy test $$policy || exit 1; done

schema: $(INSTALLED) ## write docs/schema/policy.schema.json for editors
	@mkdir -p docs/schema
	$(BIN)/complaint-policy schema > docs/schema/policy.schema.json

bench: $(INSTALLED) ## the speed of loading and of judging, against functions written by hand
	$(BIN)/python -m benchmarks

clean: ## remove .venv, caches and what was built
	rm -rf $(VENV) build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis
