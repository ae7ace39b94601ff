# The errands of a checkout. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BUILD := .build
BINARY := $(BUILD)/release/veilscope
OUT := out
SAMPLE := Samples/wireguard-openvpn

# Known to the binary: the commit, with `+` where files had been changed.
export VEILSCOPE_COMMIT := $(shell commit=$$(git rev-parse HEAD 2>/dev/null) && \
  { git diff --quiet HEAD || commit=$$commit+; echo $$commit; })

# Every imported module must be a declared dependency: an undeclared one builds warm and fails clean.
CHECKED := --explicit-target-dependency-import-check error

.PHONY: help run build test test-third-party test-scripts fuzz lint generate manual bench validate check-determinism lab plugin record reproduce clean

help: ## lists these errands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

$(BUILD)/setup-%: Tools/setup
	@Tools/setup $*
	@mkdir -p $(BUILD) && touch $@

build: $(BUILD)/setup-run ## builds the release binary
	swift build -c release --product veilscope $(CHECKED)

run: build ## analyses the shipped sample under the shipped warrant and prints what it found
	@mkdir -p $(OUT)
	@$(BINARY) analyze $(wildcard $(SAMPLE)/*.pcap $(SAMPLE)/*.pcapng) --warrant $(SAMPLE)/warrant.json \
	  --output $(OUT)/findings.json --flows $(OUT)/flows.jsonl --overwrite

test: $(BUILD)/setup-test ## runs every test
	swift build --build-tests $(CHECKED)
	swift test --skip-build
	@$(MAKE) test-third-party test-scripts fuzz

fuzz: $(BUILD)/setup-test ## every reader of hostile bytes in turns. SECONDS=300 in all, CORPUS=folder of captures to begin with
	Fuzz/run --self-test
	Fuzz/run --seconds $(or $(SECONDS),300) $(if $(CORPUS),--corpus "$(CORPUS)")

# A package of its own that sees products only; its build is apart, since SwiftPM shares none between packages.
test-third-party: ## builds and tests Samples/third-party-plugin, and runs its binary
	swift test --package-path Samples/third-party-plugin --scratch-path $(BUILD)/third-party
	$(BUILD)/third-party/debug/veilscope-bitmessage explain bitmessage.handshake > /dev/null

test-scripts: ## runs the tests of the scripts only
	Tools/lint --self-test
	python3 -B -m unittest discover -s Tools/tests

lint: $(BUILD)/setup-test ## formatting, imports, unsafe code, lengths, READMEs, words, links
	Tools/lint

generate: build ## writes Documentation/schema, its tables and the manual page again from the declarations
	$(BINARY) generate --output Documentation

manual: ## shows the manual page (Documentation/veilscope.1)
	@man -l Documentation/veilscope.1

bench: build ## CPU and memory against a floor in C. SIZE=bytes, RUNS=n, BENCH=folder with captures of your own
	Benchmarks/run --binary $(BINARY) $(if $(SIZE),--size $(SIZE)) $(if $(RUNS),--runs $(RUNS)) \
	  $(if $(BENCH),--captures $(BENCH))

validate: build $(BUILD)/setup-test ## CORPUS=folder: every capture against its labels; writes Documentation/validation.md and rates.json
	Tools/validate/run --binary $(BINARY) --corpus "$${CORPUS:?give the folder of a validation corpus: make validate CORPUS=…}"

check-determinism: build ## the same bytes with one worker and with four, and from run to run. CORPUS=folder of captures
	Tools/check-determinism --binary $(BINARY) $(if $(CORPUS),--captures $(CORPUS))

lab: ## makes the sample captures again in network namespaces (root, Debian's packages)
	Samples/lab/make

plugin: ## NAME=Gopher [FAMILY=proxy] [KIND=stream]: lays out a new protocol plugin, for UDP or (stream) TCP
	Tools/plugin-new "$${NAME:?give a name: make plugin NAME=Gopher}" $(FAMILY) $(if $(KIND),--kind $(KIND))

record: build ## writes the expected findings of Samples and Cases again; look at the difference before you commit
	Tools/record --binary $(BINARY)

reproduce: build ## CASE=folder: analyses one case and shows how it differs from what is expected
	Tools/record --binary $(BINARY) --compare "$${CASE:?give a case: make reproduce CASE=Samples/wireguard-openvpn}"

clean: ## removes what was built and put out
	rm -rf $(BUILD) $(OUT)
