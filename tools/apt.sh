#!/usr/bin/env bash
# usage: tools/apt.sh PACKAGE...     installs Debian's packages where that needs no password, else fails
set -u
command -v apt-get >/dev/null || exit 1
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || exit 1
  as_root=(sudo -n)
fi
echo "Installing Debian's $* …" >&2
{
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -qq --no-install-recommends "$@"
} >/dev/null 2>&1
