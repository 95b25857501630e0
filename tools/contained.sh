#!/usr/bin/env bash
# usage: tools/contained.sh PORT     the container's first process: serves the app, and when the container is stopped, has
# every training write a checkpoint before it ends, since the engine then kills what is left
set -u
cd "$(dirname "$0")/.." || exit

end_trainings() { # it stays until this script ends, so that no waiting run begins meanwhile
  coproc trainings { exec .venv/bin/python -m resnet.runs.shutdown "${RESNET_LAB_RUNS:-runs}"; }
  # Bash unsets `trainings` as soon as the program ends, which it does early where the folder cannot be read.
  local said=${trainings[0]:-}
  while [ -n "$said" ] && read -r -u "$said" line; do
    echo "$line"
    [ "$line" != 'All trainings were asked to end.' ] || break
  done
}

stop() {
  trap '' TERM INT
  kill -TERM "$server" 2>/dev/null
  end_trainings
  wait "$server"
  exit 0
}

tools/serve.sh "$1" &
server=$!
trap stop TERM INT
wait "$server"
status=$?
end_trainings
exit "$status"
