"""Parse a Go template into a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.demo.template.scan import Token, number_of, string_of, tokens
from cloudstorctl.demo.template.tree import Access, Branch, Call, Constant, Include, Jump, Nil, Pipe
from cloudstorctl.demo.template.values import TemplateError, encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from cloudstorctl.demo.template.tree import Body, Node, Operand

_TERMS = frozenset(
    ("bool", "char", "dot", "field", "word", "number", "nil", "raw", "string", "variable", "open")
)
_CONTROLS = frozenset(
    ("if", "with", "range", "template", "block", "break", "continue", "else", "end")
)
_CONSTANTS: Mapping[str, Callable[[Token], bytes | int | float]] = {
    "bool": lambda token: token.text == "true",
    "string": string_of,
    "raw": string_of,
    "number": number_of,
    "char": number_of,
}


def parsed(name: bytes, source: str, functions: Container[str]) -> Mapping[bytes, Body]:
    """Parse a template and those defined in it, each by its name (text/template/parse/parse.go).

    Raises:
        TemplateError: Go would refuse it.
    """
    parser = _Parser(source, functions)
    parser.add(name, parser.root())
    return parser.bodies


def _is_empty(body: Body) -> bool:
    return all(
        isinstance(node, bytes) and not node.decode(errors="replace").strip() for node in body
    )


class _Parser:
    def __init__(self, source: str, functions: Container[str]) -> None:
        self.bodies: dict[bytes, Body] = {}
        self._tokens = tuple(tokens(source))
        self._at = 0
        self._functions = functions
        self._variables = ["$"]
        self._loops = 0

    def add(self, name: bytes, body: Body) -> None:
        """Add a template; only an empty one may be defined again."""
        if _is_empty(self.bodies.get(name, ())):
            self.bodies[name] = body
        elif not _is_empty(body):
            raise self._refusal(f"template: multiple definition of template {name!r}")

    def root(self) -> Body:
        """Parse all that is there."""
        nodes: list[Node] = []
        while self._peek().kind != "eof":
            start = self._at
            if self._take().kind == "left" and self._next().kind == "define":
                name = self._name("define clause")
                self._expect("right", "define clause")
                self.add(name, self._definition("define clause"))
                continue
            self._at = start
            node = self._node()
            if isinstance(node, Token):
                raise self._unexpected(node, "input")
            nodes.append(node)
        return tuple(nodes)

    def _refusal(self, message: str) -> TemplateError:
        line = self._tokens[min(self._at, len(self._tokens) - 1)].line
        return TemplateError(f"template: expansion:{line}: {message}")

    def _unexpected(self, token: Token, context: str) -> TemplateError:
        told = "EOF" if token.kind == "eof" else f"<{token.text}> in {context}"
        return self._refusal(f"unexpected {told}")

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _skip(self) -> Token:
        """Pass over white space and look at what follows."""
        while self._peek().kind == "space":
            self._at += 1
        return self._peek()

    def _next(self) -> Token:
        self._skip()
        return self._take()

    def _expect(self, kind: str, context: str) -> None:
        token = self._next()
        if token.kind != kind:
            raise self._unexpected(token, context)

    def _name(self, context: str) -> bytes:
        token = self._next()
        if token.kind not in {"string", "raw"}:
            raise self._unexpected(token, context)
        return string_of(token)

    def _definition(self, context: str) -> Body:
        """Parse the body of a template with a name, which knows no variables of the outside."""
        outside = self._variables, self._loops
        self._variables, self._loops = ["$"], 0
        body, end = self._body()
        if end.kind != "end":
            raise self._unexpected(end, context)
        self._variables, self._loops = outside
        return body

    def _body(self) -> tuple[Body, Token]:
        """Parse up to an `else` or `end`, which comes with it."""
        nodes: list[Node] = []
        while self._skip().kind != "eof":
            node = self._node()
            if isinstance(node, Token):
                return tuple(nodes), node
            nodes.append(node)
        raise self._refusal("unexpected EOF")

    def _node(self) -> Node | Token:
        token = self._next()
        if token.kind == "text":
            return encoded(token.text)
        if token.kind != "left":
            raise self._unexpected(token, "input")
        keyword = self._skip()
        if keyword.kind not in _CONTROLS:
            return self._pipe("command", "right")
        self._take()
        match keyword.kind:
            case "if" | "with" | "range" as kind:
                return self._branch(kind)
            case "template" | "block" as kind:
                return self._include(kind)
            case "break" | "continue" as kind:
                return self._jump(kind)
            case kind:
                if kind == "end" or self._skip().kind != "if":
                    self._expect("right", kind)
                return keyword

    def _jump(self, kind: str) -> Jump:
        self._expect("right", f"{{{{{kind}}}}}")
        if not self._loops:
            raise self._refusal(f"{{{{{kind}}}}} outside {{{{range}}}}")
        return Jump(kind)

    def _branch(self, kind: str) -> Branch:
        known = len(self._variables)
        pipe = self._pipe(kind, "right")
        self._loops += kind == "range"
        body, end = self._body()
        self._loops -= kind == "range"
        otherwise: Body = ()
        if end.kind == "else" and kind == "if" and self._peek().kind == "if":
            self._take()
            otherwise = (self._branch("if"),)
        elif end.kind == "else":
            otherwise, end = self._body()
            if end.kind != "end":
                raise self._refusal(f"expected end; found {{{{{end.text}}}}}")
        del self._variables[known:]
        return Branch(kind, pipe, body, otherwise)

    def _include(self, kind: str) -> Include:
        name = self._name(f"{kind} clause")
        if kind == "template" and self._skip().kind == "right":
            self._take()
            return Include(name, None)
        pipe = self._pipe(f"{kind} clause", "right")
        if kind == "block":
            self.add(name, self._definition("block clause"))
        return Include(name, pipe)

    def _pipe(self, context: str, end: str) -> Pipe:
        targets, assigns = self._targets(context)
        commands: list[tuple[Operand, ...]] = []
        while (token := self._skip()).kind != end:
            if token.kind not in _TERMS:
                raise self._unexpected(token, context)
            commands.append(self._command())
        self._take()
        if not commands:
            raise self._refusal(f"missing value for {context}")
        for stage, (first, *_) in enumerate(commands[1:], 2):
            if isinstance(first, Constant | Nil) or first == Access("."):
                raise self._refusal(f"non executable command in pipeline stage {stage}")
        return Pipe(tuple(commands), targets, assigns)

    def _targets(self, context: str) -> tuple[tuple[str, ...], bool]:
        """Parse the variables before a `:=` or `=`; none where neither comes."""
        targets: tuple[str, ...] = ()
        while self._skip().kind == "variable":
            start = self._at
            name = self._take().text
            mark = self._skip()
            if mark.kind not in {"declare", "assign"} and mark.text != ",":
                self._at = start
                break
            self._take()
            targets += (name,)
            self._variables.append(name)
            if mark.text != ",":
                return targets, mark.kind == "assign"
            if context != "range" or len(targets) > 1:
                raise self._refusal(f"too many declarations in {context}")
            if self._skip().kind not in {"variable", "right", "close"}:
                raise self._refusal("range can only initialize variables")
        return targets, False

    def _command(self) -> tuple[Operand, ...]:
        operands: list[Operand] = []
        while True:
            if self._skip().kind in _TERMS:
                operands.append(self._operand())
            match self._peek().kind:
                case "space":
                    continue
                case "right" | "close":
                    break
                case "pipe":
                    self._take()
                    break
                case _:
                    raise self._unexpected(self._peek(), "operand")
        return tuple(operands)

    def _operand(self) -> Operand:
        term = self._term(self._take())
        path: list[str] = []
        while self._peek().kind == "field":
            path.append(self._take().text[1:])
        if not path:
            return term
        match term:
            case Access(base, before) if term != Access("."):
                return Access(base, (*before, *path))
            case Pipe() | Call():
                return Access(term, tuple(path))
            case _:
                raise self._refusal("unexpected . after term")

    def _term(self, token: Token) -> Operand:
        text = token.text
        match token.kind:
            case "nil":
                return Nil()
            case "dot" | "field":
                return Access(".", (text[1:],) if len(text) > 1 else ())
            case "variable" if text in self._variables:
                return Access(text)
            case "word" if text in self._functions:
                return Call(text)
            case "variable" | "word":
                what = "undefined variable" if text[0] == "$" else "undefined function"
                raise self._refusal(f'{what} "{text}"')
            case "open":
                return self._pipe("parenthesized pipeline", "close")
            case kind:
                return Constant(_CONSTANTS[kind](token), text)
