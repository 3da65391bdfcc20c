"""Checks which verifiers accept Symbolon's access tokens, and that they refuse everything else.

Usage: python/venv/bin/python check.py SYMBOLON [ALGORITHM ...]

For each algorithm, starts Symbolon and shows an access token, one with another signature, a forwarded token and a
refresh token to each verifier. Prints the results of the access token, and exits with status 1 if one is unexpected.
"""

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = [
    ["node", HERE / "node/verify.mjs"],
    # joserfc warns that RFC 9864 deprecates the name EdDSA.
    [sys.executable, "-W", "ignore", HERE / "python/verify.py"],
    [sys.executable, HERE / "servers/servers.py"],
]
# They ask Symbolon, so the algorithm does not matter.
ASKING = {
    "openid-client client_secret_basic",
    "openid-client client_secret_post",
    "mod_auth_openidc introspection",
    "nginx auth_request",
    "Caddy forward_auth",
}
WITHOUT_EDDSA = {
    "jsonwebtoken",
    "express-jwt",
    "passport-jwt",
    "python-jose",
    "mod_auth_openidc JWKS",
    "HAProxy jwt_verify",
}


def is_accepted(verifier, algorithm):
    if verifier in ASKING:
        return True
    if verifier == "Authlib":
        return algorithm in ("ES256", "RS256")
    return algorithm in ("ES256", "ES384", "RS256") or (algorithm == "EdDSA" and verifier not in WITHOUT_EDDSA)


def wait_for(port, seconds=10):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@contextmanager
def symbolon(program, algorithm):
    """Starts Symbolon with a user and a service key, and returns its URL and the key."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://localhost:{port}"
    with tempfile.TemporaryDirectory() as directory:

        def command(*arguments):
            arguments = [program, *arguments, "--data-dir", directory]
            return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.strip()

        server = subprocess.Popen(
            [program, "serve", "--data-dir", directory, "--listen", f"127.0.0.1:{port}", "--public-url", url]
            + ["--audience", url, "--signing-alg", algorithm, "--forwarded-token-ttl", "5m"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(port)
            command("user", "add", "--id", "7", "--name", "Bob", "--email", "bob@example.org", "--no-password")
            scopes = ["--scope", "tokens:issue", "--scope", "tokens:introspect"]
            yield url, command("service-key", "create", "--name", "demo", *scopes)
        finally:
            server.terminate()
            server.wait()


def call(url, bearer, body=None):
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    return urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=5)


def tokens(url, key):
    with call(f"{url}/api/tokens", key, b'{"id":7}') as response:
        access = json.load(response)["token"]
        refresh = response.headers["Set-Cookie"].removeprefix("refreshToken=").split(";")[0]
    with call(f"{url}/api/verify", access) as response:
        forwarded = response.headers["X-Forwarded-Token"]
    head, payload, signature = access.split(".")
    altered = f"{head}.{payload}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
    return {"access": access, "altered": altered, "forwarded": forwarded, "refresh": refresh}


def results(url, token, key):
    merged = {}
    for program in PROGRAMS:
        output = subprocess.run([*program, url, token, "demo", key], check=True, stdout=subprocess.PIPE).stdout
        merged |= json.loads(output)
    return merged


def check(program, algorithm):
    unexpected = 0
    with symbolon(program, algorithm) as (url, key):
        for kind, token in tokens(url, key).items():
            for verifier, result in results(url, token, key).items():
                accepted = kind == "access" and is_accepted(verifier, algorithm)
                wrong = (result == "7") != accepted or not (accepted or result.startswith("refused"))
                unexpected += wrong
                if wrong or kind == "access":
                    print(f"{algorithm:6} {kind:9} {verifier:34} {result}{'  UNEXPECTED' if wrong else ''}", flush=True)
    return unexpected


if __name__ == "__main__":
    algorithms = sys.argv[2:] or ["ES256", "EdDSA", "RS256", "HS512"]
    sys.exit(sum(check(sys.argv[1], algorithm) for algorithm in algorithms) > 0)
