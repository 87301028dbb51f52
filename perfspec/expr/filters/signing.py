"""Filters that sign as clients do: HMAC, Ed25519 and JSON Web Tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from perfspec.expr.errors import ExpressionError
from perfspec.expr.filters.encodings import decode_base64
from perfspec.expr.filters.function import Function, Parameter, check_choice, pure
from perfspec.expr.values import as_bytes, as_text

if TYPE_CHECKING:
    from perfspec.expr.filters.function import Implementation
    from perfspec.expr.tools import Tools

_DIGEST: Final = Parameter("hash", optional=True, choices=("sha256", "sha1", "sha384", "sha512"))
_ALGORITHM: Final = Parameter("algorithm", choices=("HS256", "EdDSA", "RS256"))


def _hmac(_tools: Tools) -> Implementation:
    from hmac import digest  # noqa: PLC0415  (lint has no use for it)

    def sign(value: object, key: object, name: object = "sha256") -> bytes:
        check_choice(_DIGEST, name)
        return digest(as_bytes(key), as_bytes(value), as_text(name))

    return sign


def _ed25519_sign(_tools: Tools) -> Implementation:
    from perfspec.expr.filters.keys import ed25519_sign  # noqa: PLC0415  (150 ms; lint signs nothing)

    return ed25519_sign


def _jwt(_tools: Tools) -> Implementation:
    from perfspec.expr.filters.keys import sign_jwt  # noqa: PLC0415  (150 ms; lint signs nothing)

    def sign(claims: object, key: object, algorithm: object) -> str:
        check_choice(_ALGORITHM, algorithm)
        return sign_jwt(claims, key, as_text(algorithm))

    return sign


def _jwt_claim(token: object, name: object) -> object:
    parts = as_text(token).split(".")
    try:
        claims = msgspec.json.decode(decode_base64(parts[1]), type=dict[str, object])
    except (IndexError, ValueError, RecursionError):
        msg = f"a text of {len(as_text(token))} characters is no JSON Web Token"
        raise ExpressionError(msg) from None
    return claims.get(as_text(name))


SIGNING: Final = (
    Function(
        "hmac", "The HMAC of bytes or text under a key, as bytes; the hash is sha256 unless sha1, "
        "sha384 or sha512 is named.",
        'nonce | hmac("secret") | hex',
        "4d079c0809e4fe589f9a0cb6011c25e5dd419504612a1ceb9942d2aed380c580", _hmac,
        (Parameter("key"), _DIGEST),
    ),
    Function(
        "ed25519_sign", "The Ed25519 signature of bytes or text, as 64 bytes. The key is PEM "
        "text, or its 32 byte seed as base64, hex or bytes.",
        "nonce | b64decode | ed25519_sign(user.private_key) | b64encode",
        "4UMMbr0NU1c7XIA0UhdPiZHvWVXgkGoJ6P3HMQRZ6cgqQCUmdIw0Mf5/Dl+q+/fnAyNHiXNAY+5CvhevFkONCA==",
        _ed25519_sign, (Parameter("key"),),
    ),
    Function(
        "jwt", "A signed JSON Web Token of a mapping; HS256 takes a secret, EdDSA and RS256 a "
        "private key. Times in exp, iat and nbf become seconds since 1970.",
        '{ sub: user.email } | jwt("secret", "HS256")',
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm5AZXhhbXBsZS5jb20ifQ."
        "zleoytIvYy96zqANjDMOgd0g40mvtrsob5nFTNYjsrE", _jwt, (Parameter("key"), _ALGORITHM),
    ),
    Function(
        "jwt_claim", "One claim of a JSON Web Token, null if it has none such; its signature is "
        "not checked.",
        'token | jwt_claim("exp")', 1795243200, pure(_jwt_claim), (Parameter("name"),),
    ),
)  # fmt: skip
