"""What holds for every template: to know less is never to match less."""

from __future__ import annotations

import string
from dataclasses import dataclass, replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloudstorctl.core.templates import Known, Names, canonical, nests, yields

# A busy machine is no failure.
no_deadline = settings(deadline=None)

ID = st.text("0123456789" + string.ascii_lowercase, min_size=25, max_size=25)
WORD = st.text("aZ0-_.*+()[]|^$\\ é{}", min_size=1, max_size=8).filter(
    lambda text: text not in {".", ".."}
)
FIELDS = (
    *("{{.Service.ID}}", "{{.Service.Name}}", "{{.Node.ID}}", "{{.Node.Hostname}}"),
    *("{{.Node.Platform.OS}}", "{{.Node.Platform.Architecture}}"),
    *("{{.Task.ID}}", "{{.Task.Name}}", "{{.Task.Slot}}"),
    *('{{join "-" .Task.Slot .Service.Name}}', '{{printf "%s/%s" .Node.ID .Task.Slot}}'),
)
ANY = ('{{index .Service.Labels "x"}}', "{{html .Service.Name}}", "{{if .Task.Slot}}a{{end}}")
LITERALS = ("-", "_", ".", "/", "//", "/./", "/../", "a", "vol", "web.*", "(x)", "{", "é", "7")
PLACE = st.lists(st.sampled_from((*LITERALS, "..", "b")), max_size=8).map("".join)
UNKNOWABLE = (
    *("service_id", "service_name", "node_id", "node_hostname", "node_os", "node_arch"),
    *("task_id", "task_name", "slot"),
)


@st.composite
def a_task(draw: st.DrawFn) -> Known:
    """Know all of a task of a service of some mode."""
    per_node, job = draw(st.sampled_from(((False, False), (True, False), (False, True))))
    lowest, highest = (0, 0) if per_node else (0 if job else 1, 10**12)
    return Known(
        service_id=draw(ID),
        service_name=draw(WORD),
        node_id=draw(ID),
        node_hostname=draw(WORD),
        node_os=draw(WORD),
        node_arch=draw(WORD),
        task_id=draw(ID),
        task_name=draw(st.just("") | WORD),
        slot=draw(st.integers(lowest, highest)),
        per_node=per_node,
        job=job,
        service_labels=draw(st.sampled_from(((), (("x", "a"),), (("x", "a/b"),), (("x", ".."),)))),
    )


def a_template(*pieces: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), min_size=1, max_size=6).map("".join)


def without(known: Known, fields: frozenset[str]) -> Known:
    forgotten: dict[str, None] = dict.fromkeys(fields)
    return replace(known, **forgotten)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Less:
    """The same task with less and less known of it."""

    little: frozenset[str]
    more: frozenset[str]


LESS = st.builds(
    lambda little, more: Less(little=little, more=little | more),
    st.frozensets(st.sampled_from(UNKNOWABLE)),
    st.frozensets(st.sampled_from(UNKNOWABLE)),
)


def held(names: Names, name: str) -> bool:
    return names.matches(name) is not None


@no_deadline
@given(a_template(*FIELDS, *LITERALS), a_task(), LESS)
@example(
    "{{.Service.Name}}/..", Known(service_name="a"), Less(little=frozenset(), more=frozenset())
)
def test_an_expanded_name_is_matched_however_little_is_known(
    template: str, task: Known, less: Less
) -> None:
    exact = yields(template, task).exact
    assert exact is not None
    for fields in (frozenset[str](), less.little, less.more):
        names = yields(template, without(task, fields))
        assert held(names, exact)
        assert held(names, exact + "/below")
        assert canonical(exact).startswith(names.prefix)
        path = canonical(exact).split("/")
        for depth in range(1, len(path)):
            assert held(names, "/".join(path[:depth]))


@no_deadline
@given(a_template(*FIELDS, *ANY, *LITERALS), a_task(), LESS, PLACE)
def test_to_know_less_never_loses_a_match(
    template: str, task: Known, less: Less, place: str
) -> None:
    known = [yields(template, task)]
    known += [yields(template, without(task, fields)) for fields in (less.little, less.more)]
    for name in (place, known[0].exact or place, known[0].prefix + place):
        matched = [held(names, name) for names in known]
        assert matched == sorted(matched), (name, known)


@no_deadline
@given(a_template(*ANY, *LITERALS), a_task(), st.text("ab/.", max_size=4), st.text(max_size=2))
def test_whatever_is_put_for_any_text_is_matched(
    template: str, task: Known, text: str, below: str
) -> None:
    real = template
    for action in ANY:
        real = real.replace(action, text)
    if ".." in text.split("/") or canonical(real) != canonical(real.replace("..", "x")):
        return  # texts that climb are another test's business
    names = yields(template, task)
    if names.exact != "":
        assert held(names, real)
        assert held(names, real + "/" + below.replace(".", "x"))


@no_deadline
@given(a_template(*FIELDS, *ANY, *LITERALS), a_task(), PLACE)
def test_a_match_does_not_depend_on_how_a_path_is_written(
    template: str, task: Known, place: str
) -> None:
    names = yields(template, without(task, frozenset(UNKNOWABLE)))
    assert held(names, place) is held(names, canonical(place))
    assert held(names, place) is held(names, f"//{canonical(place)}/./")


@no_deadline
@given(PLACE, PLACE)
def test_nesting_is_the_same_both_ways(one: str, other: str) -> None:
    assert nests(one, other) is nests(other, one)
    assert nests(one, one)
    assert nests(one, f"{canonical(one)}/{canonical(other)}")


@no_deadline
@given(PLACE)
def test_a_canonical_name_stays_as_it_is(name: str) -> None:
    assert canonical(canonical(name)) == canonical(name)


@no_deadline
@given(st.text('{}-./ $|()"`:=abSlotTask%\\\n', max_size=40), PLACE)
def test_no_template_is_an_error(template: str, place: str) -> None:
    for source in (template, "{{" + template + "}}", "{{.Task.Slot" + template + "}}"):
        names = yields(source, Known())
        if names.exact is None and names.anything:
            assert held(names, place)
