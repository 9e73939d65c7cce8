"""A key service: a program of its own that holds a private key and signs what comes in.

It imports nothing of MLSpec. It writes the public key (DER) and then, for each message that it
reads, a signature. Every message stands after its length, four bytes big-endian. A message that
contains the word given as argument is not signed: the program ends.
"""

import sys

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def say(message: bytes) -> None:
    """Write one message."""
    sys.stdout.buffer.write(len(message).to_bytes(4, "big") + message)
    sys.stdout.buffer.flush()


def main() -> None:
    """Serve until the other side closes."""
    key = ec.generate_private_key(ec.SECP256R1())
    say(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    while head := sys.stdin.buffer.read(4):
        message = sys.stdin.buffer.read(int.from_bytes(head, "big"))
        if sys.argv[1].encode() in message:
            sys.exit("this is not signed here")
        say(key.sign(message, ec.ECDSA(SHA256())))


if __name__ == "__main__":
    main()
