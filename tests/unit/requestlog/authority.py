"""A time-stamping authority on this machine, made and run with the program `openssl`."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_CONFIG = """\
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
crypto_device = builtin
signer_digest = {digest}
default_policy = 1.2.3.4.1
digests = sha1, sha256, sha512
accuracy = secs:{accuracy}
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[usage]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = {usage}
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[req]
distinguished_name = name
[name]
"""
_KEYS = {
    "rsa": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "p256": ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
}


def openssl(*arguments: object, data: bytes = b"") -> bytes:
    """Run `openssl`; return what it wrote to standard output."""
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, input=data, check=True, capture_output=True).stdout


@dataclass(frozen=True)
class Authority:
    """An authority: a root, and the certificate below it that signs tokens."""

    folder: Path

    @property
    def root(self) -> bytes:
        """The root's certificate, in DER."""
        return openssl("x509", "-in", self.folder / "root.pem", "-outform", "DER")

    @property
    def certificate(self) -> bytes:
        """The certificate that signs tokens, in DER."""
        return openssl("x509", "-in", self.folder / "tsa.pem", "-outform", "DER")

    def respond(self, request: bytes) -> bytes:
        """Return the TimeStampResp to a TimeStampReq."""
        (self.folder / "request.tsq").write_bytes(request)
        return openssl(
            *("ts", "-reply", "-config", self.folder / "tsa.cnf", "-section", "here"),
            *("-queryfile", self.folder / "request.tsq", "-signer", self.folder / "tsa.pem"),
            *("-inkey", self.folder / "tsa.key"),
        )

    def token(self, text: bytes, digest: str = "sha256", *, certificates: bool = True) -> bytes:
        """Return a TimeStampToken over the digest of a text."""
        (self.folder / "text").write_bytes(text)
        query = ["ts", "-query", "-data", self.folder / "text", f"-{digest}"]
        request = openssl(*query, *(["-cert"] if certificates else []))
        (self.folder / "response.tsr").write_bytes(self.respond(request))
        return openssl("ts", "-reply", "-in", self.folder / "response.tsr", "-token_out")

    def signed_over(self, token: bytes, certificate: str) -> bytes:
        """Return what a token says, signed by the same key under another certificate."""
        (self.folder / "token.der").write_bytes(token)
        said = ("cms", "-verify", "-noverify", "-inform", "DER", "-in", self.folder / "token.der")
        return openssl(
            *("cms", "-sign", "-binary", "-nodetach", "-cades", "-outform", "DER"),
            *("-econtent_type", "1.2.840.113549.1.9.16.1.4", "-md", "sha256"),
            *("-signer", self.folder / certificate, "-inkey", self.folder / "tsa.key"),
            data=openssl(*said),
        )

    def certify(self, name: str, usage: str, serial: int | None = None) -> bytes:
        """Make the file of another certificate for the same key; return it in DER."""
        config = self.folder / f"{name}.cnf"
        usages = f"extendedKeyUsage = {usage}" if usage else ""
        config.write_text(f"[req]\ndistinguished_name = n\n[n]\n[usage]\n{usages}\n")
        openssl(
            *("req", "-x509", "-new", "-key", self.folder / "tsa.key", "-subj", "/CN=time.example"),
            *("-config", config, "-extensions", "usage", "-days", 3650),
            *("-CA", self.folder / "root.pem", "-CAkey", self.folder / "root.key"),
            *(() if serial is None else ("-set_serial", serial)),
            *("-out", self.folder / name),
        )
        return openssl("x509", "-in", self.folder / name, "-outform", "DER")

    def accepts(self, token: bytes, text: bytes) -> bool:
        """Tell whether `openssl ts -verify` takes the token for a token over the text."""
        (self.folder / "token.der").write_bytes(token)
        (self.folder / "text").write_bytes(text)
        command = ["openssl", "ts", "-verify", "-data", "text", "-token_in", "-in", "token.der"]
        command += ["-CAfile", "root.pem"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, check=False)
        return done.returncode == 0


def make_authority(
    folder: Path,
    *,
    kind: str = "p256",
    usage: str = "critical, timeStamping",
    digest: str = "sha256",
    accuracy: int = 1,
) -> Authority:
    """Make an authority with new keys. `usage` is its certificate's extended key usage."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder.mkdir(parents=True)
    config = _CONFIG.format(folder=folder, usage=usage, digest=digest, accuracy=accuracy)
    (folder / "tsa.cnf").write_text(config)
    (folder / "serial").write_text("01\n")
    for name in ("root", "tsa"):
        openssl("genpkey", "-algorithm", *_KEYS[kind], "-out", folder / f"{name}.key")
    common = ("-config", folder / "tsa.cnf", "-days", 3650)
    openssl(
        *("req", "-x509", "-new", "-key", folder / "root.key", "-subj", "/CN=root.example"),
        *(*common, "-extensions", "ca", "-out", folder / "root.pem"),
    )
    openssl(
        *("req", "-x509", "-new", "-key", folder / "tsa.key", "-subj", "/CN=time.example"),
        *(*common, "-extensions", "usage", "-out", folder / "tsa.pem"),
        *("-CA", folder / "root.pem", "-CAkey", folder / "root.key"),
    )
    return Authority(folder)
