"""Whatever is done to an envelope: it never verifies as another record, and never crashes."""

from dataclasses import replace
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec.errors import MLSpecError
from mlspec.sealing import Sealed, seal, unseal
from tests.unit import samples

TRUST = samples.trust(samples.ED25519, samples.ECDSA)
SEALED = seal(samples.record(), samples.ED25519)
OTHER = seal(samples.record(), samples.ECDSA).countersign(samples.ED25519)
GENUINE = {SEALED.payload, OTHER.payload}
FORMS = [SEALED.to_json(), SEALED.to_bytes(), OTHER.to_json(), OTHER.to_bytes()]


def check(data: bytes) -> None:
    """Read and verify: the payload is a genuine one, or one of our errors says why not."""
    result = samples.attempt(lambda: unseal(Sealed.from_any(data), TRUST))
    if isinstance(result, MLSpecError):
        assert result.exit_code in (1, 2, 3)
    else:
        assert result.payload in GENUINE


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(FORMS), st.data())
def test_flipped_bits(envelope: bytes, data: st.DataObject) -> None:
    """One to eight bits anywhere."""
    changed = bytearray(envelope)
    for _ in range(data.draw(st.integers(1, 8))):
        bit = data.draw(st.integers(0, len(changed) * 8 - 1))
        changed[bit // 8] ^= 1 << bit % 8
    check(bytes(changed))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FORMS), st.data())
def test_cut_bytes(envelope: bytes, data: st.DataObject) -> None:
    """A piece missing at the end, the start or within."""
    start = data.draw(st.integers(0, len(envelope)))
    end = data.draw(st.integers(start, len(envelope)))
    check(envelope[:start] + envelope[end:])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FORMS), st.sampled_from(FORMS), st.data())
def test_spliced_bytes(first: bytes, second: bytes, data: st.DataObject) -> None:
    """The head of one envelope and the tail of another."""
    head = data.draw(st.integers(0, len(first)))
    tail = data.draw(st.integers(0, len(second)))
    check(first[:head] + second[tail:])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    """Bytes that never were an envelope."""
    check(data)


def test_every_flipped_bit_of_the_payload_is_refused() -> None:
    """All of them, one by one, with the right exit code."""
    for index in range(len(SEALED.payload)):
        for bit in range(8):
            payload = bytearray(SEALED.payload)
            payload[index] ^= 1 << bit
            forged = Sealed(replace(SEALED.envelope, payload=bytes(payload)))
            result = samples.attempt(partial(unseal, forged, TRUST))
            assert isinstance(result, MLSpecError), (index, bit)
            assert result.exit_code == 1
