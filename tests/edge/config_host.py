"""The configs of a scripted swarm, as its managers keep them."""

from __future__ import annotations

import json
import re
import urllib.parse
from typing import TYPE_CHECKING

from tests.edge.engine_server import NOT_FOUND, Reply, json_reply

if TYPE_CHECKING:
    from tests.edge.engine_server import Seen
    from tests.edge.payloads import Payload

_UPDATE = re.compile(r"/configs/([^/]+)/update")


class ConfigHost:
    """Every config by its ID, and the count of their changes."""

    def __init__(self) -> None:
        """Keep none yet."""
        self.configs: dict[str, Payload] = {}
        self.index = 10

    @property
    def named(self) -> dict[str, Payload]:
        return {config["Spec"]["Name"]: config for config in self.configs.values()}

    def create(self, name: str, data: str, **labels: str) -> None:
        """Make a config whose data is in base64."""
        self.index += 1
        spec = {"Name": name, "Labels": labels, "Data": data}
        self.configs[f"c{self.index}"] = {
            "ID": f"c{self.index}",
            "Version": {"Index": self.index},
            "Spec": spec,
        }

    def reply(self, seen: Seen) -> Reply:
        if seen.method == "GET":
            filters = json.loads(urllib.parse.parse_qs(seen.query)["filters"][0])
            (prefix,) = filters["name"]
            return json_reply([c for n, c in self.named.items() if n.startswith(prefix)])
        if seen.method == "DELETE":
            gone = self.configs.pop(seen.path.removeprefix("/configs/"), None)
            return NOT_FOUND if gone is None else Reply(status=204, measured=False)
        spec = json.loads(seen.body)
        if seen.path == "/configs/create":
            if spec["Name"] in self.named:
                return json_reply({"message": f"config {spec['Name']} already exists"}, status=409)
            self.create(spec["Name"], spec["Data"], **spec["Labels"])
            return json_reply({"ID": f"c{self.index}"}, status=201)
        return self._update(seen, spec)

    def _update(self, seen: Seen, spec: Payload) -> Reply:
        found = _UPDATE.fullmatch(seen.path)
        assert found, seen.path
        config = self.configs[found[1]]
        assert {**spec, "Labels": {}} == {**config["Spec"], "Labels": {}}, "only labels may change"
        if seen.query != f"version={config['Version']['Index']}":
            return json_reply({"message": "update out of sequence"}, status=500)
        self.index += 1
        config["Version"]["Index"] = self.index
        config["Spec"]["Labels"] = spec["Labels"]
        return Reply()
