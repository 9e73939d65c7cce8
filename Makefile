# Every target sets up what it needs, so that each works alone on an empty clone with
# only python3, make, git and a package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
GENERATOR := .tools/generator/bin
VALIDATE_PROTO := third_party/protovalidate/buf/validate/validate.proto
LANGUAGES := go typescript java rust cpp
PRESENT = $(wildcard python tools conformance tests examples benchmarks)

# The working tree is what runs, also in a copy of it that shares the environment.
export PYTHONPATH := $(CURDIR)/python
export UV_NO_PROGRESS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help

# --- environments -----------------------------------------------------------

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: python3 must be 3.11 or newer; say which with make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv==0.13.9

$(VENV)/.installed: pyproject.toml tools/requirements/constraints.txt | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -c tools/requirements/constraints.txt -e '.[types,grpc,parquet,timestamps,demo,dev]'
	@touch $@

.tools/%/.installed: tools/requirements/%.txt | $(BIN)/uv
	$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .tools/$*
	$(BIN)/uv pip sync --quiet --python .tools/$*/bin/python $<
	@touch $@

$(VALIDATE_PROTO): tools/requirements/protovalidate-sdist.txt | $(BIN)/uv
	$(BIN)/python -m tools.validate_proto
	@touch $@

.PHONY: lock setup setup-python setup-proto
# One set of versions for everybody who works here; pyproject.toml keeps the ranges that users get.
lock: $(BIN)/uv ## resolve the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --all-extras --no-header --no-annotate \
	  pyproject.toml -o tools/requirements/constraints.txt

setup-python: $(VENV)/.installed
setup-proto: .tools/generator/.installed .tools/stubs/.installed $(VALIDATE_PROTO)
setup: setup-python setup-proto ## make the environments (every target does so by itself)

# --- the specification ------------------------------------------------------

.PHONY: generate generated-fresh docs breaking release-image vectors conformance
generate: setup-proto ## write the Python code and package data from proto/
	$(GENERATOR)/python -m tools.generate

generated-fresh: setup ## fail unless regenerating (docs and vectors too) would change nothing
	$(GENERATOR)/python -m tools.generate --check
	$(GENERATOR)/python -m tools.docs --check
	$(BIN)/python -m tools.vectors --check
	$(BIN)/python -m conformance generate --check

docs: setup-proto ## write docs/reference from proto/
	$(GENERATOR)/python -m tools.docs

breaking: setup-proto ## compare proto/ with the newest release; only declared breaks pass
	$(GENERATOR)/python -m tools.breaking

release-image: setup ## keep and pin this version under schema/released, once and for all
	$(BIN)/python -m tools.release

vectors: setup-python ## write the vectors that are made by program
	$(BIN)/python -m tools.vectors

conformance: setup ## write the conformance cases, the same bytes each time
	$(BIN)/python -m conformance generate

# --- quality ----------------------------------------------------------------

.PHONY: format format-check lint types test kill-test mutation wheel demo-test interop interop-lint bench
format: setup ## format the .proto and Python files
	$(GENERATOR)/buf format -w proto
	$(GENERATOR)/buf format -w conformance/proto
	$(BIN)/ruff check --quiet --fix-only $(PRESENT)
	$(BIN)/ruff format --quiet $(PRESENT)

format-check: setup
	$(GENERATOR)/buf format --diff --exit-code proto
	$(GENERATOR)/buf format --diff --exit-code conformance/proto
	$(BIN)/ruff format --diff --quiet $(PRESENT)

lint: setup ## lint the .proto and Python files
	$(GENERATOR)/buf lint proto
	$(GENERATOR)/buf lint conformance/proto
	$(BIN)/ruff check --quiet $(PRESENT)

types: setup-python ## check types (mypy --strict)
	$(BIN)/mypy

test: setup ## run the tests (ARGS="-k word" and the like narrow it)
	$(BIN)/python -m pytest $(ARGS)

mutation: setup ## break a copy of the repository in several ways: each must be noticed
	$(BIN)/python -m pytest -m mutation tests/mutation $(ARGS)

kill-test: setup-python ## kill the writers of logs and stores hundreds of times, and drop what was not synced
	$(BIN)/python -m pytest -m kill tests/kill $(ARGS)

wheel: setup-python ## build the wheel and try it beside the oldest and newest protobuf
	$(BIN)/python -m pytest -m wheel tests/wheel $(ARGS)

demo-test: setup-python ## run the loan example twice, and compute its numbers again
	$(BIN)/python -m pytest -m demo tests/e2e $(ARGS)

# INTEROP=--require-all fails where a language is missing; without it, what was skipped is said.
interop: setup ## every language through the conformance cases; older and newer versions; third parties
	$(BIN)/python -m conformance run $(INTEROP)
	$(BIN)/python -m pytest -m interop tests/conformance tests/compat tests/breaking tests/interop tests/tools $(ARGS)

interop-lint: setup-proto ## lint every language's program, each with its own tools
	for folder in $(LANGUAGES); do $(MAKE) --no-print-directory -C conformance/$$folder lint || exit 1; done

bench: setup ## measure side by side with peers, and print ratios
	$(BIN)/python -m benchmarks

# --- everything -------------------------------------------------------------

.PHONY: demo check clean help
demo: setup-python ## run the loan approval pipeline on real data, into build/demo
	$(BIN)/python -m examples.loan_approval

# One after the other, and the first failure stops it.
check: ## all that must hold before a commit lands
	$(MAKE) --no-print-directory format-check
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory generated-fresh
	$(MAKE) --no-print-directory breaking
	$(MAKE) --no-print-directory types
	$(MAKE) --no-print-directory wheel
	$(MAKE) --no-print-directory demo
	$(MAKE) --no-print-directory demo-test
	$(MAKE) --no-print-directory mutation
	$(MAKE) --no-print-directory test
	$(MAKE) --no-print-directory kill-test
	$(MAKE) --no-print-directory interop

clean: ## remove what was built, downloaded and cached
	for folder in $(LANGUAGES); do $(MAKE) --no-print-directory -C conformance/$$folder clean; done
	rm -rf build dist .venv .tools third_party .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
