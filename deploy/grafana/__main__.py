"""Write every dashboard into its file."""

from __future__ import annotations

from pathlib import Path

from deploy.grafana import DASHBOARDS

FOLDER = Path(__file__).parent / "dashboards"

for dashboard in DASHBOARDS:
    (FOLDER / dashboard.file_name).write_text(dashboard.text(), encoding="utf-8")
