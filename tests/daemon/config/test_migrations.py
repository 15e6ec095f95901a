"""Files of older versions, by a migration that only these tests have: the first release has version 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest
from typer.testing import CliRunner

from daemon.cli import app
from daemon.config.edits import YamlText
from daemon.config.migrating import Versioned
from daemon.config.migrations import MIGRATIONS, Migration, migrate, newest
from daemon.config.schema import Config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemon.config.edits import Edit

OLD = """\
# The plant.
name: "${NAME:?say it}"   # on every line of the log
checkpoint: {folder: state,   keep: 3}  # on the large disk
learner:
    batch: 32
    warmup: 5             # gone
# What comes next
http:
  port: 9464
"""
NEW = """\
# The plant.
version: 2
name: "${NAME:?say it}"   # on every line of the log
checkpoint: {directory: state,   keep: 3}  # on the large disk
learner:
    batch: 32
# What comes next
http:
  port: 0
"""


def second_version(text: YamlText) -> Iterator[Edit]:
    if ("checkpoint", "folder") in text:
        yield text.rename(("checkpoint", "folder"), "directory")
    if ("learner", "warmup") in text:
        yield text.remove(("learner", "warmup"))
    if ("http", "port") in text:
        yield text.set(("http", "port"), "0")


SECOND = (Migration("checkpoint.folder is called directory", second_version),)


@pytest.fixture
def _second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be the release that reads version 2."""
    monkeypatch.setattr("daemon.config.migrations.MIGRATIONS", SECOND)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plant.yaml"
    path.write_text(OLD, encoding="utf-8")
    return path


def retaind(*arguments: Any) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_version_that_is_read_is_the_one_that_migrations_lead_to() -> None:
    assert get_args(Config.model_fields["version"].annotation) == (newest(MIGRATIONS),)


def test_only_what_must_change_is_changed() -> None:
    assert migrate(OLD, version=1, migrations=SECOND) == NEW
    assert migrate(NEW, version=2, migrations=SECOND) == NEW


def test_line_ends_and_a_byte_order_mark_stay(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + OLD.replace("\n", "\r\n").encode())
    assert Versioned(file, migrations=SECOND).migrated == "\ufeff" + NEW.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{a: 1, b: 2}\n", "{a: 1}\n"),
        ("{b: 2, a: 1}\n", "{a: 1}\n"),
        ("{b: {c: 3}}\n", "{}\n"),
        ("a: 1\nb:\n  - x\n  - y\n\n# of c\nc: 3\n", "a: 1\n\n# of c\nc: 3\n"),
        ("a: 1\nb: |\n  text\n  more\n# of c\nc: 3\n", "a: 1\n# of c\nc: 3\n"),
        ("a: 1\nb:", "a: 1\n"),
    ],
)
def test_an_entry_is_removed_with_its_lines_and_no_others(before: str, after: str) -> None:
    text = YamlText(before)
    assert text.edited([text.remove(("b",))]) == after


@pytest.mark.usefixtures("_second")
def test_an_older_file_is_refused_with_the_command_that_mends_it(file: Path) -> None:
    for command in (["validate", file], ["run", "-c", file]):
        refused = retaind(*command)
        assert refused.exit_code == 78
        assert (
            f"gives no version, and so is of version 1, and version 2 is read now; run: retaind migrate {file}"
            in refused.stderr
        )


def test_a_newer_file_is_refused_with_the_remedy_and_nothing_else_is_said(file: Path) -> None:
    file.write_text("version: 7\nunknown: yes\n", encoding="utf-8")
    for command in ("validate", "migrate"):
        refused = retaind(command, file)
        assert refused.exit_code == 78
        assert "is of version 7" in refused.stderr
        assert "upgrade retaind" in refused.stderr
        assert "unknown key" not in refused.stderr


@pytest.mark.parametrize("version", ["0", "-1", "one", "true", "1.5"])
def test_what_never_was_a_version_is_refused(version: str, file: Path) -> None:
    file.write_text(f"version: {version}\n", encoding="utf-8")
    for command in ("validate", "migrate"):
        refused = retaind(command, file)
        assert (refused.exit_code, "version: expected" in refused.stderr) == (78, True)


def test_a_file_of_the_newest_version_is_left_alone(file: Path) -> None:
    done = retaind("migrate", file)
    assert (done.exit_code, done.stdout) == (0, f"{file}: is of version 1, the newest; nothing to do\n")
    assert retaind("migrate", "--check", file).exit_code == 0
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.usefixtures("_second")
def test_migrating_keeps_the_old_file_and_the_rights(file: Path) -> None:
    file.chmod(0o640)
    done = retaind("migrate", file)
    assert (done.exit_code, "checkpoint.folder is called directory" in done.stderr) == (0, True)
    assert file.read_text(encoding="utf-8") == NEW
    assert file.stat().st_mode & 0o777 == 0o640
    kept = file.with_name("plant.yaml.version-1")
    assert kept.read_text(encoding="utf-8") == OLD
    assert sorted(file.parent.iterdir()) == [file, kept]
    assert "nothing to do" in retaind("migrate", file).stdout


@pytest.mark.usefixtures("_second")
def test_an_older_file_that_is_kept_already_is_not_overwritten(file: Path) -> None:
    kept = file.with_name("plant.yaml.version-1")
    kept.write_text("precious", encoding="utf-8")
    refused = retaind("migrate", file)
    assert (refused.exit_code, str(kept) in refused.stderr) == (74, True)
    assert (kept.read_text(encoding="utf-8"), file.read_text(encoding="utf-8")) == ("precious", OLD)


@pytest.mark.usefixtures("_second")
def test_check_and_diff_change_nothing(file: Path) -> None:
    checked, shown = retaind("migrate", "--check", file), retaind("migrate", "--diff", file)
    assert (checked.exit_code, f"retaind migrate {file}" in checked.stdout) == (1, True)
    assert shown.exit_code == 0
    assert "-checkpoint: {folder: state,   keep: 3}  # on the large disk\n" in shown.stdout
    assert "+version: 2\n" in shown.stdout
    assert file.read_text(encoding="utf-8") == OLD
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.usefixtures("_second")
def test_the_newer_file_may_be_written_elsewhere(file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "new.yaml"
    assert retaind("migrate", file, "--output", elsewhere).exit_code == 0
    assert (file.read_text(encoding="utf-8"), elsewhere.read_text(encoding="utf-8")) == (OLD, NEW)
    assert retaind("migrate", file, "--output", elsewhere).exit_code == 74
