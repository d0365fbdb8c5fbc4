# Two commands do all the set-up: `make demo` runs the main job, `make test` passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SCALE ?= 0.1
CHECKED := lambdas scripts tests emr_specs
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test lint bench pictures lock clean

demo: $(INSTALLED)
	@$(BIN)/slow-lambda demo --scale $(SCALE)

# A file of tests stays on one worker, so that what its tests share is made once.
test: lint
	$(BIN)/pytest -n 2 --dist loadfile

lint: $(INSTALLED)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/mypy

bench: $(INSTALLED)
	@$(BIN)/slow-lambda bench local --scale $(SCALE)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with make PYTHON=python3.11")'
	@echo "installing into $(VENV) (about two minutes, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --requirement requirements.lock
	@$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@

# Draw README.md's pictures; needs graphviz.
pictures: $(INSTALLED)
	$(BIN)/python -m scripts.pictures

# Renew the pins; needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --extra local --extra bench --extra dev \
		--no-emit-index-url --no-header --no-annotate pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
