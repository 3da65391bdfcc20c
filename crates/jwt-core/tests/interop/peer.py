"""PyJWT as a peer: reads requests as lines of JSON, and answers each with one line."""

import json
import secrets
import sys

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, HMACAlgorithm, OKPAlgorithm, RSAAlgorithm


def generate(alg):
    """A private key as a JWK; for asymmetric keys also both PEM forms."""
    if alg.startswith("HS"):
        secret = secrets.token_bytes(int(alg[2:]) // 8)
        return {"jwk": HMACAlgorithm.to_jwk(secret, as_dict=True)}
    if alg == "EdDSA":
        key, to_jwk = ed25519.Ed25519PrivateKey.generate(), OKPAlgorithm.to_jwk
    elif alg.startswith("ES"):
        curve = ec.SECP256R1() if alg == "ES256" else ec.SECP384R1()
        key, to_jwk = ec.generate_private_key(curve), ECAlgorithm.to_jwk
    else:
        key, to_jwk = rsa.generate_private_key(65537, 2048), RSAAlgorithm.to_jwk
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        pem, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {
        "jwk": to_jwk(key, as_dict=True),
        "pkcs8": private.decode(),
        "spki": public.decode(),
    }


def sign(alg, jwk, header, claims):
    key = jwt.PyJWK(jwk, algorithm=alg).key
    return {"token": jwt.encode(claims, key, algorithm=alg, headers=header)}


def verify(alg, jwk, token, issuer, audience):
    key = jwt.PyJWK(jwk, algorithm=alg).key
    try:
        verified = jwt.decode_complete(
            token,
            key,
            algorithms=[alg],
            issuer=issuer,
            audience=audience,
            options={"require": ["exp", "iat", "iss", "aud"]},
        )
    except jwt.InvalidTokenError as error:
        return {"refused": type(error).__name__}
    return {"header": verified["header"], "claims": verified["payload"]}


DO = {"generate": generate, "sign": sign, "verify": verify}

print(json.dumps({"peer": f"PyJWT {jwt.__version__}"}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(DO[request.pop("do")](**request)), flush=True)
