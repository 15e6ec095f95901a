"""One head per task: what comes before it is shared."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import nn

from strategies.adapters.adapter import Adapter
from strategies.adapters.choice import chosen
from strategies.adapters.layers import replace
from strategies.adapters.lora_layers import LoraLayer
from strategies.end_layers import first_layers, last_layers
from strategies.options.adapters.heads import HeadsOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor

_BODY = "body."
_HEAD_OF_TASK = re.compile(r"(?:^|\.)task_heads\.(\d+)\.")


class Heads(Adapter):
    """Gives every task its own last linear layer, a copy of the model's, chosen by the row's task.

    They are as many as retention.max_tasks, and one for all later tasks. A step moves only the heads of tasks that
    are in it: momentum, weight decay and anchors leave the others where they are. Without a task, the most certain
    of the heads that have learned answers: the one with the lowest entropy. Where a task makes room for another
    (``retention.when_full``), the new one goes on from its head; what is remembered of the old one is rehearsed in
    the head for all other tasks, which learns it so.
    """

    Options: ClassVar[type[HeadsOptions]] = HeadsOptions

    def adapt(self, module: nn.Module) -> nn.Module:
        """Replace the last linear layer; raise ``ValueError`` where there is none."""
        linear = {n: layer for n, layer in module.named_modules() if isinstance(layer, nn.Linear | LoraLayer)}
        outer = [n for n in linear if not isinstance(linear.get(n.rpartition(".")[0]), LoraLayer)]
        if not outer:
            raise ValueError("heads: the model has no linear layer to make heads of")
        last = linear[outer[-1]]
        if isinstance(last, LoraLayer):
            message = "heads: the last layer has a low-rank correction; set lora.head: true"
            raise ValueError(message)  # noqa: TRY004 - it is a setting of the user that does not fit
        return TaskModule(module, name=outer[-1], head=TaskHeads(last, tasks=self.ground.tasks))

    @staticmethod
    def plain(tensors: Mapping[str, Tensor], *, task: int | None) -> dict[str, Tensor]:
        """Return the tensors of the model with this task's head alone."""
        tasks = {int(found[1]) for name in tensors if (found := _HEAD_OF_TASK.search(name))}
        if not tasks:
            return dict(tensors)
        if task is None or task not in tasks:
            raise ValueError("the model has a head for each task; say which task the exported one is to do")
        result = {}
        for name, tensor in tensors.items():
            found = _HEAD_OF_TASK.search(name)
            own = name.removeprefix(_BODY)
            if found and int(found[1]) == task:
                result[own.replace(f"task_heads.{task}.", "")] = tensor
            elif not found and own.split(".")[-1] != "task_heads_met":
                result[own] = tensor
        return result


class TaskModule(nn.Module):
    """A module with :class:`TaskHeads` somewhere in it, which it tells the rows' tasks."""

    needs_task = True
    uses_layers_once = True

    def __init__(self, body: nn.Module, *, name: str, head: TaskHeads) -> None:
        super().__init__()
        self.body = replace(body, name, head)
        # In a tuple, so that it is registered once, where it is.
        self._head = (head,)

    def first_layers(self) -> list[str] | None:
        """Return the names of the body's."""
        return first_layers(self.body, "body")

    def last_layers(self) -> list[str] | None:
        """Return the names of the body's: all heads."""
        return last_layers(self.body, "body")

    def forward(self, x: Tensor, task: Tensor) -> Tensor:
        """Return the outputs ``(rows, outputs)`` of each row's own head."""
        self._head[0].task = task
        outputs: Tensor = self.body(x)
        return outputs

    def at_rest(self) -> Iterator[nn.Parameter]:
        """Return the parameters of the heads that nothing in this step concerns: their gradient is zero."""
        for head in self._head[0].task_heads:
            own = list(head.parameters())
            if not any(parameter.grad is not None and bool(parameter.grad.any()) for parameter in own):
                yield from own


class TaskHeads(nn.Module):
    """A linear layer for each task."""

    uses_layers_once = True

    def __init__(self, head: nn.Linear, *, tasks: int) -> None:
        super().__init__()
        self.task_heads = nn.ModuleList(deepcopy(head) for _ in range(tasks))
        self.task_heads_met: Tensor
        self.register_buffer("task_heads_met", torch.zeros(tasks, dtype=torch.bool))
        self.task: Tensor = torch.zeros(0, dtype=torch.int64)
        """Of the rows that come next ``(rows,) int64``, -1 where unknown."""

    def first_layers(self) -> list[str] | None:
        """Return the names of the heads' layers: here the inputs of the module are theirs."""
        return self.last_layers()

    def last_layers(self) -> list[str]:
        """Return the names of the heads' layers."""
        return [f"task_heads.{number}" for number in range(len(self.task_heads))]

    def forward(self, hidden: Tensor) -> Tensor:
        """Return the outputs for the last layer's inputs ``(rows, inputs)``."""
        tasks, place = torch.unique(self.task, return_inverse=True)
        known: list[int] = tasks[tasks >= 0].tolist()
        if self.training:
            self.task_heads_met[known] = True
        if len(known) == len(tasks):
            return chosen(self._answers(hidden, known), place)
        guess = chosen(self._answers(hidden, self._met()), torch.full_like(place, -1))
        if not known:
            return guess
        # The tasks are sorted, and the unknown one comes first.
        answer = chosen(self._answers(hidden, known), (place - 1).clamp_(min=0))
        return torch.where((self.task < 0).unsqueeze(1), guess, answer)

    def _answers(self, hidden: Tensor, tasks: list[int]) -> Tensor:
        return torch.stack([self.task_heads[task](hidden) for task in tasks])

    def _met(self) -> list[int]:
        met: list[int] = self.task_heads_met.nonzero().flatten().tolist()
        return met or [0]
