# Everything a developer types. `make` alone lists it.
#
# PYTHON    the interpreter to build .venv with, 3.11 or newer        make setup PYTHON=python3.12
# PIP_ARGS  more arguments for pip, such as another index             make setup PIP_ARGS='--no-index'
# JOBS      processes for the tests                                   make test JOBS=8
# ARGS      more arguments for pytest                                 make test ARGS='-k powerlu'

PYTHON ?= python3
PIP_ARGS ?=
JOBS ?= 2
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: help setup demo test test-full check clean

help:
	@echo "make demo       set up, then run the main experiment: actlab run twenty-one-pairs"
	@echo "make test       set up, then run the tests"
	@echo "make test-full  the exhaustive and slow tests as well"
	@echo "make check      lint, format, types, layers and file sizes, in seconds"
	@echo "make setup      only set up: .venv with pinned versions and actlab in place"
	@echo "make clean      remove what make and the tools have written, results excepted"

setup: $(READY)

# Written last, so that an interrupted set-up starts again.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "actlab needs Python 3.11 or newer, and $(PYTHON) is not; name one that is:" >&2; \
		echo "    make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12" >&2; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) \
		--constraint constraints.txt --editable '.[dev]'
	@touch $(READY)

demo: $(READY)
	$(BIN)/actlab run twenty-one-pairs

test: $(READY)
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

test-full: $(READY)
	$(BIN)/python -m pytest -n $(JOBS) -m 'full or not full' $(ARGS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet . || { \
		echo "the files above are not formatted; $(BIN)/ruff format . does it" >&2; exit 1; }
	$(BIN)/pyrefly check --summary=none
	$(BIN)/python -m pytest -q tests/arch

clean:
	rm -rf $(VENV) build dist src/actlab.egg-info .hypothesis .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
