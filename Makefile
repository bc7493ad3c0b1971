# Everything works on a fresh machine with Python 3.11 or newer and git. Go is used where it is present, for `tools` and `lab`.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
INSTALLED_DEV := .venv/.installed-dev
INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps

.PHONY: render test lint types check tools lab-tools lab docs bench clean

render: $(INSTALLED)  ## Render this repository's specs into its overlays.
	$(BIN)/gitops render

test: $(INSTALLED_DEV) tools  ## Run the tests; those that need a program that is not here are skipped, and say so.
	$(BIN)/pytest -n auto -rs

lint: $(INSTALLED_DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED_DEV)
	$(BIN)/mypy

check: $(INSTALLED)  ## What is committed is what would be rendered, a cluster would take it, and the schemas are what their sources say.
	$(BIN)/gitops render --check
	$(BIN)/gitops validate
	$(BIN)/gitops schemas verify

tools:  ## Build the real kustomize at its pinned version, where Go is present.
	@tests/lab/tools kustomize

lab-tools:  ## Build every upstream program of the lab: about twenty minutes the first time, nothing after that.
	@tests/lab/tools

lab: $(INSTALLED_DEV) lab-tools  ## The long proofs against real upstream programs; needs Go.
	$(BIN)/pytest -rs tests/lab
	GITOPS_TEST_APPLICATIONS=2000 $(BIN)/pytest -n auto -rs tests/test_roundtrip.py tests/test_repository.py

docs: $(INSTALLED_DEV)  ## Write what is made from the code anew: docs/reference, and the outputs shown in documents and cases.
	$(BIN)/python -m tools.reference
	$(BIN)/pytest -q tests/test_docs.py tests/test_cases.py --update-cases

bench: $(INSTALLED_DEV)
	$(BIN)/python -m benchmarks --peers --write docs/performance.md

clean:
	rm -rf .venv .tools .gitops_cache .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(INSTALLED): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(INSTALL) -r constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(INSTALLED_DEV): $(INSTALLED) constraints-dev.txt
	$(INSTALL) -r constraints-dev.txt
	@touch $@
