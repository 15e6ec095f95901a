# Set-up and checks: needs Python >= 3.11 and make; to start a real Kafka, Java 17 and Maven too; for `make helm`, Go.

BIN := .venv/bin
OWN_UV := .cache/uv/bin/uv
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo $(OWN_UV))
CHECK_PYTHON := import sys; print(sys.executable if sys.version_info >= (3, 11) else "")
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,\
	$(shell $(name) -c '$(CHECK_PYTHON)' 2>/dev/null)))

.DEFAULT_GOAL := help
.PHONY: help venv demo test check kills faults fuzz soak helm broker docs docs-serve lock clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

venv: .venv/stamp ## make the virtual environment .venv with the locked requirements

demo: venv ## learn a simulated plant twice, without and with retention, and show both
	@$(BIN)/retaind demo

# Every stage runs, pytest last; the exit status says whether one failed.
test: venv ## run ruff, mypy, import-linter and pytest, against a real Kafka
	@failed=; \
	stage() { printf '\n=== %s\n' "$$*"; "$(BIN)/$$@" || failed="$$failed, $$*"; }; \
	stage ruff check; \
	stage ruff format --check; \
	stage mypy; \
	stage lint-imports; \
	stage pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder; \
	[ -z "$$failed" ] || { printf '\nfailed: %s\n' "$${failed#, }"; exit 1; }

check: venv ## run the first two minutes of it: linters, types, import rules, and tests without processes and Kafka
	@failed=; \
	stage() { printf '\n=== %s\n' "$$*"; "$(BIN)/$$@" || failed="$$failed, $$*"; }; \
	stage ruff check; \
	stage ruff format --check; \
	stage mypy; \
	stage lint-imports; \
	stage pytest --numprocesses auto --maxprocesses 4 --dist loadfile --quiet -m 'not kafka' strategies connectors \
		tests/strategies tests/connectors tests/daemon/config tests/daemon/scoring tests/daemon/intake tests/daemon/tasks; \
	[ -z "$$failed" ] || { printf '\nfailed: %s\n' "$${failed#, }"; exit 1; }

kills: venv ## kill a daemon that publishes to Kafka 200 times, and count what is there not once (some minutes)
	@$(BIN)/python -m tests.end_to_end.exactly_once

faults: venv ## draw 312 faults against real daemons and a real Kafka, and ask the topic (SEED=n COURSES=1 repeats one course; CLIENT=librdkafka)
	@$(BIN)/python -m tests.faults $(if $(SEED),--seed $(SEED)) $(if $(COURSES),--courses $(COURSES)) $(if $(CLIENT),--client $(CLIENT))

fuzz: venv ## write a million records as nobody should to a real Kafka, and account for each (SEED=n RECORDS=n)
	@$(BIN)/python -m tests.fuzz $(if $(SEED),--seed $(SEED)) $(if $(RECORDS),--records $(RECORDS))
soak: venv ## an hour at full rate among scrapes, connections, hostile records and reloads: what grows? (MINUTES=3)
	@$(BIN)/python -m tests.soak $(if $(MINUTES),--minutes $(MINUTES))

helm: ## build helm and kustomize for the tests of the chart, in .cache/bin, with Go >= 1.24
	GOBIN='$(CURDIR)/.cache/bin' go install helm.sh/helm/v3/cmd/helm@v3.19.2
	GOBIN='$(CURDIR)/.cache/bin' go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1

broker: venv ## run a real Kafka on port 9092 until Ctrl-C
	@$(BIN)/python -m tests.kafka

docs: venv ## build the docs as a site, in build/site
	@$(BIN)/zensical build --strict --clean

docs-serve: venv ## serve the docs at localhost:8000 while they are being written, until Ctrl-C
	@$(BIN)/zensical serve --dev-addr localhost:8000

lock: $(filter $(OWN_UV),$(UV)) ## write requirements.lock anew from pyproject.toml (UPGRADE=1 takes newer versions)
	$(UV) pip compile pyproject.toml --group dev --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
		$(if $(UPGRADE),--upgrade) --custom-compile-command 'make lock' --quiet --output-file requirements.lock

clean: ## remove the environment, the caches and the broker's jars
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build

.venv/stamp: requirements.lock pyproject.toml | $(filter $(OWN_UV),$(UV)) python
	$(UV) venv --quiet --allow-existing --python '$(PYTHON)' .venv
	$(UV) pip sync --python $(BIN)/python requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(OWN_UV): | python
	'$(PYTHON)' -m venv .cache/uv && .cache/uv/bin/pip install --quiet uv \
		|| '$(PYTHON)' -m pip install --quiet --upgrade --target .cache/uv uv \
		|| { echo 'uv cannot be installed: install it, or pip and venv for $(PYTHON) (Debian: python3-venv)'; exit 1; }

.PHONY: python
python:
	@[ -n '$(PYTHON)' ] || { echo 'no Python >= 3.11 on PATH: install one (Debian: python3, python3-venv) or name it: make PYTHON=/path/to/python3.11'; exit 1; }
