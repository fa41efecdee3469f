#!/usr/bin/env bash
# Installs the engine's plugin into a node that does not run: install-engine.sh HOME ZIP
# HOME is the folder of OpenSearch or Elasticsearch. Other learning-to-rank plugins are removed first: they register the
# same query, and a node with two of them does not start.
set -euo pipefail

home=$1 zip=$2
for tool in "$home/bin/opensearch-plugin" "$home/bin/elasticsearch-plugin"; do
  [[ -x $tool ]] && break
done
[[ -x $tool ]] || { echo "$home is no folder of OpenSearch or Elasticsearch" >&2 && exit 1; }

for other in opensearch-ltr ltr ltr-engine; do
  [[ ! -d $home/plugins/$other ]] || "$tool" remove --purge "$other"
done
"$tool" install --batch "file://$(realpath "$zip")"
test -d "$home/plugins/ltr-engine"
