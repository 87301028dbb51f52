from __future__ import annotations

import pytest

from perfspec.run.join import Address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.5", Address("10.0.0.5", 5557)),
        ("master", Address("master", 5557)),
        ("master:80", Address("master", 80)),
        ("*:5557", Address("*", 5557)),
    ],
)
def test_an_address_is_a_host_with_or_without_a_port(text: str, address: Address) -> None:
    assert Address.parse(text) == address
    assert Address.parse(str(address)) == address


@pytest.mark.parametrize("text", ["", "host:", ":80", "host:0", "host:65536", "host:http", "a b"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is no address: write HOST or HOST:PORT"):
        Address.parse(text)
