#!/usr/bin/env bash
# Runs `make run` and `make test` on a minimal Debian that holds git, make and python3-venv and nothing else: first as an
# ordinary user without sudo, then as root. docs/testing.md says more.
set -euo pipefail
{ # bash reads all of it before it runs any of it, so that the file may change meanwhile
here=$(cd "$(dirname "$0")/.." && pwd)

usage='usage: tools/fresh.sh [--user-only|--root-only] [--keep FOLDER] [--command COMMAND]

  --user-only          only as the ordinary user
  --root-only          only as root
  --keep FOLDER        makes the Debian in FOLDER and leaves it there; one that is there already is used again
  --command COMMAND    runs COMMAND in the checkout instead of `make run` and `make test`

What is committed in this checkout is cloned. Needs root, debootstrap (installed if missing) and 10 GB of disk. The mirror
and the release are those of this machine; FRESH_MIRROR=URL and FRESH_SUITE=NAME choose others. PYTEST_ADDOPTS is handed
on: PYTEST_ADDOPTS="-m latex" tools/fresh.sh runs only the tests that need pdflatex.'

fail() {
  echo "$1" >&2
  exit "${2:-1}"
}

inside='' users=(guest root) only='' folder='' keep='' command=''
while [ $# -gt 0 ]; do
  case $1 in
    --inside) inside=yes ;; # this script started itself again, in a mount namespace of its own
    --user-only) users=(guest) only=$1 ;; # the user comes before root, who installs what the tests need
    --root-only) users=(root) only=$1 ;;
    --keep | --command)
      [ -n "${2:-}" ] || fail "$1 needs a value."$'\n'"$usage" 2
      if [ "$1" = --keep ]; then keep=yes folder=$2; else command=$2; fi
      shift
      ;;
    --help | -h) echo "$usage" && exit ;;
    *) fail "There is no option '$1'."$'\n'"$usage" 2 ;;
  esac
  shift
done

# ── outside: the folder, and a namespace whose mounts and processes end with this script ─────────────────────────────
if [ -z "$inside" ]; then
  [ "$(uname)" = Linux ] || fail "A fresh Debian is made by debootstrap, which needs Linux."
  [ "$(id -u)" -eq 0 ] || fail "Making a fresh Debian needs root: sudo tools/fresh.sh."
  command -v debootstrap >/dev/null || "$here/tools/apt.sh" debootstrap ||
    fail "debootstrap is missing and could not be installed; install it and try again."
  if [ -n "$keep" ]; then
    mkdir -p "$folder"
  else
    folder=$(mktemp -d /var/tmp/resnet-lab-fresh.XXXXXX)
    # The mounts are gone with the namespace when this runs, so nothing of the machine lies below the folder.
    trap 'rm -rf "$folder"' EXIT
  fi
  folder=$(cd "$folder" && pwd)
  unshare --mount --pid --fork --kill-child "$here/tools/fresh.sh" --inside --keep "$folder" \
    ${only:+"$only"} ${command:+--command "$command"} && status=0 || status=$?
  [ -z "$keep" ] || echo "Kept in $folder; remove it with rm -rf."
  exit "$status"
fi

# ── inside: this machine's apt and pip configuration ─────────────────────────────────────────────────────────────────
proxies() { # apt's own proxy, for debootstrap
  local http_proxy=''
  eval "$(apt-config shell http_proxy Acquire::http::Proxy 2>/dev/null || true)"
  echo "$http_proxy"
}

sources() { # "URI RELEASE COMPONENT" of the distribution's own packages
  apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
    sed -nE 's/^(Debian|Ubuntu) //p'
}

carry() { # copies a file or folder of this machine to the same place in the fresh one, or lends it where it is large
  local path=$1
  [ -e "$path" ] || return 0
  [ "$(basename "$path")" != simple ] || path=$(dirname "$path") # an index of packages, beside the files it links to
  mkdir -p "$folder$(dirname "$path")"
  if [ -f "$path" ] || [[ $path = /etc/* ]]; then
    # A link in the fresh system would lead to a file of this machine here.
    cp -rL --remove-destination --no-target-directory "$path" "$folder$path"
  else
    mkdir -p "$folder$path"
    mount --bind "$path" "$folder$path"
    mount -o remount,bind,ro "$folder$path"
  fi
}

handed_on() { # NAME=VALUE lines: what a program needs to reach this machine's registries, and pytest's options
  "$here/tools/pip_settings.sh"
  env | grep -iE '^((https?|no|all)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|PYTEST_ADDOPTS)=' || true
}

# ── inside: the minimal Debian ───────────────────────────────────────────────────────────────────────────────────────
make_debian() {
  local listed suite mirror components proxy said
  listed=$(sources)
  if [ -z "$listed" ] && [ -z "${FRESH_MIRROR:-}" ]; then
    apt-get update -qq || true
    listed=$(sources)
  fi
  suite=${FRESH_SUITE:-$(. /etc/os-release && echo "${VERSION_CODENAME:-}")}
  mirror=${FRESH_MIRROR:-$(awk -v suite="$suite" '$2 == suite { print $1; exit }' <<<"$listed")}
  [[ $mirror =~ ^(http|https|file):/ && -n $suite ]] ||
    fail "This machine's apt names no mirror for '$suite'; name them: FRESH_MIRROR=URL FRESH_SUITE=NAME tools/fresh.sh."
  components=main # Ubuntu has python3-venv in universe
  [ -n "${FRESH_MIRROR:-}" ] || components=$(awk -v suite="$suite" '$2 == suite { print $3 }' <<<"$listed" | sort -u | paste -sd,)
  proxy=$(proxies)
  echo "Making a minimal $suite with git, make and python3-venv …"
  said=$(env ${proxy:+http_proxy="$proxy"} debootstrap --variant=minbase --include=git,make,python3-venv \
    --components="$components" "$suite" "$folder" "$mirror" 2>&1) ||
    fail "debootstrap failed; its last lines:"$'\n'"$(tail -5 <<<"$said")"
  if [ -z "${FRESH_MIRROR:-}" ]; then
    awk -v suite="$suite" 'index($2, suite) == 1 { print "deb", $1, $2, $3 }' <<<"$listed" >"$folder/etc/apt/sources.list"
    apt-config dump Acquire | grep -E '^Acquire::(https?|Check|Retries|Force)' >"$folder/etc/apt/apt.conf.d/00machine" || true
  fi
  chroot "$folder" useradd --create-home --uid 4321 guest
}

open_debian() {
  local name place word
  cp -L --remove-destination /etc/resolv.conf /etc/hosts "$folder/etc/"
  mount -t proc proc "$folder/proc"
  for place in sys dev; do
    mount --rbind "/$place" "$folder/$place"
  done
  mount -t tmpfs -o mode=1777 tmpfs "$folder/dev/shm"
  while IFS='=' read -r name place; do
    [ "$name" != PYTEST_ADDOPTS ] || continue
    for word in $place; do
      word=${word#file://}
      [[ $word != /* ]] || carry "$word"
    done
  done < <(printf '%s\n' "${settings[@]}")
}

# ── inside: the two commands ─────────────────────────────────────────────────────────────────────────────────────────
home() { if [ "$1" = root ]; then echo /root; else echo "/home/$1"; fi; }

checkout() { # a clone of what is committed, that belongs to this user
  local place
  place=$folder$(home "$1")/resnet-lab
  printf '[safe]\n\tdirectory = *\n' >"$folder/gitconfig" # the checkout, and a kept clone, may be another user's
  if [ -d "$place" ]; then
    GIT_CONFIG_GLOBAL=$folder/gitconfig git -C "$place" fetch --quiet "$here" HEAD
    GIT_CONFIG_GLOBAL=$folder/gitconfig git -C "$place" reset --quiet --hard FETCH_HEAD
  else
    GIT_CONFIG_GLOBAL=$folder/gitconfig git clone --quiet --no-hardlinks "$here" "$place"
  fi
  chroot "$folder" chown -R "$1:" "$(home "$1")/resnet-lab"
}

as() { # as USER WORD...: runs it in the user's checkout, with nothing of this machine's environment but `settings`
  local user=$1
  shift
  chroot --userspec="$user:$user" "$folder" env -i HOME="$(home "$user")" USER="$user" \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${settings[@]}" \
    bash -c 'cd ~/resnet-lab && exec "$@"' bash "$@"
}

# `make run` until every page has answered, then Ctrl+C: -m gives it a process group, as a terminal does.
run_and_visit='
set -m
PORT=$(python3 -c "import socket; print(socket.create_server((\"127.0.0.1\", 0)).getsockname()[1])")
PORT=$PORT make run &
until [ -e .venv/installed ] || ! kill -0 $! 2>/dev/null; do sleep 0.5; done
.venv/bin/python tools/visit.py "$PORT" 120
status=$?
kill -INT -- -$! && wait $! 2>/dev/null
exit "$status"'

results=() failed=''

try() { # try TITLE USER WORD...: runs it, and notes how it ended and how long it took
  local title="$2: $1" user=$2 started=$SECONDS ended=passed
  shift 2
  printf '\n── %s\n' "$title"
  as "$user" "$@" || ended=FAILED failed=yes
  results+=("$title: $ended, $((SECONDS - started)) s")
}

mapfile -t settings < <(handed_on)
[ -x "$folder/usr/bin/python3" ] || make_debian
open_debian
for user in "${users[@]}"; do
  checkout "$user"
  ci=''
  [ "$user" != root ] || ci=CI=true # root can install everything, so nothing may be left out
  if [ -n "$command" ]; then
    try "$command" "$user" env ${ci:+"$ci"} bash -c "$command"
  else
    try 'make run, until every page answered' "$user" bash -c "$run_and_visit"
    try 'make test' "$user" env ${ci:+"$ci"} make test
  fi
done

printf '\n'
printf '%s\n' "${results[@]}"
[ -z "$failed" ]
exit
}
