# To start: make demo, make test.
BIN = .venv/bin
# The Python that creates .venv. To choose another: make demo PYTHON=python3.12
IS_PYTHON_CHOSEN := $(PYTHON)
# The shell looks for it outside this folder, because .python-version, which is for Heroku, would choose pyenv's python3.
SUPPORTED = import sys; (3, 11) <= sys.version_info[:2] <= (3, 14) or sys.exit(1); print(sys.executable)
PYTHON ?= $$(cd / && for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c '$(SUPPORTED)' 2>/dev/null && exit; done; \
	echo "No Python 3.11 to 3.14 was found. If you have one, name it: make demo PYTHON=…/bin/python3.13" >&2; echo false)
INSTALL = $(PYTHON) -m scripts.setup.install --python-chosen="$(IS_PYTHON_CHOSEN)"
# The tests and the demo start dozens of Python processes, each of which would otherwise compile the same modules.
export PYTHONDONTWRITEBYTECODE =

.PHONY: FORCE help demo test lint check send replay missed crowd preflight record playback bench live screenshots tour docs
.PHONY: lock sbom clean

help:  ## show this help
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo:  ## run everything on this machine, until Ctrl-C
	@exec $(INSTALL) demo --run scripts.demo

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

live:  ## answer a real number from this machine: see README.md
	@exec $(INSTALL) demo --run scripts.live

send: .venv/demo  ## send a signed sample to the demo: make send PROVIDER=stripe EVENT=invoice.paid
	$(BIN)/python -m scripts.send $(PROVIDER) $(EVENT)

replay: .venv/demo  ## process stored requests again: make replay ARGS="--since 1h --from github"
	$(BIN)/python -m scripts.flask replay $(ARGS)

missed: .venv/demo  ## find and process missed webhooks: make missed ARGS="--since 1h --submit"
	$(BIN)/python -m scripts.flask backfill $(ARGS)

screenshots: .venv/ready  ## take the screenshots for README.md from the running demo
	$(BIN)/python -m scripts.screenshots

tour:  ## list the main path in reading order, with line counts
	@$(PYTHON) -m scripts.tour

docs: .venv/demo  ## write the generated parts of the documents: tables of commands, settings, providers, verbs and more
	@$(BIN)/python -m scripts.docs

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

lock: .venv/ready  ## write requirements*.txt from requirements*.in: all dependencies, with hashes
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) -c requirements.txt requirements-demo.in -o requirements-demo.txt
	$(LOCK) -c requirements-demo.txt requirements-dev.in -o requirements-dev.txt

sbom: .venv/ready  ## list what runs the app in sbom.json (CycloneDX) and licenses.md
	$(BIN)/cyclonedx-py requirements requirements.txt --output-file sbom.json
	$(BIN)/pip-licenses --format=markdown --with-urls --output-file=licenses.md \
		--packages $$(grep -oE '^[a-z0-9._-]+==' requirements.txt | tr -d =)

clean:  ## delete .venv and the demo's data
	rm -rf .venv .demo

# scripts/setup/install.py decides what is missing.
.venv/demo: FORCE
	@$(INSTALL) demo

.venv/ready: FORCE
	@$(INSTALL) dev

NODE = tests/node exchange/tests/node
NPM_CI = npm ci --no-audit --no-fund --loglevel=error

# Node libraries. Without npm, their tests are skipped; in CI, a missing npm is a failure.
.venv/node: $(NODE:=/package-lock.json) | .venv/ready
	@! command -v npm >/dev/null || { (set -e; for folder in $(NODE); do $(NPM_CI) --prefix $$folder; done) >/dev/null && touch $@; } \
		|| test -z "$$CI"
