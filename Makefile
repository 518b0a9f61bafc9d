# Two commands do it all: `make demo` and `make test`. Both make .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := .peers
# A worker per core, up to four (each holds TensorFlow: 1 to 2 GB), with one thread each so that they do not fight.
# Tests of a file stay together, since they share what they train. What is compiled is kept, whatever the environment
# says: each worker would compile all tests anew, and each process that they start the whole package.
KEEP_COMPILED := PYTHONDONTWRITEBYTECODE=
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1
PYTEST := $(KEEP_COMPILED) $(ONE_THREAD) $(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile \
	--no-loadscope-reorder

.PHONY: help install demo check format test test-fast test-slow docs bench peers mutants clean

help: ## Show this list.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test,check,dask]'
	@touch $@

install: $(STAMP) ## Make .venv and install vaeaudit with all that its tests and checks need.

demo: $(STAMP) ## Audit generated people with planted gaps and outliers; print what was planted and found.
	$(BIN)/vaeaudit demo

check: $(STAMP) ## Lint, format, types, layers, docs.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_layers.py tests/test_docs.py

format: $(STAMP) ## Mend what ruff can mend.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test-fast: $(STAMP) ## What needs neither TensorFlow nor a browser: after every change.
	$(PYTEST) --fast

test: $(STAMP) ## All tests but the slow ones; without chromium and chromedriver the browser tests are skipped.
	$(PYTEST)

test-slow: $(STAMP) ## The long ones: trainings on larger data, many seeds.
	$(PYTEST) -m slow

docs: $(STAMP) ## Write docs/commands.md and the JSON Schemas anew, from the commands' own help and the results' types.
	$(BIN)/python docs/write_commands.py
	$(BIN)/python docs/write_schemas.py

bench: $(STAMP) ## Measure speed on tables; needs the data sets that benchmarks/ names.
	$(BIN)/python -m benchmarks.speed

peers: $(patsubst benchmarks/peers/%.txt,$(PEERS)/%/.installed,$(wildcard benchmarks/peers/*.txt)) ## Make the environments of what benchmarks compare with (about 2 GB).

$(PEERS)/%/.installed: benchmarks/peers/%.txt
	$(PYTHON) -m venv --clear $(PEERS)/$*
	$(PEERS)/$*/bin/python -m pip install --quiet --requirement $<
	@touch $@

mutants: $(STAMP) $(PEERS)/mutants/.installed ## Plant faults in the statistics and record how many the tests notice; continues where stopped.
	$(ONE_THREAD) $(PEERS)/mutants/bin/mutmut run --max-children 2
	$(BIN)/python -m benchmarks.mutants

clean: ## Remove what make made.
	rm -rf $(VENV) $(PEERS) mutants build dist *.egg-info demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
