# What a person does with this repository. `make` alone lists the targets.
# Needs Rust, make, git and a C compiler; each target says so if something else is missing.

.DEFAULT_GOAL := help
.PHONY: help run cli build servers test test-in-container bench-parts cost lint fmt coverage migrate fleet fleet-stop docker-run \
	docker-run-dependency run-migrate clean-test clean

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)

# On a machine that builds once and is thrown away, incremental state only costs time and room.
ifeq ($(CI),true)
export CARGO_INCREMENTAL := 0
export CARGO_TERM_PROGRESS_WHEN := never
endif

# Without it the engine's own words are about a command that it does not know.
COMPOSE = $(if $(shell docker compose version 2> /dev/null),docker compose,$(error Docker Compose is missing: \
	https://docs.docker.com/compose/install. Without it, `make fleet` runs the same fleet as processes of this machine))

help: ## List the targets
	@echo 'Natter. Usage: make <target>'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-22s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## Build in release mode and start the server on the embedded store in ./data
	$(CARGO) build --release --locked --package natter
	@exec $(TARGET)/release/natter $(ARGS)

cli: ## Build the terminal client and start it: ARGS='--addr host:port --user name'
	$(CARGO) build --release --locked --package natter-cli
	@exec $(TARGET)/release/natter-cli $(ARGS)

build: ## Build everything in release mode
	$(CARGO) build --release --locked --workspace

servers: ## Install the servers that tests and `make fleet` need, if they are missing
	@tools/servers/install

# Their files go where clean-test finds them, and on a real disk: /tmp may be memory, where syncing proves nothing.
test: servers ## Run all tests; needs no running server
	@mkdir -p $(TARGET)/tmp
	TMPDIR='$(abspath $(TARGET))/tmp' $(CARGO) test --workspace --locked

# The container's own target directory: what it builds fits its system, not ours.
test-in-container: ## Run all tests in a container, where there is an engine and nothing may be installed
	@engine=$$(command -v docker || command -v podman) || { echo 'Neither docker nor podman is there.'; exit 1; }; \
	set -x; "$$engine" run --rm -v '$(CURDIR)':/natter -w /natter -e CARGO_TARGET_DIR=/natter/target/container \
		rust:1.95-bookworm make test

# On a real disk, as for the tests: what an append costs is mostly how long the disk takes.
bench-parts: ## Measure the parts of the hot path by the clock: ARGS=deliver for some of them
	@mkdir -p $(TARGET)/tmp
	TMPDIR='$(abspath $(TARGET))/tmp' $(CARGO) bench --locked --package cost --bench parts -- $(ARGS)

cost: ## Count the instructions of the hot path with valgrind, which a busy machine does not change
	@mkdir -p $(TARGET)/tmp
	@TMPDIR='$(abspath $(TARGET))/tmp' CARGO='$(CARGO)' tools/cost/instructions

lint: ## Check formatting, warnings and, with cargo-deny, the dependencies
	@$(CARGO) fmt --version > /dev/null 2>&1 || { echo 'rustfmt is missing. Get it with: rustup component add rustfmt'; exit 1; }
	@$(CARGO) clippy --version > /dev/null 2>&1 || { echo 'clippy is missing. Get it with: rustup component add clippy'; exit 1; }
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	@if $(CARGO) deny --version > /dev/null 2>&1; then \
		echo '$(CARGO) deny --locked check bans licenses sources'; \
		$(CARGO) deny --locked check bans licenses sources; \
	else \
		echo 'cargo-deny is not installed: licences are not checked. Get it with: cargo install cargo-deny --locked'; \
	fi

	@deploy/check

# Under ten minutes once it is built. The table goes between the marks in docs/performance.md, the rest there is by hand.
bench: servers ## Measure the server's speed and write it into docs/performance.md: ARGS='--only rooms-10x100 --against embedded'
	$(CARGO) build --release --locked --package natter --package natter-load --bins
	$(CARGO) build --release --locked --package natter-load --example floor
	$(TARGET)/release/natter-load bench --markdown docs/performance.md $(ARGS)

fmt: ## Format the code
	$(CARGO) fmt --all

coverage: servers ## Measure test coverage; the report is coverage/tarpaulin-report.html
	@$(CARGO) tarpaulin --version > /dev/null 2>&1 || { \
		echo 'cargo-tarpaulin is missing; installing it takes a few minutes.'; $(CARGO) install cargo-tarpaulin --locked; }
	$(CARGO) tarpaulin --workspace --locked --engine llvm --skip-clean --target-dir $(TARGET)/coverage \
		--exclude-files '*/tests/*' --exclude-files '$(TARGET)/*' --out Html --output-dir coverage
	@echo 'Open coverage/tarpaulin-report.html in a browser.'

migrate: ## Change or show the schemas: ACTION=up|down|status|seed, VERSION=n for up and down, ARGS=--yes
	@case '$(ACTION)' in \
		up|status|seed) ;; \
		down) [ -n '$(VERSION)' ] || { echo 'down needs VERSION=n; 0 leaves nothing'; exit 2; } ;; \
		*) echo 'Usage: make migrate ACTION=up|down|status|seed [VERSION=n] [ARGS=--yes]'; exit 2 ;; esac
	$(CARGO) run --release --locked --package migrate --bin migrate -- \
		$(ACTION) $(if $(filter up down,$(ACTION)),$(VERSION)) $(ARGS)

fleet: ## Start the whole fleet as processes of this machine, on 127.0.0.1:8080
	@deploy/fleet start

fleet-stop: ## Stop what `make fleet` has started
	@deploy/fleet stop

docker-run: ## Build the images and start the fleet in containers, on 127.0.0.1:8080
	$(COMPOSE) up --build --detach
	@echo 'The fleet is at http://$(or $(NATTER_ADDR),127.0.0.1:8080).'
	@echo 'What next: `docker compose ps`, `docker compose logs`, `docker compose down`'

docker-run-dependency: ## Start only PostgreSQL, Redis and NATS in containers, for a server on this machine
	$(COMPOSE) --file docker-compose.deps.yml up --detach --wait
	@deploy/secrets data/dev-keys
	@echo "A server on them: make run ARGS='--env-file deploy/dev.env'"

run-migrate: ## Run migrate in its container: ACTION=up|down|status|seed VERSION=n
	$(COMPOSE) run --build --rm migrate $(or $(ACTION),up) $(VERSION) $(ARGS)

clean-test: ## Remove what tests and coverage have left behind
	rm -rf coverage $(TARGET)/coverage $(TARGET)/tmp
	find . -name '*.profraw' -not -path './.git/*' -delete

clean: clean-test ## Remove everything that was built and stop the containers; ./data stays
	@if docker ps > /dev/null 2>&1 && docker compose version > /dev/null 2>&1; then \
		for file in docker-compose.yml docker-compose.dev.yml; do \
			[ -z "$$(docker compose --file $$file ps --all --quiet)" ] || \
				docker compose --file $$file down --remove-orphans; \
		done; fi
	$(CARGO) clean
