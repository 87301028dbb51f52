from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfspec.errors import RunError
from perfspec.expr import Tools
from perfspec.plan.model import DataSource, RowsFile, RowsGenerated
from perfspec.run.driver.pools import make_pool
from perfspec.run.rows import read_rows

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.plan.model import Pick

TOOLS = Tools(random.Random(1), lambda: datetime(2026, 11, 21, tzinfo=UTC))


def source(pick: Pick = "round_robin") -> DataSource:
    return DataSource(name="people", source=RowsGenerated(columns={}, rows=1), pick=pick)


def generated(rows: int, **columns: str) -> list[Any]:
    data = DataSource(name="d", source=RowsGenerated(columns=columns, rows=rows))
    return read_rows(data, ".", TOOLS, {"HOST": "x{1..3}"})


def from_file(folder: Path, name: str, text: str, rows: str | None = None) -> list[Any]:
    (folder / name).write_text(text, encoding="utf-8")
    form: Any = name.rpartition(".")[2]
    data = DataSource(name="d", source=RowsFile(path=name, format=form, rows=rows))
    return read_rows(data, str(folder), TOOLS, {})


def test_counters_count_the_last_one_fastest_and_begin_again() -> None:
    assert generated(6, a="{1..2}-{08..10}", b="n{3..1}", c="same") == [
        {"a": "1-08", "b": "n3", "c": "same"},
        {"a": "1-09", "b": "n2", "c": "same"},
        {"a": "1-10", "b": "n1", "c": "same"},
        {"a": "2-08", "b": "n3", "c": "same"},
        {"a": "2-09", "b": "n2", "c": "same"},
        {"a": "2-10", "b": "n1", "c": "same"},
    ]


def test_variables_are_put_in_and_are_no_counters() -> None:
    assert generated(1, a="${HOST}/{5..5}") == [{"a": "x{1..3}/5"}]


def test_rows_of_files(tmp_path: Path) -> None:
    assert from_file(tmp_path, "a.csv", 'id,name\n1,"a\nb"\n') == [{"id": "1", "name": "a\nb"}]
    assert from_file(tmp_path, "a.jsonl", '{"id": 1}\n\n2\n') == [{"id": 1}, 2]
    text = '{"users": [{"id": 1}, {"id": 2}]}'
    assert from_file(tmp_path, "a.json", text, "$.users") == [{"id": 1}, {"id": 2}]
    assert from_file(tmp_path, "a.json", text, "$.users[*].id") == [1, 2]
    assert from_file(tmp_path, "a.json", "[3]") == [3]


@pytest.mark.parametrize(
    ("name", "text", "rows", "message"),
    [
        ("a.csv", "id,name\n1\n", None, "line 2 has not the 2 columns of the first line"),
        ("a.csv", "id,name\n1,2,3\n", None, "line 2 has not the 2 columns"),
        ("a.csv", "id\n", None, "has no rows"),
        ("a.json", "[1", None, "cannot be read"),
        ("a.json", '{"a": 1}', "$.a", "is no list"),
        ("a.json", '{"a": 1}', "$.b", "has no rows"),
        ("a.jsonl", "{]", None, "cannot be read"),
    ],
)
def test_files_without_rows_say_why(
    tmp_path: Path, name: str, text: str, rows: str | None, message: str
) -> None:
    with pytest.raises(RunError, match=message):
        from_file(tmp_path, name, text, rows)


def test_a_missing_file_is_named() -> None:
    data = DataSource(name="d", source=RowsFile(path="gone.csv", format="csv"))
    with pytest.raises(RunError, match=r"data 'd' cannot be read: .*gone\.csv"):
        read_rows(data, ".", TOOLS, {})


workers = st.integers(min_value=1, max_value=5)


@given(st.integers(min_value=1, max_value=30), workers)
def test_unique_rows_are_disjoint_and_all_of_them(rows: int, count: int) -> None:
    everything = list(range(rows))
    drawn: list[int] = []
    for worker in range(count):
        pool = make_pool(source("unique"), everything, worker, count)
        while True:
            try:
                drawn.append(pool.draw(random.Random(1)))
            except RunError:
                break
    assert sorted(drawn) == everything


@given(st.integers(min_value=1, max_value=30), workers)
def test_in_turn_the_workers_together_take_every_row_alike(rows: int, count: int) -> None:
    pools = [make_pool(source(), list(range(rows)), worker, count) for worker in range(count)]
    drawn = [pool.draw(random.Random(1)) for _ in range(rows) for pool in pools]
    assert {drawn.count(row) for row in range(rows)} == {count}


def test_a_unique_row_comes_back_last() -> None:
    pool = make_pool(source("unique"), ["a", "b"], 0, 1)
    first = pool.draw(random.Random(1))
    pool.give_back(first)
    assert [pool.draw(random.Random(1)) for _ in range(2)] == ["b", "a"]


def test_random_rows_follow_the_users_seed() -> None:
    pool = make_pool(source("random"), list(range(100)), 0, 1)
    draws = [[pool.draw(rng) for _ in range(5)] for rng in (random.Random(1), random.Random(1))]
    assert draws[0] == draws[1]
    assert len(set(draws[0])) > 1
