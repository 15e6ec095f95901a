from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOSTS = [
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("download.pytorch", "org"),
    ("repo1.maven", "org"),
    ("repo.maven.apache", "org"),
    ("registry.npmjs", "org"),
    ("proxy.golang", "org"),
    ("crates", "io"),
    ("deb.debian", "org"),
]


@pytest.mark.parametrize("name", ["retaind", "daemon", "connectors", "strategies"])
def test_nobody_else_owns_our_package_names(name: str) -> None:
    owners = importlib.metadata.packages_distributions().get(name, ["retaind"])
    found = importlib.util.find_spec(name)
    assert set(owners) == {"retaind"}
    assert found is not None
    assert found.origin == str(ROOT / name / "__init__.py")


def test_no_committed_file_names_a_package_registry() -> None:
    hosts = "|".join(re.escape(".".join(parts)) for parts in HOSTS)
    assert _committed_lines_with(hosts) == []


def test_the_lock_names_exact_versions_and_no_place_to_get_them() -> None:
    text = (ROOT / "requirements.lock").read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line.strip()[:1] != "#"]
    assert any(line.startswith("torch==2.13.0 ") for line in lines)
    locked = re.compile(r"[a-z0-9-]+==[\w.]+( ; [^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+")
    assert [line[:80] for line in lines if not locked.fullmatch(line)] == []


def _committed_lines_with(pattern: str) -> list[str]:
    command = ["git", "grep", "--line-number", "--ignore-case", "-I", "--extended-regexp", pattern]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode > 1:
        pytest.skip(f"only a git work tree says what is committed: {found.stderr.strip()}")
    return found.stdout.splitlines()
