# Two commands do all the set-up: `make demo` runs the main job, `make test` passes the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TOOLS := node_modules/.installed
SCALE ?= 0.1
STAGE ?= dev
REGION ?= us-east-1
CHECKED := lambdas scripts tests emr_specs
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test test-deploy lint checkov deploy remove bench pictures lock clean

demo: $(INSTALLED)
	@$(BIN)/slow-lambda demo --scale $(SCALE)

# A file of tests stays on one worker, so that what its tests share is made once; in the order of their names, which
# has the longest first, so that no worker is left alone with one.
test: lint $(TOOLS)
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

# Only the proof that osls deploys the project and removes it.
test-deploy: $(INSTALLED) $(TOOLS)
	$(BIN)/pytest tests/deploy

lint: $(INSTALLED)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/mypy

# Hold the template against checkov's rules; in an environment of its own, for its pins and ours do not agree.
checkov: $(INSTALLED)
	@test -x build/checkov/bin/checkov || \
		{ $(PYTHON) -m venv build/checkov && build/checkov/bin/pip install --quiet checkov==3.3.30; }
	@$(BIN)/slow-lambda render
	@$(BIN)/python -m scripts.rendering.template > build/template.json
	@build/checkov/bin/checkov --config-file .checkov.yaml --file build/template.json

# NETWORK=new (a network of the stage's own) or NETWORK=own SUBNETS=subnet-a,subnet-b; else as it is deployed.
deploy: $(INSTALLED) $(TOOLS)
	@$(BIN)/python -m scripts.deploying deploy --stage $(STAGE) --region $(REGION) \
		$(if $(NETWORK),--network $(NETWORK)) $(if $(SUBNETS),--subnets $(SUBNETS))

# All but the data bucket.
remove: $(INSTALLED) $(TOOLS)
	@$(BIN)/python -m scripts.deploying remove --stage $(STAGE) --region $(REGION)

bench: $(INSTALLED)
	@$(BIN)/slow-lambda bench local --scale $(SCALE)

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name it with make PYTHON=python3.11")'
	@echo "installing into $(VENV) (about two minutes, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --requirement requirements.lock
	@$(BIN)/pip install --quiet --no-deps --editable .
	@touch $@

# osls and asl-validator, and Node itself where the PATH has none that is new enough.
$(TOOLS): package.json package-lock.json .npmrc | $(INSTALLED)
	@echo "installing osls and asl-validator into node_modules (half a minute, once)"
	@$(BIN)/python -m scripts.node
	@touch $@

# Draw README.md's pictures; needs graphviz.
pictures: $(INSTALLED)
	$(BIN)/python -m scripts.pictures

# Renew the pins; needs uv.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --extra local --extra bench --extra dev \
		--no-emit-index-url --no-header --no-annotate pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) build node_modules .serverless .pytest_cache .mypy_cache .ruff_cache .hypothesis
