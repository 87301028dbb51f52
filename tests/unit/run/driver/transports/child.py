"""A process of its own in which a Transport lives: gevent's patches must not reach pytest's."""

from gevent import monkey  # noqa: TID251  (see above)

monkey.patch_all()

from tests.unit.run.driver.transports.orders import main  # noqa: E402  (what it imports is patched)

main()
