# make report   writes the valuation report into reports/
# make test     runs the tests
# make bench    measures speed and exactness of the simulation, some minutes
# Both first bring .venv to exactly what requirements.lock says, if it is not there already.
# Words for the command itself go into ARGS:  make test ARGS="-k steel"

PYTHON ?= python3
UV     ?= uv
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: test report bench lint lock install clean

test: install
	$(BIN)/python -m pytest $(ARGS)

report: install
	$(BIN)/valuation report $(ARGS)

bench: install
	$(BIN)/python tests/benchmarks/bench.py $(ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

install: $(STAMP)

# An environment that is there already is checked too: it may be of another Python. One made by uv
# has no pip. The package itself comes last and without build isolation, as its build backend is
# locked like everything else.
$(STAMP): requirements.lock pyproject.toml
	@python=$(BIN)/python; test -x $$python || python=$(PYTHON); \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "valuation needs Python 3.11 or newer, and $$python ($$($$python --version 2>&1)) is not." >&2; \
		echo "Name another: make PYTHON=python3.12   (an older $(VENV) has to be deleted first)" >&2; \
		exit 1; }
	@test -x $(BIN)/python || { echo "Making $(VENV) with $$($(PYTHON) --version)"; \
		$(PYTHON) -m venv --clear $(VENV); }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@echo "Installing the $$(grep -c '==' requirements.lock) packages of requirements.lock into $(VENV)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip list --format=freeze | tr '\n' ' ' | fold -s -w 100; echo
	@touch $@

# Versions stay as they are unless told otherwise: make lock ARGS=--upgrade
# One version of a package for all Pythons (fewest), so that all of them give the same numbers.
lock:
	PATH="$(CURDIR)/$(BIN):$$PATH" $(UV) pip compile pyproject.toml --extra dev \
		--universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --quiet $(ARGS) -o requirements.lock
	@if grep -nE '^-|://| @ ' requirements.lock; then \
		echo "requirements.lock must name no address and no path" >&2; exit 1; fi

# Everything that can be made again, but for the reports.
clean:
	rm -rf $(VENV) build dist .coverage htmlcov
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find valuation tests -name __pycache__ -type d -prune -exec rm -rf {} +
