#!/usr/bin/env bash
# usage: tools/venv.sh REQUIREMENTS     makes .venv where there is none that works, and installs REQUIREMENTS into it
set -eu
cd "$(dirname "$0")/.."
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  python=$(tools/python.sh)
  echo "Making .venv with $("$python" --version) …"
  "$python" -m venv --clear .venv
fi
if [ -f pyproject.toml ] && ! .venv/bin/python tools/requirements.py --check; then
  echo "These files are not what pyproject.toml says; write them anew: .venv/bin/python tools/requirements.py" >&2
  exit 1
fi
echo "Installing $1 (the first time takes a minute or two) …"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement "$1"
