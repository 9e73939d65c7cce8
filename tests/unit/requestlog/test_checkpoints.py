"""A checkpoint counts if the log's key signed it, for its origin; witnesses count once each."""

import pickle

import pytest

from mlspec.errors import (
    DecodeError,
    TamperedError,
    UntrustedError,
    UsageError,
    VerificationError,
)
from mlspec.requestlog import (
    EMPTY_ROOT,
    Checkpoint,
    MemoryTree,
    Note,
    NoteKey,
    NoteKeyKind,
    NoteSignature,
    VerifiedCheckpoint,
    cosign_text,
    leaf_hash,
    prove_consistency,
    sign_text,
    tree_root,
    verify_checkpoint,
)
from mlspec.sealing import generate_key
from tests.unit.requestlog import logs

WITNESSES = [logs.ANNA.key, logs.BORIS.key]


def signed(text: bytes) -> bytes:
    """Any text, signed by the log's key."""
    return Note(text, (sign_text(text, logs.KEY, logs.SIGNER),)).to_bytes()


def test_a_checkpoint_verifies() -> None:
    """Origin, size and root are those that were signed, and so are extension lines."""
    for size in (0, 1, 7):
        found = verify_checkpoint(logs.checkpoint(size), logs.KEY)
        assert found.checkpoint == Checkpoint(logs.ORIGIN, size, logs.root(size))
    more = Checkpoint(logs.ORIGIN, 1, logs.root(1), ("extension", "\u00e9"))
    assert verify_checkpoint(more.sign(logs.KEY, logs.SIGNER), logs.KEY).checkpoint == more


LINES = {
    "padded_size": ("size", "007"),
    "negative_size": ("size", "-7"),
    "signed_size": ("size", "+7"),
    "huge_size": ("size", str(2**63)),
    "endless_size": ("size", "9" * 5000),
    "hex_size": ("size", "0x7"),
    "arabic_size": ("size", "\u0667"),
    "empty_size": ("size", ""),
    "short_root": ("root", "AAAA"),
    "loose_root": ("root", "A" * 42 + "B="),
    "empty_origin": ("origin", ""),
    "root_of_nothing": ("size", "0"),
}


@pytest.mark.parametrize("name", LINES)
def test_l10_another_text_is_refused(name: str) -> None:
    """Also when the log's own key signed it; with the right lines it passes."""
    origin, size, root = Note.from_bytes(logs.checkpoint(7)).text.decode().splitlines()
    good = {"origin": origin, "size": size, "root": root}
    assert verify_checkpoint(signed("".join(f"{v}\n" for v in good.values()).encode()), logs.KEY)
    part, value = LINES[name]
    text = "".join(f"{v}\n" for v in {**good, part: value}.values()).encode()
    with pytest.raises(DecodeError):
        verify_checkpoint(signed(text), logs.KEY)


def test_l10_lines_may_not_be_empty_or_missing() -> None:
    """Two lines, or an empty extension line."""
    text = Note.from_bytes(logs.checkpoint(7)).text
    for wrong in (text + b"\n", text.rpartition(b"\n")[0].rpartition(b"\n")[0] + b"\n"):
        with pytest.raises(DecodeError):
            verify_checkpoint(signed(wrong), logs.KEY)
    for origin in ("", "two\nlines", "\ud800"):
        with pytest.raises(DecodeError):
            Checkpoint(origin, 0, EMPTY_ROOT).to_text()


def test_l9_a_checkpoint_of_another_origin_is_refused() -> None:
    """The log's key under another log's text; and another log's key under this one's."""
    assert verify_checkpoint(logs.checkpoint(3), logs.KEY)
    text = Checkpoint("bank.example/other", 3, logs.root(3)).to_text()
    with pytest.raises(VerificationError) as caught:
        verify_checkpoint(signed(text), logs.KEY)
    assert caught.value.id == "checkpoint.origin"
    with pytest.raises(UsageError):
        Checkpoint("bank.example/other", 3, logs.root(3)).sign(logs.KEY, logs.SIGNER)


def test_l9_the_right_name_with_the_wrong_key_is_refused() -> None:
    """With its own id it is a stranger; with the log's id it does not fit."""
    other = generate_key()
    forger = NoteKey(logs.ORIGIN, NoteKeyKind.LOG, other.public)
    data = Checkpoint(logs.ORIGIN, 3, logs.root(3)).sign(forger, other)
    assert verify_checkpoint(data, forger)
    with pytest.raises(UntrustedError):
        verify_checkpoint(data, logs.KEY)
    note = Note.from_bytes(data)
    posing = NoteSignature(logs.ORIGIN, logs.KEY.key_id, note.signatures[0].signature)
    with pytest.raises(TamperedError):
        verify_checkpoint(Note(note.text, (posing,)).to_bytes(), logs.KEY)


def test_l11_a_cosignature_is_no_signature_of_the_log() -> None:
    """Witnesses alone do not make a checkpoint, not even one with the log's name."""
    whole = logs.cosigned(logs.checkpoint(3), logs.ANNA)
    assert len(verify_checkpoint(whole, logs.KEY, WITNESSES).cosignatures) == 1
    text = Note.from_bytes(whole).text
    namesake = logs.witness(logs.ORIGIN)
    for by in (logs.ANNA, namesake):
        alone = Note(text, (cosign_text(text, by.key, by.signer, 1),)).to_bytes()
        with pytest.raises(UntrustedError) as caught:
            verify_checkpoint(alone, logs.KEY, [by.key])
        assert caught.value.id == "note.untrusted"


def test_l11_one_witness_twice_counts_once() -> None:
    """The earliest time stays; two witnesses are two."""
    once = logs.cosigned(logs.checkpoint(3), logs.ANNA, 20)
    twice = logs.cosigned(once, logs.ANNA, 10)
    (found,) = verify_checkpoint(twice, logs.KEY, WITNESSES, needed=1).cosignatures
    assert (found.witness, found.time) == (logs.ANNA.key, 10)
    with pytest.raises(UntrustedError) as caught:
        verify_checkpoint(twice, logs.KEY, WITNESSES, needed=2)
    assert caught.value.id == "checkpoint.witnesses"
    both = logs.cosigned(once, logs.BORIS)
    assert len(verify_checkpoint(both, logs.KEY, WITNESSES, needed=2).cosignatures) == 2


def test_l11_one_key_under_two_names_is_refused() -> None:
    """Nor may the log be its own witness: thresholds count distinct holders."""
    twin = NoteKey("twin.example/w", NoteKeyKind.WITNESS, logs.ANNA.key.public)
    itself = NoteKey(logs.ORIGIN, NoteKeyKind.WITNESS, logs.KEY.public)
    data = logs.checkpoint(3)
    assert verify_checkpoint(data, logs.KEY, WITNESSES)
    for witnesses in ([logs.ANNA.key, twin], [itself], [logs.KEY], [logs.ANNA.key] * 2):
        with pytest.raises(UsageError):
            verify_checkpoint(data, logs.KEY, witnesses)
    with pytest.raises(UsageError):
        verify_checkpoint(data, logs.ANNA.key)
    with pytest.raises(UsageError):
        verify_checkpoint(data, logs.KEY, WITNESSES, needed=3)


def test_l6_l7_a_checkpoint_extends_a_remembered_one() -> None:
    """Or it is a rollback, a fork, or another log's."""
    old = verify_checkpoint(logs.checkpoint(3), logs.KEY)
    new = verify_checkpoint(logs.checkpoint(8), logs.KEY)
    proof = prove_consistency(logs.tree(8), 3, 8)
    new.require_extends(old, proof)
    with pytest.raises(VerificationError) as caught:
        old.require_extends(new, proof)
    assert caught.value.id == "log.rollback"

    forked = MemoryTree()
    for number in range(8):
        forked.append(leaf_hash(b"other %d" % number))
    split = Checkpoint(logs.ORIGIN, 8, tree_root(forked, 8)).sign(logs.KEY, logs.SIGNER)
    with pytest.raises(VerificationError) as caught:
        verify_checkpoint(split, logs.KEY).require_extends(old, prove_consistency(forked, 3, 8))
    assert caught.value.id == "log.fork"

    key = NoteKey("bank.example/other", NoteKeyKind.LOG, logs.KEY.public)
    other = Checkpoint(key.name, 8, logs.root(8)).sign(key, logs.SIGNER)
    with pytest.raises(VerificationError) as caught:
        verify_checkpoint(other, key).require_extends(old, proof)
    assert caught.value.id == "checkpoint.origin"


def test_nothing_else_makes_or_changes_a_verified_checkpoint() -> None:
    """No constructor, no assignment, no pickle."""
    found = verify_checkpoint(logs.checkpoint(3), logs.KEY)
    with pytest.raises(TypeError):
        VerifiedCheckpoint()
    with pytest.raises(AttributeError):
        found.checkpoint = Checkpoint(logs.ORIGIN, 0, EMPTY_ROOT)
    with pytest.raises(AttributeError):
        del found.note
    with pytest.raises(TypeError):
        pickle.dumps(found)
