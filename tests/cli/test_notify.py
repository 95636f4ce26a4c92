"""`--notify`: what a webhook is told of each kind of run, and what a failing one changes."""

from __future__ import annotations

import errno
import io
import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.stage import statuses
from tests.cli.worlds import a_world, run_in
from tests.core.builders import CLUSTER
from tests.edge.engine_server import EngineServer, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cli.stage import Stage


class Hook:
    """A webhook that is up."""

    def __init__(self, server: EngineServer) -> None:
        self.server = server
        self.host = server.url.replace("tcp", "http")
        self.url = f"{self.host}/s3cret"
        self.options = ("--notify", self.url)

    @property
    def bodies(self) -> list[str]:
        return [seen.body.decode() for seen in self.server.seen]

    @property
    def told(self) -> dict[str, Any]:
        """The one document that it was told."""
        (body,) = self.bodies
        document: dict[str, Any] = json.loads(body)
        return document


AT_ONCE = {"CLOUDSTORCTL_GRACE": "0s"}


@pytest.fixture
def hook() -> Iterator[Hook]:
    with EngineServer(otherwise=Reply()) as server:
        yield Hook(server)


# What is told.


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["safe-prune", "--yes"], 0),
        (["safe-prune", "--yes", "shop*"], 0),
        (["safe-prune", "--dry-run"], 0),
        (["safe-prune", "--dry-run", "--detailed-exitcode"], 3),
        (["rm", "old", "web-1-vol"], 4),
        (["rm", "web-1-vol"], 4),
        (["rm", "nothing"], 1),
        (["apply", "plan.json"], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_webhook_is_told_once_and_exactly_what_json_output_prints(
    stage: Stage, hook: Hook, command: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stage.folder)
    stage.run("safe-prune", "--dry-run", "--plan-out", "plan.json", "old")
    ran = stage.run(*command, *hook.options, "-o", "json")
    assert ran.code == code
    assert hook.bodies == [ran.out]
    if hook.told["schema"] == "cloudstorctl/outcomes/v1":
        assert hook.told["exit_code"] == code
        assert (hook.told["command"], hook.told["error"] is None) == (command[0], code == 0)


@pytest.mark.parametrize("form", ["table", "yaml", "name"])
def test_it_is_told_the_same_whatever_is_printed(stage: Stage, hook: Hook, form: str) -> None:
    assert stage.run("safe-prune", "--yes", *hook.options, "-o", form).code == 0
    told = statuses(hook.told)
    assert {name for name, status in told.items() if status == "removed"} == {"old", "older"}
    assert len(told) == 10
    assert (hook.told["cluster_id"], hook.told["surveyed_at"], hook.told["complete"]) == (
        CLUSTER,
        "2026-11-23T12:00:00Z",
        True,
    )


@pytest.mark.parametrize("command", [["safe-prune", "--yes", "shop*"], ["rm", "shop-data"]])
def test_it_is_told_too_when_there_was_nothing_to_remove(
    stage: Stage, hook: Hook, command: list[str]
) -> None:
    stage.run(*command, *hook.options)
    assert statuses(hook.told)["shop-data"] == "kept"
    assert stage.swarm.deletes == []


def over_the_limit(stage: Stage, *options: str) -> int:
    return stage.run("safe-prune", "--yes", "--max-count", "1", *options).code


def not_confirmed(stage: Stage, *options: str) -> int:
    return stage.run("safe-prune", "-o", "json", *options).code


def answered_with_no(stage: Stage, *options: str) -> int:
    return stage.run("safe-prune", *options, answer="n\n").code


def tried_over_the_limit(stage: Stage, *options: str) -> int:
    return stage.run("safe-prune", "--dry-run", "--max-count", "1", *options).code


def no_record(stage: Stage, *options: str) -> int:
    (stage.folder / "file").write_text("")
    log = str(stage.folder / "file/audit.jsonl")
    return stage.run("safe-prune", "--yes", "--audit-log", log, *options).code


def stale(stage: Stage, *options: str) -> int:
    plan = str(stage.folder / "plan.json")
    stage.run("safe-prune", "--dry-run", "--plan-out", plan)
    stage.swarm.deploy("new", "old")
    return stage.run("apply", plan, *options).code


@pytest.mark.parametrize(
    ("act", "code", "error"),
    [
        (over_the_limit, 4, "2 volumes would be removed, and the limit is 1"),
        (not_confirmed, 4, "Not confirmed, nothing was removed: to remove these, pass --yes."),
        (answered_with_no, 4, "Not confirmed, nothing was removed."),
        (tried_over_the_limit, 4, "2 volumes would be removed, and the limit is 1"),
        (no_record, 1, "name another file with --audit-log"),
        (stale, 6, "The plan is stale, and nothing was removed:\n  old: it is reserved now."),
    ],
)
def test_a_run_that_was_refused_tells_why_and_what_was_not_tried(
    stage: Stage, hook: Hook, act: Callable[..., int], code: int, error: str
) -> None:
    assert act(stage, *hook.options) == code
    assert hook.told["schema"] == "cloudstorctl/outcomes/v1"
    assert hook.told["exit_code"] == code
    assert error in hook.told["error"]
    assert hook.told["cluster_id"] == CLUSTER
    told = statuses(hook.told)
    assert (told["old"], told["older"]) == ("not_tried", "not_tried")
    assert stage.swarm.deletes == []


def test_a_run_that_reached_nobody_tells_that(stage: Stage, hook: Hook) -> None:
    nowhere = f"unix://{stage.folder}/nowhere"
    ran = stage.run("safe-prune", "--yes", "--host", nowhere, *hook.options, reach=False)
    assert ran.code == 8
    error = hook.told.pop("error")
    assert ran.err == f"cloudstorctl: {error}\n"
    assert hook.told | {"error": None} == {
        "schema": "cloudstorctl/outcomes/v1",
        "cluster_id": None,
        "surveyed_at": None,
        "complete": False,
        "gaps": [],
        "command": "safe-prune",
        "exit_code": 8,
        "error": None,
        "outcomes": [],
    }


def test_a_plan_that_cannot_be_read_is_told(stage: Stage, hook: Hook) -> None:
    assert stage.run("apply", "/nowhere/plan.json", *hook.options).code == 2
    assert "The plan /nowhere/plan.json cannot be read" in hook.told["error"]


def test_an_incomplete_view_is_told_with_its_gaps(stage: Stage, hook: Hook) -> None:
    stage.blind("w1")
    ran = stage.run("safe-prune", "--yes", *hook.options, "-o", "json")
    assert ran.code == 5
    assert hook.bodies == [ran.out]
    assert [gap["node"]["hostname"] for gap in hook.told["gaps"]] == ["w1"]
    assert (hook.told["complete"], hook.told["exit_code"]) == (False, 5)


def test_an_interrupted_run_tells_what_it_did_and_what_it_left(stage: Stage, hook: Hook) -> None:
    stage.on_delete("old", lambda: os.kill(os.getpid(), signal.SIGINT))
    ran = stage.run("safe-prune", "--yes", *hook.options, "-o", "json")
    assert ran.code == 130
    assert hook.bodies == [ran.out]
    assert hook.told["exit_code"] == 130
    told = statuses(hook.told)
    assert (told["old"], told["older"]) == ("removed", "not_tried")


def test_a_run_that_is_stopped_at_once_tells_what_is_in_doubt(stage: Stage, hook: Hook) -> None:
    stage.stop_at_once_after("old")
    ran = stage.run("safe-prune", "--yes", *hook.options, "-o", "json")
    assert (ran.code, ran.out) == (130, "")
    assert (hook.told["error"], hook.told["exit_code"]) == ("interrupted", 130)
    told = statuses(hook.told)
    assert (told["old"], told["older"], told["shop-data"]) == ("uncertain", "not_tried", "kept")


def test_a_run_that_an_error_ended_tells_the_outcomes_and_the_error(
    stage: Stage, hook: Hook
) -> None:
    stage.on_delete("old", lambda: stage.swarm.set_cluster("another"))
    ran = stage.run("safe-prune", "--yes", *hook.options, "-o", "json")
    assert ran.code == 2
    assert hook.bodies == [ran.out]
    assert "another" in hook.told["error"]
    assert hook.told["exit_code"] == 2
    told = statuses(hook.told)
    assert (told["old"], told["older"]) == ("uncertain", "not_tried")


class Gone(io.StringIO):
    """Output that nobody reads any more."""

    def write(self, _: str) -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def test_it_is_told_though_nobody_reads_the_output(stage: Stage, hook: Hook) -> None:
    world = a_world(stage.folder, environ=AT_ONCE, stdout=Gone())
    options = ("--yes", "-o", "json", *hook.options, *stage.swarm.options)
    assert run_in(world, "safe-prune", *options).code == 1
    assert statuses(hook.told)["old"] == "removed"


def test_a_run_that_ended_because_nobody_reads_its_plan_says_so(stage: Stage, hook: Hook) -> None:
    world = a_world(stage.folder, environ=AT_ONCE, stdout=Gone())
    assert run_in(world, "safe-prune", *hook.options, *stage.swarm.options).code == 1
    assert (hook.told["exit_code"], hook.told["error"]) == (1, "what read its output is gone")
    assert statuses(hook.told)["old"] == "not_tried"


def test_what_is_told_is_as_of_the_survey_that_the_plan_rests_on(stage: Stage, hook: Hook) -> None:
    stage.on_delete("old", lambda: stage.blind("w1"))
    assert stage.run("safe-prune", "--yes", *hook.options).code == 7
    assert (hook.told["complete"], hook.told["gaps"]) == (True, [])
    assert statuses(hook.told)["old"] == "uncertain"


def test_the_configuration_and_the_environment_name_webhooks_too(stage: Stage, hook: Hook) -> None:
    file = stage.folder / "config.toml"
    file.write_text(f'[contexts.prod.prune]\nnotify = ["{hook.url}", "{hook.host}/second"]\n')
    assert stage.run("--config", str(file), "rm", "old").code == 0
    assert sorted(seen.path for seen in hook.server.seen) == ["/s3cret", "/second"]
    world = a_world(stage.folder, environ={**AT_ONCE, "CLOUDSTORCTL_NOTIFY": f"{hook.host}/third"})
    command = ("--config", str(file), "rm", "older", *stage.swarm.options)
    assert run_in(world, *command).code == 0
    assert [seen.path for seen in hook.server.seen][2:] == ["/third"]


@pytest.mark.parametrize("command", [["ls"], ["inspect", "old"], ["config", "show"]])
def test_a_command_that_removes_nothing_tells_nobody(
    stage: Stage, hook: Hook, command: list[str]
) -> None:
    file = stage.folder / "config.toml"
    file.write_text(f'[contexts.prod.prune]\nnotify = ["{hook.url}"]\n')
    assert stage.run("--config", str(file), *command).code == 0
    assert hook.bodies == []


# Webhooks that fail.


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(status=500), "it answered HTTP 500"),
        (
            Reply(status=302, headers=(("Location", "ftp://x/s3cret"),)),
            "it redirects to ftp://x/… (HTTP 302); give that address instead",
        ),
        (Reply(hold=True), "no answer within 2 s, though it may have arrived"),
    ],
    ids=["500", "redirect", "hangs"],
)
def test_a_webhook_that_fails_is_said_after_the_outcome_and_hides_nothing(
    stage: Stage, hook: Hook, reply: Reply, told: str
) -> None:
    hook.server.answer("/s3cret", reply)
    begun = time.monotonic()
    ran = stage.run("safe-prune", "--yes", *hook.options, "--timeout", "2", "-o", "json")
    assert time.monotonic() - begun < 10
    assert ran.code == 1
    assert ran.err == f"cloudstorctl: {hook.host}/… was not told: {told}.\n"
    assert statuses(json.loads(ran.out))["old"] == "removed"
    assert stage.swarm.destroyed == ["old", "older"]
    assert len(hook.bodies) == 1


def test_a_webhook_that_is_not_there_is_said_and_the_others_are_told(
    stage: Stage, hook: Hook
) -> None:
    with EngineServer() as server:
        gone = server.url.replace("tcp", "http")
    ran = stage.run("rm", "old", "--notify", f"{gone}/s3cret", *hook.options)
    assert ran.code == 1
    assert f"{gone}/… was not told: Connection refused." in ran.err
    assert "s3cret" not in ran.err
    assert hook.told["exit_code"] == 0, "the run itself went well"
    assert stage.swarm.destroyed == ["old"]


def test_a_failing_webhook_does_not_change_the_exit_code_of_a_run_that_failed(
    stage: Stage, hook: Hook
) -> None:
    hook.server.answer("/s3cret", Reply(status=500))
    assert stage.run("rm", "web-1-vol", *hook.options, "-q").code == 4
    assert over_the_limit(stage, *hook.options) == 4


def test_metrics_tell_of_the_exit_code_that_a_failing_webhook_made(
    stage: Stage, hook: Hook
) -> None:
    hook.server.answer("/s3cret", Reply(status=500))
    file = stage.folder / "cloudstorctl.prom"
    assert stage.run("rm", "old", *hook.options, "--metrics-out", str(file)).code == 1
    assert f'exit_code{{cluster_id="{CLUSTER}",command="rm"}} 1.0' in file.read_text()


def test_ctrl_c_while_a_webhook_hangs_ends_that_alone(stage: Stage, hook: Hook) -> None:
    def press(_: object) -> Reply:
        os.kill(os.getpid(), signal.SIGINT)
        return Reply(hold=True)

    hook.server.answer("/s3cret", press)
    file = stage.folder / "cloudstorctl.prom"
    ran = stage.run("rm", "old", *hook.options, "--metrics-out", str(file))
    assert ran.code == 130
    assert "interrupted while what happened was told; whether it arrived is not known" in ran.err
    assert stage.swarm.destroyed == ["old"]
    assert f'exit_code{{cluster_id="{CLUSTER}",command="rm"}} 130.0' in file.read_text()


# Addresses that cannot be.


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("ftp://example.com/s3cret", 'with the scheme http or https, found "ftp"'),
        ("hooks.example.com/s3cret", "found one without a host that can be understood"),
        ("https://host:port/s3cret", "found one without a host that can be understood"),
    ],
)
@pytest.mark.parametrize("command", [["safe-prune", "--yes"], ["rm", "old"], ["apply", "x"]])
def test_an_address_that_cannot_be_is_refused_before_anything_is_asked(
    stage: Stage, address: str, told: str, command: list[str]
) -> None:
    ran = stage.run(*command, "--notify", address)
    assert ran.code == 2
    assert ran.err.startswith("cloudstorctl: --notify: expected an address such as")
    assert told in ran.err
    assert "s3cret" not in ran.err
    assert stage.swarm.seen == ()
