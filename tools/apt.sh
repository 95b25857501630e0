#!/usr/bin/env bash
# usage: tools/apt.sh PACKAGE     installs one of Debian's packages where that needs nobody's password, else fails
set -u
command -v apt-get >/dev/null || exit 1
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  sudo -n true 2>/dev/null || exit 1
  as_root=(sudo -n)
fi
echo "Installing Debian's package $1 …" >&2
{
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "$1"
} >/dev/null 2>&1
