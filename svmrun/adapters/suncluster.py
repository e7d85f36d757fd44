"""Sun Cluster: scstat (up to 3.3), cldevicegroup, clnode and cluster (3.2 and later).

The disk set of a mirror is a device group of the cluster: the cluster moves it, not metaset.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from svmrun.adapters import cluster_tables, fields
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome, Probe, plain_outcome
from svmrun.adapters.output import read_outcome
from svmrun.adapters.scstat_parse import parse_nodes, parse_quorum, parse_scstat

Json = Any

_SCSTAT_OPTIONS = {"device-groups": "-D", "nodes": "-n", "quorum": "-q", "all": "-p"}
_GROUP = fields.word(
    "Device group",
    "Name of the device group (for a Solaris Volume Manager disk set: the set's name). All of them when left out.",
    ["schost-1"],
)


class Scstat(Adapter):
    """scstat(1M). Result: `{"device_groups": ..., "nodes": {NODE: STATUS}, "quorum": {"possible", ...}}`."""

    name = "scstat"
    summary = "Read the state of a Sun Cluster (scstat, up to release 3.3)"
    schema = fields.arguments(
        {
            "show": fields.choice(
                "What to show",
                "Which part of the cluster's state to read: device groups with their primaries, nodes, votes, or all.",
                list(_SCSTAT_OPTIONS),
                default="device-groups",
            ),
            "node": fields.word("Node", "Only the state that concerns this node.", ["phys-schost-1"]),
        }
    )

    def read_only(self, arguments: Arguments) -> bool:
        return True

    def command_line(self, arguments: Arguments) -> Command:
        node = ("-h", arguments["node"]) if arguments.get("node") else ()
        return Command(("scstat", _SCSTAT_OPTIONS[arguments["show"]], *node))

    def expects(self, arguments: Arguments) -> str:
        return "Every node Online, and the device group Online with its primary node."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        return read_outcome(completed, self._read)

    @staticmethod
    def _read(text: str) -> dict[str, Json]:
        return {**parse_scstat(text), "nodes": parse_nodes(text), "quorum": parse_quorum(text)}


class Cldevicegroup(Adapter):
    """cldevicegroup(1CL). `status` gives `{"device_groups": {NAME: {"primary", "secondary", "status"}}}`."""

    name = "cldevicegroup"
    summary = "Read the state of device groups, or move one to another node (cldevicegroup, from release 3.2)"
    schema = fields.arguments(
        {
            "action": fields.choice(
                "What to do",
                "`status` reads the primaries; `switch` makes `node` the primary of `group`.",
                ["status", "switch"],
                default="status",
            ),
            "group": _GROUP,
            "node": fields.word(
                "Node", "The new primary, for `switch`. With `status`: only its groups.", ["phys-schost-2"]
            ),
        }
    )

    def read_only(self, arguments: Arguments) -> bool:
        return bool(arguments.get("action", "status") == "status")

    def repeatable(self, arguments: Arguments) -> bool:
        return True  # to switch to the node that is the primary already changes nothing

    def default_timeout(self, arguments: Arguments) -> float:
        return self.timeout_seconds if self.read_only(arguments) else 600.0

    def resource(self, arguments: Arguments) -> str | None:
        return None if self.read_only(arguments) else f"device group {arguments.get('group')}"

    def command_line(self, arguments: Arguments) -> Command:
        action, group, node = (arguments.get(key) for key in ("action", "group", "node"))
        if action == "switch" and not (group and node):
            raise ValueError("cldevicegroup: `switch` needs both `group` and `node`")
        words = (*(("-n", node) if node else ()), *((group,) if group else ()))
        return Command(("cldevicegroup", str(action), *words), needs_root=action == "switch")

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        if not self.read_only(arguments):
            return plain_outcome(completed)

        def must_hold(result: dict[str, Json]) -> Iterator[str]:
            if (group := arguments.get("group")) and group not in result["device_groups"]:
                yield f"its output has no row of the device group {group}"

        return read_outcome(completed, self._read, must_hold)

    @staticmethod
    def _read(text: str) -> dict[str, Json]:
        return {"device_groups": cluster_tables.device_groups(cluster_tables.parse_tables(text))}

    def probe(self, arguments: Arguments) -> Probe | None:
        if self.read_only(arguments):
            return None
        group, node = arguments.get("group"), arguments.get("node")

        def is_primary(result: Json) -> bool | None:
            primary = result["device_groups"].get(group, {}).get("primary")
            return None if primary is None else bool(primary == node)

        return Probe("cldevicegroup", {"action": "status", "group": group}, is_primary)


class Clnode(Adapter):
    """clnode(1CL) status. Result: `{"nodes": {NODE: STATUS}}`."""

    name = "clnode"
    summary = "Read the state of the cluster's nodes (clnode status, from release 3.2)"
    schema = fields.arguments(
        {"node": fields.word("Node", "Only this node; all of them when left out.", ["phys-schost-1"])}
    )

    def read_only(self, arguments: Arguments) -> bool:
        return True

    def command_line(self, arguments: Arguments) -> Command:
        return Command(("clnode", "status", *((arguments["node"],) if arguments.get("node") else ())))

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:

        def must_hold(result: dict[str, Json]) -> Iterator[str]:
            if not result["nodes"]:
                yield "its output has no row with the state of a node"

        return read_outcome(completed, self._read, must_hold)

    @staticmethod
    def _read(text: str) -> dict[str, Json]:
        return {"nodes": cluster_tables.nodes(cluster_tables.parse_tables(text))}


class Cluster(Adapter):
    """cluster(1CL). `status` gives `{"nodes", "device_groups", "tables"}`; `check` gives `{"status", "lines"}`."""

    name = "cluster"
    summary = "Read the whole state of a cluster, or let it check itself (cluster, from release 3.2)"
    schema = fields.arguments(
        {
            "action": fields.choice(
                "What to do",
                "`status` reads the state; `check` runs the cluster's own checks and fails when one is violated.",
                ["status", "check"],
                default="status",
            ),
            "types": fields.texts(
                "Object types",
                "Only these kinds of objects (`node`, `devicegroup`, `quorum`, ...). All when left out. For `status`.",
                [["node", "devicegroup"]],
                items={"type": "string", "pattern": r"^[a-z][a-z0-9-]*$"},
            ),
        }
    )

    def read_only(self, arguments: Arguments) -> bool:
        return True

    def default_timeout(self, arguments: Arguments) -> float:
        return 900.0 if arguments.get("action") == "check" else self.timeout_seconds

    def command_line(self, arguments: Arguments) -> Command:
        types = arguments.get("types") or []
        if types and arguments["action"] == "check":
            raise ValueError("cluster: `types` belongs to the action `status`")
        words = ("-t", ",".join(types)) if types else ()
        return Command(("cluster", arguments["action"], *words), needs_root=arguments["action"] == "check")

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        if arguments["action"] == "check":
            return plain_outcome(completed, {"status": completed.status, "lines": completed.stdout.splitlines()})
        return read_outcome(completed, self._read)

    @staticmethod
    def _read(text: str) -> dict[str, Json]:
        tables = cluster_tables.parse_tables(text)
        rows = [{"section": t.section, "title": t.title, "rows": list(t.rows)} for t in tables]
        return {
            "nodes": cluster_tables.nodes(tables),
            "device_groups": cluster_tables.device_groups(tables),
            "tables": rows,
        }
