# To start: make demo, make test.
PYTHON ?= python3
BIN = .venv/bin
# The tests and the demo start dozens of Python processes, which would all compile the same modules again.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help demo test lint check send replay missed crowd preflight record playback bench live screenshots tour docs lock sbom clean

help:  ## show this help
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: .venv/demo  ## run everything on this machine, until Ctrl-C
	@exec $(BIN)/python -m scripts.demo

test: .venv/ready .venv/node  ## run all tests
	$(BIN)/python -m pytest --numprocesses 4

lint: .venv/ready  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .

check: lint test  ## run lint and test, as CI does

crowd: .venv/demo  ## simulate an audience for the running demo: make crowd PEOPLE=500 SECONDS=60 SEED=1
	$(BIN)/python -m scripts.crowd

preflight: .venv/demo  ## check everything that a talk needs, with the demo or with .env: make preflight PEOPLE=200
	$(BIN)/python -m scripts.flask preflight

record: .venv/demo  ## record what the stage shows, until Ctrl-C: make record FILE=rehearsal.jsonl
	@exec $(BIN)/python -m scripts.record

playback: .venv/demo  ## play a recording on the stage: make playback FILE=rehearsal.jsonl SPEED=2
	@exec $(BIN)/python -m scripts.playback

bench: .venv/ready  ## measure our speed against alternatives
	$(BIN)/python -m bench

live: .venv/demo  ## answer a real number from this machine: see README.md
	@exec $(BIN)/python -m scripts.live

send: .venv/demo  ## send a signed sample to the demo: make send PROVIDER=stripe EVENT=invoice.paid
	$(BIN)/python -m scripts.send $(PROVIDER) $(EVENT)

replay: .venv/demo  ## process stored requests again: make replay ARGS="--since 1h --from github"
	$(BIN)/python -m scripts.flask replay $(ARGS)

missed: .venv/demo  ## find and process missed webhooks: make missed ARGS="--since 1h --submit"
	$(BIN)/python -m scripts.flask backfill $(ARGS)

screenshots: .venv/ready  ## take the screenshots of README.md from the running demo
	$(BIN)/python -m scripts.screenshots

tour:  ## list the main path in reading order, with numbers of lines
	@$(PYTHON) -m scripts.tour

docs:  ## write the generated parts of the documents
	@$(PYTHON) -m scripts.docs

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

lock: .venv/ready  ## requirements*.txt from requirements*.in: all dependencies, with hashes
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) -c requirements.txt requirements-demo.in -o requirements-demo.txt
	$(LOCK) -c requirements-demo.txt requirements-dev.in -o requirements-dev.txt

sbom: .venv/ready  ## what runs the app: sbom.json (CycloneDX) and licenses.md
	$(BIN)/cyclonedx-py requirements requirements.txt --output-file sbom.json
	$(BIN)/pip-licenses --format=markdown --with-urls --output-file=licenses.md \
		--packages $$(grep -oE '^[a-z0-9._-]+==' requirements.txt | tr -d =)

clean:  ## delete .venv and the demo's data
	rm -rf .venv .demo

PIP = $(BIN)/pip install --quiet --disable-pip-version-check --no-compile

.venv/demo: requirements-demo.txt exchange/pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements-demo.txt
	$(PIP) --no-deps --no-build-isolation --editable exchange
	@touch $@

.venv/ready: .venv/demo requirements-dev.txt requirements-parser.txt
	$(PIP) --require-hashes -r requirements-dev.txt
	@# gunicorn's compiled parser has wheels for few platforms. Elsewhere, building it requires a C compiler.
	-$(PIP) --require-hashes -r requirements-parser.txt
	@touch $@

NODE = tests/node

# Node libraries. Without npm their tests are skipped; in CI that is a failure.
.venv/node: $(NODE)/package-lock.json | .venv/ready
	@! command -v npm >/dev/null || { npm ci --prefix $(NODE) --no-audit --no-fund --loglevel=error >/dev/null && touch $@; } \
		|| test -z "$$CI"
