# make demo   the main job on sample_batches/       make lint   ruff, mypy, contracts of imports
# make test   the tests that need no more than pip, libdmtx and, where there is one, a browser (tests/unit, tests/cli)
# make test-all  every test: also faults, foreign programs and size; `make setup` installs the programs with apt-get
# make test-rest what test-all has and test has not     make coverage  which lines `make test` reaches
# make test-full the same with all offsets, kills, drawn specs and lives, of which test-all tries a share; hours
# make fuzz   every reader with files made wrong, from where the last hunt ended (FUZZ="--cases 20000 READER ...")
# make bench  the table of rates, some minutes      make docs   pictures and CLI reference of the docs
# make languages  the catalogues of what operators see, after a text was changed
# make site   the documentation as site/index.html, works offline
# make bundle  bss-mfg with its own Python as a folder and an archive for this machine's system, in dist/
# make deb  the bundle as a Debian package, in dist/; lintian must find nothing
# make release KEY=FILE  what a release has, with SHA-256 sums that an SSH key signs, in dist/release-VERSION
# make lock  the versions and hashes that the bundle and the next are made of
# make wheelhouse PLATFORM=win_amd64  all wheels for another system, to install without a network
# make bench-million  the same with a million units, an hour or more; writes benchmarks/results/VERSION.json
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Commands that tests start compile the sources anew each time unless their bytecode may lie beside them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo setup test test-rest test-all test-full coverage lint bench bench-million docs languages site bundle deb release lock wheelhouse clean

demo: $(VENV)/runtime
	$(BIN)/bss-mfg demo

SMALL := tests/unit tests/cli
LARGE := tests/fuzz tests/faults tests/independent tests/scale tests/session
# One test more at once than there are processors, since tests wait for browsers and other programs; four at most.
JOBS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -lt 4 ] && echo $$((n + 1)) || echo 4)
# -rs says in the end what was left out, and why.
PYTEST := $(BIN)/pytest -n $(JOBS) --dist loadgroup -rs

setup: $(VENV)/test
	$(BIN)/python -m tests.needs --install

test: $(VENV)/test
	@$(BIN)/python -m tests.needs $(SMALL)
	@$(BIN)/python -m compileall -q bss_mfg tests
	$(PYTEST) $(SMALL)

test-rest: export BSS_MFG_TEST_ALL = 1
test-rest: $(VENV)/test
	@$(BIN)/python -m tests.needs $(LARGE)
	@$(BIN)/python -m compileall -q bss_mfg tests
	$(PYTEST) $(LARGE)

test-full: export BSS_MFG_TEST_AMOUNT = full
test-full: test-all

test-all: export BSS_MFG_TEST_ALL = 1
test-all: test test-rest

fuzz: $(VENV)/test
	$(BIN)/python -m tests.fuzz $(FUZZ)

coverage: $(VENV)/test
	$(PYTEST) $(SMALL) --cov --cov-report=term:skip-covered

lint: $(VENV)/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin
	$(BIN)/lint-imports --no-cache --no-logo

bench: $(VENV)/bench
	@$(BIN)/python -m tests.needs
	$(BIN)/python -m benchmarks.run

bench-million: $(VENV)/bench
	@$(BIN)/python -m tests.needs
	$(BIN)/python -m benchmarks.run --full --save

docs: $(VENV)/test
	@$(BIN)/python -m tests.needs
	$(BIN)/python docs/make.py

site: $(VENV)/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "OK: site/index.html"

languages: $(VENV)/test
	$(BIN)/python .ci/languages.py

bundle: $(VENV)/bundle
	$(BIN)/python .ci/bundle/bundle.py

deb: $(VENV)/bundle
	$(BIN)/python .ci/bundle/deb.py --lint

release: $(VENV)/bundle
	$(BIN)/python .ci/release.py --key "$(KEY)"

wheelhouse: $(VENV)/bundle
	$(BIN)/python .ci/bundle/wheelhouse.py --platform $(PLATFORM)

lock: $(VENV)/bundle
	$(BIN)/python -m uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 --extra station --constraint .ci/bundle/constraints.txt --upgrade pyproject.toml --output-file .ci/bundle/requirements.txt

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

$(VENV)/bundle: $(VENV)/made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[bundle,docs]"
	touch $@

$(VENV)/docs: $(VENV)/made pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	touch $@

clean:
	rm -rf $(VENV) dist build site bss-mfg-demo*
