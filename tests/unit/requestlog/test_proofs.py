"""One leaf is shown to be a log's, offline, from bytes alone."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec import v1
from mlspec.errors import (
    DecodeError,
    LimitError,
    MLSpecError,
    UntrustedError,
    ValidationError,
    VerificationError,
)
from mlspec.records import reference
from mlspec.requestlog import (
    Checkpoint,
    LogProof,
    MemoryTree,
    NoteKey,
    NoteKeyKind,
    ProvenLeaf,
    leaf_hash,
    prove_inclusion,
    proven_entry,
    read_entry,
    tree_root,
)
from mlspec.requestlog.proofs import MAX_EXTRA, MAX_HASHES
from tests.unit.requestlog import logs

PROOF = logs.proof(5, 13)
DATA = PROOF.to_bytes()


@given(st.integers(1, 100), st.data())
def test_every_proof_survives_and_verifies(size: int, data: st.DataObject) -> None:
    """Written, read, verified: any leaf of any log, with extra data or without."""
    index = data.draw(st.integers(0, size - 1))
    made = replace(logs.proof(index, size), extra=data.draw(st.binary(max_size=50)))
    assert LogProof.from_bytes(made.to_bytes()) == made
    found = made.verify(logs.leaf(index), logs.KEY)
    assert (found.leaf, found.index, found.checkpoint.size) == (logs.leaf(index), index, size)
    assert found.leaf_hash == leaf_hash(logs.leaf(index))


def test_the_text_is_that_of_the_standard() -> None:
    """A first line, the index, hashes, an empty line, the note verbatim."""
    lines = DATA.decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 5"]
    assert lines[2 + len(PROOF.hashes)] == ""
    assert DATA.endswith(b"\n\n" + PROOF.checkpoint)


@settings(max_examples=500, deadline=None)
@given(st.integers(0, len(DATA) * 8 - 1))
def test_l1_no_flipped_proof_verifies(bit: int) -> None:
    """One bit anywhere: an error of ours."""
    PROOF.verify(logs.leaf(5), logs.KEY)
    changed = bytearray(DATA)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(MLSpecError):
        LogProof.from_bytes(bytes(changed)).verify(logs.leaf(5), logs.KEY)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_l12_no_cut_proof_verifies(data: st.DataObject) -> None:
    """A piece missing at the end, the start or within."""
    start = data.draw(st.integers(0, len(DATA) - 1))
    end = data.draw(st.integers(start + 1, len(DATA)))
    with pytest.raises(MLSpecError):
        LogProof.from_bytes(DATA[:start] + DATA[end:]).verify(logs.leaf(5), logs.KEY)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 12), st.integers(1, 13), st.data())
def test_a_spliced_proof_shows_true_leaves_only(index: int, size: int, data: st.DataObject) -> None:
    """The head of one proof and the tail of another: if it verifies, the log has that leaf."""
    other = logs.proof(index % size, size).to_bytes()
    head = data.draw(st.integers(0, len(DATA)))
    tail = data.draw(st.integers(0, len(other)))
    for leaf in (5, index % size):
        try:
            found = LogProof.from_bytes(DATA[:head] + other[tail:]).verify(
                logs.leaf(leaf), logs.KEY
            )
        except MLSpecError:
            continue
        assert found.index == leaf
        assert found.checkpoint.size in (13, size)


@given(st.binary(max_size=200))
def test_any_bytes_give_an_error_of_ours(data: bytes) -> None:
    """Bytes that never were a proof, with and without its first line."""
    for each in (data, b"c2sp.org/tlog-proof@v1\n" + data):
        with pytest.raises(MLSpecError):
            LogProof.from_bytes(each)


def test_l2_an_interior_node_is_no_leaf() -> None:
    """The two hashes below a node, given as a leaf with the rest of the proof."""
    proof = logs.proof(0, 4)
    proof.verify(logs.leaf(0), logs.KEY)
    forged = leaf_hash(logs.leaf(0)) + leaf_hash(logs.leaf(1))
    short = replace(proof, hashes=proof.hashes[1:])
    for leaf in (forged, b"\x01" + forged):
        for each in (proof, short):
            with pytest.raises(MLSpecError):
                each.verify(leaf, logs.KEY)


SPELLINGS = ("05", "-5", "+5", " 5", "5 ", "0x5", "5.0", "\u0665", "", str(2**63), "9" * 5000)


@pytest.mark.parametrize("index", SPELLINGS)
def test_l3_another_spelling_of_the_index_is_refused(index: str) -> None:
    """Padded, negative, huge; the plain one passes."""
    assert LogProof.from_bytes(DATA).index == 5
    with pytest.raises(DecodeError):
        LogProof.from_bytes(DATA.replace(b"index 5\n", f"index {index}\n".encode()))


@pytest.mark.parametrize("index", [4, 6, 12, 13, 2**63 - 1])
def test_l3_another_index_is_refused(index: int) -> None:
    """Also one beyond the tree."""
    PROOF.verify(logs.leaf(5), logs.KEY)
    with pytest.raises((VerificationError, DecodeError)):
        replace(PROOF, index=index).verify(logs.leaf(5), logs.KEY)


def test_l4_hashes_that_are_extra_missing_permuted_or_mis_sized_are_refused() -> None:
    """Each has its error; the unaltered proof passes."""
    hashes = PROOF.hashes
    PROOF.verify(logs.leaf(5), logs.KEY)
    for altered, error_id in (
        ((*hashes, bytes(32)), "log.proof.length"),
        (hashes[:-1], "log.proof.length"),
        ((), "log.proof.length"),
        (hashes[::-1], "log.inclusion"),
        ((hashes[0][:-1], *hashes[1:]), "log.hash.size"),
    ):
        with pytest.raises(MLSpecError) as caught:
            replace(PROOF, hashes=altered).verify(logs.leaf(5), logs.KEY)
        assert caught.value.id == error_id
    with pytest.raises(DecodeError):
        replace(PROOF, hashes=(bytes(31),)).to_bytes()
    with pytest.raises(LimitError):
        replace(PROOF, hashes=(bytes(32),) * (MAX_HASHES + 1)).to_bytes()


def test_l5_the_size_is_the_checkpoints() -> None:
    """A proof against a tree of another size than the one that was signed."""
    PROOF.verify(logs.leaf(5), logs.KEY)
    for size in (6, 12, 14, 40):
        hashes = prove_inclusion(logs.tree(size), 5, size)
        with pytest.raises((VerificationError, DecodeError)):
            replace(PROOF, hashes=hashes).verify(logs.leaf(5), logs.KEY)
        with pytest.raises((VerificationError, DecodeError)):
            replace(PROOF, checkpoint=logs.checkpoint(size)).verify(logs.leaf(5), logs.KEY)


def test_l9_a_proof_of_another_log_is_refused() -> None:
    """The same tree under another origin and key."""
    key = NoteKey("bank.example/other", NoteKeyKind.LOG, logs.KEY.public)
    other = Checkpoint(key.name, 13, logs.root(13)).sign(key, logs.SIGNER)
    moved = replace(PROOF, checkpoint=other)
    moved.verify(logs.leaf(5), key)
    with pytest.raises(UntrustedError):
        moved.verify(logs.leaf(5), logs.KEY)


def test_l11_witnesses_are_asked_for() -> None:
    """A proof carries its checkpoint's cosignatures."""
    with pytest.raises(UntrustedError):
        PROOF.verify(logs.leaf(5), logs.KEY, [logs.ANNA.key], needed=1)
    seen = replace(PROOF, checkpoint=logs.cosigned(PROOF.checkpoint, logs.ANNA))
    seen.verify(logs.leaf(5), logs.KEY, [logs.ANNA.key], needed=1)


@pytest.mark.parametrize(
    "data",
    [
        DATA.replace(b"\n", b"\r\n"),
        DATA.replace(b"@v1\n", b"@v2\n"),
        DATA.replace(b"index", b"INDEX"),
        DATA.replace(b"index 5\n", b""),
        DATA.replace(b"index 5\n", b"index 5\nindex 5\n"),
        DATA.replace(b"index 5\n", b"index 5\nextra AAAA\n"),
        DATA.replace(b"index 5\n", b"extra \nindex 5\n"),
        DATA.replace(b"index 5\n", b"extra AB==\nindex 5\n"),
        DATA.replace(b"index 5\n", b"index 5\n\n"),
        DATA.replace(b"index 5\n", "index 5\u00e9\n".encode()),
        DATA + b"\n",
        DATA.partition(b"\n\n")[0] + b"\n",
        b"\xef\xbb\xbf" + DATA,
    ],
)
def test_l10_another_grammar_is_refused(data: bytes) -> None:
    """Each proof has one spelling, and this is not it."""
    assert LogProof.from_bytes(DATA) == PROOF
    with pytest.raises(DecodeError):
        LogProof.from_bytes(data)


def test_proofs_are_bounded() -> None:
    """Extra data, and the whole."""
    assert LogProof.from_bytes(replace(PROOF, extra=bytes(MAX_EXTRA)).to_bytes())
    with pytest.raises(LimitError):
        replace(PROOF, extra=bytes(MAX_EXTRA + 1)).to_bytes()
    with pytest.raises(LimitError):
        LogProof.from_bytes(DATA + bytes(1_000_000))


def test_only_verifying_makes_a_proven_leaf() -> None:
    """No constructor, and nothing to change."""
    with pytest.raises(TypeError):
        ProvenLeaf()
    with pytest.raises(AttributeError):
        PROOF.verify(logs.leaf(5), logs.KEY).index = 6


def entry(origin: str = logs.ORIGIN, number: int = 0) -> bytes:
    """A small valid entry: a record was sealed."""
    made = v1.LogEntry(origin=origin, sequence_number=number, nonce=bytes(16))
    made.logged_record.CopyFrom(reference(bytes(32), v1.STAGE_RUN_MANIFEST))
    return made.SerializeToString()


def proven(leaf: bytes) -> ProvenLeaf:
    """That leaf, alone in its log, and shown to be there."""
    tree = MemoryTree()
    tree.append(leaf_hash(leaf))
    data = Checkpoint(logs.ORIGIN, 1, tree_root(tree, 1)).sign(logs.KEY, logs.SIGNER)
    return LogProof(0, (), data).verify(leaf, logs.KEY)


def test_l13_an_entry_of_another_log_is_refused() -> None:
    """Though the leaf is in the tree: it names the log that it was written for."""
    assert proven_entry(proven(entry())).origin == logs.ORIGIN
    with pytest.raises(VerificationError) as caught:
        proven_entry(proven(entry("bank.example/other")))
    assert caught.value.id == "log.entry.origin"


def test_l13_a_leaf_of_another_log_is_not_in_this_one() -> None:
    """Its bytes lead to another root."""
    with pytest.raises(VerificationError) as caught:
        PROOF.verify(b"leaf of another log", logs.KEY)
    assert caught.value.id == "log.inclusion"


@pytest.mark.parametrize("number", [1, 2, 2**62])
def test_l14_an_entry_at_another_place_is_refused(number: int) -> None:
    """A gap or a double: the number is the index."""
    assert proven_entry(proven(entry())).sequence_number == 0
    with pytest.raises(VerificationError) as caught:
        proven_entry(proven(entry(number=number)))
    assert caught.value.id == "log.entry.sequence"


def test_an_entry_is_one_valid_message() -> None:
    """No junk, no unknown field, no broken rule."""
    assert read_entry(entry(), logs.ORIGIN, 0)
    with pytest.raises(MLSpecError):
        read_entry(b"\xff\xff", logs.ORIGIN, 0)
    with pytest.raises(MLSpecError):
        read_entry(entry() + b"\xf8\x7f\x01", logs.ORIGIN, 0)
    with pytest.raises(ValidationError):
        read_entry(v1.LogEntry(origin=logs.ORIGIN).SerializeToString(), logs.ORIGIN, 0)
