from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.demo.template.expansion import Context, TemplateError, expand

THE_TASK = Context(
    service_id="svc7",
    service_name="my_web-7",
    service_labels={"tier": "gold", "zone": "é"},
    node_id="node4",
    node_hostname="n1",
    node_os="linux",
    node_arch="x86_64",
    task_id="task9",
    task_name="my_web-7.2.task9",
    task_slot="2",
)


def texts(*rows: tuple[str, str]) -> pytest.MarkDecorator:
    """Make a table of templates and what they expand to."""
    return pytest.mark.parametrize(("template", "text"), rows, ids=[row[0] for row in rows])


# Those that tests/swarm/test_templates.py gives to real workers.
@texts(
    ("plain", "plain"),
    ("{{.Service.Name}}-{{.Task.Slot}}-vol", "my_web-7-2-vol"),
    ("{{ .Service.ID }}.{{.Node.ID}}", "svc7.node4"),
    ("h-{{.Node.Hostname}}", "h-n1"),
    ("{{.Node.Platform.OS}}-{{.Node.Platform.Architecture}}", "linux-x86_64"),
    ("{{.Task.ID}}", "task9"),
    ("{{.Task.Name}}", "my_web-7.2.task9"),
    ('{{index .Service.Labels "tier"}}-label', "gold-label"),
    (
        '{{.Service.Labels | printf "%s" "x" | print}}',
        "x%!(EXTRA map[string]string=map[tier:gold zone:é])",
    ),
    ("trim {{- .Task.Slot -}} med", "trim2med"),
    ("c{{/* a comment with }} in it */}}omment", "comment"),
    ('{{join "-" .Service.Name .Task.Slot}}', "my_web-7-2"),
    ('{{join "+" "a" "b" "c"}}', "a+b+c"),
    ('{{printf "%s_%s" .Service.Name .Task.Slot}}', "my_web-7_2"),
    ('{{printf "%v.%d" .Service.Name 7}}', "my_web-7.7"),
    ('{{printf "%3s|" .Task.Slot}}', "  2|"),
    ('{{print .Service.Name "x" .Task.Slot}}', "my_web-7x2"),
    ("{{print 1 2}}", "1 2"),
    ('{{.Service.Name | printf "%s-piped"}}', "my_web-7-piped"),
    ("{{$x := .Task.Slot}}s{{$x}}", "s2"),
    ("{{$.Service.Name}}-root", "my_web-7-root"),
    ('{{"}}"}}braces', "}}braces"),
    ("{{`raw`}}-{{.Service.Name}}", "raw-my_web-7"),
    ("{{if .Service.Name}}yes{{else}}no{{end}}-if", "yes-if"),
    ("{{with .Service.Name}}{{.}}{{end}}-with", "my_web-7-with"),
    ("{{len .Service.Name}}-long", "8-long"),
    ("{{slice .Service.Name 0 2}}-part", "my-part"),
    ('{{or "" .Service.Name}}-or', "my_web-7-or"),
    ('{{html "<a>"}}', "&lt;a&gt;"),
    ("{{(.Service.Name)}}-paren", "my_web-7-paren"),
    ("dots/../{{.Service.Name}}-up", "dots/../my_web-7-up"),
    ("nested/{{.Service.Name}}/{{.Task.Slot}}", "nested/my_web-7/2"),
    ("web.*[x]", "web.*[x]"),
)
def test_the_lab_s_templates_expand_as_its_workers_expand_them(template: str, text: str) -> None:
    assert expand(template, THE_TASK) == text


@texts(
    ("{{if eq .Task.Slot `1` `2`}}a{{end}}", "a"),
    ("{{if false}}a{{else if .Task.Slot}}b{{else}}c{{end}}", "b"),
    ('{{if ""}}a{{else if 0}}b{{else}}c{{end}}', "c"),
    ("{{with .Service.Labels}}{{.tier}}{{end}}", "gold"),
    ("{{with or nil}}a{{else}}{{.Task.Slot}}{{end}}", "2"),
    ("{{range $k, $v := .Service.Labels}}{{$k}}={{$v}};{{end}}", "tier=gold;zone=é;"),
    ("{{range .Service.Labels}}{{.}}{{break}}{{end}}", "gold"),
    ('{{range .Service.Labels}}{{if eq . "gold"}}{{continue}}{{end}}{{.}}{{end}}', "é"),
    ("{{range $v := .Service.Labels}}{{$v}}{{end}}", "goldé"),
    ("{{range or nil}}a{{else}}b{{end}}", "b"),
    ('{{$x := 1}}{{range .Service.Labels}}{{$x = "y"}}{{end}}{{$x}}', "y"),
    ("{{$x := 1}}{{range $x = .Service.Labels}}{{end}}{{$x}}", "é"),
    ("{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}", "1"),
    ('{{define "t"}}<{{.}}>{{end}}{{template "t" .Task.Slot}}', "<2>"),
    ('{{block "t" .Task}}{{.Slot}}{{end}}', "2"),
    ('{{define "t"}}{{.}}{{end}}{{template "t"}}', "<no value>"),
    ('{{define "expansion"}}other{{end}}', "other"),
    ("{{($x := 3)}}{{$x}}", "33"),
    ("a {{- /* gone */ -}} b", "ab"),
    ("{{.Expand `{{.Task.Slot}}`}}", "2"),
    ("{{`{{.Task.Slot}}` | .Expand | print}}", "2"),
)
def test_control_structures_do_what_go_s_do(template: str, text: str) -> None:
    assert expand(template, THE_TASK) == text


@texts(
    ("{{017}} {{0x1F}} {{0b11}} {{1_000}} {{-7}} {{+7}}", "15 31 3 1000 -7 7"),
    ("{{1.50}} {{1e3}} {{1e6}} {{1e-7}} {{-0.0}}", "1.5 1000 1e+06 1e-07 -0"),
    (r"{{'a'}} {{'\''}} {{'\x41'}} {{'é'}}", "97 39 65 233"),
    (r'{{"\u00e9\U0001F600\x41\101\t\""}}', 'é😀AA\t"'),
    (r'{{"\xc3\xa9\xff"}}', "é\ufffd"),
    ("{{true}} {{print nil}} {{or nil}}", "true <nil> <no value>"),
    ("{{`a\r\nb`}}", "a\nb"),
)
def test_constants_are_go_s(template: str, text: str) -> None:
    assert expand(template, THE_TASK) == text


@texts(
    ("{{and 1 0 2}} {{or 0 2 3}} {{not 0}} {{0 | or 0}}", "0 2 true 0"),
    ("{{or 1 (index nil)}}", "1"),
    ("{{eq 1 2 1}} {{ne 1 2}} {{lt `a` `b`}} {{le 2 2}} {{gt 1.5 1.0}} {{ge 1 2}}",
     "true true true true true false"),
    ("{{eq . $}} {{eq nil nil}} {{eq .Node nil}} {{eq .Node .Node}} {{eq 1 nil}}",
     "true true false true false"),
    ("{{index `a` 0}} {{eq (index `a` 0) 97}} {{index .Service.Labels `no`}}.", "97 true ."),
    ("{{slice `abc` 1}} {{slice `abc` 1 1}} {{slice `abc`}}", "bc  abc"),
    ("{{len `é`}} {{len .Service.Labels}}", "2 2"),
    ("{{println `a` 1 2}}", "a 1 2\n"),
    ("{{print `a` 1 2 `b` `c` true nil}}", "a1 2bctrue <nil>"),
    ("{{html `'\"&` nil}} {{urlquery `a b/é`}}", "&#39;&#34;&amp;&lt;no value&gt; a+b%2F%C3%A9"),
    (r"""{{js "<'\"=\\>&\né\u200b"}}""", r"""\u003C\'\"\u003D\\\u003E\u0026\u000Aé\u200B"""),
    (r'{{js "\x7f\xff"}}', "\x7f\ufffd"),
    ("{{.Node}} {{.Task | print}}", "{node4 n1 {x86_64 linux}} {task9 my_web-7.2.task9 2}"),
    ("{{.}}", ("{{svc7 my_web-7 map[tier:gold zone:é]} {node4 n1 {x86_64 linux}}"
               " {task9 my_web-7.2.task9 2}}")),
)  # fmt: skip
def test_functions_give_what_go_s_give(template: str, text: str) -> None:
    assert expand(template, THE_TASK) == text


@texts(
    ("`%5s|%-5s|%05s|%.1s|%5.1q` `ab` `ab` `ab` `ab` `ab`", '   ab|ab   |000ab|a|  "a"'),
    ("`%d|%5d|%-5d|%05d|%+d|% d|%.3d|%x|%#X` 7 7 7 -7 7 7 7 255 255",
     "7|    7|7    |-0007|+7| 7|007|ff|0XFF"),
    ("`%t|%c|%q|%U|%#U|%o|%#o|%O|%b` true 'é' 'é' 'é' 'é' 8 8 8 5",
     "true|é|'é'|U+00E9|U+00E9 'é'|10|010|0o10|101"),
    ("`%f|%.2f|%8.3f|%-8.1f|%08.3f|%+.1e|%g|%G` 1.5 1.5 -1.5 1.5 -1.5 1.5 1e-7 1e7",
     "1.500000|1.50|  -1.500|1.5     |-001.500|+1.5e+00|1e-07|1E+07"),
    ('`%x|% X|%#x|%# x|%q|%+q|%#q` `ab` `ab` `ab` `ab` "\\xffé" "é" `a"b`',
     r'6162|61 62|0x6162|0x61 0x62|"\xffé"|"\u00e9"|`a"b`'),
    ("`%d %s %t %z %c` `a` 1 1 2 `a`",
     "%!d(string=a) %!s(int=1) %!t(int=1) %!z(int=2) %!c(string=a)"),
    ("`%d %s` 1", "1 %!s(MISSING)"),
    ("`%d` 1 2 nil", "1%!(EXTRA int=2, <nil>)"),
    ("`%%|%s|%v|%` nil nil", "%|%!s(<nil>)|<nil>|%!(NOVERB)"),
    ("`%T %T %T %T` 1 1.5 true .", "int float64 bool *template.Context"),
    ("`%v %+v` .Task .Task", "{task9 my_web-7.2.task9 2} {ID:task9 Name:my_web-7.2.task9 Slot:2}"),
    ("`%d` .Node.Platform", "{%!d(string=x86_64) %!d(string=linux)}"),
    ("`%#v %#v %+v` `a` (index `a` 0) 1", '"a" 0x61 1'),
    (r"""`%q|%+q` "\t\x01\u200b\U000e0001" 'é'""", r""""\t\x01\u200b\U000e0001"|'\u00e9'"""),
    ("`%x|%.d|%3.0d|%d|%c` `` 0 0 1.5 0xD800", "||   |%!d(float64=1.5)|\ufffd"),
    ("`%99999999d` 1", "%!(NOVERB)%!(EXTRA int=1)"),
)  # fmt: skip
def test_printf_formats_as_go_s(template: str, text: str) -> None:
    assert expand(f"{{{{printf {template}}}}}", THE_TASK) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{.Service.Nope}}", "can't evaluate field Nope in type struct { ID string; Name"),
        ("{{.Service.Labels.nope}}", 'map has no entry for key "nope"'),
        ("{{(or nil).Name}}", 'nil data; no entry for key "Name"'),
        ("{{nope}}", 'undefined function "nope"'),
        ("\n{{$x}}", 'expansion:2: undefined variable "$x"'),
        ("{{if false}}{{$x = 1}}{{end}}{{$y = 1}}", "undefined variable: $y"),
        ("{{$x := $x}}", "undefined variable: $x"),
        ("{{.Task.Slot", "unclosed action"),
        ("{{/* a", "unclosed comment"),
        ("{{/* a */ }}", "comment ends before closing delimiter"),
        ("{{(1}}", "unexpected <}}> in parenthesized pipeline"),
        ("{{1)}}", "unexpected <)> in command"),
        ('{{index .Service.Labels "a" "b"}}', "cannot index slice/array with type string"),
        ("{{index .Service.Labels 1}}", "value has type int; should be string"),
        ("{{index .Node 1}}", "can't index item of type struct"),
        ("{{index nil}}", "index of untyped nil"),
        ("{{index 1 1}}", "can't index item of type int"),
        ("{{index `a` 1}}", "index out of range: 1"),
        ("{{index `a` 2}}", "index out of range: 2"),
        ("{{slice 1}}", "can't slice item of type int"),
        ("{{slice `abc` 2 1}}", "invalid slice index: 2 > 1"),
        ("{{slice `abc` 1 2 3}}", "cannot 3-index slice a string"),
        ("{{len 1}}", "len of type int"),
        ("{{call .Task.Slot}}", "non-function of type string"),
        ("{{eq 1}}", "missing argument for comparison"),
        ("{{eq 1 `a`}}", "incompatible types for comparison"),
        ("{{eq .Service.Labels .Node}}", "non-comparable types"),
        ("{{eq .Service .Service}}", "non-comparable type struct"),
        ("{{lt true false}}", "invalid type for comparison"),
        ("{{lt 1 1.0}}", "incompatible types for comparison"),
        ("{{join 1 2}}", "expected string; found 1"),
        ("{{join nil}}", "cannot assign nil to string"),
        ("{{len `a` | join}}", "wrong type for value; expected string; got int"),
        ("{{or nil | join}}", "invalid value; expected string"),
        ("{{not 1 2}}", "wrong number of args for not: want 1 got 2"),
        ("{{and}}", "wrong number of args for and: want at least 1 got 0"),
        ("{{nil}}", "nil is not a command"),
        ("{{.Task.Slot 1}}", "can't give argument to non-function"),
        ("{{.Task.Expand 1}}", "can't evaluate field Expand"),
        ("{{1 | 2}}", "non executable command in pipeline stage 2"),
        ("{{1 | ()}}", "missing value for parenthesized pipeline"),
        ("{{| 1}}", "unexpected <|> in command"),
        ("{{1 | |}}", "unexpected <|> in command"),
        ("{{true.Name}}", "unexpected . after term"),
        ("{{end}}", "unexpected <end> in input"),
        ("{{if 1}}", "unexpected EOF"),
        ("{{if 1}}{{end 1}}", "unexpected <1> in end"),
        ("{{len print}}{{len len}}", "wrong number of args for len: want 1 got 0"),
        ("{{if 1}}{{else}}{{else}}{{end}}", "expected end; found {{else}}"),
        ("{{with 1}}{{else if 1}}{{end}}", "unexpected <if> in input"),
        ("{{range 1}}{{end}}", "range can't iterate over 1"),
        ("{{range $a, 1}}{{end}}", "range can only initialize variables"),
        ("{{$a, $b := 1}}", "too many declarations in command"),
        ("{{break}}", "{{break}} outside {{range}}"),
        ("{{template `t`}}", 'template "t" not defined'),
        ("{{template t}}", "unexpected <t> in template clause"),
        ("{{define `t`}}{{else}}{{end}}", "unexpected <else> in define clause"),
        ("{{define `t`}}1{{end}}{{define `t`}}2{{end}}", "multiple definition of template"),
        ("{{define `t`}}{{template `t`}}{{end}}{{template `t`}}", "maximum template depth"),
        ("{{1a}}", "bad character"),
        ("{{$1 :2}}", "bad character"),
        ("{{.Service.Labels.1a}}", "bad character"),
        ("{{1+2}}", "bad number syntax"),
        ("{{1e}}", "illegal number syntax"),
        ("{{99999999999999999999}}", "integer overflow"),
        ("{{'ab'}}", "malformed character constant"),
        (r'{{"\z"}}', "invalid syntax"),
        (r'{{"\ud800"}}', "invalid syntax"),
        ("{{$a² := 1}}", "bad character"),
        ("{{print(1)}}", "unexpected <(> in operand"),
    ],
)  # fmt: skip
def test_what_go_refuses_is_refused(template: str, message: str) -> None:
    with pytest.raises(TemplateError) as refusal:
        expand(template, THE_TASK)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{printf `%p` .}}", "%p is not supported"),
        ("{{printf `%[1]s` 1}}", "is not supported"),
        ("{{printf `%*d` 1 1}}", "is not supported"),
        ("{{printf `%#v` .}}", "is not supported"),
        ("{{printf `%x` 1.5}}", "is not supported"),
        ("{{1+2i}}", "bad number syntax"),
    ],
)
def test_what_go_could_do_but_is_not_made_here_is_refused_too(template: str, message: str) -> None:
    with pytest.raises(TemplateError) as refusal:
        expand(template, THE_TASK)
    assert message in str(refusal.value)


def test_labels_that_there_are_none_of_are_nil() -> None:
    bare = replace(THE_TASK, service_labels={})
    assert expand("{{.Service.Labels}} {{eq .Service.Labels nil}}", bare) == "map[] true"
    assert expand("{{range .Service.Labels}}a{{else}}b{{end}}", bare) == "b"
