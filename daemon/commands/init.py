"""``retaind init``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from connectors.source import SourceDataError, SourceUnavailableError
from daemon.config.starter import starter, write_new
from daemon.process.exit_codes import ExitCode

if TYPE_CHECKING:
    from daemon.proposal.propose import Proposal

_ROLE = "By default guessed; none for none."


def init(
    file: Annotated[
        Path | None,
        typer.Argument(help="The file to write; an existing one is left alone. By default retaind.yaml."),
    ] = None,
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The same, as an option.")] = None,
    data: Annotated[
        str | None,
        typer.Option("--from", help="Look at this data and write what suits it: a file, a pattern, or a topic."),
    ] = None,
    bootstrap_servers: Annotated[
        str | None, typer.Option(help="With --from: it is a topic; host:port of one or more brokers.")
    ] = None,
    client: Annotated[
        list[str] | None,
        typer.Option(help="With --from: an option of the Kafka client, as KEY=VALUE; may be given again."),
    ] = None,
    label: Annotated[str | None, typer.Option(help=f"With --from: the field to predict. {_ROLE}")] = None,
    kind: Annotated[
        Literal["class", "number"] | None, typer.Option(help="With --from: what the label is. By default guessed.")
    ] = None,
    key: Annotated[str | None, typer.Option(help=f"With --from: what an event is about. {_ROLE}")] = None,
    time: Annotated[str | None, typer.Option(help=f"With --from: when an event was. {_ROLE}")] = None,
    task: Annotated[str | None, typer.Option(help=f"With --from: the task that an event is of. {_ROLE}")] = None,
    rows: Annotated[int, typer.Option(min=10, help="With --from: how many records to look at.")] = 20_000,
    timeout: Annotated[
        float, typer.Option(min=0.5, help="With --from: how many seconds to wait for records of a topic.")
    ] = 10.0,
) -> None:
    """Write a commented configuration file to start from.

    With --from it looks at the data first, prints what its fields are and what becomes of each, and writes a file
    that learns it. Guesses are careful and said; options overrule them.
    """
    to = output or file or Path("retaind.yaml")
    if to.exists():
        typer.echo(f"{to}: exists already and is left as it is; name another file", err=True)
        raise typer.Exit(ExitCode.IO)
    if data is None:
        _write(to, starter())
        typer.echo(f"{to}: written; edit it, then run: retaind validate {to}")
        return
    asked = {"label": label, "key": key, "time": time, "task": task}
    where: dict[str, Any] = {"bootstrap_servers": bootstrap_servers, "client": _client(client or [])}
    proposal = _propose(data, where, output=to, asked=asked, kind=kind, rows=rows, wait_seconds=timeout)
    _write(to, proposal.text)
    from daemon.proposal.telling import tell  # noqa: PLC0415 - what looks at data needs torch, and --help need not wait

    tell(proposal, to)


def _propose(data: str, where: dict[str, Any], **wanted: Any) -> "Proposal":
    from daemon.proposal.propose import propose  # noqa: PLC0415 - it imports torch, and --help need not wait
    from daemon.proposal.refusal import NoProposalError  # noqa: PLC0415 - for the same reason
    from daemon.proposal.stream import stream_at  # noqa: PLC0415 - for the same reason

    try:
        return propose(stream_at(data, **where), **wanted)
    except (NoProposalError, SourceDataError) as error:
        typer.echo(f"{data}: {error}", err=True)
        raise typer.Exit(ExitCode.DATA) from error
    except SourceUnavailableError as error:
        typer.echo(f"{data}: {error}", err=True)
        raise typer.Exit(ExitCode.UNAVAILABLE) from error


def _client(pairs: list[str]) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - only this needs it

    options: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            typer.echo(f"--client {pair}: expected KEY=VALUE", err=True)
            raise typer.Exit(ExitCode.USAGE)
        options[name] = yaml.safe_load(value)
    return options


def _write(file: Path, text: str) -> None:
    try:
        write_new(file, text)
    except OSError as error:
        typer.echo(f"{file}: cannot be written: {error.strerror}", err=True)
        raise typer.Exit(ExitCode.IO) from error
