# Two commands do it all: `make demo` and `make test`. Both make .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PEERS := .peers

.PHONY: help install demo check format test test-slow docs bench peers clean

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

test: $(STAMP) ## All tests but the slow ones; the browser tests need chromium and chromedriver.
	$(BIN)/python -m pytest

test-slow: $(STAMP) ## The long ones: trainings on larger data, many seeds.
	$(BIN)/python -m pytest -m slow

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

clean: ## Remove what make made.
	rm -rf $(VENV) $(PEERS) build dist *.egg-info demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
