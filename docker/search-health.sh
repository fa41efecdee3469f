#!/usr/bin/env bash
# Health of the node in this container: exits with 0 when its cluster serves every primary shard.
# SEARCH_URL, SEARCH_CA, SEARCH_USER and SEARCH_PASSWORD_FILE say how it is reached.
set -euo pipefail

url=${SEARCH_URL:-http://localhost:9200}
quoted() { # as a string of curl's configuration
  local text=${1//\\/\\\\}
  echo "\"${text//\"/\\\"}\""
}

{
  echo "url = $(quoted "$url/_cluster/health?wait_for_status=yellow&timeout=5s")"
  [[ -z ${SEARCH_CA:-} ]] || echo "cacert = $(quoted "$SEARCH_CA")"
  # on standard input, because every process of a machine can read the arguments of the others
  [[ -z ${SEARCH_PASSWORD_FILE:-} ]] || echo "user = $(quoted "${SEARCH_USER:-admin}:$(<"$SEARCH_PASSWORD_FILE")")"
} | curl --config - --silent --show-error --fail --max-time 8 --output /dev/null
