# Everything works on a fresh machine with Python 3.11 or newer and git. Go is used where it is present, for `tools` and `lab`.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: render test lint types check tools lab bench clean

render: $(INSTALLED)  ## Render this repository's specs into its overlays.
	$(BIN)/gitops render

test: $(INSTALLED) tools  ## Run the tests; those that need a program that is not here are skipped, and say so.
	$(BIN)/pytest -n auto -rs

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

check: $(INSTALLED)  ## What is committed is what would be rendered, and the schemas are what their sources say.
	$(BIN)/gitops render --check
	$(BIN)/gitops schemas verify

tools:  ## Build the real kustomize at its pinned version, where Go is present.
	@tests/lab/tools

bench: $(INSTALLED)
	$(BIN)/python -m benchmarks --peers --write docs/performance.md

clean:
	rm -rf .venv .tools .gitops_cache .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(INSTALLED): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@
