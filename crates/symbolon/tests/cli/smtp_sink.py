"""An SMTP server that requires STARTTLS and a password, and prints each mail as one line of JSON.

Arguments: port, certificate, key. It refuses mail to refused@…, and takes mail to later@… at the second attempt.
Mail to slow@… is taken after longer than a lease of the outbox lasts (15 s).
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Sink:
    def __init__(self):
        self.postponed = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 there is no such mailbox"
        if address.startswith("later") and address not in self.postponed:
            self.postponed.add(address)
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if any(address.startswith("slow") for address in envelope.rcpt_tos):
            await asyncio.sleep(17)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.strict)
        text, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
        print(
            json.dumps(
                {
                    "to": envelope.rcpt_tos,
                    "from": str(mail["From"]),
                    "subject": mail["Subject"],
                    "message_id": mail["Message-ID"],
                    "date": mail["Date"].datetime.isoformat(),
                    "auto_submitted": mail["Auto-Submitted"],
                    "type": mail.get_content_type(),
                    "headers": sorted({name.lower() for name in mail.keys()}),
                    "text": text.get_content(),
                    "html": html.get_content(),
                    "tls": session.ssl is not None,
                    "longest_line": max(map(len, envelope.content.split(b"\r\n"))),
                }
            ),
            flush=True,
        )
        return "250 taken"


def authenticate(server, session, envelope, mechanism, credentials):
    right = (credentials.login, credentials.password) == (b"ann", b"p@ss: word")
    return AuthResult(success=right, handled=False)


port, certificate, key = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
controller = Controller(
    Sink(),
    hostname="127.0.0.1",
    port=int(port),
    tls_context=context,
    require_starttls=True,
    auth_required=True,
    authenticator=authenticate,
)
controller.start()
print("ready", flush=True)
asyncio.new_event_loop().run_forever()
