# Everything a newcomer needs: make demo, make test.
PYTHON ?= python3
BIN = .venv/bin
# The tests and the demo start dozens of Pythons, which without it would all compile everything again.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help demo test lint check send replay missed bench live screenshots tour docs clean

help:  ## these lines
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: .venv/demo  ## the whole show on this machine, until Ctrl-C
	@exec $(BIN)/python -m scripts.demo

test: .venv/ready .venv/node  ## all tests
	$(BIN)/python -m pytest --numprocesses 4

lint: .venv/ready  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .

check: lint test  ## what .ci/run runs

bench: .venv/ready  ## how fast, against what, in one run
	$(BIN)/python -m bench

live: .venv/demo  ## a real number, from this machine: see README.md
	@exec $(BIN)/python -m scripts.live

send: .venv/demo  ## a signed sample into the demo: make send PROVIDER=stripe EVENT=invoice.paid
	$(BIN)/python -m scripts.send $(PROVIDER) $(EVENT)

replay: .venv/demo  ## stored requests once more: make replay ARGS="--since 1h --from github"
	$(BIN)/python -m scripts.flask replay $(ARGS)

missed: .venv/demo  ## what was sent and never came: make missed ARGS="--since 1h --submit"
	$(BIN)/python -m scripts.flask backfill $(ARGS)

screenshots: .venv/ready  ## the pictures in README.md, from a running demo
	$(BIN)/python -m scripts.screenshots

tour:  ## the main path in reading order, with its lines
	@$(PYTHON) -m scripts.tour

docs:  ## the generated parts of the documents
	@$(PYTHON) -m scripts.docs

clean:  ## forget the demo and what was installed
	rm -rf .venv .demo

PIP = $(BIN)/pip install --quiet --disable-pip-version-check --no-compile

.venv/demo: requirements.txt requirements-demo.txt exchange/pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) -r requirements-demo.txt
	$(PIP) --no-deps --editable exchange
	@touch $@

.venv/ready: .venv/demo requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	@touch $@

NODE = tests/node

# Libraries for Node. Without npm their tests are skipped, and say so; under CI that is a failure.
.venv/node: $(NODE)/package-lock.json | .venv/ready
	@! command -v npm >/dev/null || { npm ci --prefix $(NODE) --no-audit --no-fund --loglevel=error >/dev/null && touch $@; } \
		|| test -z "$$CI"
