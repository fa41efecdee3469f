#!/usr/bin/env bash
# Starts Elasticsearch where the root file system is read-only: start.sh COMMAND...
# Elasticsearch writes its keystore into its configuration, so that is copied to ES_PATH_CONF, a folder in memory.
set -euo pipefail

home=${ES_HOME:-/usr/share/elasticsearch}
export ES_PATH_CONF=${ES_PATH_CONF:-/run/elasticsearch}
cp -R "$home/config/." "$ES_PATH_CONF"
exec "$@"
