# Works on a machine with Python 3.11 or newer and make: everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PEERS := $(VENV)/.peers
AUDIT := audit examples/demo/complaints.csv --mapping examples/demo/mapping.yaml --as-of 2026-03-25T09:00
EVALUATE := evaluate cn/telecom examples/demo/complaint.json --as-of 2026-03-25T09:00
# The names of the shipped policies.
SHIPPED = $$($(BIN)/python -c 'import complaint_policy; print(*complaint_policy.shipped_policies())')
# The overlays that a company starts from.
TEMPLATES = $$($(BIN)/python -c 'from complaint_policy.loader import shipped_templates; print(*shipped_templates())')
# A private environment: nothing outside the checkout changes what runs.
export PYTHONPATH :=
unexport PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help install demo test lint types unit fuzz policies schema images bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Repeated only when the project's dependencies change, or after an installation broke off.
$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say PYTHON=/path/to/python3.12")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

# What the benchmarks compare with; nothing else needs it.
$(PEERS): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	@touch $@

install: $(INSTALLED) ## make .venv with the library and what its tests need

demo: $(INSTALLED) ## audit an operator's invented complaints, in Chinese and English, then judge one record
	@echo '$$ complaint-policy $(AUDIT) --lang zh'; $(BIN)/complaint-policy $(AUDIT) --lang zh
	@echo '$$ complaint-policy $(AUDIT) --lang en'; $(BIN)/complaint-policy $(AUDIT) --lang en
	@echo '$$ complaint-policy $(EVALUATE) --lang zh'; $(BIN)/complaint-policy $(EVALUATE) --lang zh
	@echo '$$ complaint-policy $(EVALUATE) --lang en'; $(BIN)/complaint-policy $(EVALUATE) --lang en

test: lint types unit policies ## everything below: lint, types, unit, policies

lint: $(INSTALLED) ## ruff over everything
	$(BIN)/ruff check .

types: $(INSTALLED) ## mypy, strict
	$(BIN)/mypy

# One worker a core; the tests of a file stay together, and share what they prepare.
unit: $(INSTALLED) ## pytest; a skipped test names what it needs
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

fuzz: $(INSTALLED) ## the property tests on random examples, many of them
	COMPLAINT_POLICY_FUZZ=1 $(BIN)/python -m pytest tests/calendars tests/equality tests/meaning tests/properties

policies: $(INSTALLED) ## check every shipped policy and run the tests beside its rules
	$(BIN)/complaint-policy check $(SHIPPED) $(TEMPLATES)
	$(BIN)/complaint-policy test $(SHIPPED) $(TEMPLATES)

schema: $(INSTALLED) ## write docs/schema/policy.schema.json for editors
	$(BIN)/complaint-policy schema --output docs/schema/policy.schema.json

images: $(INSTALLED) ## draw the pictures of the readmes from the audit's real output
	$(BIN)/python docs/images/make.py

bench: $(PEERS) ## the library against what is written by hand and against other engines, under four minutes
	$(BIN)/python benchmarks/all.py

clean: ## remove .venv, caches and what was built
	rm -rf $(VENV) build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis
