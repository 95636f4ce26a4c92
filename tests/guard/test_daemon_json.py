"""dockerd's configuration: what is put into its text, what goes, and what is left as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudstorctl.errors import UsageError
from cloudstorctl.guard.daemon_json import hosts_in, plugins_in, with_plugin, without_plugin
from cloudstorctl.guard.names import KEY

FILE = "/etc/docker/daemon.json"
PRETTY = """{
    "debug": true,
    "log-opts": { "max-size": "10m" },
    "shutdown-timeout": 1.50e1
}
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, '{\n  "authorization-plugins": ["g"]\n}\n'),
        ("", '{\n  "authorization-plugins": ["g"]\n}\n'),
        (" \n", '{\n  "authorization-plugins": ["g"]\n}\n'),
        ("{}\n", '{\n  "authorization-plugins": ["g"]\n}\n'),
        ('{"debug": true}', '{"debug": true, "authorization-plugins": ["g"]}'),
        ('{"a":1,"b":2}', '{"a":1,"b":2, "authorization-plugins": ["g"]}'),
        (PRETTY, PRETTY.replace("1.50e1", '1.50e1,\n    "authorization-plugins": ["g"]')),
        ('{"authorization-plugins":[]}', '{"authorization-plugins":["g"]}'),
        ('{"authorization-plugins": null}', '{"authorization-plugins": ["g"]}'),
        (
            '{"authorization-plugins": ["b", "a"], "x": {}}',
            '{"authorization-plugins": ["b", "a", "g"], "x": {}}',
        ),
        (
            '{\n\t"authorization-plugins": [\n\t\t"a"\n\t]\n}',
            '{\n\t"authorization-plugins": [\n\t\t"a",\n\t\t"g"\n\t]\n}',
        ),
        ('\ufeff{"a": 1}', '\ufeff{"a": 1, "authorization-plugins": ["g"]}'),
        ('{"a": "{\\"}"}', '{"a": "{\\"}", "authorization-plugins": ["g"]}'),
        ('{"authorization-plugins": ["g", "a"]}', '{"authorization-plugins": ["g", "a"]}'),
    ],
)
def test_a_plugin_is_put_last_and_all_else_stays(before: str | None, after: str) -> None:
    assert with_plugin(before, "g", FILE) == after
    assert with_plugin(after, "g", FILE) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, None),
        ("", ""),
        (PRETTY, PRETTY),
        ('{\n  "authorization-plugins": ["g"]\n}\n', "{}\n"),
        ('{"authorization-plugins": ["g"], "a": 1}', '{"a": 1}'),
        ('{"a": 1, "authorization-plugins": ["g"], "b": 2}', '{"a": 1, "b": 2}'),
        (PRETTY.replace("1.50e1", '1.50e1,\n    "authorization-plugins": ["g"]'), PRETTY),
        ('{"authorization-plugins": ["a", "g"]}', '{"authorization-plugins": ["a"]}'),
        ('{"authorization-plugins": ["g", "a"]}', '{"authorization-plugins": ["a"]}'),
        ('{"authorization-plugins": ["g", "a", "g"]}', '{"authorization-plugins": ["a"]}'),
        ('{"authorization-plugins": ["g", "g"], "a": 1}', '{"a": 1}'),
        ('{"authorization-plugins": []}', '{"authorization-plugins": []}'),
    ],
)
def test_only_the_plugin_s_name_goes_and_an_empty_list_s_key(
    before: str | None, after: str | None
) -> None:
    assert without_plugin(before, "g", FILE) == after


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"debug": true', "/etc/docker/daemon.json is not valid JSON: Expecting ',' delimiter"),
        ("[]", "/etc/docker/daemon.json: expected a JSON object"),
        (
            '{"authorization-plugins": "g"}',
            '/etc/docker/daemon.json: authorization-plugins is "g", expected a list of names',
        ),
        ('{"authorization-plugins": ["g", 1]}', 'authorization-plugins is ["g", 1], expected'),
        (
            '{"authorization-plugins": [], "authorization-plugins": ["g"]}',
            "authorization-plugins is there twice",
        ),
    ],
)
def test_what_dockerd_would_not_read_is_an_error_that_names_it(text: str, told: str) -> None:
    for change in (with_plugin, without_plugin, plugins_in):
        with pytest.raises(UsageError) as caught:
            change(text, *(() if change is plugins_in else ("g",)), FILE)  # type: ignore[call-arg]
        assert told in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.lists(st.text(max_size=4), max_size=4)


@given(
    others=st.dictionaries(st.text().filter(lambda key: key != KEY), JSON, max_size=4),
    plugins=st.none() | NAMES,
    at=st.integers(0, 4),
    indent=st.none() | st.integers(0, 4),
    plugin=st.text(min_size=1, max_size=4),
)
def test_other_keys_and_plugins_keep_their_values_and_order(
    others: dict[str, object],
    plugins: list[str] | None,
    at: int,
    indent: int | None,
    plugin: str,
) -> None:
    members = list(others.items())
    if plugins is not None:
        members.insert(at, (KEY, plugins))
    text = json.dumps(dict(members), indent=indent)
    before = plugins or []
    added = with_plugin(text, plugin, FILE)
    told = json.loads(added)
    assert told.pop(KEY) == (before if plugin in before else [*before, plugin])
    assert list(told.items()) == list(others.items())
    removed = without_plugin(added, plugin, FILE)
    assert removed is not None
    told = json.loads(removed)
    left = [each for each in before if each != plugin]
    assert told.pop(KEY, []) == left
    assert list(told.items()) == list(others.items())


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        (None, ()),
        ("", ()),
        (PRETTY, ()),
        ('{"hosts": null}', ()),
        ('{"hosts": ["tcp://0.0.0.0:1", "unix:///a"]}', ("tcp://0.0.0.0:1", "unix:///a")),
    ],
)
def test_the_addresses_are_those_of_the_configuration(
    text: str | None, hosts: tuple[str, ...]
) -> None:
    assert hosts_in(text, FILE) == hosts
