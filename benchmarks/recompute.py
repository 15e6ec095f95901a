"""Computes the prequential accuracy from published predictions alone, with none of the daemon's code.

``python -m benchmarks.recompute PREDICTIONS.jsonl``
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path

import typer


def main() -> None:
    """Read the predictions, each event's last one where it was sent twice, and print the accuracy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("predictions", type=Path, help="what `predictions: {type: file}` wrote")
    rows = {}
    with parser.parse_args().predictions.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            rows[row["topic"], row["partition"], row["offset"]] = row
    right = sum(row["prediction"] == row["label"] for row in rows.values())
    ordered = [row["label"] for _, row in sorted(rows.items())]
    repeated = sum(before == after for before, after in pairwise(ordered))
    typer.echo(f"{len(rows)} events, accuracy {right / len(rows):.6f}")
    typer.echo(f"repeating the last label: {repeated / (len(rows) - 1):.6f}")


if __name__ == "__main__":
    main()
