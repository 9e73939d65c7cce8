"""A time-stamping authority (RFC 3161) made with `openssl`: the outsider who vouches for dates.

A real one is somebody else's, on another machine. This one stands in for it, so that the demo can
show what such a token proves: a date that the bank could not have written by itself.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from examples.loan_approval.folder import Folder
from mlspec.requestlog import Note
from mlspec.requestlog.disk import LogFolder
from mlspec.requestlog.keeping import keep_token
from mlspec.requestlog.timestamp_requests import request_for, token_of

PROGRAM = "openssl"
DAYS = 3650
CONFIG = """\
[here]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[tsa]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[req]
distinguished_name = name
[name]
"""


@dataclass(frozen=True)
class Authority:
    """The authority: a root certificate, and the one below it that signs tokens."""

    place: Path

    @property
    def root(self) -> bytes:
        """The root's certificate in DER: what a trust file names."""
        return self._openssl("x509", "-in", "root.pem", "-outform", "DER")

    def stamp(self, log: Path) -> None:
        """Have the newest checkpoint of a log seen, and keep the token beside the log."""
        note = LogFolder.open(log).checkpoint()
        (self.place / "request.tsq").write_bytes(request_for(Note.from_bytes(note).text))
        answer = self._openssl(
            *("ts", "-reply", "-config", "tsa.cnf", "-section", "here"),
            *("-queryfile", "request.tsq", "-signer", "tsa.pem", "-inkey", "tsa.key"),
        )
        keep_token(log, note, token_of(answer))

    def make(self) -> None:
        """Make keys and certificates."""
        (self.place / "tsa.cnf").write_text(CONFIG)
        (self.place / "serial").write_text("01\n")
        for name in ("root", "tsa"):
            parameters = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
            self._openssl("genpkey", *parameters, "-out", f"{name}.key")
        for name, issuer in (("root", ()), ("tsa", ("-CA", "root.pem", "-CAkey", "root.key"))):
            self._openssl(
                *("req", "-x509", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}.example"),
                *("-config", "tsa.cnf", "-extensions", name, "-days", str(DAYS)),
                *("-out", f"{name}.pem", *issuer),
            )

    def _openssl(self, *arguments: str) -> bytes:
        command = [PROGRAM, *arguments]
        return subprocess.run(command, cwd=self.place, check=True, capture_output=True).stdout


def make_authority(folder: Folder) -> Authority | None:
    """Make the authority. None: there is no `openssl`, and nobody will vouch for any date."""
    if shutil.which(PROGRAM) is None:
        return None
    authority = Authority(folder.at("authority/tsa.cnf").parent)
    authority.make()
    return authority
