"""The parent is gone: nobody reads stdout or stderr any more, and the load process ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHILD = """
from gevent import monkey

monkey.patch_all()

import gevent
import sys
from gevent.event import Event
from perfspec.measure.progress import Gathering
from perfspec.run.driver.pipe import Pipe

pipe, orphaned = Pipe(), Event()
pipe.tell(Gathering(there=0, wanted=1))
pipe.listen(lambda: None, orphaned.set)
orphaned.wait()
orphaned.clear()
tellers = [gevent.spawn(pipe.tell, Gathering(there=1, wanted=1)) for _ in range(3)]
gevent.joinall(tellers)
sys.exit(7 if orphaned.is_set() else 1)
"""


@pytest.mark.slow
def test_it_tells_nobody_and_waits_for_nobody() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()  # it is there
        for each in (process.stdout, process.stderr, process.stdin):
            each.close()
        assert process.wait(30) == 7
