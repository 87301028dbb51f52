"""``call: module:function``: Python beside the spec as a step, with the session in its hands."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, cast

from perfspec.errors import RunError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping
    from random import Random

    from perfspec.run.driver.actor import Actor
    from perfspec.run.driver.compile.bench import Bench, Step
    from perfspec.run.driver.compile.steps import StepCompiler, Think
    from perfspec.run.driver.transports.exchange import Response


class RequestFailed(Exception):  # noqa: N818  (its name is what a reader of a function looks for)
    """Raised by ``Session.request``; the failure is recorded already."""


class Session:
    """What a function is called with: the user it acts for.

    ``variables`` are those that templates see, to read and to write; ``rng`` is the user's own.
    """

    RequestFailed = RequestFailed

    def __init__(self, me: Actor, steps: Mapping[str, Step]) -> None:
        self._me = me
        self._steps = steps

    @property
    def variables(self) -> MutableMapping[str, Any]:
        return self._me.scope

    @property
    def rng(self) -> Random:
        return self._me.rng

    def request(self, endpoint: str) -> Response:
        """Call an endpoint of the spec, measured and checked like a step.

        Raises ``Session.RequestFailed`` when it fails, KeyError for a name that is no endpoint.
        """
        if not self._steps[endpoint](self._me):
            error, message = self._me.wrong or ("check", "")
            msg = f"{endpoint} failed: {error}: {message}"
            raise RequestFailed(msg)
        return cast("Response", self._me.response)


def compile_call(bench: Bench, name: str, steps: StepCompiler, think_s: Think | None) -> Step:
    """The function as a step; raises RunError when it cannot be imported."""
    function = _load(bench.plan.directory, name)
    endpoints = {
        each.name: steps.request(each.name, think_s, keep_response=True)
        for each in bench.plan.endpoints
    }
    fault = bench.series("request", name)

    def call(me: Actor) -> bool:
        bench.rng.source, me.due = me.rng, None  # when it sends something is its own business
        try:
            function(Session(me, endpoints))
        except RequestFailed:
            return False
        except Exception as error:  # noqa: BLE001  (whatever user code raises is its failure)
            return bench.fault(me, fault, f"{type(error).__name__}: {error}")
        finally:
            me.response = None
        return True

    return call


def _load(directory: str, name: str) -> Callable[[Session], object]:
    module_name, _, function_name = name.partition(":")
    if directory not in sys.path:
        sys.path.insert(0, directory)
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, AttributeError, SyntaxError) as error:
        msg = f"call: {name}: {error}; the module is looked for beside the spec, in {directory}"
        raise RunError(msg) from error
    if not callable(function):
        msg = f"call: {name} is no function"
        raise RunError(msg)
    return cast("Callable[[Session], object]", function)
