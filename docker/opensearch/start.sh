#!/usr/bin/env bash
# Starts OpenSearch with TLS and passwords from files: start.sh COMMAND...
# The configuration is assembled in OPENSEARCH_PATH_CONF, a folder in memory, so the root file system can be read-only.
# Users and roles are stored in the cluster at its first start; later they are changed by its REST API.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
home=${OPENSEARCH_HOME:-/usr/share/opensearch}
secrets=${SECRETS:-/run/secrets}
export OPENSEARCH_PATH_CONF=${OPENSEARCH_PATH_CONF:-/run/opensearch}
# a container sees its own control group as the root, while the kernel names it with its whole path
OPENSEARCH_JAVA_OPTS="-Dopensearch.cgroups.hierarchy.override=/ ${OPENSEARCH_JAVA_OPTS:-}"
# the image logs garbage collection to files of up to 2 GB
export OPENSEARCH_JAVA_OPTS="$OPENSEARCH_JAVA_OPTS -Xlog:disable -Xlog:all=warning:stderr"
umask 077

cp -R "$home/config/." "$OPENSEARCH_PATH_CONF"
cp "$here/opensearch.yml" "$OPENSEARCH_PATH_CONF/opensearch.yml"
mkdir -p "$OPENSEARCH_PATH_CONF/certificates"
for name in ca.pem node.pem node-key.pem; do
  cat "$secrets/$name" >"$OPENSEARCH_PATH_CONF/certificates/$name"
done

hash_of() { # the tool prints a warning before the hash; the password is not among its arguments, which others can read
  PASSWORD=$(<"$secrets/$1") bash "$home/plugins/opensearch-security/tools/hash.sh" -env PASSWORD | tail -n 1
}

admin=$(hash_of opensearch_admin_password)
service=$(hash_of opensearch_service_password)
worker=$(hash_of opensearch_worker_password)
security=$OPENSEARCH_PATH_CONF/opensearch-security
cat >"$security/internal_users.yml" <<END
_meta: {type: internalusers, config_version: 2}
admin: {backend_roles: [admin], hash: "$admin"}
ltr_service: {backend_roles: [search_service], hash: "$service"}
ltr_worker: {backend_roles: [catalog_worker], hash: "$worker"}
END
cat "$here/roles.yml" >>"$security/roles.yml"
cat "$here/roles_mapping.yml" >>"$security/roles_mapping.yml"

exec "$@"
