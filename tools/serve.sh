#!/usr/bin/env bash
# usage: tools/serve.sh PORT     starts the app on http://127.0.0.1:PORT, or says in one sentence why it cannot
set -u
cd "$(dirname "$0")/.." || exit
port=$1
if ! [[ $port =~ ^[0-9]{1,5}$ ]] || ((10#$port < 1 || 10#$port > 65535)); then
  echo "A port is a whole number from 1 to 65535; received '$port'; try PORT=8502 make run." >&2
  exit 1
fi
port=$((10#$port))
if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
  echo "Port $port is in use by another program; stop that one, or choose another: PORT=$((port + 1)) make run." >&2
  exit 1
fi
unset PYTHONDONTWRITEBYTECODE # compiling the app anew at every start costs a tenth of it
echo "ResNet Lab: http://127.0.0.1:$port (Ctrl+C stops it)"
exec .venv/bin/python -m streamlit run streamlit_app.py --server.port "$port"
