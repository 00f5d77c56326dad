# make demo and make test do all the set-up: any Python 3 is enough to begin with.
.DEFAULT_GOAL := help
.PHONY: help demo test lint types check containers stress bench requirements clean

UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .bootstrap/bin/uv)
PYTHON := .venv/bin/python
INSTALL := $(UV) pip install --quiet --python $(PYTHON)
# One worker a core, two at most: each end-to-end test has a JVM of its own to feed.
WORKERS ?= 2
# Which of the stress tests, and of those on containers.
STRESS ?= tests/e2e
CONTAINERS ?= tests/containers
# The tests' jobs are small: code that runs for a second is not worth compiling twice, and the
# processors are busy with more than asking whether a job has ended.
QUICK := ETLOCAL_DRIVER_JAVA_OPTIONS=-XX:TieredStopAtLevel=1 ETLOCAL_SYNC_POLL_SECONDS=0.2

help:
	@echo "make demo    run the whole flow once: a CSV becomes warehouse rows and a message"
	@echo "make test    lint, types, and every test but the stress tests"
	@echo "make containers  build the images, run every end-to-end test on them, kill them: needs Docker"
	@echo "make stress  a burst of files, processes killed at random, the benchmarks with tiny sizes"
	@echo "make bench   measures every figure of docs/benchmarks.md: leave the machine alone meanwhile"

demo: .venv/runtime
	.venv/bin/etlocal demo

test: lint types check

lint: .venv/dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/cfn-lint template.yaml

types: .venv/dev
	.venv/bin/mypy

check: .venv/dev
	$(QUICK) .venv/bin/pytest -n $(WORKERS) --dist loadgroup -m "not stress and not containers" $(PYTEST_ARGS)

containers: .venv/dev
	.venv/bin/pytest -n 0 -m containers $(CONTAINERS)

stress: .venv/dev
	.venv/bin/pytest -n 0 -m stress $(STRESS)

bench: .venv/dev
	.venv/bin/python -m benchmarks $(BENCH_ARGS)

requirements: $(UV)
	$(UV) pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 \
	  --no-header --no-annotate pyproject.toml --output-file requirements.txt
	$(UV) pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 \
	  --no-header --no-annotate --constraint requirements.txt --group dev pyproject.toml --output-file requirements-dev.txt

clean:
	rm -rf .venv .bootstrap .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/runtime: requirements.txt pyproject.toml | $(PYTHON)
	$(INSTALL) --require-hashes --requirement requirements.txt
	$(INSTALL) --no-deps --editable .
	touch $@

.venv/dev: requirements-dev.txt .venv/runtime
	$(INSTALL) --require-hashes --requirement requirements-dev.txt
	touch $@

$(PYTHON): | $(UV)
	$(UV) venv --quiet --no-project --python 3.11 .venv

# uv where it is not on the machine: by a virtual environment, or into a folder where Python's venv
# module is a package of its own that is not installed.
.bootstrap/bin/uv:
	python3 -m venv .bootstrap && .bootstrap/bin/python -m pip install --quiet uv==$(UV_VERSION) \
	  || { rm -rf .bootstrap && python3 -m pip install --quiet --target .bootstrap uv==$(UV_VERSION); }
	test -x $@
