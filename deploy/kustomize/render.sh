#!/bin/sh
# Writes the base anew from the chart.
set -eu
cd "$(dirname "$0")"
helm template retaind ../helm/retaind --kube-version 1.31.0 --skip-tests --values chart-values.yaml > retaind.yaml
