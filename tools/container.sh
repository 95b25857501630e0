#!/usr/bin/env bash
# Builds the container with podman and tries it: every page answers, a training finishes, and stopping the container in
# the middle of another training leaves a checkpoint. docs/container.md says more.
set -euo pipefail
{ # bash reads all of it before it runs any of it, so that the file may change meanwhile
cd "$(dirname "$0")/.."

usage='usage: tools/container.sh [--base IMAGE|FOLDER]

  --base    builds on another image than the Dockerfile names, or on a Debian that `tools/fresh.sh --keep FOLDER` made

PODMAN holds the command (PODMAN="podman --runtime runc"), PODMAN_BUILD and PODMAN_RUN further options for its `build` and
`run`. Without user namespaces: STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot tools/container.sh.'

fail() {
  echo "$1" >&2
  exit "${2:-1}"
}

base=''
case "${1:-}" in
  '') ;;
  --base) base=${2:-} && [ -n "$base" ] || fail "--base needs a value."$'\n'"$usage" 2 ;;
  --help) echo "$usage" && exit ;;
  *) fail "There is no option '$1'."$'\n'"$usage" 2 ;;
esac
read -ra podman <<<"${PODMAN:-podman}"
command -v "${podman[0]}" >/dev/null || tools/apt.sh podman || fail "podman is missing and could not be installed; install it and try again."

name=resnet-lab-try-$$
scratch=$(mktemp -d)
trap '"${podman[@]}" rm --force --time 0 "$name" >/dev/null 2>&1; "${podman[@]}" volume rm --force "$name" >/dev/null 2>&1; rm -rf "$scratch"' EXIT
read -ra run_options <<<"${PODMAN_RUN:-}"
read -ra build_options <<<"${PODMAN_BUILD:-}"

say() { printf '\n── %s (after %d s)\n' "$1" "$SECONDS"; }

lend() { # lends a file or folder that pip's configuration names to the build
  local path=${1#file://}
  [ "$(basename "$path")" != simple ] || path=$(dirname "$path") # an index of packages, beside the files it links to
  [[ $path != /* || ! -e $path ]] || build_options+=(--volume "$path:$path:ro")
}

lend_pip_settings() { # the image installs from where this machine installs from, and keeps nothing of that
  local key value word
  echo '[global]' >"$scratch/pip.conf"
  while IFS='=' read -r key value; do
    key=${key#PIP_}
    key=${key//_/-}
    printf '%s = %s\n' "${key,,}" "${value// /$'\n'    }" >>"$scratch/pip.conf"
    for word in $value; do lend "$word"; done
  done < <(tools/pip_settings.sh | awk -F= '{ last[$1] = $0 } END { for (key in last) print last[key] }')
  build_options+=(--volume "$scratch/pip.conf:/etc/pip.conf:ro")
}

if [ -d "$base" ]; then
  say "importing $base"
  tar -C "$base" --exclude=./proc/* --exclude=./sys/* --exclude=./dev/* --exclude=./home/* --exclude=./root/* -c . |
    "${podman[@]}" import --quiet - localhost/resnet-lab-base >/dev/null
  base=localhost/resnet-lab-base
fi
lend_pip_settings
say 'podman build'
"${podman[@]}" build --quiet --format docker "${build_options[@]}" ${base:+--build-arg BASE="$base"} --tag resnet-lab . >/dev/null
"${podman[@]}" images --format '{{.Repository}} {{.Size}}' resnet-lab

say 'podman run: every page answers'
# Without a network: the container has its own loopback, and no port of this machine is opened.
"${podman[@]}" run --detach --name "$name" --network none --volume "$name:/volume" "${run_options[@]}" resnet-lab >/dev/null
inside() { "${podman[@]}" exec "$name" .venv/bin/python "$@"; }
inside tools/visit.py 8501 120 || { "${podman[@]}" logs "$name" && exit 1; }

say 'a training finishes'
inside -m resnet train resnet20 --data digits --quick | tail -3

say 'podman stop, in the middle of another training'
run=$(inside -m resnet train resnet20 --data digits --recipe-set checkpoint_every=100000 --steps 100000 --detach)
echo "$run"
run=${run##* } # its folder
trained=''
for _ in {1..300}; do
  trained=$("${podman[@]}" exec "$name" grep -m 1 '"kind":"train"' "$run/metrics.jsonl" 2>/dev/null) && break
  sleep 1
done
[ -n "$trained" ] || fail "The training did not begin: $(inside -m resnet runs)"
"${podman[@]}" stop --time 60 "$name" >/dev/null
echo "exit code $("${podman[@]}" inspect --format '{{.State.ExitCode}}' "$name")"

say 'the volume afterwards'
"${podman[@]}" run --rm --network none --volume "$name:/volume" "${run_options[@]}" resnet-lab bash -c "
  .venv/bin/python -m resnet runs && grep stopped $run/exit.json && ls $run/checkpoint"
say 'all of it passed'
exit
}
