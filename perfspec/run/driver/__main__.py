"""``python -m perfspec.run.driver``: runs one test of a plan and tells its parent, line by line."""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402  (nothing may be imported before the patches)
import logging  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from perfspec.errors import Exit, PerfspecError  # noqa: E402
from perfspec.run.driver.child import Child, Options, raise_file_limit, run_worker  # noqa: E402
from perfspec.run.driver.rehearsal import rehearse  # noqa: E402


def main() -> int:
    """Exit code 0 after a test that can be judged, 3 when something broke."""
    parser = argparse.ArgumentParser(prog="python -m perfspec.run.driver", description=__doc__)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--try", action="store_true", dest="rehearse")
    parser.add_argument("--worker", action="store_true")
    parser.add_argument("--master-port", type=int, default=0)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    raise_file_limit()
    options = Options(arguments.plan, arguments.test, arguments.workers)
    try:
        if arguments.worker:
            run_worker(options, arguments.master_port)
            return Exit.OK
        if arguments.rehearse:
            broken = rehearse(options.plan, options.test)
        else:
            broken = Child(options).run()
    except PerfspecError as error:
        print(error, file=sys.stderr)  # noqa: T201  (the log)
        return Exit.BROKEN
    return Exit.BROKEN if broken else Exit.OK


if __name__ == "__main__":
    sys.exit(main())
