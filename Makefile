PYTHON ?= python3
BIN := .venv/bin
LANGUAGE := en
ENGINE := opensearch

.PHONY: demo test lint test-fast test-long docs clean

demo: .venv/ready
	$(BIN)/ltr demo --language $(LANGUAGE) --engine $(ENGINE)

# Threads of a library that wait for each other's core sleep, instead of taking it from the other process and the nodes.
test: lint
	OMP_WAIT_POLICY=PASSIVE $(BIN)/pytest -m 'not long' --durations=15 --numprocesses 2 --no-loadscope-reorder

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test-fast: .venv/ready
	$(BIN)/pytest -m 'not live and not slow and not long'

test-long: .venv/ready
	$(BIN)/pytest -m long

docs: .venv/ready
	$(BIN)/python docs/generate.py
	$(BIN)/mkdocs build --strict

# uv installs the same packages as pip in a fraction of the time; the stamp is written last, so a broken install is redone.
.venv/ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint constraints.txt --editable '.[all,docs,dev]'
	touch $@

clean:
	-$(BIN)/ltr node stop
	rm -rf .venv runs engine/target site
