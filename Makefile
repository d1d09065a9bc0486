# Everything one does with Darkroom. 'make help' lists it.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# One target folder and one profile; an inherited setting would mean a second full build.
unexport CARGO_TARGET_DIR
unexport RUSTFLAGS

DARKROOM := target/release/darkroom

# What 'make demo' develops. Passed through the environment, so any text is safe.
IMAGE ?= services/darkroom/samples/bar_chart.png
PROMPT ?=
OUT ?= out/demo
export IMAGE PROMPT OUT

# What 'make dev' sends everything but the web app's own files to.
SERVER ?= http://127.0.0.1:8080
export SERVER

.PHONY: help setup web dev build demo run certs test test-web screenshots check bench bench-sandbox bench-agent hostile clean bench-stack stack chaos programs try-containers

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: web ## Set up the Python environments (sandbox, tools) and the web app when they are missing
	@deploy/tools/python-env.sh target/python services/sandbox/python/requirements.lock
	@deploy/tools/python-env.sh target/tools deploy/tools/requirements.lock

web: ## Build the web app when it is missing or older than its sources (needs Node.js; without it, the server has none)
	@deploy/tools/web.sh

dev: ## The web app with hot reload, on a server that runs: make dev SERVER=http://127.0.0.1:8080
	@deploy/tools/web.sh packages
	@cd frontend && DARKROOM_URL="$$SERVER" npm run --silent dev

build: setup ## Build target/release/darkroom
	@cargo build --release --locked --package darkroom --package supervisor

demo: build ## Develop a picture: make demo IMAGE=path PROMPT="..." OUT=dir
	@$(DARKROOM) run "$$IMAGE" --prompt "$$PROMPT" --out "$$OUT"

run: build ## Start the server at http://127.0.0.1:8080
	@$(DARKROOM) serve

certs: ## Make or renew Traefik's development certificate; with DOMAIN=name for that host too
	@deploy/tools/certs.sh traefik/certs

test: setup ## Run all tests (Rust, web app, browser); before them, the manifests for Kubernetes against its schemas
	@deploy/kubernetes/validate.sh
	@deploy/tools/web.sh judges
	@python3 -B deploy/tools/run_tests.py

test-web: build ## Only the tests in a browser, against the real program: make test-web ARGS="-g stop"
	@deploy/tools/web.sh judges
	@cd frontend && npx --no-install playwright test --config e2e/playwright.config.ts $(ARGS)

screenshots: build ## Every page and state of the web app, light, dark and on a phone, into target/screenshots
	@cd frontend && npx --no-install playwright test --config e2e/screenshots.config.ts

check: setup ## Formatting, lints, tidiness, licences, and the manifests for Kubernetes
	@cargo fmt --check
	@cargo clippy --release --locked --workspace --all-targets -- -D warnings
	@cargo xtask tidy
	@[ ! -d frontend/node_modules ] || (cd frontend && npm run --silent typecheck && npm run --silent lint && npm run --silent lockcheck)
	@target/tools/bin/ruff check --quiet --isolated --no-cache --line-length 120 --select E4,E7,E9,F,I,B,UP --ignore E402,B905 services crates deploy/bench deploy/tools
	@cd deploy/bench && ../../target/tools/bin/python3 -B -m unittest -q test_scoring
	@cd deploy/tools && python3 -B -m unittest -q test_second_try
	@deploy/tools/cargo-deny.sh check --hide-inclusion-graph bans licenses sources
	@deploy/kubernetes/validate.sh

bench: build ## Measure: sandbox against bare Python, job overhead, memory, start-up, telemetry (PARTS=telemetry: that alone)
	@cargo run --release --locked --quiet --package darkroom --example bench -- $(PARTS)

bench-sandbox: build ## Measure the sandbox over HTTP against its limits (about ten minutes; PARTS="quick latency")
	@cargo run --release --locked --quiet --package darkroom --example bench_sandbox -- $(PARTS)

bench-agent: build target/bench/pictures/truth.json target/bench/measuring/pictures/truth.json ## Measure how well pictures are read, with the models of the environment (half an hour; BENCH="--only html-*")
	@echo "# Measuring set" && target/bench/python/bin/python3 -B deploy/bench/run.py --bench target/bench/measuring $(BENCH)
	@echo "# Tuning set" && target/bench/python/bin/python3 -B deploy/bench/run.py $(BENCH)

# Drawn again when what draws them has changed; 'rm -r target/bench/pictures' where a program was installed since.
target/bench/pictures/truth.json target/bench/measuring/pictures/truth.json: deploy/bench/generate.py deploy/bench/requirements.lock $(wildcard deploy/bench/pictures/*.py)
	@deploy/bench/tools.sh
	@deploy/tools/python-env.sh target/bench/python deploy/bench/requirements.lock
	@target/bench/python/bin/python3 -B deploy/bench/generate.py $(@D) $(if $(findstring measuring,$@),measuring,tuning)

bench-stack: programs ## Measure the stack: against one process, with replicas, memory (about three minutes)
	@target/release/examples/stack_trials bench

stack: programs ## All services as plain processes on real engines behind Traefik, until Ctrl-C
	@target/release/stack

chaos: programs ## 300 jobs while services are killed, engines crash and lines are cut (about ten minutes)
	@target/release/examples/stack_trials chaos

try-containers: programs ## All services in containers, made without a registry: start, try, all scenarios (half an hour; root)
	@deploy/airgap/try-containers.sh

# Everything at once: a selection of packages would compile what they share with other features.
programs: setup
	@deploy/tools/servers.sh
	@cargo build --release --locked --workspace --bins --examples

hostile: setup ## Run all hostile programs twenty times, in company, warm and cold
	@SANDBOX_TEST_HOSTILE_ROUNDS=20 cargo test --release --locked --workspace --test it -- --nocapture --test-threads=1 hostile_programs

clean: ## Remove everything that was built
	@rm -rf target out
