"""Decides where each setting is taken from: flag, then environment, then file."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from cloudstorctl.config import values
from cloudstorctl.config.chosen import PREFIX, chosen_context, config_file
from cloudstorctl.config.connection import managers_for, tls_for
from cloudstorctl.config.context import Context, Flags, Output, Places
from cloudstorctl.config.file import FileContext, expanded
from cloudstorctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
D = TypeVar("D")

_DEFAULT = "default"


def load_context(flags: Flags, environ: Mapping[str, str], places: Places) -> Context:
    """Return what holds for this run, with where each value came from.

    A flag outranks the environment, which outranks the file. Where to connect has one more rule:
    a context that is named outright outranks Docker's own variables, and one named by a flag
    outranks CLOUDSTORCTL_HOST too, so that `--context prod` never talks to another swarm because
    of a variable left in the shell. Without managers from any of these, they are those that the
    docker command line would use.

    Raises:
        UsageError: a flag, a variable or a file that cannot be used.
    """
    origins: dict[str, str] = {}
    file, origins["config_file"] = config_file(flags, environ, places)
    chosen = chosen_context(flags, environ, file)
    origins["name"] = chosen.origin
    in_file = chosen.context
    sources = _Sources(environ, in_file, origins)
    managers = managers_for(flags, environ, places, chosen)
    origins["managers"] = managers.origin
    tls = tls_for(flags, environ, places, chosen, managers)
    for setting in ("tls_ca", "tls_cert", "tls_key", "tls_verify"):
        origins[setting] = tls.origin
    timeout = sources.pick("timeout", values.seconds, 30.0, flags.timeout, in_file.timeout)
    whole_survey = sources.pick(
        "survey_timeout", values.seconds, None, None, in_file.survey_timeout
    )
    if whole_survey is None:
        origins["survey_timeout"] = "default: 4 times the timeout"
    confirm = bool(flags.confirm_terminated)
    origins["confirm_terminated"] = "flag --confirm-terminated" if confirm else _DEFAULT
    return Context(
        config_file=file.path if file else None,
        name=in_file.name,
        managers=managers.urls,
        cluster_id=sources.from_file("cluster_id", in_file.cluster_id, None),
        node_endpoint=sources.from_file("node_endpoint", in_file.node_endpoint, None)
        if chosen.by_flag and in_file.node_endpoint and not flags.node_endpoint
        else sources.pick(
            "node_endpoint", values.text, None, flags.node_endpoint, in_file.node_endpoint
        ),
        node_overrides=sources.from_file("node_overrides", in_file.nodes, ()),
        drivers=sources.from_file("drivers", in_file.drivers, ("*cloudstor*",)),
        tls_ca=tls.ca,
        tls_cert=tls.cert,
        tls_key=tls.key,
        tls_verify=tls.verify,
        protect_volumes=sources.from_file("protect_volumes", in_file.protect_volumes, ()),
        declared_by=sources.gather(
            "declared_by", values.stacks_and_globs, flags.declared_by, in_file.declared_by
        ),
        doctor_accept=sources.from_file("doctor_accept", in_file.doctor_accept, ()),
        grace=sources.pick(
            "grace", values.duration, values.duration("24h"), flags.grace, in_file.grace
        ),
        max_count=sources.pick("max_count", values.count, 20, flags.max_count, in_file.max_count),
        max_percent=sources.pick(
            "max_percent", values.percent, 25.0, flags.max_percent, in_file.max_percent
        ),
        require_recovery_point=sources.pick(
            "require_recovery_point",
            values.duration,
            None,
            flags.require_recovery_point,
            in_file.require_recovery_point,
        ),
        confirm_terminated=confirm,
        notify=sources.pick("notify", _addresses, (), flags.notify, in_file.notify),
        aws_profile=sources.from_file("aws_profile", in_file.aws_profile, None),
        aws_region=sources.from_file("aws_region", in_file.aws_region, None),
        aws_stack=sources.from_file("aws_stack", in_file.aws_stack, None),
        efs_regular=sources.from_file("efs_regular", in_file.efs_regular, None),
        efs_maxio=sources.from_file("efs_maxio", in_file.efs_maxio, None),
        timeout=timeout,
        survey_timeout=4 * timeout if whole_survey is None else whole_survey,
        parallel=sources.pick(
            "parallel", values.positive_count, 16, flags.parallel, in_file.parallel
        ),
        audit_log=sources.pick(
            "audit_log",
            lambda value: expanded(values.text(value), places.home),
            places.state / "audit.jsonl",
            flags.audit_log,
            in_file.audit_log,
        ),
        output=sources.pick("output", _output, Output.TABLE, flags.output, None),
        origins=tuple(sorted(origins.items())),
    )


class _Sources:
    """Picks settings one by one and notes where each came from."""

    def __init__(
        self, environ: Mapping[str, str], in_file: FileContext, origins: dict[str, str]
    ) -> None:
        self._environ = environ
        self._in_file = in_file
        self._origins = origins

    def pick(
        self,
        setting: str,
        check: Callable[[object], T],
        default: D,
        flag: object,
        in_file: T | None,
    ) -> T | D:
        """Return the value of the first source that has one; None is "has none"."""
        variable = PREFIX + setting.upper()
        option = "--" + setting.replace("_", "-")
        if flag is not None:
            self._origins[setting] = f"flag {option}"
            return _checked(option, check, flag)
        if written := self._environ.get(variable):
            self._origins[setting] = f"environment {variable}"
            return _checked(variable, check, written)
        return self.from_file(setting, in_file, default)

    def gather(
        self,
        setting: str,
        check: Callable[[object], tuple[str, ...]],
        flag: tuple[str, ...],
        in_file: tuple[str, ...] | None,
    ) -> tuple[str, ...]:
        """Return what all sources give together: what one of them keeps no other lets go."""
        variable = PREFIX + setting.upper()
        option = "--" + setting.replace("_", "-")
        given = {
            f"flag {option}": _checked(option, check, flag) if flag else (),
            f"environment {variable}": _checked(variable, check, written)
            if (written := self._environ.get(variable))
            else (),
            self._in_file.origin_of(setting): in_file or (),
        }
        self._origins[setting] = ", ".join(at for at in given if given[at]) or _DEFAULT
        return tuple(dict.fromkeys(each for values in given.values() for each in values))

    def from_file(self, setting: str, in_file: T | None, default: D) -> T | D:
        """Return the value in the file, else the default."""
        if in_file is None:
            self._origins[setting] = _DEFAULT
            return default
        self._origins[setting] = self._in_file.origin_of(setting)
        return in_file


def _checked(label: str, check: Callable[[object], T], raw: object) -> T:
    try:
        return check(raw)
    except ValueError as first:
        # Variables and some flags are text; what they spell may be a number.
        number = values.number_in(raw) if isinstance(raw, str) else raw
        if number is not raw:
            try:
                return check(number)
            except ValueError as error:
                raise UsageError(f"{label}: {error}") from error
        raise UsageError(f"{label}: {first}") from first


def _addresses(value: object) -> tuple[str, ...]:
    # The variable holds them with blanks in between, which no address has.
    return values.web_addresses(value.split() if isinstance(value, str) else value)


def _output(value: object) -> Output:
    try:
        return Output(str(value))
    except ValueError:
        known = ", ".join(Output)
        raise ValueError(f'expected one of {known}, found the text "{value}"') from None
