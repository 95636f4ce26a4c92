"""Go's template syntax, and what is said where an action cannot be expanded."""

from __future__ import annotations

import pytest

from cloudstorctl.core.templates import Field, Known, fields, yields

TASK = Known(
    service_id="serviceID",
    service_name="web",
    node_id="nodeID",
    node_hostname="host",
    node_os="linux",
    node_arch="x86_64",
    task_id="taskID",
    slot=7,
)
LABEL = '{{index .Service.Labels "x"}}'


# Each of these was put to text/template of Go 1.19 with SwarmKit's context and functions.
@pytest.mark.parametrize(
    ("source", "expanded"),
    [
        # white space, trim marks, comments
        ("a{{.Task.Slot}}b", "a7b"),
        ("a{{ \t.Task.Slot\n }}b", "a7b"),
        ("a \n{{- .Task.Slot -}}\t\r\n b", "a7b"),
        ("a {{-\n.Task.Slot\t-}} b", "a7b"),
        ("a {{.Task.Slot }} b", "a 7 b"),
        ("a {{-3}} b", "a -3 b"),
        ("a{{/* }} {{ */}}b", "ab"),
        ("a {{- /* x */ -}} b", "ab"),
        ("a {{- /* x */}} b", "a b"),
        ("{{/**/}}", ""),
        ("}}a{b}", "}}a{b}"),
        ("{{.Task.Slot}}}}", "7}}"),
        # constants
        ('{{"a"}}', "a"),
        ('{{"}}"}}', "}}"),
        ('{{"{{"}}', "{{"),
        ('{{"a\\tb\\"c\\\\d"}}', 'a\tb"c\\d'),
        ('{{"\\a\\b\\f\\n\\r\\v"}}', "\a\b\f\n\r\v"),
        ('{{"\\x41\\101\\u00e9\\U0001F600é"}}', "AAé😀é"),
        ("{{`a\\n\"}}'`}}", "a\\n\"}}'"),
        ("{{`a\r\nb`}}", "a\nb"),
        ("{{'a'}}", "97"),
        ("{{'\\''}}{{'\\n'}}{{'é'}}", "3910233"),
        ("{{7}}{{-3}}{{+4}}{{0x1F}}{{1_000}}{{0}}", "7-34311000" + "0"),
        ("{{9223372036854775807}}", "9223372036854775807"),
        ("{{true}}{{false}}", "truefalse"),
        # fields, the root, variables, parentheses
        ("{{$.Service.Name}}", "web"),
        ("{{(.Service).Name}}", "web"),
        ("{{((.Node.Platform)).OS}}", "linux"),
        ("{{(.Node).Platform.OS}}", "linux"),
        ("{{$x := .Task.Slot}}{{$x}}-{{ $x }}", "7-7"),
        ("{{$x:=.Task.Slot}}{{$x}}", "7"),
        ("{{$x := .Service}}{{$x.Name}}", "web"),
        ('{{$x := "a"}}{{$x = .Task.Slot}}{{$x}}', "7"),
        ('{{$x := "a"}}{{$y := $x}}{{$x = "b"}}{{$y}}{{$x}}', "ab"),
        ("{{$ := .Task}}{{$.Slot}}{{.Task.Slot}}", "77"),
        ("{{$x := . | html}}a", "a"),
        # pipelines and functions
        ("{{.Service.Name | print}}", "web"),
        ('{{.Task.Slot|printf "%s-%s" .Service.Name|print "v-"}}', "v-web-7"),
        ('{{join "-" .Service.Name .Task.Slot "vol"}}', "web-7-vol"),
        ('{{"x" | join "-" "a"}}', "a-x"),
        ('{{join "-"}}|{{join "-" "a"}}', "|a"),
        ('{{join .Task.Slot "a" "b" "c"}}', "a7b7c"),
        ("{{print}}", ""),
        ('{{print "a" .Task.Slot 1 2 "b" 3 true}}', "a71 2b3 true"),
        ('{{print 1 2 "" 3}}', "1 23"),
        ('{{println "a" 1 true "b"}}', "a 1 true b\n"),
        ("{{println}}", "\n"),
        ('{{printf "%s_%v" .Service.Name .Task.Slot}}', "web_7"),
        ('{{printf "100%%"}}', "100%"),
        ('{{printf ""}}', ""),
        ('{{printf "%d-%v-%t-%v" 7 8 true false}}', "7-8-true-false"),
        ('{{printf "%d" .Task.Slot}}', "%!d(string=7)"),
        ('{{printf "%q" .Service.Name}}', '"web"'),
        ('{{printf "%q" (print "a b" .Task.Slot)}}', '"a b7"'),
        ('{{printf (print "%s" "x") .Task.Slot}}', "7x"),
        ("{{print (print (print .Task.Slot))}}", "7"),
        ("{{print print}}", ""),
        ('{{index "a"}}', "a"),
        ('{{"a" | index}}', "a"),
    ],
)
def test_actions_expand_as_in_go(source: str, expanded: str) -> None:
    names = yields(source, TASK)
    assert names.exact == expanded
    assert not names.unexpandable


@pytest.mark.parametrize(
    "action",
    [
        'index .Service.Labels "x"',
        'index .Service.Labels   "x.y-z"',
        "index\n.Service.Labels\t`x`",
        'index $.Service.Labels "}}"',
        '"x" | index .Service.Labels',
        '(index (.Service.Labels) ("x"))',
        "index .Service.Labels .Node.Hostname",
        ".Service.Labels.x",
        "$.Service.Labels.x | print",
        "(.Service.Labels).x",
        "(.Service).Labels.x",
        'join "/" (index .Service.Labels "x")',
        'printf "%s" (index .Service.Labels "x")',
        "$x := .Service.Labels}}{{$x.a",
        '$x := index .Service.Labels "a"}}{{$x',
    ],
)
def test_labels_are_known_to_be_any_text(action: str) -> None:
    names = yields("a-{{" + action + "}}-b", TASK)
    assert names.exact is None
    assert not names.unexpandable
    assert names.matches("a-some}}text-b") is not None
    assert names.matches("a-some") is None


def test_a_field_within_a_function_stays_open_for_its_value() -> None:
    for action in (
        'printf "%s-%s" .Service.Name .Task.Slot',
        'join "-" .Service.Name .Task.Slot',
        'print .Service.Name "-" .Task.Slot',
        '.Task.Slot | printf "%s-%s" .Service.Name',
        "$x := .Task.Slot}}{{.Service.Name}}-{{$x",
    ):
        match = yields("{{" + action + "}}-vol", Known(service_name="web")).matches("web-7-vol")
        assert match is not None, action
        assert match.values == {Field.SLOT: "7"}


def test_a_quoted_label_is_any_text_between_quotes() -> None:
    names = yields('{{printf "%q" (index .Service.Labels "x")}}', TASK)
    assert names.matches('"some \\" text"') is not None
    assert names.matches("text") is None
    assert not names.unexpandable


# Go expands most of these, but this program does not: only what is around them is told.
@pytest.mark.parametrize(
    "action",
    [
        "html .Service.Name",
        "js .Service.Name",
        "urlquery .Service.Name",
        "len .Service.Name",
        "slice .Service.Name 0 2",
        "and .Service.Name .Task.Slot",
        "or .Service.Name .Task.Slot",
        "not true",
        "eq .Task.Slot `7`",
        "index .Service.Name 0",
        ".",
        ".Service",
        ".Service.Labels",
        "index .Service.Labels",
        "print .Service",
        "println .Service",
        "print nil",
        "nil",
        "1.5",
        "1e3",
        "012",
        "1i",
        "18446744073709551615",
        'printf "%5s" .Service.Name',
        'printf "%03d" .Task.Slot',
        'printf "%x" .Service.Name',
        'printf "%t" .Service.Name',
        'printf "%s" 7',
        'printf "%s" true',
        'printf "%d" true',
        'printf "%s"',
        'printf "%s" "a" "b"',
        'printf "%"',
        'printf "%q" "a\\"b"',
        'printf "%v" .Service',
        "printf .Service.Name",
        'printf (html "a") "b"',
        'join "-" (html .Service.Name)',
        "print (html .Service.Name) .Task.Slot",
        "$x := html .Service.Name}}{{$x.y",
    ],
)
def test_what_is_not_expanded_is_any_text_and_due_a_gap(action: str) -> None:
    names = yields("a-{{" + action + "}}-b", TASK)
    assert names.exact is None
    assert names.unexpandable
    assert not names.anything
    assert names.prefix == "a-"
    for held in ("a-x-b", "a--b", "a-x/y-b", "a-x"):  # the last holds `a-x/…-b`
        assert names.matches(held) is not None, held
    assert names.matches("b-x-b") is None
    assert names.matches("a") is None


# SwarmKit refuses a task with such a template, but for a few that are followed no further here.
@pytest.mark.parametrize(
    "rest",
    [
        "{{",
        "{{.Task.Slot",
        "{{.Task.Slot}",
        '{{"}}',
        '{{"a\n"}}',
        "{{`}}",
        "{{'a}}",
        "{{''}}",
        "{{'ab'}}",
        "{{'\\\"'}}",
        '{{"\\q"}}',
        '{{"\\\'"}}',
        '{{"\\x4"}}',
        '{{"\\xff"}}',
        '{{"\\400"}}',
        '{{"\\ud800"}}',
        '{{"\\U00110000"}}',
        "{{/* a}}",
        "{{/* a */ b}}",
        "{{ /* a */}}",
        "{{}}",
        "{{ }}",
        "{{|}}",
        "{{.Task.Slot |}}",
        "{{| print}}",
        "{{.Task.Slot | .Service.Name}}",
        '{{"a" | "b"}}',
        "{{print | true}}",
        '{{"a" "b"}}',
        '{{"a""b"}}',
        '{{"a".Name}}',
        '{{print "a""b"}}',
        "{{print(1)}}",
        "{{print ,}}",
        "{{(}}",
        "{{)}}",
        "{{(.Task.Slot}}",
        "{{(print .Task.Slot))}}",
        "{{(.Task.Slot .Task.ID)}}",
        "{{.Task.Slot .Task.ID}}",
        "{{.Service .Name}}",
        "{{.Tusk}}",
        "{{.Task.Slots}}",
        "{{.Task.Slot.x}}",
        '{{.Expand "x"}}',
        "{{foo}}",
        "{{print foo}}",
        '{{env "A"}}',
        "{{.Task.Slot | lower}}",
        "{{$x}}",
        "{{$x = 1}}",
        "{{$x :=}}",
        "{{$x, $y := 1}}",
        "{{join}}",
        '{{join "-" 1}}',
        "{{join 1}}",
        "{{printf}}",
        "{{index}}",
        "{{*}}",
        "{{" + "(" * 51 + "print" + ")" * 51 + "}}",
        "{{" + "(" * 100_000,
    ],
)
def test_an_error_makes_any_text_of_the_rest(rest: str) -> None:
    names = yields("a-" + rest + "-b", TASK)
    assert names.exact is None
    assert names.unexpandable
    assert names.prefix == "a-"
    assert names.matches("a-x/y") is not None
    assert names.matches("b") is None


def test_what_precedes_an_error_is_expanded() -> None:
    names = yields("{{.Service.Name}}-{{foo}}{{.Task.Slot}}", TASK)
    assert names.prefix == "web-"
    assert fields("{{.Service.Name}}-{{foo}}{{.Task.Slot}}") == {Field.SERVICE_NAME}


@pytest.mark.parametrize(
    "control",
    [
        "{{if .Task.Slot}}x{{end}}",
        "{{if .Task.Slot}}x{{else}}y{{end}}",
        "{{ if .Task.Slot }}x{{ else if .Node.ID }}y{{ end }}",
        "{{with .Service}}{{.Name}}{{end}}",
        "{{range .Service.Labels}}x{{break}}{{continue}}{{end}}",
        '{{define "x"}}y{{end}}z{{template "x"}}',
        '{{block "x" .}}y{{end}}',
        "{{if .A}}{{if .B}}x{{end}}y{{end}}",
        "{{if .A}}x{{end}}y{{if .B}}z{{end}}",
        "{{if .A}}{{foo}}{{end}}",
    ],
)
def test_control_structures_make_any_text_of_all_between_them(control: str) -> None:
    names = yields("a-{{.Service.Name}}-" + control + "-{{.Task.Slot}}b", TASK)
    assert names.unexpandable
    assert names.prefix == "a-web-"
    assert fields("a-{{.Service.Name}}-" + control) == {Field.SERVICE_NAME}
    for held in ("a-web--7b", "a-web-x-7b", "a-web-q-7b", "a-web-q/r-7b"):
        assert names.matches(held) is not None, held
    assert names.matches("a-wob-x-7b") is None


def test_a_slot_behind_a_control_structure_is_still_captured() -> None:
    match = yields("a-{{if .Task.Slot}}x{{end}}-{{.Task.Slot}}", Known()).matches("a-x-7")
    assert match is not None
    assert match.slot == 7


def test_trim_marks_of_control_structures_take_white_space() -> None:
    names = yields("a {{- if .Task.Slot }} x {{ end -}} b/c", TASK)
    assert names.prefix == "a"
    assert names.matches("ab/c") is not None
    assert yields("a {{if .Task.Slot }} x {{ end}} b/c", TASK).prefix == "a "


@pytest.mark.parametrize("control", ["{{if .A}}x", "{{end}}x", "{{if .A}}x{{end}}{{end}}x"])
def test_control_structures_that_do_not_add_up_make_any_text_of_the_rest(control: str) -> None:
    names = yields("a-" + control, TASK)
    assert names.unexpandable
    assert names.matches("a-y") is not None
    assert names.matches("b-y") is None


def test_a_template_of_nothing_but_control_structures_could_be_every_name() -> None:
    for source in ("{{if .A}}x{{end}}", ' {{define "expansion"}}x{{end}} '):
        assert yields(source, TASK).anything, source
        assert yields(source, TASK).matches("x") is not None


def test_an_unexpandable_template_with_a_parent_directory_could_be_anywhere() -> None:
    assert yields("a/{{if .Task.Slot}}../b{{end}}", TASK).matches("b") is not None
    assert yields('a/{{html "../b"}}', TASK).anything


def test_a_variable_that_a_control_structure_may_set_is_not_told() -> None:
    template = '{{$x := "a"}}v-%s-{{$x}}-{{$y}}'
    set_within = template % '{{if .Task.Slot}}{{$x = "b"}}{{end}}'
    set_by_range = template % "{{range $i, $x := .Service.Labels}}{{end}}"
    for source in (set_within, set_by_range):
        assert yields(source, TASK).matches("v--b-") is not None, source
    read_within = '{{$x := "a"}}v-{{if $x}}{{$x}}{{end}}-{{$x}}-{{$.Task.Slot}}'
    assert yields(read_within, TASK).matches("v-q-a-7") is not None
    assert yields(read_within + "z", Known()).matches("v-q-a-7y") is not None


def test_text_with_braces_in_a_label_key_does_not_end_the_action() -> None:
    names = yields('v-{{index .Service.Labels "a}}b{{c"}}-{{.Task.Slot}}', Known())
    match = names.matches("v-text-7")
    assert match is not None
    assert match.slot == 7
    assert not names.unexpandable


def test_known_values_with_braces_are_not_expanded_again() -> None:
    names = yields("v-{{.Node.Hostname}}", Known(node_hostname="{{.Task.Slot}}"))
    assert names.exact == "v-{{.Task.Slot}}"


def test_a_comment_ends_at_its_first_end_or_is_an_error() -> None:
    """Go refuses it there, even where a later comment would end well (lex.go, lexComment)."""
    names = yields("web{{/* a */ }}-{{.Task.Slot}}{{/* b */}}", TASK)
    assert names.unexpandable
    assert names.matches("web-7") is not None
    assert yields("web{{/* a * / */}}-{{.Task.Slot}}{{/* b */}}", TASK).exact == "web-7"
