"""Trust files: who may vouch for what, when, and how many it takes."""

from collections.abc import Sequence

from google.protobuf.timestamp_pb2 import Timestamp

from conformance.generator import envelopes, people, trust_files
from conformance.generator.keys import KitKey, ed25519
from conformance.generator.making import MadeSet
from conformance.generator.people import ADA, BEN
from conformance.generator.trust_files import moment
from conformance.generator.verify_cases import JUDGED, VerifySet
from mlspec import v1

_SECOND = ed25519("ada second")


def trust_set() -> MadeSet:
    """Make the cases of one good record under many trust files."""
    found = VerifySet("trust", "Who may vouch for what, when, and how many it takes.")
    _roles(found)
    _thresholds(found)
    _identities(found)
    _validity(found)
    _refused_files(found)
    return found.made


def _try(
    found: VerifySet,
    name: str,
    purpose: str,
    trust: bytes,
    *,
    signers: Sequence[KitKey] = (ADA,),
    counting: Sequence[KitKey] | None = None,
    refused: str = "",
    at: Timestamp = JUDGED,
) -> None:
    """Add a case of the usual record with a trust file of its own."""
    stem = f"{name}_fail" if refused else name
    found.made.file(f"{stem}.trust.json", trust)
    payload = people.payload()
    envelope = envelopes.by(*signers, payload=payload)
    if refused:
        found.bad(name, purpose, envelope, refused, trust=stem, at=at)
        return
    counted = signers if counting is None else counting
    found.good(name, purpose, envelope, payload, counted, trust=stem, at=at)


def _file(*roles: v1.TrustRole, keys: Sequence[v1.TrustedKey] = people.KEYS) -> bytes:
    return trust_files.written(trust_files.policy(keys, roles))


def _roles(found: VerifySet) -> None:
    globs = {"exact": "loans", "star": "*", "start": "lo*", "middle": "l*n*s", "end": "*ans"}
    for name, glob in globs.items():
        trust = _file(trust_files.role(ADA, globs=[glob]))
        _try(found, f"glob_{name}", f"The glob {glob} fits.", trust)
    for name, glob in {
        "other": "cards",
        "longer": "loans/*",
        "case": "Loans",
        "mark": "loan?",
    }.items():
        trust = _file(trust_files.role(ADA, globs=[glob]))
        _try(found, f"c5_glob_{name}", f"{glob} does not fit.", trust, refused="UNTRUSTED")
    overlap = _file(trust_files.role(ADA, globs=["loan*ans"]))
    _try(found, "c5_glob_overlap", "Parts must not overlap.", overlap, refused="UNTRUSTED")
    stage = _file(trust_files.role(ADA, stages=[v1.STAGE_DATA_INGESTION]))
    _try(found, "c5_role_stage", "A role for another stage.", stage, refused="UNTRUSTED")
    other = _file(trust_files.role(BEN))
    _try(found, "c5_role_other_key", "A role of another key.", other, refused="UNTRUSTED")


def _thresholds(found: VerifySet) -> None:
    two = _file(trust_files.role(ADA, BEN, threshold=2))
    _try(found, "threshold_met", "Two of two.", two, signers=[ADA, BEN])
    _try(found, "threshold_missed", "One of two.", two, refused="UNTRUSTED")
    found.made.file("d4_one_key_twice_fail.trust.json", two)
    payload = people.payload()
    sig = ADA.sign_dsse("application/vnd.mlspec.record.v1+protobuf", payload)
    twice = [envelopes.Sig(sig, ADA.keyid), envelopes.Sig(sig, "a" * 64)]
    envelope = envelopes.written(envelopes.document(payload, twice))
    found.bad(
        "d4_one_key_twice",
        "One key under two ids toward a threshold of two.",
        envelope,
        "UNTRUSTED",
        trust="d4_one_key_twice_fail",
    )


def _identities(found: VerifySet) -> None:
    """Two keys of one holder count once, in whatever letters the holder's name is written."""
    spellings = {
        "case": "ADA@Bank.Example",
        "width": "\uff41\uff44\uff41@bank.example",
        "same": "ada@bank.example",
    }
    for name, identity in spellings.items():
        keys = [*people.KEYS, trust_files.key(_SECOND, identity)]
        trust = _file(trust_files.role(ADA, BEN, _SECOND, threshold=2), keys=keys)
        purpose = "Two keys of one identity are one signer."
        _try(
            found,
            f"d4_identity_{name}",
            purpose,
            trust,
            signers=[ADA, _SECOND],
            refused="UNTRUSTED",
        )
    keys = [
        trust_files.key(ADA, "stra\u00dfe@bank.example"),
        trust_files.key(BEN, "ben@bank.example"),
        trust_files.key(_SECOND, "STRASSE@bank.example"),
    ]
    trust = _file(trust_files.role(ADA, BEN, _SECOND, threshold=2), keys=keys)
    purpose = "Case folding is that of Unicode, in full."
    _try(found, "d4_identity_folding", purpose, trust, signers=[ADA, _SECOND], refused="UNTRUSTED")


def _validity(found: VerifySet) -> None:
    start, end = moment(2026, 1, 1), moment(2026, 12, 31)

    def trust(**times: Timestamp) -> bytes:
        key = trust_files.key(ADA, "ada@bank.example", **times)
        return _file(trust_files.role(ADA), keys=[key])

    span = trust(valid_from_time=start, valid_until_time=end)
    before, last = Timestamp(seconds=start.seconds - 1), Timestamp(seconds=end.seconds - 1)
    _try(found, "valid_at_start", "The start is inclusive.", span, at=start)
    _try(found, "valid_at_last", "The last second.", span, at=last)
    _try(found, "c8_before_start", "A second before.", span, at=before, refused="UNTRUSTED")
    _try(found, "c8_at_end", "The end is exclusive.", span, at=end, refused="UNTRUSTED")
    revoked = trust(revoke_time=start)
    _try(found, "revoked_later", "Judged before it was revoked.", revoked, at=before)
    _try(
        found, "c8_revoked", "Revoked at that very moment.", revoked, at=start, refused="UNTRUSTED"
    )
    key = trust_files.key(ADA, "ada@bank.example", valid_until_time=start)
    both = _file(trust_files.role(ADA, BEN), keys=[key, people.KEYS[1]])
    purpose = "An expired key beside a good one does not count."
    _try(found, "c8_expired_beside", purpose, both, signers=[ADA, BEN], counting=[BEN])


def _refused_files(found: VerifySet) -> None:
    role = trust_files.role(ADA)
    expired = trust_files.written(trust_files.policy(people.KEYS, [role], moment(2001).seconds))
    _try(found, "c9_expired", "The file has expired.", expired, refused="UNTRUSTED")
    asks = trust_files.policy(people.KEYS, [role])
    asks.requirements.add(namespace_glob="*", gate_required=True)
    written = trust_files.written(asks)
    purpose = "What it requires of namespaces is judged of deployments, not of a record."
    _try(found, "requirements", purpose, written)
    good = _file(role)
    swapped = trust_files.key(ADA, "ada@bank.example")
    swapped.keyid = "0" * 64
    of_stranger = trust_files.role(ADA)
    of_stranger.keyids[:] = ["0" * 64]
    stranger = _file(of_stranger, keys=[swapped])
    algorithm = trust_files.key(ADA, "ada@bank.example")
    algorithm.algorithm = v1.KEY_ALGORITHM_ECDSA_P256
    shared = [trust_files.key(ADA, "ada@bank.example"), trust_files.key(BEN, "Ada@bank.example")]
    unruly = trust_files.policy(people.KEYS, [role])
    unruly.version = 0
    point = trust_files.key(BEN, "ben@bank.example")
    point.public_key = BEN.compressed_pem()
    broken = {
        "compressed_point": (
            "A key in another spelling.",
            _file(role, keys=[people.KEYS[0], point]),
        ),
        "keyid": ("A key id that is not the key's.", stranger),
        "algorithm": ("An algorithm that is not the key's.", _file(role, keys=[algorithm])),
        "threshold": (
            "More identities than there are.",
            _file(trust_files.role(ADA, BEN, threshold=2), keys=shared),
        ),
        "rule": ("A rule of the specification is broken.", trust_files.written(unruly)),
        "not_json": ("No JSON.", good[:-4]),
        "twins": ("A member twice.", good.replace(b'"version"', b'"version": "2",\n "version"')),
        "unknown_member": ("A member that there is not.", good.replace(b"{", b'{"x": 1,', 1)),
        "no_key": (
            "A public key that is none.",
            good.replace(b"BEGIN PUBLIC KEY", b"BEGIN PUBLIC KEX", 1),
        ),
    }
    for name, (purpose, trust) in broken.items():
        _try(found, f"c9_{name}", purpose, trust, refused="UNREADABLE")
