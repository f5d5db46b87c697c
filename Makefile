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
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) \
	--constraint constraints.txt
# Tests take from milliseconds to seconds: a process that has done its share takes over from another.
PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist worksteal

# For `make test-asan`; kernels and run-time libraries come from the same compiler.
SANITIZED := $(CURDIR)/build/sanitized
RUNTIMES = $(foreach name,libasan.so libubsan.so libstdc++.so,$(shell $(CXX) -print-file-name=$(name)))

.PHONY: help setup kernels demo test test-slow test-full test-harness test-gpu test-integrations test-vision test-asan check docs clean

help:
	@echo "make demo       set up, then run the main experiment: actlab run twenty-one-pairs"
	@echo "make test       set up, then run the tests: under five minutes on two cores"
	@echo "make test-slow  those that take seconds each: whole runs, killed processes, browsers, Inductor"
	@echo "make test-full  all of these, the exhaustive tests, and those of test-harness"
	@echo "make test-harness  PyTorch's own checks: OpInfo and ModuleInfo entries, gradcheck, opcheck"
	@echo "make test-gpu   the GPU kernels, in Triton's interpreter where there is no GPU (200 MB to download)"
	@echo "make test-integrations"
	@echo "                those with Lightning, transformers, ONNX, JAX, Keras, trackers, Ray and submitit, after installing them (500 MB)"
	@echo "make test-vision  models of torchvision and timm, in an environment of its own"
	@echo "make test-asan  the conformance suite on kernels with address and undefined sanitizers (GCC)"
	@echo "make check      lint, format, types, layers and file sizes, in seconds"
	@echo "make docs       build the documentation into build/docs, offline, warnings being errors"
	@echo "make setup      only set up: .venv with pinned versions and actlab in place"
	@echo "make kernels    compile the native CPU kernels of the sources as they are now"
	@echo "make clean      remove what make and the tools have written, results excepted"

setup: $(READY)

# Written last, so that an interrupted set-up starts again.
$(READY): pyproject.toml setup.py constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "actlab needs Python 3.11 or newer, and $(PYTHON) is not; name one that is:" >&2; \
		echo "    make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12" >&2; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)
	@# torch comes first: the kernels are compiled against the torch that is there.
	$(PIP) torch
	$(PIP) --editable '.[dev]'
	@touch $(READY)

# Compiles nothing that is up to date. Where it cannot, it says why and all else goes on.
kernels: $(READY)
	-@$(BIN)/actlab build

demo: $(READY)
	$(BIN)/actlab run twenty-one-pairs

test: kernels
	$(PYTEST) $(ARGS)

test-slow: kernels
	$(PYTEST) -m 'slow and not full' $(ARGS)

test-full: kernels
	$(PYTEST) -m 'full or not full' $(ARGS)
	$(BIN)/python -m pytest -n $(JOBS) tests/torch_harness

# Runs of their own: torch.testing._internal freezes torch's global flags, which other tests set.
test-harness: kernels
	$(BIN)/python -m pytest -n $(JOBS) tests/torch_harness $(ARGS)

# Triton alone, beside the environment: it needs no other package and changes none. Where torch
# brings its own, that one is used.
TRITON := build/triton

$(TRITON)/ready: $(READY) constraints.txt
	$(BIN)/python -c 'import triton' 2>/dev/null || $(PIP) --no-deps --target $(TRITON) --upgrade triton
	@mkdir -p $(TRITON) && touch $@

test-gpu: kernels $(TRITON)/ready
	PYTHONPATH=$(TRITON) $(BIN)/python -m pytest -n $(JOBS) tests/gpu $(ARGS)

# Too large for everyone: `make test` skips what is not installed, and says so.
test-integrations: $(READY)
	$(PIP) --editable '.[lightning,hf,onnx,jax,keras,track,ray,slurm]'
	$(BIN)/python -m pytest -n $(JOBS) --integrations tests/integrations $(ARGS)

# torchvision on PyPI is made for CUDA and wants its torch: it gets into no environment but this one,
# and brings nothing along. 0.28 is the one for torch 2.13; tests/vision/stubs.py does the rest.
VISION := .venv-vision
VISION_READY := $(VISION)/ready
VISION_PIP = $(VISION)/bin/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) \
	--constraint constraints.txt

$(VISION_READY): pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv $(VISION)
	$(VISION_PIP) torch
	$(VISION_PIP) --editable . pytest pytest-xdist
	$(VISION_PIP) pillow numpy huggingface-hub safetensors pyyaml
	$(VISION_PIP) --no-deps torchvision==0.28.0 timm==1.0.31
	@touch $(VISION_READY)

# Tests are skipped where these cannot be imported; here that is an error.
test-vision: $(VISION_READY)
	PYTHONPATH=tests $(VISION)/bin/python -c \
		'import vision.stubs; vision.stubs.declare_missing(); import timm, torchvision'
	$(VISION)/bin/python -m pytest -n $(JOBS) tests/vision $(ARGS)

# Python itself has no sanitizers in it: their libraries are loaded before it. What it and torch
# never free is no error of the kernels. What a sanitizer says goes past pytest, which it ends.
test-asan: $(READY)
	ACTLAB_KERNELS=$(SANITIZED) CXX='$(CXX)' $(BIN)/actlab build --sanitize address,undefined
	ACTLAB_KERNELS=$(SANITIZED) LD_PRELOAD='$(RUNTIMES)' ASAN_OPTIONS=detect_leaks=0 \
		UBSAN_OPTIONS=print_stacktrace=1 \
		$(BIN)/python -m pytest -n $(JOBS) --capture=sys tests/conformance -k native $(ARGS)

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet . || { \
		echo "the files above are not formatted; $(BIN)/ruff format . does it" >&2; exit 1; }
	$(BIN)/pyrefly check --summary=none
	$(BIN)/python -m pytest -q tests/arch

# What Sphinx and its extensions are is known to constraints.txt, as all the rest.
DOCS_READY := $(VENV)/docs-ready

$(DOCS_READY): $(READY)
	$(PIP) --editable '.[docs]'
	@touch $(DOCS_READY)

docs: $(DOCS_READY)
	$(BIN)/python -m sphinx -E -W --keep-going -q -b html -d build/doctrees docs build/docs
	@echo "open build/docs/index.html"

clean:
	rm -rf docs/_generated docs/activations
	rm -rf $(VENV) $(VISION) build dist src/actlab.egg-info src/actlab/kernels/lib .hypothesis .pytest_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
