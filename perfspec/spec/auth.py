"""How a persona signs in: a token, a password, or a client of OAuth 2.0."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from perfspec.spec.base import (
    Duration,
    Name,
    Scalar,
    Strict,
    Text,
    only_one,
    wrong,
)
from perfspec.spec.headers import Headers

AUTH_SCHEMES = ("bearer", "basic", "header", "oauth2")


class BasicAuth(Strict):
    """User and password of HTTP's basic authentication."""

    user: Scalar = Field(description='Who signs in. Example: `user: "{{ user.name }}"`')
    password: Scalar = Field(
        description='What proves it. Example: `password: "{{ user.password }}"`'
    )


class OAuth2(Strict):
    """A client that gets one token for all users (client credentials)."""

    token_url: Annotated[
        str,
        Field(
            pattern=r"^(/|https?://|\$\{)\S*$",
            json_schema_extra={
                "patternErrorMessage": "Write a path such as /oauth/token, or a URL"
            },
        ),
    ] = Field(description="Where tokens come from. Example: `token_url: /oauth/token`")
    client_id: Text = Field(description="Who asks. Example: `client_id: perfspec`")
    client_secret: Text = Field(
        description="What proves it. Example: `client_secret: ${CLIENT_SECRET}`"
    )
    scope: Text | None = Field(None, description="What is asked for. Example: `scope: read write`")


class Auth(Strict):
    """Credentials, added to every request to the environment's own host."""

    bearer: Text | None = Field(
        None,
        description="A token for the header Authorization: Bearer. "
        'Example: `bearer: "{{ token }}"`',
    )
    basic: BasicAuth | None = Field(
        None,
        description="User and password for basic authentication. "
        'Example: `basic: { user: "{{ user.name }}", password: "{{ user.password }}" }`',
    )
    header: Headers | None = Field(
        None, description='Headers of your own. Example: `header: { X-Key: "{{ key }}" }`'
    )
    oauth2: OAuth2 | None = Field(
        None,
        description="One token for all users, renewed before it ends. Example: `oauth2: "
        '{ token_url: /oauth/token, client_id: perfspec, client_secret: "${CLIENT_SECRET}" }`',
    )
    renew_before: Duration | None = Field(
        None, description="How long before its end it is renewed. Example: `renew_before: 60s`"
    )
    renew_with: list[Name] | None = Field(
        None,
        min_length=1,
        description="Endpoints that renew it, in order. Example: `renew_with: [login]`",
    )
    expires_in: Text | None = Field(
        None,
        description="How long it is valid, a duration or an expression; a JWT's own end when left "
        "out. Example: `expires_in: 60m`",
    )

    @model_validator(mode="after")
    def _one_scheme(self) -> Self:
        scheme = only_one(self, AUTH_SCHEMES, "auth")
        ill = self.model_fields_set & {"renew_with", "expires_in"}
        if scheme == "oauth2" and ill:
            text = f"{min(ill)} does not belong to oauth2, which renews its token by itself"
            raise wrong(text)
        return self
