"""Execute a parsed Go template (text/template/exec.go)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cloudstorctl.demo.template.builtins import FUNCTIONS, Function, printable
from cloudstorctl.demo.template.parse import parsed
from cloudstorctl.demo.template.printf import sprint
from cloudstorctl.demo.template.tree import Access, Branch, Call, Constant, Include, Jump, Nil, Pipe
from cloudstorctl.demo.template.values import (
    Struct,
    TemplateError,
    decoded,
    selected,
    truth,
    type_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cloudstorctl.demo.template.tree import Body, Node, Operand
    from cloudstorctl.demo.template.values import Value

_ROOT = b"expansion"
"""What SwarmKit calls the template."""


def expanded(source: bytes, data: Struct) -> bytes:
    """Parse a template and return what it prints of `data`.

    Raises:
        TemplateError: Go would refuse it, or it needs what is not made here.
    """
    bodies = parsed(_ROOT, decoded(source), FUNCTIONS)
    return _Run(bodies, data).walked(bodies[_ROOT], data)


class _Jumped(Exception):  # noqa: N818 - it is no error
    """A `break` or `continue` on its way to its loop."""

    def __init__(self, kind: str, output: bytes) -> None:
        super().__init__(kind)
        self.kind = kind
        self.output = output


class _Run:
    """The execution of one template, with its stack of variables."""

    def __init__(self, bodies: Mapping[bytes, Body], data: Value) -> None:
        self._bodies = bodies
        self._variables: list[tuple[str, Value]] = [("$", data)]

    def walked(self, body: Body, dot: Value) -> bytes:
        """Return what nodes print."""
        output = b""
        for node in body:
            try:
                output += self._node(node, dot)
            except _Jumped as jump:
                jump.output = output + jump.output
                raise
        return output

    @contextmanager
    def _scope(self) -> Iterator[None]:
        known = len(self._variables)
        try:
            yield
        finally:
            del self._variables[known:]

    def _node(self, node: Node, dot: Value) -> bytes:
        match node:
            case bytes():
                return node
            case Pipe():
                value = self._piped(node, dot)
                return b"" if node.targets else sprint((printable(value),))
            case Branch(kind="range"):
                with self._scope():
                    return self._looped(node, dot)
            case Branch():
                with self._scope():
                    value = self._piped(node.pipe, dot)
                    if truth(value):
                        return self.walked(node.body, value if node.kind == "with" else dot)
                    return self.walked(node.otherwise, dot)
            case Include():
                if node.name not in self._bodies:
                    raise _failure(f'template "{node.name.decode(errors="replace")}" not defined')
                data = None if node.pipe is None else self._piped(node.pipe, dot)
                return _Run(self._bodies, data).walked(self._bodies[node.name], data)
            case Jump():
                raise _Jumped(node.kind, b"")

    def _looped(self, loop: Branch, dot: Value) -> bytes:
        value = self._piped(loop.pipe, dot)
        if value is None or (not isinstance(value, Struct) and value == {}):
            return self.walked(loop.otherwise, dot)
        if isinstance(value, Struct | bytes | int | float):
            raise _failure(f"range can't iterate over {sprint((value,)).decode(errors='replace')}")
        output = b""
        for key, element in sorted(value.items()):
            with self._scope():
                names = loop.pipe.targets
                for name, each in zip(names, (key, element)[-len(names) :], strict=False):
                    self._assign(name, each)
                try:
                    output += self.walked(loop.body, element)
                except _Jumped as jump:
                    output += jump.output
                    if jump.kind == "break":
                        break
        return output

    def _assign(self, name: str, value: Value) -> None:
        for position in reversed(range(len(self._variables))):
            if self._variables[position][0] == name:
                self._variables[position] = (name, value)
                return
        raise _failure(f"undefined variable: {name}")

    def _variable(self, name: str) -> Value:
        for known, value in reversed(self._variables):
            if known == name:
                return value
        raise _failure(f"undefined variable: {name}")

    def _piped(self, pipe: Pipe, dot: Value) -> Value:
        value: Value = None
        for stage, command in enumerate(pipe.commands):
            value = self._commanded(command, dot, (value,) if stage else ())
        for name in pipe.targets:
            if pipe.assigns:
                self._assign(name, value)
            else:
                self._variables.append((name, value))
        return value

    def _commanded(
        self, command: tuple[Operand, ...], dot: Value, final: tuple[Value, ...]
    ) -> Value:
        """Evaluate one command; `final` is what the one before has for it."""
        first, *arguments = command
        match first:
            case Call():
                return self._called(first.name, FUNCTIONS[first.name], arguments, dot, final)
            case Access(path=(*path, "Expand")):
                receiver = self._accessed(Access(first.base, tuple(path)), dot)
                if isinstance(receiver, Struct) and receiver.pointer:
                    again = Function(of=lambda source: expanded(source, receiver), least=1, texts=1)
                    return self._called("Expand", again, arguments, dot, final)
            case Nil():
                raise _failure("nil is not a command")
            case _:
                pass
        value = self._operand(first, dot)
        if arguments or final:
            raise _failure(f"can't give argument to non-function {first}")
        return value

    def _accessed(self, access: Access, dot: Value) -> Value:
        match access.base:
            case ".":
                value = dot
            case str():
                value = self._variable(access.base)
            case _:
                value = self._operand(access.base, dot)
        for name in access.path:
            value = _of(name, value)
        return value

    def _operand(self, operand: Operand, dot: Value) -> Value:
        match operand:
            case Constant():
                return operand.value
            case Nil():
                return None
            case Call():
                return self._called(operand.name, FUNCTIONS[operand.name], [], dot, ())
            case Access():
                return self._accessed(operand, dot)
            case Pipe():
                return self._piped(operand, dot)

    def _called(
        self,
        name: str,
        function: Function,
        arguments: list[Operand],
        dot: Value,
        final: tuple[Value, ...],
    ) -> Value:
        given = len(arguments) + len(final)
        if given < function.least or (given > function.least and not function.more):
            least = "at least " * function.more
            raise _failure(
                f"wrong number of args for {name}: want {least}{function.least} got {given}"
            )
        if name in {"and", "or"}:
            return self._decided(arguments, dot, final, until=name == "or")
        values = [
            self._text(argument, dot) if position < function.texts else self._operand(argument, dot)
            for position, argument in enumerate(arguments)
        ]
        values += [_checked(value) if len(arguments) < function.texts else value for value in final]
        try:
            return function.of(*values)
        except TemplateError as error:
            raise _failure(f"error calling {name}: {error}") from None

    def _decided(
        self, arguments: list[Operand], dot: Value, final: tuple[Value, ...], *, until: bool
    ) -> Value:
        """Evaluate `and` or `or` up to the argument that decides."""
        value: Value = None
        for argument in arguments:
            value = self._operand(argument, dot)
            if truth(value) is until:
                return value
        return final[0] if final else value

    def _text(self, operand: Operand, dot: Value) -> bytes:
        if isinstance(operand, Nil):
            raise _failure("cannot assign nil to string")
        if isinstance(operand, Constant) and not isinstance(operand.value, bytes):
            raise _failure(f"expected string; found {operand.source}")
        return _checked(self._operand(operand, dot))


def _of(name: str, value: Value) -> Value:
    try:
        return selected(value, name)
    except TemplateError as error:
        raise _failure(str(error)) from None


def _checked(value: Value) -> bytes:
    """Refuse what is no string where a function takes only strings."""
    if isinstance(value, bytes):
        return value
    if value is None:
        raise _failure("invalid value; expected string")
    raise _failure(f"wrong type for value; expected string; got {type_of(value)}")


def _failure(message: str) -> TemplateError:
    return TemplateError(f'template: expansion: executing "expansion": {message}')
