#!/usr/bin/env bash
# Builds the wheel, installs it alone into an empty environment outside the repository, with whatever versions are
# current, and does a search team's job there. PYTHON chooses the interpreter.
set -euo pipefail

repository=$(cd "$(dirname "$0")/../.." && pwd)
outside=$(mktemp -d)
export LTR_RUNS="$outside/runs" PIP_DISABLE_PIP_VERSION_CHECK=1
unset PYTHONPATH OPENSEARCH_URL LTR_BROKER_URL

finish() {
  "$outside/venv/bin/ltr" node stop || true
  rm -rf "$outside"
}
trap finish EXIT

cd "$outside"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip wheel --quiet --no-deps --wheel-dir dist "$repository"
venv/bin/pip install --quiet dist/*.whl
# The page of `ltr serve` is no Python, and must be in the wheel all the same.
venv/bin/python -c "from importlib.resources import files; assert (files('ltr_plugin') / 'service/page/texts/en.json').is_file()"
venv/bin/ltr node start
venv/bin/python "$repository/tests/smoke/search_team.py"
