#!/usr/bin/env bash
# Prints the path of a Chromium that really starts: one on the machine, else Debian's by apt-get where that needs no
# password, else the one Playwright downloads. Fails with one sentence where none can be had.
set -u
cd "$(dirname "$0")/.." || exit

starts() { command -v "$1" >/dev/null && timeout 30 "$1" --version 2>/dev/null | grep -q '[0-9]'; }

installed() {
  local name
  for name in ${CHROMIUM:-} chromium chromium-browser google-chrome google-chrome-stable; do
    if starts "$name"; then # Ubuntu's chromium-browser may be a stub that only asks for a snap
      command -v "$name"
      return 0
    fi
  done
  return 1
}

playwrights() {
  local path
  path=$(.venv/bin/python -c '
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)') && starts "$path" && echo "$path"
}

installed && exit 0
tools/apt.sh chromium && installed && exit 0
playwrights && exit 0
echo "Downloading Playwright's Chromium …" >&2
.venv/bin/python -m playwright install chromium >&2 && playwrights && exit 0
echo "The browser tests need a Chromium, and none could be found or installed; install the package chromium." >&2
exit 1
