#!/usr/bin/env bash
# Builds the engine's plugin: build-engine.sh ENGINE SOURCES FOLDER [VERSION]
# ENGINE is opensearch or elasticsearch, VERSION the exact one of the node. Writes FOLDER/dist/ENGINE/ltr-engine.zip.
set -euo pipefail

engine=$1 sources=$2 folder=$3 version=${4:-}
options=(--batch-mode --no-transfer-progress --file "$sources/pom.xml" "-Dltr.build=$folder")
options+=(-pl "$engine" -am)
# the node itself is in the image already
options+=(-Dmdep.skip=true)
[[ -z $version ]] || options+=("-D$engine.version=$version")
mvn "${options[@]}" package
test -s "$folder/dist/$engine/ltr-engine.zip"
