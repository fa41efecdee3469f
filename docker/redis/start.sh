#!/bin/sh
# Starts Redis as the workers' queue, with its password from a file. Redis reads its configuration from standard input,
# because every process of a machine can read the arguments of the others.
set -eu

password=$(cat "${SECRETS:-/run/secrets}/redis_password")
exec redis-server - "$@" <<END
requirepass $password
appendonly yes
save ""
dir ${REDIS_DATA:-/data}
# a queue that is full refuses new messages; one that forgets old ones would lose changes of the catalog
maxmemory 400mb
maxmemory-policy noeviction
END
