#!/usr/bin/env bash
# Prints this machine's pip configuration as NAME=VALUE lines: its files as the variables that mean the same, then the
# variables that are set. For a fresh system or a container that has to install from where this machine installs from.
set -u
cd "$(dirname "$0")/.." || exit
python=python3
[ ! -x .venv/bin/python ] || python=.venv/bin/python
"$python" -m pip config list 2>/dev/null | sed -nE "s/^(global|install)\.([a-z-]+)='(.*)'$/\2=\3/p" |
  while IFS='=' read -r key value; do
    key=${key//-/_}
    echo "PIP_${key^^}=${value//\\n/ }"
  done
env | grep -E '^PIP_[A-Z_]+=' || true
