from __future__ import annotations

import csv
import io

from perfspec.judge.verdict import judge_run
from perfspec.report.csvs import requests_csv, windows_csv
from tests.results import bookshop_run, limit, make_plan, make_run, make_test, measure, skipped


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_requests_have_every_number_of_the_judged_seconds() -> None:
    plan, run = bookshop_run()
    rows = read(requests_csv(plan, run, judge_run(plan, run)))
    assert {each["test"] for each in rows} == {"smoke", "load"}
    books = next(each for each in rows if each["endpoint"] == "list_books")
    assert (books["kind"], books["judged_s"], books["requests"]) == ("request", "55.000", "1465")
    assert (books["failed"], books["failed_server"], books["failed_timeout"]) == ("11", "9", "2")
    assert float(books["error_rate"]) == round(11 / 1465, 6)
    assert float(books["p50_ms"]) <= float(books["p99_9_ms"]) <= float(books["max_ms"])
    assert float(books["ttfb_p95_ms"]) < float(books["p95_ms"])
    small = next(each for each in rows if each["file_class"])
    assert (small["endpoint"], small["file_class"]) == ("order", "small")


def test_windows_say_whether_they_were_judged() -> None:
    plan, run = bookshop_run()
    rows = read(windows_csv(plan, run, judge_run(plan, run)))
    total = [each for each in rows if each["test"] == "load" and each["kind"] == "total"]
    assert len(total) == 75
    assert [each["judged"] for each in total] == ["0"] * 15 + ["1"] * 55 + ["0"] * 5
    assert total[20]["users"] == "50.00"
    assert sum(int(each["requests"]) for each in total) == 2000 + 2000 + 3000 + 30


def test_nothing_measured_is_an_empty_cell_and_not_a_zero() -> None:
    test = make_test(limit("p95", 0.3), hold_s=20)
    plan = make_plan(test)
    run = make_run(plan, measure(test, {"login": [0.1] * 5}, until_s=9.5))
    rows = read(windows_csv(plan, run, judge_run(plan, run)))
    assert {each["window"] for each in rows} == {str(index) for index in range(10)}
    idle = next(each for each in rows if each["requests"] == "0")
    assert (idle["p95_ms"], idle["error_rate"], idle["rate_per_s"]) == ("", "", "")
    assert rows[9]["end_s"] == "9.500"


def test_a_run_without_tests_still_has_its_columns() -> None:
    test = make_test(limit("p95", 0.3))
    plan = make_plan(test)
    run = make_run(plan, skipped(test))
    full_plan, full_run = bookshop_run()
    full = judge_run(full_plan, full_run)
    for write in (requests_csv, windows_csv):
        header = write(plan, run, judge_run(plan, run))
        assert header.count("\n") == 1
        assert header == write(full_plan, full_run, full).partition("\n")[0] + "\n"
