# Aliases only: ./dev does the work, and needs no make.
.PHONY: run test check bench lock help

run test check bench lock help:
	@./dev $@ $(ARGS)

.DEFAULT_GOAL := help
