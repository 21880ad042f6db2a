"""The declared network as a graph, made once an inventory: questions to it are asked often, it changes
seldom."""

from __future__ import annotations

import asyncio

from topology.graph import NetworkGraph
from topology.model import Inventory
from topology.whatif import Spofs, single_points_of_failure


class Designs:
    """One per application."""

    def __init__(self) -> None:
        self._graph: NetworkGraph | None = None
        self._spofs: Spofs | None = None
        self._asking = asyncio.Lock()

    def graph(self, inventory: Inventory) -> NetworkGraph:
        if self._graph is None or self._graph.inventory is not inventory:
            self._graph, self._spofs = NetworkGraph(inventory), None
        return self._graph

    async def spofs(self, inventory: Inventory) -> Spofs:
        """In a thread: a large network takes a moment."""
        async with self._asking:
            graph = self.graph(inventory)
            if self._spofs is None:
                self._spofs = await asyncio.to_thread(single_points_of_failure, graph)
            return self._spofs
