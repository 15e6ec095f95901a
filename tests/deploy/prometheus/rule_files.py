"""The rules as they are in the files, and where promtool's cases for them are."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
RULES = ROOT / "deploy" / "prometheus" / "rules"
CASES = Path(__file__).parent
RUNBOOKS = ROOT / "docs" / "runbooks"


def rules(kind: str) -> list[dict[str, Any]]:
    """All rules of a kind: `alert` or `record`."""
    files = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(RULES.glob("*.yaml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"] if kind in rule]


def tool(name: str) -> str:
    """The path of one of Prometheus' programs; without it the test is skipped."""
    return shutil.which(name) or pytest.skip(f"{name} is not installed (Debian: apt install prometheus)")
