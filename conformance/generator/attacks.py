"""Envelopes, right and attacked. Ids such as D4 are those of the project's list of attacks."""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from conformance.generator import envelopes, people
from conformance.generator.envelopes import Sig, signed
from conformance.generator.making import MadeSet, pieces
from conformance.generator.people import ADA, BEN, MALLORY, MALLORY_P256
from conformance.generator.verify_cases import VerifySet
from mlspec.media import RECORD_PAYLOAD_TYPE

# The orders of the groups: RFC 8032 section 5.1 and SP 800-186 section 3.2.1.3.
_ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_MIB = 1024 * 1024


def envelope_set() -> MadeSet:
    """Make the cases of envelopes around one good record."""
    found = VerifySet("dsse", "Envelopes, right and attacked.", trust=people.usual())
    _right(found)
    _hints(found)
    _types(found)
    _signatures(found)
    _algorithms(found)
    _forged(found)
    _syntax(found)
    _bounds(found)
    return found.made


def _wrap(*signatures: Sig, payload: bytes | None = None) -> bytes:
    body = people.payload() if payload is None else payload
    return envelopes.written(envelopes.document(body, signatures))


def _right(found: VerifySet) -> None:
    payload = people.payload()
    ada, ben = signed(ADA, payload), signed(BEN, payload)
    found.good("ed25519", "Signed with Ed25519.", _wrap(ada), payload, [ADA])
    found.good("p256", "Signed with ECDSA P-256.", _wrap(ben), payload, [BEN])
    found.good("both", "Signed by two.", _wrap(ada, ben), payload, [ADA, BEN])
    for name, each, key in (("ed25519", ada, ADA), ("p256", ben, BEN)):
        data = envelopes.protobuf_form(payload, [each])
        purpose = "The protobuf form."
        found.good(f"{name}_protobuf", purpose, data, payload, [key], form="binary")
    document = envelopes.document(payload, [ada])
    document["comment"] = {"nobody": ["knows", None, 1.5, True]}
    document["signatures"][0]["cert"] = "nobody asks for it"
    more = envelopes.written(document)
    found.good("d6_unknown_members", "Members that DSSE lacks are ignored.", more, payload, [ADA])
    text = _wrap(ada).replace(b"+", b"-").replace(b"/", b"_")
    text = text.replace(b"application_vnd", b"application/vnd").replace(b"v1-proto", b"v1+proto")
    found.good("url_safe_base64", "The other alphabet.", text, payload, [ADA])
    spaced = b"\n\t " + json.dumps(document, indent=4).encode() + b"\r\n"
    found.good("white_space", "White space around it.", spaced, payload, [ADA])


def _hints(found: VerifySet) -> None:
    payload = people.payload()
    hints = {"missing": None, "unknown": "f" * 64, "spoofed": BEN.keyid, "text": "\u00e9: me"}
    for name, keyid in hints.items():
        hinted = _wrap(Sig(signed(ADA, payload).sig, keyid))
        found.good(f"d2_keyid_{name}", "A key id is a hint.", hinted, payload, [ADA])
    bare = _wrap(Sig(signed(MALLORY, payload).sig))
    found.bad("unknown_key", "Nobody who is trusted.", _wrap(signed(MALLORY, payload)), "UNTRUSTED")
    found.bad(
        "unknown_key_p256", "Nobody, again.", _wrap(signed(MALLORY_P256, payload)), "UNTRUSTED"
    )
    found.bad("unknown_key_bare", "Nobody, without an id.", bare, "UNTRUSTED")
    claimed = _wrap(Sig(signed(MALLORY, payload).sig, ADA.keyid))
    found.bad("d2_keyid_claimed", "Somebody who claims to be Ada.", claimed, "TAMPERED")


def _types(found: VerifySet) -> None:
    payload = people.payload()
    others = {
        "case": RECORD_PAYLOAD_TYPE.replace("application", "Application"),
        "parameter": f"{RECORD_PAYLOAD_TYPE}; v=1",
        "json": RECORD_PAYLOAD_TYPE.replace("protobuf", "json"),
        "blank": f" {RECORD_PAYLOAD_TYPE}",
    }
    for name, kind in others.items():
        envelope = envelopes.by(ADA, payload=payload, payload_type=kind)
        found.bad(f"d1_type_{name}", "Signed under another type.", envelope, "UNACCEPTABLE")
    swapped = envelopes.document(payload, [signed(ADA, payload, others["json"])])
    found.bad("d1_type_swapped", "Another type was signed.", envelopes.written(swapped), "TAMPERED")


def _signatures(found: VerifySet) -> None:
    payload = people.payload()
    ada = signed(ADA, payload)
    junk = Sig(b"junk", "junk")
    found.good("d3_junk_beside", "Junk beside a good one.", _wrap(junk, ada), payload, [ADA])
    claim = Sig(b"junk", BEN.keyid)
    found.good("d3_claim_beside", "A false claim beside it.", _wrap(claim, ada), payload, [ADA])
    found.good("d3_twice", "The same one twice.", _wrap(ada, ada), payload, [ADA])
    found.bad("d3_junk_alone", "Junk alone.", _wrap(junk), "UNTRUSTED")
    found.bad("d3_claim_alone", "A false claim alone.", _wrap(claim), "TAMPERED")
    found.bad("d3_none", "An empty list.", _wrap(), "UNREADABLE")
    odd: dict[str, Any] = {"null": None, "object": {}, "null_inside": [None], "text": "sig"}
    for name, value in odd.items():
        document = envelopes.document(payload, [ada]) | {"signatures": value}
        written = envelopes.written(document)
        found.bad(f"d3_{name}", "Signatures that are no list of objects.", written, "UNREADABLE")
    document = envelopes.document(payload, [ada])
    document["signatures"][0]["sig"] = None
    found.bad("d3_null_sig", "null for a signature.", envelopes.written(document), "UNREADABLE")
    document["signatures"][0]["sig"] = ""
    found.bad("d3_empty_sig", "An empty signature.", envelopes.written(document), "UNREADABLE")
    document = envelopes.document(payload, [ada])
    document["signatures"][0]["keyid"] = None
    found.bad("d3_null_keyid", "null for a key id.", envelopes.written(document), "UNREADABLE")


def _algorithms(found: VerifySet) -> None:
    payload = people.payload()
    der = signed(BEN, payload).sig
    r, s = decode_dss_signature(der)
    high = encode_dss_signature(r, max(s, _P256_ORDER - s))
    wrapped = _wrap(Sig(high, BEN.keyid))
    found.good("p256_high_s", "s in the upper half is as good.", wrapped, payload, [BEN])
    wrong = {
        "raw": r.to_bytes(32, "big") + s.to_bytes(32, "big"),
        "der_trailing": der + b"\x00",
        "der_long_length": der[:1] + b"\x81" + der[1:],
        "der_padded": b"\x30" + bytes([der[1] + 1]) + b"\x02" + bytes([der[3] + 1, 0]) + der[4:],
        "zero": encode_dss_signature(0, 0),
        "s_plus_order": encode_dss_signature(r, s + _P256_ORDER),
    }
    for name, sig in wrong.items():
        wrapped = _wrap(Sig(sig, BEN.keyid))
        found.bad(f"d5_p256_{name}", "No DER signature of ECDSA.", wrapped, "TAMPERED")
    sig = signed(ADA, payload).sig
    more = int.from_bytes(sig[32:], "little") + _ED25519_ORDER
    malleable = Sig(sig[:32] + more.to_bytes(32, "little"), ADA.keyid)
    found.bad("d5_ed25519_s_plus_order", "S beyond the order.", _wrap(malleable), "TAMPERED")
    longer = Sig(sig + b"\x00", ADA.keyid)
    found.bad("d5_ed25519_longer", "65 bytes.", _wrap(longer), "TAMPERED")
    document = envelopes.document(payload, [signed(MALLORY, payload)])
    document["signatures"][0]["publicKey"] = MALLORY.private.public.to_pem()
    inside = envelopes.written(document)
    found.bad("d6_key_inside", "A key in the envelope is not trusted.", inside, "UNTRUSTED")


def _forged(found: VerifySet) -> None:
    payload = people.payload()
    ada = signed(ADA, payload)
    changed = bytes([payload[0], payload[1], *payload[2:-1], payload[-1] ^ 1])
    found.bad("payload_changed", "A bit of the payload.", _wrap(ada, payload=changed), "TAMPERED")
    bare = _wrap(Sig(ada.sig), payload=changed)
    found.bad("payload_changed_bare", "The same, without a key id.", bare, "UNTRUSTED")
    flipped = Sig(bytes([ada.sig[0] ^ 1, *ada.sig[1:]]), ada.keyid)
    found.bad("signature_changed", "A bit of the signature.", _wrap(flipped), "TAMPERED")
    kind = RECORD_PAYLOAD_TYPE.encode()
    size = len(payload.decode("utf-8", "ignore"))
    characters = b"DSSEv1 %d %b %d %b" % (len(kind), kind, size, payload)
    lengths = (len(kind).to_bytes(8, "little"), len(payload).to_bytes(8, "little"))
    old = (2).to_bytes(8, "little") + lengths[0] + kind + lengths[1] + payload
    signed_wrong = {"characters": characters, "old": old, "bare_payload": payload}
    for name, data in signed_wrong.items():
        wrapped = _wrap(Sig(ADA.sign(data), ADA.keyid))
        found.bad(f"d8_pae_{name}", "Another encoding was signed.", wrapped, "TAMPERED")


def _syntax(found: VerifySet) -> None:
    payload = people.payload()
    ada = signed(ADA, payload)
    good = _wrap(ada)
    encoded = base64.b64encode(payload)
    tail = base64.b64encode(ada.sig)
    broken = {
        "payload_twice": good.replace(b'"payloadType"', b'"payload": "AA==",\n  "payloadType"'),
        "sig_twice": good.replace(b'"keyid"', b'"sig": "AA==", "keyid"'),
        "unknown_twice": good.replace(b'"payloadType"', b'"x": 1, "x": 2, "payloadType"'),
        "snake_case": good.replace(b"payloadType", b"payload_type"),
        "twin_spelling": good.replace(b'"payloadType"', b'"PayloadType": "x", "payloadType"'),
        "twin_long_s": good.replace(b'"keyid"', '"\u017fig": "AA==", "keyid"'.encode()),
        "trailing": good + b"{}",
        "byte_order_mark": b"\xef\xbb\xbf" + good,
        "not_utf8": good.replace(b'"payloadType"', b'"x": "\xff", "payloadType"'),
        "utf16": good.decode().encode("utf-16"),
        "cut": good[:-3],
        "list": b"[" + good + b"]",
        "empty": b"",
        "no_payload": good.replace(b'"payload":', b'"other":'),
        "number_for_payload": good.replace(b'"' + encoded + b'"', b"7"),
        "empty_payload": good.replace(encoded, b""),
        "empty_type": good.replace(RECORD_PAYLOAD_TYPE.encode(), b""),
        "base64_blank": good.replace(encoded, encoded[:8] + b" " + encoded[8:]),
        "base64_mixed": good.replace(tail, tail[:8] + b"+-/_" + tail[12:]),
        "base64_unpadded": good.replace(tail, tail.rstrip(b"=")),
        "base64_unused_bits": good.replace(tail[-4:], _with_unused_bits(tail)[-4:]),
        "comment": good.replace(b'"payload"', b'/* no */ "payload"'),
    }
    for name, text in broken.items():
        if text == good:
            raise ValueError(f"d7_{name}: must differ from the good envelope")
        found.bad(f"d7_{name}", "No envelope in strict JSON.", text, "UNREADABLE")
    binary = envelopes.protobuf_form(payload, [ada])
    odd = {"junk": b"\xff\xff", "unknown_field": binary + b"\x98\x06\x01", "twice": binary * 2}
    for name, data in odd.items():
        purpose = "No envelope in the protobuf form."
        found.bad(f"d7_protobuf_{name}", purpose, data, "UNREADABLE", form="binary")


def _with_unused_bits(text: bytes) -> bytes:
    """Set the lowest of the bits that padded base64 does not use."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    stem = text.rstrip(b"=")
    last = alphabet[alphabet.index(stem[-1:]) + 1 : alphabet.index(stem[-1:]) + 2]
    return stem[:-1] + last + text[len(stem) :]


def _bounds(found: VerifySet) -> None:
    payload = people.payload()
    ada = signed(ADA, payload)
    junk = [Sig(bytes([n]), None) for n in range(63)]
    found.good("d9_64_signatures", "As many as may be.", _wrap(*junk, ada), payload, [ADA])
    many = _wrap(*junk, Sig(b"xx"), ada)
    found.bad("d9_65_signatures", "One too many.", many, "UNREADABLE")
    found.bad("d9_long_sig", "1,025 bytes.", _wrap(ada, Sig(b"x" * 1025)), "UNREADABLE")
    long_id = Sig(ada.sig, "x" * 256)
    found.bad("d9_long_keyid", "A key id of 256 characters.", _wrap(long_id), "UNREADABLE")
    kind = "x/" + "y" * 254
    long_type = envelopes.by(ADA, payload=payload, payload_type=kind)
    found.bad("d9_long_type", "A type of 256 characters.", long_type, "UNREADABLE")
    deep = b'"x": ' + b"[" * 100 + b"]" * 100 + b', "payload"'
    bomb = _wrap(ada).replace(b'"payload"', deep)
    found.bad("d9_depth", "Lists 100 deep.", bomb, "UNREADABLE")
    found.bad("d9_size", "More than 24 MiB.", b"{", "UNREADABLE")
    case = found.made.cases[-1]
    found.made.files.pop("d9_size_fail.json")
    case.verify.json.CopyFrom(pieces([(_wrap(ada), 1), (b" ", 25 * _MIB)]))
