"""The interpreter and the core's judgement of templates, each written without the other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudstorctl.core.templates import Known, canonical, yields
from cloudstorctl.demo.template.expansion import Context, TemplateError, expand
from tests.core.test_templates_properties import LESS, UNKNOWABLE, Less, a_task, without

# A busy machine is no failure.
thoroughly = settings(deadline=None, max_examples=600)

WORDS = st.sampled_from(
    (
        *(".Service.ID", ".Service.Name", ".Node.ID", ".Node.Hostname", ".Task.ID", ".Task.Name"),
        *(".Node.Platform.OS", ".Node.Platform.Architecture", "$.Task.Slot", ".Task.Slot", "$x"),
        *('"%"', '"a/b"', '"\\u00e9\\x41"', "`..`", '"-"', '""', "`a\r`"),
        '(index .Service.Labels "x")',
    )
)
NUMBERS = st.sampled_from(("0", "2", "-7", "0x1F", "017", "1_0", "1.5", "'a'", "true", "$n"))
OTHERS = st.sampled_from(
    ("nil", ".", ".Node", ".Service.Labels", ".Service.Labels.x", "no", '"\\xff"')
)
LAYOUTS = st.sampled_from(
    ("%s", "%v", "%d", "%q", "%s-%v", "%d.%s", "a%%%s", "%t")
) | st.sampled_from(
    (
        *("%5s|", "/%s/", "%x", "%", "%.1s", "%!", "%z", "a%sb%s", "%-3v|"),
        *("%T", "%+d", "%03d", "%c", "%s%", "%v%v"),
    )
)
PRINTS = st.sampled_from(("print", "println", "print", "html", "js", "urlquery", "and", "or"))
ODD = st.sampled_from(
    (
        "len {}",
        "slice {} 0 1",
        "slice {} 1",
        "not {}",
        "eq {} {}",
        "lt {} {}",
        "index {} 0",
        "call {}",
    )
)


def calls(operands: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Call functions that give a text, most of them with what they take."""
    mixed = st.lists(operands | operands | NUMBERS, min_size=1, max_size=3).map(" ".join)
    texts = st.lists(operands, min_size=1, max_size=4).map(" ".join)
    called = st.builds("{} {}".format, PRINTS, mixed)
    joined = st.builds("join {}".format, texts)
    formatted = st.builds('printf "{}" {}'.format, LAYOUTS, mixed)
    piped = st.builds("{} | {}".format, operands | NUMBERS, called | formatted)
    return (called | joined | formatted | formatted | piped).map("({})".format)


TEXTS = st.recursive(WORDS, calls, max_leaves=5)
PIPES = (TEXTS | TEXTS | NUMBERS).map(lambda text: text[1:-1] if text[0] == "(" else text)
ODD_PIPES = OTHERS | st.builds(str.format, ODD, TEXTS, TEXTS)
LITERALS = st.sampled_from(("a", "-", "/", "..", ".", " ", "\n", "{", "}}", "é", "/../"))


def actions(pipes: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Put a pipeline, or one that sets a variable, between marks."""
    left, right = st.sampled_from(("{{", "{{- ")), st.sampled_from(("}}", " -}}"))
    target = st.sampled_from(("", "", "", "$x := ", "$x = ", "$n = "))
    return st.builds("{}{}{}{}".format, left, target, pipes, right)


CONTROLS = st.builds(
    "{{{{{} {}}}}}{}{{{{else}}}}{}{{{{end}}}}".format,
    st.sampled_from(("if", "with", "with $x :=", "range .Service.Labels | or", "range $x :=")),
    PIPES,
    LITERALS | actions(PIPES),
    LITERALS | actions(PIPES),
)
ASIDES = st.sampled_from(("{{/* no }} */}}", "{{- /* no */ -}}", "{{end}}", '{{define "t"}}', "{{"))
PLAIN = LITERALS | actions(PIPES) | actions(PIPES)
TEMPLATES = st.builds(
    "{{{{$x := .Task.Slot}}}}{{{{$n := 3}}}}{}{}{}".format,
    st.lists(PLAIN, min_size=1, max_size=3).map("".join),
    st.just("") | st.just("") | CONTROLS | ASIDES | actions(ODD_PIPES),
    st.lists(PLAIN, max_size=1).map("".join),
)


def expanded(template: str, task: Known) -> str | None:
    """Expand as the worker of this task does; None where it refuses."""
    slot = str(task.slot or task.node_id)
    context = Context(
        service_id=task.service_id or "",
        service_name=task.service_name or "",
        service_labels=dict(task.service_labels),
        node_id=task.node_id or "",
        node_hostname=task.node_hostname or "",
        node_os=task.node_os or "",
        node_arch=task.node_arch or "",
        task_id=task.task_id or "",
        task_name=task.task_name or f"{task.service_name}.{slot}.{task.task_id}",
        task_slot=slot,
    )
    try:
        return expand(template, context)
    except TemplateError:
        return None


def agree(template: str, task: Known, *forgotten: frozenset[str]) -> None:
    """Check that the core knows the name that a worker makes, or holds it where it does not."""
    name = expanded(template, task)
    if name is None:
        return  # no worker makes a volume of it
    names = yields(template, task)
    assert names.exact == name or (names.exact is None and names.matches(name) is not None)
    for fields in (frozenset({"slot"}), frozenset(UNKNOWABLE), *forgotten):
        names = yields(template, without(task, fields))
        assert names.exact in {None, name}
        assert canonical(name).startswith(names.prefix)
        assert name == "" or names.matches(name) is not None  # no source: an anonymous volume


@thoroughly
@given(TEMPLATES, a_task(), LESS)
def test_the_core_holds_every_name_that_a_worker_makes(
    template: str, task: Known, less: Less
) -> None:
    agree(template, task, less.little, less.more)


@pytest.mark.parametrize(
    "template",
    [
        ' {{define "expansion"}}a{{end}} ',
        "{{`a\r`}}",
        "{{0x1F}}",
        '{{define "t"}}a{{end}}b{{template "t"}}',
        "{{$x := `a`}}{{if true}}{{$x = `b`}}{{end}}{{$x}}",
        "{{$x := `a`}}{{if true}}{{$x := `b`}}{{end}}{{$x}}",
        "{{.Expand `{{.Task.Slot}}`}}",
        "{{`a` | join `-` .Task.Slot}}",
        "{{printf `%d` .Task.Slot}}",
        "{{printf `%d%%` 1}}",
        "{{println 1 .Task.Slot}}",
        "{{print 1 2 `a` 3 4}}",
        "{{/* a */ -}} b",
    ],
)
def test_the_core_holds_what_is_seldom_made_by_chance(template: str) -> None:
    task = Known(
        service_id="s" * 25,
        service_name="a",
        node_id="n" * 25,
        node_hostname="h",
        node_os="linux",
        node_arch="x86_64",
        task_id="t" * 25,
        slot=12,
    )
    assert expanded(template, task) is not None
    agree(template, task)
