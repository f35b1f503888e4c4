# Two commands do everything on a fresh machine: `make demo` and `make test`.
# Tests start hundreds of processes: what one has compiled, the next need not.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo up test test-long test-ci test-slow test-crash test-control test-drills test-whole test-operators test-year test-fuzz test-spark contract check check-sql check-rest lock licenses sbom migration docs docs-shots clean

setup: .venv/.runtime

# Nothing is installed whose hash no lock names, and nothing is built but winback itself.
INSTALL := $(BIN)/uv pip install --quiet --python $(BIN)/python
LOCKED := --compile-bytecode --require-hashes --no-build

.venv/.installer: requirements-build.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--only-binary :all: -r requirements-build.lock
	touch $@

.venv/.runtime: .venv/.installer requirements.lock pyproject.toml
	$(INSTALL) $(LOCKED) -r requirements.lock
	rm -rf winback.egg-info  # an old one hides the commands that are new
	$(INSTALL) --no-deps --no-build-isolation -e .
	touch $@

.venv/.dev: .venv/.runtime requirements-dev.lock
	$(INSTALL) $(LOCKED) -r requirements-dev.lock
	touch $@

# pyspark comes as source alone: it is built by the setuptools that the lock has.
.venv/.spark: .venv/.dev requirements-spark.lock
	$(INSTALL) --require-hashes --no-build-isolation -r requirements-spark.lock
	touch $@

demo: .venv/.runtime  ## live through a win-back season of an invented shop
	$(BIN)/winback demo

up: .venv/.runtime  ## Prefect's server, worker, deployments and the receiver; make up UP=--sandbox
	$(BIN)/winback up $(UP)

# To collect all files takes each worker half a minute.
MARKED = $$(grep -rl --include='test_*.py' 'pytest\.mark\.$(1)' tests | sort)
QUICK := not slow and not drill and not whole
IN_WORKERS := --numprocesses auto --dist loadfile --no-loadscope-reorder --durations 15

test: .venv/.dev  ## the tests; needs no network and no keys; nine minutes
	$(BIN)/pytest $(IN_WORKERS) -m 'not long and $(QUICK)'

test-long: .venv/.dev  ## runs of Prefect, kills, browsers, whole builds: all that takes over half a second each
	$(BIN)/pytest $(IN_WORKERS) -m 'long and $(QUICK)' $(call MARKED,long)

test-ci: .venv/.dev  ## both in one go, which is three minutes shorter: what CI runs
	$(BIN)/pytest $(IN_WORKERS)

test-slow: .venv/.dev  ## seasons and sizes that `make test` leaves out; half an hour
	$(BIN)/pytest -m slow

test-crash: .venv/.dev  ## 10,000 events and 10,000 messages through hundreds of kill -9; half an hour
	CRASH_KILLS=20 CRASH_EVENTS=10000 $(BIN)/pytest -k is_killed \
		tests/inbound/test_receiver_durability.py
	CRASH_MATRIX=whole $(BIN)/pytest -k killed_anywhere tests/sending/test_crashes.py

test-control: .venv/.dev  ## kill server, worker and run, and start them again; forty minutes
	$(BIN)/pytest -k everything_was_killed tests/flows/control_job.py \
		tests/flows/approval_job.py

test-drills: .venv/.dev  ## a lost disk and its backup, an old release's home upgraded; five to ten minutes
	$(BIN)/pytest $(IN_WORKERS) -m drill $(call MARKED,drill)

test-whole: .venv/.dev  ## whole days of a shop, forms in the UI, signals, edited projects; five to ten minutes
	$(BIN)/pytest $(IN_WORKERS) -m whole $(call MARKED,whole)

test-operators: .venv/.dev  ## the operators' day from the wheel, and the runs for persons; half an hour
	$(BIN)/pytest -m slow tests/package/test_operators_day.py tests/package/test_wheel.py \
		tests/flows/test_runs_for_persons.py

test-year: .venv/.dev  ## a year of runs in Prefect's database, with its own vacuum; ten minutes
	$(BIN)/pytest -s tests/flows/year_job.py

test-spark: .venv/.spark  ## the same rows from Spark as from DuckDB, on a cluster of three; an hour, and Java 17
	$(BIN)/pytest -n 0 -s -p no:unraisableexception --timeout 14400 \
		tests/warehouse/spark/test_small_shop.py \
		tests/warehouse/spark/values_job.py tests/warehouse/spark/units_job.py \
		tests/warehouse/spark/cluster_job.py \
		tests/warehouse/spark/move_job.py

FUZZ_MINUTES ?= 10
test-fuzz: .venv/.dev  ## whatever others may write, at every parser and the receiver; ten minutes
	rm -f fuzz.txt
	FUZZ_MINUTES=$(FUZZ_MINUTES) $(BIN)/pytest --timeout 1800 tests/fuzz; \
		status=$$?; cat fuzz.txt; exit $$status

contract: .venv/.dev .venv/.prism  ## our calls through Prism and the official descriptions
	$(BIN)/pytest tests/rehearsal/sandbox/prism_job.py

# Prism is no Python: it needs node 18 or newer, and comes from the npm registry.
.venv/.prism: .venv/.installer
	@command -v npm > /dev/null || \
		{ echo "npm is missing: install node 18 or newer, then make contract"; exit 1; }
	npm install --silent --no-audit --no-fund --prefix .venv/prism @stoplight/prism-cli@5.14.2
	touch $@

# The theme's word on its successor is for us, not for each build. `--quiet` would hide broken links.
SITE := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

check: .venv/.dev  ## lint, types, licenses, and the links and code of the docs
	$(MAKE) --no-print-directory --jobs 2 check-sql check-rest

# Of two halves, so that the second core has something to do while one reads the project. Zero
# processes are as many as there are cores.
check-sql: .venv/.dev
	cd dbt_project && WINBACK_WAREHOUSE=$$(mktemp -d)/winback.duckdb \
		../$(BIN)/sqlfluff lint --disable-progress-bar --processes 0 models tests

check-rest: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python scripts/licenses.py
	$(BIN)/python scripts/check_docs.py
	$(SITE) --site-dir $$(mktemp -d)

COMPILE := $(BIN)/uv pip compile --quiet --no-emit-index-url --no-header --no-annotate \
	--generate-hashes --python-version 3.11

lock: .venv/.installer  ## resolve the locks anew, with hashes and without any registry's address
	printf 'setuptools>=77\nuv\n' | $(COMPILE) - -o requirements-build.lock
	$(COMPILE) --extra dev pyproject.toml -o requirements-dev.lock
	$(COMPILE) -c requirements-dev.lock pyproject.toml -o requirements.lock
	printf 'pyspark==4.0.5\nsqlglot\n' | $(COMPILE) -c requirements-dev.lock - \
		-o requirements-spark.lock

licenses: .venv/.dev  ## list the licenses of all that is installed in docs/licenses.md
	$(BIN)/python scripts/licenses.py --write

sbom: .venv/.runtime  ## a bill of materials in CycloneDX: winback.cdx.json
	$(BIN)/python scripts/make_sbom.py winback.cdx.json

docs: .venv/.dev  ## write the generated pages, and what dbt must know; build the site: site/index.html
	$(BIN)/python scripts/make_docs.py
	$(SITE)

docs-shots: .venv/.runtime  ## the tour's pictures of Prefect's UI, taken anew by Chromium; five minutes
	$(BIN)/python scripts/make_shots.py

migration: .venv/.dev  ## make migration M="messages know their color": the ledger's next revision
	$(BIN)/python -m winback.ledger.migrations "$(M)"

clean:  ## forget the environment and the demo's state, never a shop's
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .winback-demo
