# Two commands on a fresh machine: `make serve` and `make test`. Both set up .venv and need nothing but Python.
# PYTHON chooses the interpreter (3.11 to 3.13), PIP_ARGS reaches pip: for example --index-url for another mirror.
PYTHON ?= python3
PIP_ARGS ?=
GPU := $(if $(shell command -v nvidia-smi),[gpu])
WITH := $(if $(GPU),with PyTorch for the GPU (this takes minutes),without PyTorch (no nvidia-smi was found))
VENV := .venv
BIN := $(VENV)/bin

PYTEST := $(BIN)/python -m pytest
IN_PARALLEL := --numprocesses auto --maxprocesses 8 --dist worksteal

.PHONY: serve test test-fast test-hard test-image coverage check lock demo bench-multi30k bench-decode bench-service two-replicas test-kubernetes compare clean

serve: $(VENV)/serve.stamp
	$(BIN)/python -m service

# CONTRIBUTING.md says what each of these covers and how long it takes.
test: $(VENV)/dev.stamp
	$(PYTEST) $(IN_PARALLEL) -m "not hard"

test-fast: $(VENV)/dev.stamp
	$(PYTEST) $(IN_PARALLEL) -m "not hard and not slow" tests/translator tests/service

# tests/hard runs one test at a time, because some measure times; it ends with a table of what was measured. FULL=1 sends
# a gigabyte instead of 50 MB, a thousand requests to each operation instead of 25, kills a training run 20 times instead
# of 6, and so on.
HARD := $(if $(FULL),--full-size --hypothesis-profile=full,--hypothesis-profile=hard) -m "hard or hypothesis"
test-hard: $(VENV)/dev.stamp
	$(PYTEST) $(IN_PARALLEL) $(HARD) --ignore tests/hard
	$(PYTEST) $(HARD) tests/hard

coverage: $(VENV)/dev.stamp
	$(PYTEST) $(IN_PARALLEL) -m "not hard" --cov --cov-report=term

# As root, with Debian's buildah, podman, runc and debootstrap; tests/system/test_image.py lists the variables.
test-image: $(VENV)/dev.stamp
	TEST_IMAGE=1 $(BIN)/python -m pytest -rs tests/system/test_image.py

check: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

# Lock the packages of the image, and those that build its wheel, at their newest versions. UV_DEFAULT_INDEX can name
# another mirror.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
	--custom-compile-command "make lock"
BUILD_REQUIRES := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")
lock: $(VENV)/dev.stamp
	$(LOCK) --extra published --extra redis --output-file requirements.lock pyproject.toml
	$(LOCK) --extra published --extra redis --extra gpu --constraint requirements.lock --output-file requirements-gpu.lock pyproject.toml
	$(BIN)/python -c '$(BUILD_REQUIRES)' | $(LOCK) --output-file requirements-build.lock -

demo: $(VENV)/train.stamp
	$(BIN)/python benchmarks/demo.py

# DATA is the folder of Multi30k's text; what is trained goes into OUT. Given again, it goes on where it was.
OUT ?= runs/multi30k
bench-multi30k: $(VENV)/bench.stamp
	$(BIN)/python benchmarks/multi30k.py "$(or $(DATA),$(error give DATA=the folder of Multi30k))" "$(OUT)"

# SENTENCES is a file of English sentences, BENCH_ARGS are further options. Let nothing else run on the machine meanwhile.
bench-decode: $(VENV)/dev.stamp
	$(or $(wildcard $(VENV)/peers/bin/python),$(BIN)/python) benchmarks/decode_speed.py --sentences "$(or $(SENTENCES),$(error give SENTENCES=a file of English sentences))" $(BENCH_ARGS)

bench-service: $(VENV)/dev.stamp
	$(BIN)/python benchmarks/service_load.py "$(or $(SENTENCES),$(error give SENTENCES=a file of English sentences))" $(BENCH_ARGS)

# Two services behind a proxy with Debian's redis-server: restarts, a kill, shared limits. It takes a few minutes.
two-replicas: $(VENV)/dev.stamp
	$(BIN)/python benchmarks/two_replicas.py $(BENCH_ARGS)

# The Transformer beside what it replaced and what came of it, at equal cost; writes runs/compare-tiny/index.html.
# COMPARE=small DATA=pairs.tsv compares the presets of that size on real text; it takes long. BENCH_ARGS="--seeds 1 2 3"
# trains each with three seeds. Given again after an interruption, it keeps the trainings that have finished.
COMPARE ?= tiny
compare: $(VENV)/train.stamp
	$(BIN)/python benchmarks/compare.py --size "$(COMPARE)" --out "runs/compare-$(COMPARE)" $(if $(DATA),--data "$(DATA)") $(BENCH_ARGS)

# Render and check deploy/kubernetes, without a cluster. Needs kustomize or kubectl.
test-kubernetes: $(VENV)/dev.stamp
	$(PYTEST) -rs tests/system/test_kubernetes.py tests/system/test_processes.py -k kubernetes

clean:
	rm -rf $(VENV) build dist *.egg-info

$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install $(PIP_ARGS) --quiet --upgrade pip

# PyTorch is large, and only a GPU needs it to serve.
$(VENV)/serve.stamp: $(BIN)/python pyproject.toml
	@echo "installing the translator and what serving needs, $(WITH)"
	$(BIN)/python -m pip install $(PIP_ARGS) --editable '.$(GPU)'
	touch $@

$(VENV)/dev.stamp: $(BIN)/python pyproject.toml
	@echo "installing the translator and what its tests need; PyTorch is large: this takes minutes"
	$(BIN)/python -m pip install $(PIP_ARGS) --editable '.[dev]'
	touch $@ $(VENV)/train.stamp $(VENV)/serve.stamp

$(VENV)/train.stamp: $(BIN)/python pyproject.toml
	@echo "installing the translator and what training needs; PyTorch is large: this takes minutes"
	$(BIN)/python -m pip install $(PIP_ARGS) --editable '.[train]'
	touch $@ $(VENV)/serve.stamp

$(VENV)/bench.stamp: $(VENV)/train.stamp
	$(BIN)/python -m pip install $(PIP_ARGS) --editable '.[bench]'
	touch $@
