"""What a class of a user's own has to be, by the table that it stands in for."""

from __future__ import annotations

from importlib import import_module

_CONTRACTS = {
    "source": "connectors.source:Source",
    "decoder": "connectors.decoder:Decoder",
    "predictions": "connectors.sink:Predictions",
    "dead_letters": "connectors.sink:DeadLetters",
    "model": "torch.nn:Module",
    "adapter": "strategies.adapters.adapter:Adapter",
    "optimizer": "strategies.optimizers.optimizer:Optimizer",
    "strategy": "strategies.strategy:Strategy",
    "tasks": "daemon.tasks.contract:Tasks",
}


def contract_of(table: str) -> type | None:
    """Return the contract of a table's components; None where nobody brings a class of his own.

    >>> contract_of("source")
    <class 'connectors.source.Source'>
    """
    if table not in _CONTRACTS:
        return None
    module, _, name = _CONTRACTS[table].partition(":")
    contract: type = getattr(import_module(module), name)
    return contract
