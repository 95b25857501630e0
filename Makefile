# make run    the app on http://127.0.0.1:8501 (another port: PORT=8502 make run)
# make test   every test: library, pages, real browser
# make check  format, lint, types and the fast tests, in under a minute
# make bench  the tables of docs/speed.md
# make surroundings  the fast tests in other languages, time zones and homes, and in another order
# make clean  removes .venv and caches; keeps runs/ and data/

SHELL := /bin/bash
PORT ?= 8501
PYTHON := .venv/bin/python
FAST := not keras and not training and not browser and not install

.PHONY: run test check bench clean surroundings

run: .venv/installed
	@exec tools/serve.sh "$(PORT)"

test: .venv/installed-dev
	@$(PYTHON) tools/programs.py
	@exec $(PYTHON) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: .venv/installed-dev
	@$(PYTHON) -m ruff format --check
	@$(PYTHON) -m ruff check
	@$(PYTHON) -m mypy
	@exec $(PYTHON) -m pytest --numprocesses auto --hypothesis-profile quick -m "$(FAST)"

bench: .venv/installed-dev
	@$(PYTHON) tools/programs.py chromium > /dev/null
	@exec $(PYTHON) -m bench

surroundings: .venv/installed-dev
	@exec tools/surroundings.sh

clean:
	rm -rf .venv .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are why a second `make run` installs nothing. tools/venv.sh refuses files that pyproject.toml has left behind.
.venv/installed: pyproject.toml requirements.txt
	@tools/venv.sh requirements.txt
	@touch $@

.venv/installed-dev: pyproject.toml requirements.txt requirements-dev.txt
	@tools/venv.sh requirements-dev.txt
	@touch .venv/installed $@
