# Two commands are all you need: `make run` and `make test`.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
SITE_USER ?= scrh
BIN := .venv/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet --require-hashes --only-binary :all:
FLASK := $(BIN)/flask --app wsgi
# Without the files that Python compiles, each of the many processes that the tests start would compile all modules again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run install extras dev test drills release-check audit lint format bench lock screenshots clean

help: ## Show what can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/runtime ## Start the site with its starter library on http://127.0.0.1:8000
	@$(FLASK) prepare
	@exec $(BIN)/gunicorn -c python:webapp.gunicorn_conf wsgi:app

install: .venv/runtime ## Install the command scrh and the systemd units, as deploy/README.md says
	@install -d $(DESTDIR)/usr/local/bin $(DESTDIR)/etc/systemd/system/scrh-.service.d
	@sed 's|^site=.*|site=$(CURDIR) user=$(SITE_USER) settings=$(DESTDIR)/etc/scrh/environment|' deploy/scrh \
	  >$(DESTDIR)/usr/local/bin/scrh && chmod 0755 $(DESTDIR)/usr/local/bin/scrh
	@install -m 0644 deploy/*.service deploy/*.socket deploy/*.timer $(DESTDIR)/etc/systemd/system
	@install -m 0644 deploy/scrh-.service.d/* $(DESTDIR)/etc/systemd/system/scrh-.service.d
	@$(BIN)/python -m compileall -q webapp wsgi.py
	@echo $(DESTDIR)/usr/local/bin/scrh >.installed && chmod 0644 .installed

extras: .venv/runtime ## Add the optional packages, for backups in S3, Sentry and OpenTelemetry
	@$(PIP) -r requirements/extras.txt

dev: .venv/runtime ## The same with a server that reloads changed code; the jobs run next to it, without reloading
	@$(FLASK) prepare
	@export PAGE_CACHE_MB=0; $(FLASK) jobs & trap "kill $$! 2>/dev/null" EXIT; \
	  $(FLASK) run --debug --host $${HOST:-127.0.0.1} --port $${PORT:-8000} \
	    --extra-files $$(echo static/css/* static/js/* webapp/search/*.toml | tr ' ' :)

test: .venv/dev ## Run every test, the browser's too
	@$(BIN)/python -m pytest -n $${PYTEST_WORKERS:-3} --dist worksteal --durations=10

drills: .venv/dev ## Kill, damage, fill up and attack a site of its own, and count what is lost (about an hour)
	@DRILL=full $(BIN)/python -m pytest -s tests/drills tests/hostile tests/deploy/test_restart.py tests/deploy/test_containers.py
	@DRILL=full $(BIN)/python -m pytest -m hypothesis
	@$(BIN)/python bench/mail_drill.py
	@$(BIN)/python deploy/rehearse.py

release-check: .venv/dev ## Look whether this can be tagged as a release: versions, changelog, lint, audit, tests
	@$(BIN)/python deploy/release_check.py
	@$(MAKE) --no-print-directory lint audit test

audit: .venv/dev ## Look for known weaknesses in the packages that the site runs with
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements/runtime.txt \
	  || { echo "The audit did not pass. The lines above name a weakness, or what could not be asked about." >&2; exit 1; }

lint: .venv/dev ## Check style (ruff), types (mypy) and templates (djlint)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/djlint --lint --quiet templates

format: .venv/dev ## Put code into the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/dev ## Run the benchmarks that need no labeled data (see bench/)
	@for name in size hops patience search_speed pages votes scale; do \
	  echo "== bench/$$name.py"; $(BIN)/python bench/$$name.py || exit 1; done

lock: .venv/dev ## Lock the newest allowed versions of all dependencies, with hashes
	@lock() { $(BIN)/uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-header --only-binary :all: --quiet -o requirements/$$1.txt $$2; }; \
	  lock runtime && lock extras --all-extras && lock dev '--all-extras --group dev'

screenshots: .venv/dev ## Make the README's picture anew from the site that `make run` started
	@$(BIN)/python -m tests.browser.screenshot

clean: ## Remove the virtual environment and caches; the instance folder stays
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis

.venv/python:
	@echo "Making a virtual environment in .venv …"
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed.") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .venv
	@touch $@

# dev holds all of runtime; whoever has dev needs no second installation
.venv/runtime: requirements/runtime.txt | .venv/python
	@echo "Installing what the site needs, hashes checked …"
	@$(PIP) -r requirements/runtime.txt
	@touch $@

.venv/dev: requirements/dev.txt requirements/runtime.txt | .venv/python
	@echo "Installing what the tests need, hashes checked …"
	@$(PIP) -r requirements/dev.txt
	@touch .venv/runtime $@
