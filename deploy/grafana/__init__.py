"""Dashboards as code: `python -m deploy.grafana` writes the JSON files that Grafana reads."""

from __future__ import annotations

from deploy.grafana.learning import LEARNING
from deploy.grafana.operations import OPERATIONS
from deploy.grafana.retention import RETENTION
from deploy.grafana.stream import STREAM

DASHBOARDS = (RETENTION, STREAM, LEARNING, OPERATIONS)
