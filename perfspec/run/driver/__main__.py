"""``python -m perfspec.run.driver``: runs one test of a plan and tells its parent, line by line."""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402  (nothing may be imported before the patches)
import logging  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from perfspec.errors import Exit, PerfspecError  # noqa: E402
from perfspec.run.driver.child import Child, Options  # noqa: E402
from perfspec.run.driver.process import raise_file_limit  # noqa: E402
from perfspec.run.driver.rehearsal import rehearse  # noqa: E402
from perfspec.run.driver.worker import Search, serve  # noqa: E402
from perfspec.run.join import KEY, Address  # noqa: E402


def main() -> int:
    """Exit code 0 after a test that can be judged, 3 when something broke."""
    arguments = parse()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    raise_file_limit()
    try:
        broken = perform(arguments)
    except PerfspecError as error:
        print(f"Error: {error}", file=sys.stderr)  # noqa: T201  (the log)
        return Exit.BROKEN
    return Exit.BROKEN if broken else Exit.OK


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m perfspec.run.driver", description=__doc__)
    parser.add_argument("--plan", type=Path)
    parser.add_argument("--test")
    parser.add_argument("--base", type=Path, help="plan of the other side of a duet")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--bind", type=Address.parse, help="workers come from other machines")
    parser.add_argument("--wait", type=float, default=60.0, help="seconds, for the others")
    parser.add_argument("--web", type=int, metavar="PORT", help="of Locust's web UI")
    parser.add_argument("--try", action="store_true", dest="rehearse")
    parser.add_argument("--worker", action="store_true")
    parser.add_argument("--master", type=Address.parse)
    parser.add_argument("--another", action="store_true", help="it may be that none follows")
    return parser.parse_args()


def perform(arguments: argparse.Namespace) -> str | None:
    """Returns the sentence that says what broke. Raises PerfspecError."""
    if arguments.worker:
        search = Search(arguments.master, arguments.wait, another=arguments.another)
        serve(search, os.environ.pop(KEY))
        return None
    if arguments.rehearse:
        return rehearse(arguments.plan, arguments.test)
    options = Options(
        arguments.plan,
        arguments.test,
        arguments.workers,
        arguments.bind,
        arguments.wait,
        arguments.base,
        arguments.web,
    )
    return Child(options).run()


if __name__ == "__main__":
    sys.exit(main())
