# make demo   the main job on sample_batches/       make test   the tests       make lint   ruff and mypy
# make bench  the table of rates, some minutes      make docs   pictures and CLI reference of the docs
# make site   the documentation as site/index.html, works offline
# make bench-million  the same with a million units, an hour or more; writes benchmarks/results/VERSION.json
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test lint bench bench-million docs site clean

demo: $(VENV)/runtime
	$(BIN)/bss-mfg demo

test: $(VENV)/test
	@sh tests/needs.sh
	$(BIN)/pytest -n 2 --dist loadgroup

lint: $(VENV)/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo

bench: $(VENV)/bench
	@sh tests/needs.sh
	$(BIN)/python -m benchmarks.run

bench-million: $(VENV)/bench
	@sh tests/needs.sh
	$(BIN)/python -m benchmarks.run --full --save

docs: $(VENV)/test
	@sh tests/needs.sh
	$(BIN)/python docs/make.py

site: $(VENV)/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "OK: site/index.html"

$(VENV)/made:
	$(PYTHON) -m venv $(VENV) || { echo "A virtual environment can't be made. On Debian: sudo apt-get install python3-venv"; rm -rf $(VENV); exit 6; }
	touch $@

$(VENV)/runtime: $(VENV)/made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/test: $(VENV)/made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[test,docs]"
	touch $@

$(VENV)/bench: $(VENV)/made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[test,bench]"
	touch $@

$(VENV)/lint: $(VENV)/made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[test,lint]"
	touch $@

$(VENV)/docs: $(VENV)/made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	touch $@

clean:
	rm -rf $(VENV) dist build site bss-mfg-demo*
