# The one vocabulary of commands; `make help` lists them.

VENV := .venv
STAMP := $(VENV)/.complete
MUTMUT := $(VENV)/.with-mutmut
BIN := $(VENV)/bin
# The first Python that is new enough and can make virtual environments.
PYTHON = $(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done)
INSTALL = PIP_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
	$(BIN)/python -m pip install --quiet

.DEFAULT_GOAL := help
.PHONY: help demo venv check format test test-unit test-torture torture test-swarm mutants bench \
	swarm-up swarm-down completions clean

help: ## List these commands.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: venv ## Play the story of a volume lost and a volume kept, on a swarm made for it.
	$(BIN)/cloudstorctl demo --tour

venv: $(STAMP) ## Make the virtual environment, everything in it pinned.

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || \
		{ echo "Python 3.11 or newer with venv is needed (Debian: apt-get install python3-venv)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --editable '.[dev]'
	@touch $@

$(MUTMUT): $(STAMP)
	$(INSTALL) --editable '.[mutants]'
	@touch $@

check: venv ## Lint, check the format, the types and the layers.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: venv ## Format the code and fix what can be fixed.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

test: test-unit test-torture test-swarm ## Run every test.

test-unit: venv ## Run the tests that need no real engine, with coverage; the core is covered whole.
	$(BIN)/coverage run -m pytest --ignore=tests/torture
	$(BIN)/coverage report
	$(BIN)/coverage report --include='cloudstorctl/core/*' --fail-under=100 --format=total

test-torture: venv ## Torture the embedded swarm and the program, the same 1,000 runs each time.
	$(BIN)/python -m pytest tests/torture

torture: venv ## The same with other runs: N of them, from SEED; or REPLAY one.
	TORTURE_RUNS=$(N) TORTURE_REPLAY=$(REPLAY) \
	TORTURE_SEED=$(or $(SEED),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')) \
		$(BIN)/python -m pytest tests/torture/test_torture.py

test-swarm: venv ## Run the scenarios on real engines too, where this machine can have them.
	@reason=$$(.ci/why-no-swarm); \
	if [ -z "$$reason" ]; then $(BIN)/python -m pytest tests/swarm --swarm both; \
	elif [ "$$CI" = true ]; then echo "The swarm tests cannot run: $$reason" >&2; exit 1; \
	else echo "The swarm tests were not run: $$reason"; fi

# From scratch: mutmut would keep what it found before the tests were changed.
mutants: $(MUTMUT) ## Break what judges in hundreds of small ways, each of which a test has to see.
	rm -rf mutants
	$(BIN)/mutmut run
	$(BIN)/python -m tests.core.mutants

swarm-up: venv ## Start a swarm of real engines and leave it up.
	$(BIN)/python -m tests.swarm.lab up

swarm-down: venv ## Stop that swarm and remove it.
	$(BIN)/python -m tests.swarm.lab down

completions: venv ## Write the completion scripts anew.
	for shell in bash zsh fish; do \
		$(BIN)/cloudstorctl completion $$shell > completions/cloudstorctl.$$shell || exit 1; done

bench: venv ## Time it on made-up swarms of 50 and 500 nodes, beside curl and a shell loop.
	$(BIN)/python -m bench

clean: ## Remove what these commands have made, except a swarm that is up.
	rm -rf $(VENV) mutants .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
