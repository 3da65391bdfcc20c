"""Prints, as JSON, what each web server makes of an access token: the user's id, or the status.

Usage: python servers.py ISSUER TOKEN SERVICE_KEY_NAME SERVICE_KEY
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from joserfc import jwk

HERE = Path(__file__).parent
SERVERS = {
    "apache.conf": ["apache2", "-DFOREGROUND", "-f"],
    "haproxy.cfg": ["haproxy", "-db", "-f"],
    "nginx.conf": ["nginx", "-e", "stderr", "-p", ".", "-c"],
    "Caddyfile": ["caddy", "run", "--adapter", "caddyfile", "--config"],
}
FRONTS = {
    "mod_auth_openidc JWKS": "APACHE_JWKS",
    "mod_auth_openidc introspection": "APACHE_INTROSPECTION",
    "HAProxy jwt_verify": "HAPROXY",
    "nginx auth_request": "NGINX",
    "Caddy forward_auth": "CADDY",
}


class Backend(BaseHTTPRequestHandler):
    """The service behind the web servers. It returns the user's id that it received."""

    def do_GET(self):
        body = self.headers.get("X-User-Id", "").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def free_addresses(count):
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]


def wait_for(address, seconds=10):
    host, port = address.split(":")
    deadline = time.monotonic() + seconds
    while True:
        try:
            return socket.create_connection((host, int(port)), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def haproxy_keys(issuer, directory):
    """Writes the keys of the JWK set as PEM files, and returns the lines of the configuration that name them."""
    with urllib.request.urlopen(f"{issuer}/.well-known/jwks.json", timeout=5) as response:
        keys = json.load(response)["keys"]
    lines = []
    for number, key in enumerate(keys):
        file = directory / f"key{number}.pem"
        file.write_bytes(jwk.import_key(key).as_pem(private=False))
        lines.append(f'acl signed var(txn.bearer),jwt_verify(txn.alg,"{file}") -m int 1')
    return "\n    ".join(lines or ["acl signed always_false"])


def make_certificate(directory):
    """Makes a certificate for https://localhost, which the workers of the web servers can read."""
    certificate = directory / "tls.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        + ["-keyout", directory / "tls.key", "-out", certificate],
        check=True,
        capture_output=True,
    )
    directory.chmod(0o711)
    certificate.chmod(0o644)


def ask(address, token):
    # The web servers must replace the user's id that a client sends.
    headers = {"Authorization": f"Bearer {token}", "X-User-Id": "1"}
    request = urllib.request.Request(f"http://{address}/", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.read().decode()
    except urllib.error.HTTPError as error:
        return f"refused: {error.code}"


def run(issuer, token, name, key):
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        make_certificate(directory)
        backend = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Backend))
        threading.Thread(target=backend.serve_forever, daemon=True).start()
        stack.callback(backend.shutdown)

        *addresses, tls = free_addresses(len(FRONTS) + 1)
        fronts = dict(zip(FRONTS.values(), addresses))
        values = fronts | {
            "CADDY_TLS": tls.replace("127.0.0.1", "localhost"),
            "DIR": str(directory),
            "ISSUER": issuer,
            "SYMBOLON": urlsplit(issuer).netloc.replace("localhost", "127.0.0.1"),
            "BACKEND": f"127.0.0.1:{backend.server_port}",
            "NAME": name,
            "KEY": key,
            "HAPROXY_KEYS": haproxy_keys(issuer, directory),
        }
        environment = os.environ | {"XDG_DATA_HOME": str(directory), "XDG_CONFIG_HOME": str(directory)}
        log = stack.enter_context(open(directory / "log", "w"))
        for file, command in SERVERS.items():
            text = (HERE / file).read_text()
            for placeholder, value in values.items():
                text = text.replace(f"@{placeholder}@", value)
            config = directory / file
            config.write_text(text)
            server = subprocess.Popen([*command, config], cwd=directory, env=environment, stdout=log, stderr=log)
            stack.callback(server.wait)
            stack.callback(server.terminate)

        try:
            for address in [*addresses, tls]:
                wait_for(address)
        except OSError:
            sys.exit((directory / "log").read_text())
        return {front: ask(fronts[placeholder], token) for front, placeholder in FRONTS.items()}


if __name__ == "__main__":
    os.umask(0o077)
    print(json.dumps(run(*sys.argv[1:]), indent=2))
