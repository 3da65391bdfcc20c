"""Prints, as JSON, what each library makes of an access token: the user's id, or why it refuses.

Usage: python verify.py ISSUER TOKEN
"""

import json
import sys
import urllib.request

import jwt as pyjwt
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from jose import jwt as python_jose
from joserfc import jwk
from joserfc import jwt as joserfc_jwt

ISSUER, TOKEN = sys.argv[1:3]
JWKS_URI = f"{ISSUER}/.well-known/jwks.json"
ALGORITHMS = ["ES256", "ES384", "EdDSA", "RS256"]
VERIFIERS = {}


def verifier(name):
    return lambda function: VERIFIERS.setdefault(name, function)


def fetch_keys():
    with urllib.request.urlopen(JWKS_URI, timeout=5) as response:
        return json.load(response)


def require_access_token(header):
    """The type of a token, which not every library checks."""
    if header.get("typ") != "at+jwt":
        raise ValueError("not an access token")


@verifier("PyJWT")
def _():
    key = pyjwt.PyJWKClient(JWKS_URI).get_signing_key_from_jwt(TOKEN)
    token = pyjwt.decode_complete(TOKEN, key, algorithms=ALGORITHMS, issuer=ISSUER, audience=ISSUER)
    require_access_token(token["header"])
    return token["payload"]["sub"]


@verifier("python-jose")
def _():
    claims = python_jose.decode(TOKEN, fetch_keys(), algorithms=ALGORITHMS, issuer=ISSUER, audience=ISSUER)
    require_access_token(python_jose.get_unverified_header(TOKEN))
    return claims["sub"]


@verifier("joserfc")
def _():
    token = joserfc_jwt.decode(TOKEN, jwk.KeySet.import_key_set(fetch_keys()), algorithms=ALGORITHMS)
    require_access_token(token.header)
    value = {"essential": True, "value": ISSUER}
    joserfc_jwt.JWTClaimsRegistry(iss=value, aud=value, exp={"essential": True}).validate(token.claims)
    return token.claims["sub"]


class Validator(JWTBearerTokenValidator):
    def get_jwks(self):
        return jwk.KeySet.import_key_set(fetch_keys())


@verifier("Authlib")
def _():
    validator = Validator(issuer=ISSUER, resource_server=ISSUER)
    claims = validator.authenticate_token(TOKEN)
    validator.validate_token(claims, scopes=None, request=None)
    return claims["sub"]


def result(verify):
    try:
        return verify()
    except Exception as error:  # Each library has exceptions of its own.
        return f"refused: {error}"


print(json.dumps({name: result(verify) for name, verify in VERIFIERS.items()}, indent=2))
