"""Expand a mount source, environment value or hostname as a SwarmKit worker does.

An interpreter of Go's text/template (as of Go 1.19) with the context and the functions of SwarmKit
(swarmkit template/expand.go, context.go and template.go). Nothing of it is shared with the core,
which judges templates: each is tested against the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.demo.template.run import expanded
from cloudstorctl.demo.template.values import Struct, TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Context", "TemplateError", "expand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What SwarmKit tells a template of a task (swarmkit template/context.go)."""

    service_id: str
    service_name: str
    service_labels: Mapping[str, str]
    node_id: str
    node_hostname: str
    node_os: str
    node_arch: str
    task_id: str
    task_name: str
    task_slot: str
    """The node's ID where the task has no slot."""


def expand(source: str, context: Context) -> str:
    """Expand a template.

    Raises:
        TemplateError: Go would refuse it, or needs a feature for it that is not made here: complex
            numbers and hexadecimal floats, some forms of printf, and more depth than Python has.
    """
    try:
        output = expanded(_go(source), _data(context))
    except RecursionError:
        raise TemplateError("template: expansion: exceeded maximum template depth") from None
    return output.decode(errors="replace")


def _data(context: Context) -> Struct:
    labels = sorted(context.service_labels.items())
    three = "ID string; {} string; {}"
    return Struct(
        type="template.Context",
        pointer=True,
        fields={
            "Service": Struct(
                type=f"struct {{ {three.format('Name', 'Labels map[string]string')} }}",
                fields={
                    "ID": _go(context.service_id),
                    "Name": _go(context.service_name),
                    "Labels": {_go(name): _go(text) for name, text in labels},
                },
            ),
            "Node": Struct(
                type=f"struct {{ {three.format('Hostname', 'Platform template.Platform')} }}",
                fields={
                    "ID": _go(context.node_id),
                    "Hostname": _go(context.node_hostname),
                    "Platform": Struct(
                        type="template.Platform",
                        fields={
                            "Architecture": _go(context.node_arch),
                            "OS": _go(context.node_os),
                        },
                    ),
                },
            ),
            "Task": Struct(
                type=f"struct {{ {three.format('Name', 'Slot string')} }}",
                fields={
                    "ID": _go(context.task_id),
                    "Name": _go(context.task_name),
                    "Slot": _go(context.task_slot),
                },
            ),
        },
    )


def _go(text: str) -> bytes:
    return text.encode(errors="replace")
