#!/usr/bin/env bash
# usage: tools/surroundings.sh [NAME …] [-- PYTEST'S WORDS]
# Runs the fast tests once in each of the surroundings named below, or only in those asked for, and says of each in one
# line whether they passed. What a machine lacks (a language, a table of time zones) is left out by name.
set -u
cd "$(dirname "$0")/.." || exit

ALL=(variables german turkish c latin-1 kiritimati st-johns umask tmpdir no-home order)
asked=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  asked+=("$1")
  shift
done
[ $# -gt 0 ] && shift
words=("$@")
[ ${#words[@]} -eq 0 ] && words=(-m "not keras and not training and not browser" --hypothesis-profile quick)
[ ${#asked[@]} -eq 0 ] && asked=("${ALL[@]}")

python=$PWD/.venv/bin/python
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Every variable here is read by this project or by something it uses, and would change or end a test that saw it.
VARIABLES=(
  RESNET_LAB_RUNS=/nowhere/runs RESNET_LAB_STUDIES=/nowhere/studies RESNET_LAB_DATA=/nowhere/data
  RESNET_RUN=/nowhere/run RESNET_RUN_LOCK_FD=7 PORT=1 KERAS_HOME=/nowhere KERAS_BACKEND=none TF_CPP_MIN_LOG_LEVEL=0
  CUDA_VISIBLE_DEVICES=7 OMP_NUM_THREADS=1 STREAMLIT_SERVER_PORT=1 STREAMLIT_SERVER_MAX_UPLOAD_SIZE=1 MPLBACKEND=none
  MPLCONFIGDIR=/nowhere FONTCONFIG_FILE=/dev/null XDG_CONFIG_HOME=/nowhere XDG_CACHE_HOME=/nowhere GIT_DIR=/nowhere
  MAKEFLAGS=--trace SOURCE_DATE_EPOCH=0 COLUMNS=20 LINES=5 FORCE_COLOR=1 PYTHONIOENCODING=latin-1 PYTHONSAFEPATH=1
)

tests() { "$@" "$python" -m pytest --numprocesses auto --maxprocesses 4 -p no:cacheprovider "${words[@]}"; }

# usage: in_language LANGUAGE CHARACTERS     a language of our own making, so that none need be installed
in_language() {
  mkdir -p "$scratch/locale"
  localedef -i "$1" -f "$2" "$scratch/locale/$1.$2" >/dev/null 2>&1 || return 77
  tests env LOCPATH="$scratch/locale" LC_ALL="$1.$2" LANGUAGE="${1%_*}"
}

in_zone() {
  [ -e "/usr/share/zoneinfo/$1" ] || return 77
  tests env TZ="$1"
}

surround() {
  case $1 in
    variables) tests env "${VARIABLES[@]}" ;;
    german) in_language de_DE UTF-8 ;;
    turkish) in_language tr_TR UTF-8 ;;
    c) tests env LC_ALL=C ;;
    latin-1) in_language de_DE ISO-8859-1 ;;
    kiritimati) in_zone Pacific/Kiritimati ;;
    st-johns) in_zone America/St_Johns ;;
    umask) (umask 077 && tests env) ;;
    tmpdir) mkdir -p "$scratch/für alle" && tests env TMPDIR="$scratch/für alle" ;;
    no-home) tests env -u HOME ;;
    order) tests env PYTEST_ADDOPTS="--shuffle=$RANDOM" ;;
    *) echo "There are no surroundings of the name $1; choose from: ${ALL[*]}." && return 1 ;;
  esac
}

failed=0
for name in "${asked[@]}"; do
  surround "$name" >"$scratch/log" 2>&1
  case $? in
    0) echo "$name: $(tail -n 1 "$scratch/log")" ;;
    77) echo "$name: left out, for this machine lacks it" ;;
    *) failed=1 && sed "s/^/$name: /" "$scratch/log" ;;
  esac
done
exit $failed
