#!/bin/sh
# Health of the Redis in this container: exits with 0 when it takes commands. Options are those of redis-cli.
set -eu

REDISCLI_AUTH=$(cat "${SECRETS:-/run/secrets}/redis_password")
export REDISCLI_AUTH
[ "$(redis-cli "$@" ping)" = PONG ]
