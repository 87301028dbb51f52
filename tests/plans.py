"""Plans built straight from their structs, for tests of what runs them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfspec.plan.base import Place
from perfspec.plan.journey import Options, Persona, RequestStep, Step
from perfspec.plan.load import Stage
from perfspec.plan.model import (
    DataSource,
    Environment,
    OpenModel,
    Plan,
    RowsGenerated,
    Test,
)
from perfspec.plan.request import Endpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACE = Place(file="perfspec.yaml", line=1, column=1)


def endpoint(name: str, request: str = "GET /", **rest: Any) -> Endpoint:  # noqa: ANN401  (fields of the struct)
    method, _, url = request.partition(" ")
    return Endpoint(name=name, method=method, url=url, place=PLACE, **rest)


def step(name: str, **options: Any) -> RequestStep:  # noqa: ANN401  (fields of the struct)
    return RequestStep(endpoint=name, options=Options(**options), place=PLACE)


def persona(*journey: Step | str, name: str = "visitor", **rest: Any) -> Persona:  # noqa: ANN401  (fields of the struct)
    """Steps may be given as endpoint names; ``on_start`` and ``on_stop``, too."""
    for key in ("on_start", "on_stop"):
        rest[key] = tuple(_step(each) for each in rest.get(key, ()))
    rest.setdefault("weight", 1.0)
    return Persona(name=name, journey=tuple(_step(each) for each in journey), **rest)


def _step(given: Step | str) -> Step:
    return step(given) if isinstance(given, str) else given


def rows(name: str, count: int, **rest: Any) -> DataSource:  # noqa: ANN401  (fields of the struct)
    """Generated rows with one column, ``id``: ``NAME-1`` and so on."""
    columns = {"id": f"{name}-{{1..{count}}}"}
    return DataSource(name=name, source=RowsGenerated(columns=columns, rows=count), **rest)


def plan(
    url: str,
    personas: Sequence[Persona],
    endpoints: Sequence[Endpoint],
    *,
    stages: Sequence[Stage] = (Stage(users=1, hold_s=1.0),),
    data: Sequence[DataSource] = (),
    directory: Path = Path(),
    hosts: Sequence[str] = (),
    open_model: OpenModel | None = None,
    **rest: Any,  # noqa: ANN401  (fields of the struct)
) -> Plan:
    """A plan with one test, ``load``, against ``url``."""
    test = Test(
        name="load",
        place=PLACE,
        personas=tuple(personas),
        stages=tuple(stages),
        open_model=open_model,
        objectives=(),
    )
    own = url.removeprefix("http://").partition("/")[0]
    return Plan(
        tool="test",
        name="test",
        file="perfspec.yaml",
        directory=str(directory),
        sequence="default",
        environment=Environment(name="local", url=url, hosts=(own, *hosts)),
        data=tuple(data),
        endpoints=tuple(endpoints),
        tests=(test,),
        **rest,
    )
