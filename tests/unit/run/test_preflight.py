from __future__ import annotations

import os
import re
import resource
from typing import TYPE_CHECKING

import psutil
import pytest

from perfspec.errors import RunError
from perfspec.plan.model import FileClass, FileSet
from perfspec.run.contracts import RunOptions
from perfspec.run.preflight import _descriptors, check_preflight
from tests.results import make_plan, make_test

if TYPE_CHECKING:
    from pathlib import Path

    from perfspec.plan.model import Plan


def test_a_usual_run_has_nothing_to_fear(tmp_path: Path) -> None:
    assert list(check_preflight(make_plan(make_test()), tmp_path, RunOptions())) == []


def test_users_need_descriptors() -> None:
    assert list(_descriptors(3000, 20_000)) == []
    assert list(_descriptors(10**6, resource.RLIM_INFINITY)) == []
    (near,) = _descriptors(18_000, 20_000)
    assert near.startswith("18,000 users in one process come near the limit of 20000 open files")
    with pytest.raises(RunError, match="20,000 users in one process need as many connections"):
        list(_descriptors(20_000, 20_000))


def test_processes_share_the_users(tmp_path: Path) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY or hard > 10**6:
        pytest.skip("this system allows any number of open files")
    plan = make_plan(make_test(users=hard + 1))
    with pytest.raises(RunError, match="--workers"):
        list(check_preflight(plan, tmp_path, RunOptions()))
    assert all(
        "open files" not in each for each in check_preflight(plan, tmp_path, RunOptions(workers=4))
    )


def test_memory_that_is_not_free_is_a_warning_and_memory_that_is_not_there_an_error(
    tmp_path: Path,
) -> None:
    def plan_with(size: int) -> Plan:
        large = FileClass(name="large", weight=1, type="video/mp4", size=size)
        return make_plan(make_test(), files=(FileSet(name="videos", classes=(large,)),))

    nearly = int(psutil.virtual_memory().total * 0.99) - 200_000_000
    (warning,) = check_preflight(plan_with(nearly), tmp_path, RunOptions())
    assert re.match(r"10 users may need \S+ GB of memory, and \S+ GB are free", warning)
    with pytest.raises(RunError, match="10 users need about 1000000 GB of memory, and this"):
        list(check_preflight(plan_with(10**15), tmp_path, RunOptions()))
    with pytest.raises(RunError, match="10 users in 1,000,000 workers need about"):
        list(check_preflight(make_plan(make_test()), tmp_path, RunOptions(workers=10**6)))


def test_more_processes_than_cores_are_a_warning(tmp_path: Path) -> None:
    cores = os.cpu_count() or 1
    assert list(check_preflight(make_plan(make_test()), tmp_path, RunOptions(workers=cores))) == []
    (warning,) = check_preflight(make_plan(make_test()), tmp_path, RunOptions(workers=cores + 1))
    assert warning.startswith(f"{cores + 1} workers share {cores} core")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RunError, match="cannot be written: check its owner"):
        list(check_preflight(make_plan(make_test()), tmp_path, RunOptions()))
