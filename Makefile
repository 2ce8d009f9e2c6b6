# Two commands carry everything: `make demo` shows the study, `make test` checks the project.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test bench docs lock clean lint unit

$(VENV)/.installed: requirements.lock pyproject.toml
	@echo "Installing into $(VENV), once: a minute or two ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -r requirements-dev.lock
	touch $@

demo: $(VENV)/.installed
	@echo "Running the shipped study: seven coordinators, thirty days. A minute or two; the first run also compiles."
	@$(BIN)/suandian run county-noon
	@echo "Open that file in a browser. The rows are defined in docs/reference/kpis.md, next steps in docs/tutorial.md."

test: $(VENV)/.installed-dev
	bash scripts/system_packages.sh
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory unit
	$(MAKE) --no-print-directory docs

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.installed-dev
	$(BIN)/pytest -n 2 --dist loadfile

docs: $(VENV)/.installed-dev
	$(BIN)/mkdocs build --strict --quiet

bench: $(VENV)/.installed-dev
	$(BIN)/python -m bench

lock: $(VENV)/.installed-dev
	$(BIN)/python scripts/lock.py

clean:
	rm -rf $(VENV) runs site build dist
