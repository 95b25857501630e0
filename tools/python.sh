#!/usr/bin/env bash
# Prints the newest Python here that really runs, is of a version this project supports and can make a virtual
# environment. A name on the PATH proves nothing: pyenv leaves shims for versions it then refuses to start.
set -u
cd "$(dirname "$0")" || exit

supported='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'
runs='' # the first that runs but has no ensurepip, which Debian packs apart

for python in python3.13 python3.12 python3.11 python3; do
  "$python" -c "$supported" 2>/dev/null || continue
  if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    command -v "$python"
    exit 0
  fi
  runs=${runs:-$python}
done

if [ -z "$runs" ]; then
  echo "ResNet Lab needs Python 3.11, 3.12 or 3.13, and none of them runs here; install one and try again." >&2
  exit 1
fi
package=$("$runs" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
if ./apt.sh "$package" && "$runs" -c 'import ensurepip, venv' 2>/dev/null; then
  command -v "$runs"
  exit 0
fi
echo "$runs runs here but cannot make a virtual environment; install its package $package and try again." >&2
exit 1
