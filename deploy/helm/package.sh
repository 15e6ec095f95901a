#!/bin/sh
# Packages the chart with the alert rules and the dashboards of this source tree: package.sh [FOLDER].
set -eu

here=$(cd "$(dirname "$0")" && pwd)
to=${1:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp -R "$here/retaind" "$work/retaind"
mkdir -p "$work/retaind/files/rules" "$work/retaind/files/dashboards"
for each in "$here"/../prometheus/rules/*.yaml; do
    [ ! -f "$each" ] || cp "$each" "$work/retaind/files/rules/"
done
for each in "$here"/../grafana/dashboards/*.json; do
    [ ! -f "$each" ] || cp "$each" "$work/retaind/files/dashboards/"
done
helm package "$work/retaind" --destination "$to"
