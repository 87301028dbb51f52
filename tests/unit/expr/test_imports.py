from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = ("cryptography", "jwt", "jsonpath", "cbor2", "pydantic", "ruamel", "gevent", "locust")
LINT = """
import sys
from perfspec.expr import ExpressionError, parse_expression, parse_path, parse_template, parse_value
parse_expression("nonce | ed25519_sign(key) | jwt(key, 'HS256')")
parse_template("{{ a | url_encode }}/${B}")
parse_value({"a": ["{{ uuid() }}"]})
parse_path("$.items[*].id")
print(" ".join(sys.modules))
"""


@pytest.mark.slow
def test_lint_pays_for_nothing_that_only_a_run_needs() -> None:
    command = [sys.executable, "-c", LINT]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    loaded = {name.split(".")[0] for name in output.split()}
    assert "msgspec" in loaded
    assert loaded.isdisjoint(SLOW)
