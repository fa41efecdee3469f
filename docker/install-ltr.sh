#!/usr/bin/env bash
# Installs ltr-plugin of this repository into a new environment: install-ltr.sh FOLDER cpu|cuda EXTRAS
# The package index has PyTorch with CUDA, of several GB; for `cpu`, uv takes it from PyTorch's own index instead.
set -euo pipefail

folder=$1 device=$2 extras=$3
source=$(cd "$(dirname "$0")/.." && pwd)
case $device in
  cpu) torch=(--torch-backend cpu) ;;
  cuda) torch=() ;;
  *) echo "$device is neither cpu nor cuda" >&2 && exit 1 ;;
esac

uv venv --quiet --python "$(command -v python3)" "$folder"
# byte code now, because a container cannot write it later
uv pip install --quiet --python "$folder/bin/python" --compile-bytecode "${torch[@]}" \
  --constraint "$source/constraints.txt" "${source}[$extras]"
