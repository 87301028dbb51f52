"""Choosing what runs: one environment, one sequence, and everything these need."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from perfspec import __version__
from perfspec.plan.channel import channel_of
from perfspec.plan.compile.budgets import compile_baseline, compile_waivers
from perfspec.plan.compile.channels import compile_channel
from perfspec.plan.compile.choice import choose_environment, every_test
from perfspec.plan.compile.environments import compile_environment, compile_hook
from perfspec.plan.compile.journeys import called_by, calls_python
from perfspec.plan.compile.limits import place_of
from perfspec.plan.compile.monitors import compile_monitors
from perfspec.plan.compile.prices import compile_prices
from perfspec.plan.compile.requests import compile_endpoint
from perfspec.plan.compile.sources import compile_data, compile_files, sources_of
from perfspec.plan.compile.tests import TestCompiler
from perfspec.plan.compile.variables import check_variables, variables_in, with_variables
from perfspec.plan.fingerprint import fingerprint_plan, fingerprint_test
from perfspec.plan.model import Plan
from perfspec.spec.secret import secret_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from perfspec.plan.channel import Channel
    from perfspec.plan.compile.choice import Chosen
    from perfspec.plan.model import Test
    from perfspec.plan.request import Endpoint
    from perfspec.spec.document import Document


def compile_plan(
    document: Document,
    chosen: Chosen,
    *,
    variables: Mapping[str, str],
    environment: str | None = None,
    seed: int = 1,
    complete: bool = True,
) -> Plan:
    """Compile the chosen tests for one environment: that named, the sequence's own, or ``local``.

    Raises UsageError for an environment that the spec does not hold and, unless ``complete`` is
    False (nothing will be sent), InvalidSpecError for a variable that is in use and not set.
    """
    spec = document.spec
    where = choose_environment(document, environment or chosen.environment)
    tests = TestCompiler(document, where)
    compiled = [tests.compile(each) for each in chosen.tests]
    secrets = secret_names(spec)
    endpoints = _endpoints(document, compiled)
    channels = _channels(document, compiled)
    used = _used_sources(document, compiled, [*endpoints, *channels])
    plan = Plan(
        tool=__version__,
        name=spec.name,
        description=spec.description,
        file=document.file,
        directory=str(Path(document.file).resolve().parent),
        sequence=chosen.name,
        environment=compile_environment(document, where, variables, secrets, complete=complete),
        secrets=tuple(sorted({*secrets, *spec.secrets})),
        hooks_before=compile_hook(spec.hooks.before if spec.hooks else None, variables),
        hooks_after=compile_hook(spec.hooks.after if spec.hooks else None, variables),
        data=tuple(
            compile_data(name, spec.data[name], spec.secrets, variables)
            for name in used
            if spec.data[name].files is None
        ),
        files=tuple(
            compile_files(name, spec.data[name], variables)
            for name in used
            if spec.data[name].files is not None
        ),
        endpoints=endpoints,
        monitors=compile_monitors(
            spec, where, variables, secrets, lambda path: place_of(document, path)
        ),
        prices=compile_prices(spec.prices),
        channels=channels,
        tests=tuple(compiled),
        baseline=compile_baseline(spec),
        waivers=compile_waivers(document),
        seed=seed,
    )
    plan = with_variables(plan, variables, secrets)
    if complete:
        check_variables(document, plan, secrets)
    return _with_fingerprints(plan)


def compile_everywhere(document: Document) -> dict[str, Plan]:
    """Every test in each environment, for a look at them: nothing of this could be run."""
    chosen = every_test(document)
    return {
        name: compile_plan(document, chosen, variables={}, environment=name, complete=False)
        for name in document.spec.environments
    }


def _endpoints(document: Document, tests: Sequence[Test]) -> tuple[Endpoint, ...]:
    """Endpoints that some test calls, in file order; a Python step may call any."""
    spec = document.spec
    everything = any(calls_python(each) for test in tests for each in test.personas)
    called = {name for test in tests for each in test.personas for name in called_by(each)}
    return tuple(
        compile_endpoint(name, written, spec.defaults, place_of(document, ("endpoints", name)))
        for name, written in spec.endpoints.items()
        if written.request is not None and (everything or name in called)
    )


def _channels(document: Document, tests: Sequence[Test]) -> tuple[Channel, ...]:
    """Connections that some test opens, in file order."""
    spec = document.spec
    called = {
        channel_of(name) for test in tests for each in test.personas for name in called_by(each)
    }
    return tuple(
        compile_channel(
            name,
            written,
            spec.defaults,
            lambda *path, name=name: place_of(document, ("endpoints", name, *path)),
        )
        for name, written in spec.endpoints.items()
        if written.request is None and name in called
    )


def _used_sources(
    document: Document, tests: Sequence[Test], endpoints: Sequence[Endpoint | Channel]
) -> list[str]:
    data = document.spec.data
    personas = [each for test in tests for each in test.personas]
    own = {each.data for each in personas}
    mentioned = sources_of(msgspec.to_builtins([*personas, *endpoints]), data)
    return [name for name in data if name in own or name in mentioned]


def _with_fingerprints(plan: Plan) -> Plan:
    tests = []
    for test in plan.tests:
        called = {name for each in test.personas for name in called_by(each)}
        endpoints = [each for each in plan.endpoints if each.name in called]
        opened = {channel_of(name) for name in called}
        channels = [each for each in plan.channels if each.name in opened]
        words = sources_of(
            msgspec.to_builtins([*test.personas, *endpoints, *channels]),
            [*(each.name for each in plan.data), *(each.name for each in plan.files)],
        )
        own = {each.data for each in test.personas} | set(words)
        data = [each for each in plan.data if each.name in own]
        mentioned = variables_in([test.personas, endpoints, channels, data])
        print_ = fingerprint_test(
            test,
            [*endpoints, *channels],
            data,
            [each for each in plan.files if each.name in own],
            plan.environment.name,
            {name: value for name, value in plan.variables.items() if name in mentioned},
        )
        tests.append(msgspec.structs.replace(test, fingerprint=print_))
    plan = msgspec.structs.replace(plan, tests=tuple(tests))
    return msgspec.structs.replace(plan, fingerprint=fingerprint_plan(plan))
