"""What the parts of a state are called, by component: whoever changes that gives the component a new version.

``python -m tests.daemon.state.outline`` writes it anew from all golden runs. It refuses where a component has other
parts than before, and not another version.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from daemon.build.load import load
from daemon.service import Service
from daemon.state.checkpoints import CheckpointStore
from daemon.state.layout import LAYOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDEN = Path(__file__).parent / "golden"
OUTLINE = GOLDEN / "outline.json"


class Outline(NamedTuple):
    """What was found in the golden runs, and the components' versions then."""

    versions: dict[str, int]
    digests: dict[str, dict[str, str]]
    """Of the names of the parts, by golden run and component."""

    @classmethod
    def known(cls) -> Outline:
        """Return what was written last."""
        return cls(**json.loads(OUTLINE.read_text())) if OUTLINE.exists() else cls({}, {})

    def changed(self, run: str, found: dict[str, str]) -> list[str]:
        """Return the components that have other parts in this run's state, and the same version."""
        known = self.digests.get(run, found)
        same = [name for name in known if self.versions.get(name) == LAYOUT[name]]
        return [name for name in same if known[name] != found.get(name)]


def digests_of(state: dict[str, Any]) -> dict[str, str]:
    """Return a checksum of the names of a state's parts by component."""
    return {
        name: hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12] for name, parts in parts_of(state).items()
    }


def parts_of(state: dict[str, Any]) -> dict[str, list[str]]:
    """Return the names of a state's parts by component; numbers in a name stand for any number.

    >>> parts_of({"pipeline": {"intake": {"tasks": {"3": 1.0, "4": 1.0}}}, "source": {"offset": 3, "files": []}})
    {'file_source': ['files', 'offset'], 'intake': ['tasks.#']}
    """
    found: dict[str, set[str]] = defaultdict(set)
    for path in _paths(state):
        component, rest = _component(path)
        found[component].add(".".join("#" if name.isdecimal() else name for name in rest))
    return {name: sorted(names) for name, names in sorted(found.items())}


def _paths(value: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from ((name, *rest) for rest in _paths(part))
    else:
        yield ()


def _component(path: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the innermost component that a path leads through, and what is left of the path."""
    last = max(place for place, name in enumerate(path) if name in LAYOUT)
    name = "file_source" if path[last] == "source" else path[last]
    return name, path[last + 1 :]


def run_on(golden: Path, directory: Path) -> dict[str, Any]:
    """Let a golden run go on to its end in a new directory, and return the state that it ends with."""
    shutil.copytree(golden, directory)
    (directory / "then").rename(directory / "state")
    # No output may be in the state directory any more, where these had it.
    for output in (directory / "state").glob("*.jsonl"):
        output.rename(directory / output.name)
    config = directory / "retaind.yaml"
    config.write_text(re.sub(r"\bstate/(\w+\.jsonl)", r"\1", config.read_text()))
    os.chdir(directory)  # the paths in its configuration are relative
    with Service(load(directory / "retaind.yaml")) as service:
        service.run(stop=lambda: False)
    recovered = CheckpointStore(directory / "state", keep=1).load_newest()
    assert recovered is not None
    return recovered.saved.state


def main() -> int:
    """Write the outline, or say which component needs a new version."""
    known, found = Outline.known(), {}
    for path in sorted(GOLDEN.glob("*/*/retaind.yaml")):
        with tempfile.TemporaryDirectory() as folder:
            run = f"{path.parent.parent.name}/{path.parent.name}"
            found[run] = digests_of(run_on(path.parent, Path(folder) / "run"))
        if changed := known.changed(run, found[run]):
            sys.stderr.write(f"{run}: give {', '.join(changed)} a new version and a migration in LAYOUT\n")
            return 1
    OUTLINE.write_text(json.dumps({"versions": dict(LAYOUT), "digests": found}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
