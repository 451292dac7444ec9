# What a person does with this repository. `make` alone lists the targets.
# Needs Rust, make, git and a C compiler; each target says so if something else is missing.

.DEFAULT_GOAL := help
.PHONY: help run build test lint fmt coverage clean-test clean

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)

# On a machine that builds once and is thrown away, incremental state only costs time and room.
ifeq ($(CI),true)
export CARGO_INCREMENTAL := 0
export CARGO_TERM_PROGRESS_WHEN := never
endif

help: ## List the targets
	@echo 'Natter. Usage: make <target>'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## Build in release mode and start the server on the embedded store in ./data
	$(CARGO) build --release --locked --package natter
	@exec $(TARGET)/release/natter $(ARGS)

build: ## Build everything in release mode
	$(CARGO) build --release --locked --workspace

# Their files go where clean-test finds them, and on a real disk: /tmp may be memory, where syncing proves nothing.
test: ## Run all tests; needs no running server
	@mkdir -p $(TARGET)/tmp
	TMPDIR='$(abspath $(TARGET))/tmp' $(CARGO) test --workspace --locked

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

fmt: ## Format the code
	$(CARGO) fmt --all

coverage: ## Measure test coverage; the report is coverage/tarpaulin-report.html
	@$(CARGO) tarpaulin --version > /dev/null 2>&1 || { \
		echo 'cargo-tarpaulin is missing; installing it takes a few minutes.'; $(CARGO) install cargo-tarpaulin --locked; }
	$(CARGO) tarpaulin --workspace --locked --engine llvm --skip-clean --target-dir $(TARGET)/coverage \
		--exclude-files '*/tests/*' --exclude-files '$(TARGET)/*' --out Html --output-dir coverage
	@echo 'Open coverage/tarpaulin-report.html in a browser.'

clean-test: ## Remove what tests and coverage have left behind
	rm -rf coverage $(TARGET)/coverage $(TARGET)/tmp
	find . -name '*.profraw' -not -path './.git/*' -delete

clean: clean-test ## Remove everything that was built; ./data stays
	$(CARGO) clean
