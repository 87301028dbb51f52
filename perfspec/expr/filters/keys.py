"""Signing with keys, on top of cryptography and PyJWT; imported only by what signs.

A key is parsed once and kept: at load, the same users sign again and again.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key
from jwt import PyJWS, PyJWTError
from jwt.algorithms import HMACAlgorithm, RSAAlgorithm

from perfspec.expr.errors import ExpressionError
from perfspec.expr.filters.encodings import decode_base64
from perfspec.expr.values import as_bytes, as_mapping, describe, kind, to_json

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from cryptography.hazmat.primitives.serialization.ssh import SSHPrivateKeyTypes

_KEPT: Final = 65_536  # keys, one for each virtual user of a large test
_SEED: Final = 32
_HEX_SEED: Final = re.compile(r"[0-9a-fA-F]{64}")
_FORMS: Final = "an Ed25519 key is PEM text, or its 32 byte seed as base64, hex or bytes"
_TIMES: Final = frozenset({"exp", "iat", "nbf"})


class _AnyHmac(HMACAlgorithm):
    """How long a secret should be is the tested system's business, no reason for a warning."""

    def prepare_key(self, key: str | bytes) -> bytes:
        return _hmac_key(key)

    def check_key_length(self, key: object) -> None:
        """Accept every length."""


class _AnyRsa(RSAAlgorithm):
    def check_key_length(self, key: object) -> None:
        """Accept every length."""


def ed25519_sign(value: object, key: object) -> bytes:
    """The 64 byte signature; raises ExpressionError for a key in no known form."""
    return _ed25519_key(_given(key)).sign(as_bytes(value))


def sign_jwt(claims: object, key: object, algorithm: str) -> str:
    """A compact token of ``claims``; times in exp, iat and nbf become seconds since 1970."""
    content = {
        name: int(cast("datetime", each).timestamp())
        if name in _TIMES and kind(each) == "time"
        else each
        for name, each in as_mapping(claims).items()
    }
    try:
        return _JWS.encode(to_json(content), _jwt_key(_given(key), algorithm), algorithm)
    except ExpressionError:
        raise
    except (PyJWTError, ValueError) as error:
        msg = f"the key does not fit {algorithm}: {error}"
        raise ExpressionError(msg) from None


def _given(key: object) -> str | bytes:
    """A key as it was given, text or bytes; no message quotes one."""
    if kind(key) in {"text", "bytes"}:
        return cast("str | bytes", key)
    msg = f"the key is {describe(key)}, not text or bytes"
    raise ExpressionError(msg)


def _jwt_key(key: str | bytes, algorithm: str) -> str | bytes | Ed25519PrivateKey | RSAPrivateKey:
    match algorithm:
        case "EdDSA":
            return _ed25519_key(key)
        case "RS256":
            return _rsa_key(key)
        case _:
            return key


@lru_cache(_KEPT)
def _ed25519_key(key: str | bytes) -> Ed25519PrivateKey:
    if isinstance(key, bytes) and len(key) == _SEED:
        return Ed25519PrivateKey.from_private_bytes(key)
    stripped = as_bytes(key).strip()
    if stripped.startswith(b"-----BEGIN"):
        found = _private_key(stripped)
        if isinstance(found, Ed25519PrivateKey):
            return found
        msg = f"the key is of another kind ({type(found).__name__})"
        raise ExpressionError(msg, hint=_FORMS)
    try:
        text = stripped.decode()
        seed = bytes.fromhex(text) if _HEX_SEED.fullmatch(text) else decode_base64(text)
        return Ed25519PrivateKey.from_private_bytes(seed)
    except ValueError:
        msg = f"the key, {len(key)} long, has no form that is known"
        raise ExpressionError(msg, hint=_FORMS) from None


@lru_cache(_KEPT)
def _rsa_key(key: str | bytes) -> RSAPrivateKey:
    found = _private_key(as_bytes(key).strip())
    if isinstance(found, RSAPrivateKey):
        return found
    msg = f"the key is of another kind ({type(found).__name__})"
    raise ExpressionError(msg, hint="an RSA key is the PEM text of a private key")


@lru_cache(_KEPT)
def _hmac_key(key: str | bytes) -> bytes:
    return HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(key)


def _private_key(pem: bytes) -> PrivateKeyTypes | SSHPrivateKeyTypes:
    """A key from PEM; line ends that a variable or CSV file holds as two characters are mended."""
    text = pem.replace(b"\\n", b"\n")
    load = load_ssh_private_key if b"OPENSSH" in text.split(b"\n", 1)[0] else load_pem_private_key
    try:
        return load(text, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: it is encrypted
        msg = f"the key is no private key in PEM: {error}"
        raise ExpressionError(msg) from None


def _signer() -> PyJWS:
    signer = PyJWS()
    for name, algorithm in (
        ("HS256", _AnyHmac(_AnyHmac.SHA256)),
        ("RS256", _AnyRsa(_AnyRsa.SHA256)),
    ):
        signer.unregister_algorithm(name)
        signer.register_algorithm(name, algorithm)
    return signer


_JWS: Final = _signer()
