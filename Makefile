# Thin: CMake builds (CMakePresets.json), ctest tests, tools/ installs.
.DEFAULT_GOAL := help
.PHONY: help deps build demo test test-all conformance bench simulate format \
  lint install package fuzz clean

JOBS ?= $(shell nproc)
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 600
SEEDS ?= 100000

# Ninja where there is one. Found out when a recipe runs, as the line before may
# have installed it; a build folder that exists keeps its own.
ninja = CMAKE_GENERATOR="$$(command -v ninja >/dev/null && echo Ninja \
  || echo Unix Makefiles)"
build = $(ninja) cmake --preset release >/dev/null \
  && cmake --build --preset release -j $(JOBS) --target

help: ## Shows this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort \
	  | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

deps: ## Installs what is missing: Debian packages, the pinned Claude Code
	@tools/install-dependencies.sh
	@tools/install-claude-code.sh

build: ## Builds the program: build/container-agent
	@tools/install-dependencies.sh build
	@$(build) container-agent

demo: ## Shows two prompts going to the real Claude Code and coming back
	@tools/install-dependencies.sh build node
	@tools/install-claude-code.sh
	@$(build) container-agent messages_api_stand_in
	@test -x test/demo/run.sh || { \
	  echo "demo: error: test/demo/run.sh is missing" >&2; exit 1; }
	@test/demo/run.sh

test: ## Builds and runs the tests: units under the sanitizers, the program
	@tools/install-dependencies.sh build test node engine
	@tools/install-claude-code.sh
	@$(ninja) JOBS=$(JOBS) tools/test.sh

test-all: ## The same, and all that takes long: before a change is finished
	@tools/install-dependencies.sh build test fuzz node engine
	@tools/install-claude-code.sh
	@$(ninja) JOBS=$(JOBS) tools/test.sh --all

conformance: ## Plays the scenarios to CLAUDE=path and prints what has changed
	@tools/install-dependencies.sh build test node
	@$(if $(CLAUDE),,tools/install-claude-code.sh)
	@$(build) conformance
	@test/isolated.sh build/conformance $(if $(CLAUDE),--claude "$(CLAUDE)") \
	  $(if $(RECORD),--record) $(SCENARIOS)

bench: ## Measures latency, throughput, start and memory against chained cats
	@tools/install-dependencies.sh build
	@$(build) container-agent-bench
	@build/container-agent-bench $(BENCH_ARGS)

simulate: ## Simulates the whole agent, SEEDS=100000 runs, on all cores
	@tools/install-dependencies.sh build test
	@$(build) simulation
	@tools/simulate.sh $(SEEDS) $(JOBS)

format: ## Lays out every C++ file
	@tools/install-dependencies.sh lint
	@tools/format.sh

lint: ## Runs clang-tidy over what has changed; ALL=1: over everything
	@tools/install-dependencies.sh build lint
	@$(ninja) tools/lint.sh $(if $(ALL),--all)

install: build ## Installs the program, stripped: PREFIX=/usr/local, DESTDIR=
	@$(build) manual
	@cmake --install build --strip --prefix $(PREFIX)

package: build ## Makes a Debian package: build/package/container-agent_*.deb
	@tools/install-dependencies.sh package
	@$(build) manual
	@cpack --config build/CPackConfig.cmake

fuzz: ## Fuzzes each parser for FUZZ_SECONDS=600; the corpus is in build/fuzz/
	@tools/install-dependencies.sh build fuzz
	@$(ninja) tools/fuzz.sh $(FUZZ_SECONDS)

clean: ## Removes build/
	rm -rf build
