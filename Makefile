# ehlo: the commands of the README and of .ci/run. Go is all they need, but for
# test-mta, which fetches real mail servers from Debian's packages.

GO      ?= go
BIN     := bin/ehlo
# Static, and without what a debugger needs: a smaller file starts faster.
BUILD   := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=auto -ldflags='-s -w'
FUZZTIME ?= 10s

.PHONY: build demo test test-mta lint fuzz bench screenshots cross clean

build:
	$(BUILD) -o $(BIN) ./cmd/ehlo

# The screen against the mail server and the DNS server inside ehlo.
demo: build
	./$(BIN) demo

test:
	$(GO) test ./...

# With real mail servers, on loopback, in a temporary directory.
test-mta:
	$(GO) test -tags mta -count=1 -timeout 10m ./cmd/ehlo/mta

lint:
	@out="$$($(GO) tool gofumpt -l cmd internal tui session resolver)"; test -z "$$out" || { echo "gofumpt would change: $$out"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags mta ./cmd/ehlo/mta
	$(GO) tool staticcheck ./...
	$(GO) mod tidy -diff
	$(MAKE) --no-print-directory cross

# The program compiles where we do not run it.
cross:
	GOOS=darwin GOARCH=arm64 CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/ehlo
	GOOS=windows GOARCH=amd64 CGO_ENABLED=0 $(GO) build -o /dev/null ./cmd/ehlo

# Each fuzz target for a short time: make fuzz FUZZTIME=1m
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg; \
		done; \
	done

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

# The pictures of the README, from real runs of the demo.
screenshots:
	$(GO) test ./cmd/ehlo -count=1 -run TestScreenshots -screenshots $(CURDIR)/docs/screens

clean:
	rm -rf bin
