"""Sealing and unsealing: DSSE envelopes, keys, signers, the trust file, verification."""

from mlspec.sealing.acceptance import Accepted, accept
from mlspec.sealing.certificates import TrustedCertificate
from mlspec.sealing.dsse import MAX_ENVELOPE, Envelope, Signature, pae
from mlspec.sealing.keys import ALGORITHMS, PrivateKey, PublicKey
from mlspec.sealing.requirements import Requirement
from mlspec.sealing.sealed import Sealed, seal
from mlspec.sealing.signers import (
    PASSWORD_VARIABLE,
    Password,
    Signer,
    SignerSource,
    generate_key,
    load_private_key,
    load_public_key,
    load_signer,
    write_private_key,
    write_public_key,
)
from mlspec.sealing.succession import accept_successor, add_signatures, make_successor
from mlspec.sealing.trust import TrustPolicy
from mlspec.sealing.trusted import TrustedKey, TrustedRole, TrustedRoot
from mlspec.sealing.trusted_logs import TrustedLog, TrustedWitnesses
from mlspec.sealing.verified import VerifiedRecord, VerifiedSigner
from mlspec.sealing.verifiers import unseal

__all__ = [
    "ALGORITHMS",
    "MAX_ENVELOPE",
    "PASSWORD_VARIABLE",
    "Accepted",
    "Envelope",
    "Password",
    "PrivateKey",
    "PublicKey",
    "Requirement",
    "Sealed",
    "Signature",
    "Signer",
    "SignerSource",
    "TrustPolicy",
    "TrustedCertificate",
    "TrustedKey",
    "TrustedLog",
    "TrustedRole",
    "TrustedRoot",
    "TrustedWitnesses",
    "VerifiedRecord",
    "VerifiedSigner",
    "accept",
    "accept_successor",
    "add_signatures",
    "generate_key",
    "load_private_key",
    "load_public_key",
    "load_signer",
    "make_successor",
    "pae",
    "seal",
    "unseal",
    "write_private_key",
    "write_public_key",
]
