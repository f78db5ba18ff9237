# Every developer command. `make help` lists them.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
export PYTHONUTF8 := 1

# An environment works only where it was made.
MOVED := $(shell [ "$$(cat $(VENV)/.place 2>/dev/null)" = "$$(pwd -P)" ] || echo moved)

.DEFAULT_GOAL := help

.PHONY: help
help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.run: requirements/run.lock shared/pyproject.toml services/console/pyproject.toml services/report-api/pyproject.toml services/worker/pyproject.toml \
  requirements/server.lock $(MOVED)
	@PYTHON='$(PYTHON)' deploy/install $(VENV) requirements/run.lock requirements/server.lock
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.lock
	@PYTHON='$(PYTHON)' deploy/install $(VENV) requirements/dev.lock
	@touch $@

.PHONY: run
run: $(VENV)/.run  ## start everything on an embedded Redis (QUORUM_PORT, QUORUM_DATA)
	@exec $(BIN)/python -P -m quorum.cli.main run

.PHONY: status
status:  ## what of it runs, since when and where
	@$(BIN)/python -P -m quorum.cli.main status

.PHONY: stop
stop:  ## stop it, from any terminal
	@$(BIN)/python -P -m quorum.cli.main stop

.PHONY: shell
shell: $(VENV)/.run  ## open a shell in which `quorum` works on what runs
	@env="$${QUORUM_DATA:-.run}/env"; case $$env in /*) ;; *) env=./$$env ;; esac; \
	  $(BIN)/python -P -m quorum.cli.main status >/dev/null || { echo "nothing runs here: make run in another terminal first" >&2; exit 1; }; \
	  . "$$env" && echo "quorum works here (quorum --help; \$$QUORUM_URL is $$QUORUM_URL); exit leaves." && exec "$${SHELL:-/bin/sh}"

.PHONY: moved
moved:

.PHONY: test
test: $(VENV)/.dev  ## run every test
	@tests/system-packages
	@$(BIN)/pytest -n 2 --dist loadgroup

.PHONY: check
check: lint  ## the inner loop, under a minute: lint, types, and the tests that need no server and are quick
	@$(BIN)/pytest -q -n 2 -m 'not slow' tests/unit

.PHONY: lint
lint: $(VENV)/.dev  ## format check, lint, types, layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: format
format: $(VENV)/.dev  ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: bench
bench: $(VENV)/.dev  ## measure, print ratios, keep them in docs/benchmarks.md
	@tests/system-packages --bench
	@$(BIN)/python -m tests.benchmarks

.PHONY: attacks
attacks: $(VENV)/.run  ## carry out named attacks against the default policy, keep what comes of them in docs/attacks.md
	@$(BIN)/python -m quorum.simulation.attacks.document docs/attacks.md

.PHONY: images
images:  ## build the container images, bit for bit the same from the same commit
	@deploy/images

.PHONY: compose-check
compose-check:  ## prove docker-compose.yml with a real engine
	@deploy/compose-check

.PHONY: generate
generate: $(VENV)/.dev  ## remake what is generated: docs/asyncapi.json, docs/metrics.md, the routes in docs/security.md, docs/settings.md, Grafana's dashboards
	@$(BIN)/python -c 'import json; from report_api.docs.asyncapi import asyncapi; print(json.dumps(asyncapi(), indent=1))' > docs/asyncapi.json
	@$(BIN)/python -m report_api.docs.route_table docs/security.md
	@$(BIN)/python -c 'from quorum.telemetry.metrics import table; print(table(), end="")' > docs/metrics.md
	@$(BIN)/python -c 'from quorum.settings.table import table; print(table(), end="")' > docs/settings.md
	@$(BIN)/python -c 'from quorum.start.permissions import users_file; print(users_file(), end="")' > deploy/redis/users.acl
	@$(BIN)/python deploy/grafana/build.py deploy/grafana/dashboards
	@$(BIN)/python tests/support/troubles.py docs/operations.md
	@$(BIN)/python tests/support/documents/guides.py docs/sites/README.md

.PHONY: translations
translations: $(VENV)/.dev  ## bring the catalogues of translations (.po) up to date with the pages
	@$(BIN)/python deploy/translations.py

.PHONY: sbom
sbom: $(VENV)/.dev  ## list what the images hold (CycloneDX, in .cache/)
	@mkdir -p .cache
	@for image in console report-api worker; do \
	  $(BIN)/cyclonedx-py requirements requirements/$$image.lock --output-reproducible --of JSON \
	    --output-file .cache/sbom-$$image.json; \
	  echo .cache/sbom-$$image.json; \
	done

.PHONY: lock
lock: $(VENV)/.dev  ## remake the lock files from the pyproject files
	@deploy/lock $(BIN)/uv

.PHONY: clean
clean:  ## remove what was installed and cached; the data in .run stays
	@rm -rf $(VENV) .cache
