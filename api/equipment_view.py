"""Devices, links and what fails together, as one caller may see them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from api import schemas
from api.component_view import ComponentView
from topology.findings import DeviceCondition, LinkCondition
from topology.model import Device, DeviceId, Link, LinkEnd, ProviderId


class EquipmentView(ComponentView):
    def devices(self, only: Collection[DeviceId] | None = None) -> list[schemas.DeviceOut]:
        if not self.scope.sees_devices:
            return []
        return [
            self._device(device)
            for id_, device in self._inventory.devices.items()
            if id_ in self.visible.devices and (only is None or id_ in only)
        ]

    def device(self, id_: str) -> schemas.DeviceOut | None:
        """None: there is none, or it is not the caller's to see."""
        return next(iter(self.devices({DeviceId(id_)})), None)

    def _device(self, device: Device) -> schemas.DeviceOut:
        verdict = self._verdict
        shown = device.address is not None and self.scope.sees_addresses
        return schemas.DeviceOut(
            id=device.id,
            name=self._text(device.name),
            office=device.office if device.office in self.visible.places else None,
            role=device.role,
            address=str(device.address) if shown else None,
            monitored=device.monitored,
            provider=self._provider(device.provider),
            risk_groups=[g for g in device.risk_groups if g in self.visible.risk_groups],
            condition=verdict.devices.get(device.id, DeviceCondition.UNKNOWN)
            if verdict
            else DeviceCondition.UNKNOWN,
            management_fault=verdict is not None and device.id in verdict.management_faults,
        )

    def links(self, touching: Collection[DeviceId] | None = None) -> list[schemas.LinkOut]:
        return [
            self._link(link)
            for id_, link in self._inventory.links.items()
            if id_ in self.visible.links
            and (touching is None or link.a.device in touching or link.b.device in touching)
        ]

    def link(self, id_: str) -> schemas.LinkOut | None:
        """None: there is none, or it is not the caller's to see."""
        found = next((link for i, link in self._inventory.links.items() if i == id_), None)
        return self._link(found) if found is not None and found.id in self.visible.links else None

    def _link(self, link: Link) -> schemas.LinkOut:
        verdict = self._verdict
        return schemas.LinkOut(
            id=link.id,
            name=self._text(link.name),
            a=self._end(link.a),
            b=self._end(link.b),
            medium=link.medium,
            provider=self._provider(link.provider),
            circuit_id=link.circuit_id if self.scope.sees_devices else None,
            capacity_bps=link.capacity_bps,
            length_m=link.length_m,
            risk_groups=[g for g in link.risk_groups if g in self.visible.risk_groups],
            rx_min_dbm=link.rx_min_dbm,
            rx_max_dbm=link.rx_max_dbm,
            condition=verdict.links.get(link.id, LinkCondition.UNKNOWN) if verdict else LinkCondition.UNKNOWN,
        )

    def _end(self, end: LinkEnd) -> schemas.EndOut:
        office = self._inventory.devices[end.device].office
        shown = self.scope.sees_devices and end.device in self.visible.devices
        return schemas.EndOut(
            device=end.device if shown else None,
            office=office if office in self.visible.places else None,
            port=end.if_name if shown else None,
        )

    def _provider(self, provider: ProviderId | None) -> ProviderId | None:
        return provider if provider in self.visible.providers else None

    def _text(self, text: str | None) -> str | None:
        return None if text is None or self.visible.mentions_others(text) else text

    def risk_groups(self) -> list[schemas.RiskGroupOut]:
        groups: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        for link in self._inventory.links.values():
            if link.id in self.visible.links:
                for group in link.risk_groups:
                    groups[group][0].append(link.id)
        for device in self._inventory.devices.values():
            if device.id in self.visible.devices:
                for group in device.risk_groups:
                    groups[group][1].append(device.id)
        return [
            schemas.RiskGroupOut(
                id=g.id, kind=g.kind, name=g.name, links=groups[g.id][0], devices=groups[g.id][1]
            )
            for g in self._inventory.risk_groups.values()
            if g.id in self.visible.risk_groups
        ]
