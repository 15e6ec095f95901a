"""What changes which parameters a model has, or which of them learn: applied before the flat vector is made.

A new adapter is one file here and one line in the table below.
"""

from strategies.adapters.adapter import Adapter, Ground
from strategies.adapters.freeze import Freeze
from strategies.adapters.heads import Heads
from strategies.adapters.lora import Lora
from strategies.adapters.progressive import Progressive

ADAPTERS: dict[str, type[Adapter]] = {
    "lora": Lora,
    "freeze": Freeze,
    "heads": Heads,
    "progressive": Progressive,
}

__all__ = ["ADAPTERS", "Adapter", "Ground"]
