# A bare clone, Python 3.11 or later, git and make are all these need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test site man clean
help:
	@echo "make demo   judge the patch in fixtures/demo and show the answer"
	@echo "make test   lint, types, layers and tests"
	@echo "make site   the documentation as HTML, in build/site"
	@echo "make man    the manual page, build/getput.1"
	@echo "make clean  remove what these made"

# getput leaves with 1 because the patch of the demo has a bug: for make that is a success.
demo: $(VENV)/.installed
	@$(BIN)/getput check --tree fixtures/demo fixtures/demo/0001-power-firmware.patch || test $$? -eq 1

test: $(VENV)/.installed-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 -q

site: $(VENV)/.installed-docs
	$(BIN)/python docs/site.py build/site

man: $(VENV)/.installed-docs
	$(BIN)/python docs/site.py --man build/getput.1

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "getput needs Python 3.11 or later: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-docs: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
