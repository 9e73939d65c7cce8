"""Signed notes are read in one spelling, and verified by keys that the reader names."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlspec.errors import (
    DecodeError,
    KeyFileError,
    LimitError,
    MLSpecError,
    SigningError,
    TamperedError,
    UntrustedError,
    UsageError,
)
from mlspec.requestlog import (
    Note,
    NoteKey,
    NoteKeyKind,
    NoteSignature,
    cosign_text,
    public_key,
    sign_text,
)
from mlspec.requestlog.notes import MAX_NOTE, MAX_SIGNATURES
from mlspec.sealing import generate_key
from tests.unit.requestlog import logs

# The example of C2SP signed-note: facts that anybody may check.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
PUBLISHED = (
    "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi"
    "2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
TEXT = b"a text\n\nwith an empty line\n"
NOTE = Note(TEXT, (sign_text(TEXT, logs.KEY, logs.SIGNER),))
DATA = NOTE.to_bytes()


def test_the_published_note_verifies() -> None:
    """Key line, key id and signature are as the standard's example has them."""
    key = NoteKey.from_vkey(VKEY)
    note = Note.from_bytes(PUBLISHED)
    assert note.text == b"This is an example message.\n"
    assert note.verify([key]) == ((key, note.signatures[0]),)
    assert key.to_vkey() == VKEY
    assert note.to_bytes() == PUBLISHED


def test_a_note_survives() -> None:
    """Written, read and verified; the text keeps its empty lines."""
    assert Note.from_bytes(DATA) == NOTE
    assert NOTE.verify([logs.KEY])[0][0] == logs.KEY


GRAMMAR = {
    "crlf": DATA.replace(b"\n", b"\r\n"),
    "one_crlf": DATA[:-1] + b"\r\n",
    "no_last_newline": DATA[:-1],
    "no_empty_line": DATA.replace(b"\n\n", b"\n"),
    "no_signature": TEXT + b"\n",
    "byte_order_mark_in_line": DATA.replace("\u2014".encode(), "\ufeff\u2014".encode()),
    "hyphen": DATA.replace("\u2014".encode(), b"-"),
    "two_blanks": DATA.replace(b"requests ", b"requests  "),
    "plus_in_name": DATA.replace(b"/loans/", b"/loans+/"),
    "blank_in_name": DATA.replace(b"/loans/", "/lo\u00a0ns/".encode()),
    "no_padding": DATA.replace(b"=\n", b"\n"),
    "tab": DATA.replace(b"a text", b"a\ttext"),
    "nul": DATA.replace(b"a text", b"a\0text"),
    "latin_1": DATA.replace(b"a text", b"a t\xe9xt"),
    "trailing_empty_line": DATA + b"\n",
    "short_signature": TEXT + "\n\u2014 name AAAAAA==\n".encode(),
    "nothing": b"",
}


@pytest.mark.parametrize("name", GRAMMAR)
def test_l10_another_grammar_is_refused(name: str) -> None:
    """Each is a note that some reader might take; the unaltered one passes."""
    Note.from_bytes(DATA).verify([logs.KEY])
    with pytest.raises(DecodeError) as caught:
        Note.from_bytes(GRAMMAR[name])
    assert caught.value.id == "note.syntax"


def test_l10_loose_base64_is_refused() -> None:
    """Unused bits that are set spell the same bytes a second way."""
    line = DATA.rstrip(b"\n")
    last = line.rstrip(b"=")
    twin = last[:-1] + bytes([last[-1] + 1]) + line[len(last) :] + b"\n"
    with pytest.raises(DecodeError):
        Note.from_bytes(twin)


def test_notes_are_bounded() -> None:
    """As many signatures as allowed are read; one more, or one byte more, is not."""
    junk = NoteSignature("stranger", b"abcd", b"s")
    full = Note(TEXT, (NOTE.signatures[0], *[junk] * (MAX_SIGNATURES - 1)))
    assert len(Note.from_bytes(full.to_bytes()).verify([logs.KEY])) == 1
    with pytest.raises(LimitError):
        full.with_signature(junk).to_bytes()
    with pytest.raises(LimitError):
        Note.from_bytes(b"a" * (MAX_NOTE + 1))


@pytest.mark.parametrize("text", [b"", b"no newline", b"cr\r\n", b"\xff\n"])
def test_what_cannot_be_read_is_not_written(text: bytes) -> None:
    """Nor a name with a blank, nor one that is no Unicode."""
    with pytest.raises(DecodeError):
        Note(text, NOTE.signatures).to_bytes()
    for name in ("a b", "", "\ud800"):
        with pytest.raises(DecodeError):
            Note(TEXT, (NoteSignature(name, b"abcd", b"s"),)).to_bytes()


def test_a_stranger_beside_the_key_is_ignored() -> None:
    """Same name or same id, but not both: no known key."""
    good = NOTE.signatures[0]
    for stranger in (
        NoteSignature(good.name, b"abcd", b"junk"),
        NoteSignature("stranger", good.key_id, b"junk"),
    ):
        assert len(NOTE.with_signature(stranger).verify([logs.KEY])) == 1
        with pytest.raises(UntrustedError) as caught:
            Note(TEXT, (stranger,)).verify([logs.KEY])
        assert caught.value.id == "note.untrusted"


@settings(max_examples=100)
@given(st.integers(0, 511))
def test_a_signature_that_does_not_fit_condemns_the_note(bit: int) -> None:
    """Even beside a good one of the same key."""
    good = NOTE.signatures[0]
    forged = (int.from_bytes(good.signature, "big") ^ 1 << bit).to_bytes(64, "big")
    bad = NoteSignature(good.name, good.key_id, forged)
    for note in (Note(TEXT, (bad,)), NOTE.with_signature(bad)):
        with pytest.raises(TamperedError) as caught:
            note.verify([logs.KEY])
        assert caught.value.id == "note.signature"


@settings(max_examples=400)
@given(st.integers(0, len(DATA) * 8 - 1))
def test_no_flipped_note_verifies(bit: int) -> None:
    """One bit anywhere: an error of ours, every time."""
    changed = bytearray(DATA)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(MLSpecError):
        Note.from_bytes(bytes(changed)).verify([logs.KEY])


@given(st.binary(max_size=200))
def test_any_bytes_give_an_error_of_ours(data: bytes) -> None:
    """Bytes that never were a note."""
    with pytest.raises(MLSpecError):
        Note.from_bytes(data).verify([logs.KEY])


def test_one_key_of_two_kinds_is_two_keys() -> None:
    """The ids differ, so neither signature can pose as the other."""
    twin = NoteKey(logs.ORIGIN, NoteKeyKind.WITNESS, logs.KEY.public)
    assert twin.key_id != logs.KEY.key_id
    assert twin != logs.KEY
    with pytest.raises(UntrustedError):
        NOTE.verify([twin])


@pytest.mark.parametrize("length", [0, 1, 8, 64, 71, 73])
def test_a_cosignature_has_one_length(length: int) -> None:
    """Eight bytes of time and 64 of signature."""
    assert not logs.ANNA.key.fits(bytes(length), TEXT)
    made = cosign_text(TEXT, logs.ANNA.key, logs.ANNA.signer, 1)
    assert logs.ANNA.key.fits(made.signature, TEXT)


def test_a_cosignature_covers_its_time() -> None:
    """Another time, or one beyond 63 bits, does not fit; such a one is not made either."""
    made = cosign_text(TEXT, logs.ANNA.key, logs.ANNA.signer, 5).signature
    assert not logs.ANNA.key.fits((6).to_bytes(8, "big") + made[8:], TEXT)
    late = 2**63
    signed = logs.ANNA.signer.sign(b"cosignature/v1\ntime %d\n" % late + TEXT)
    assert not logs.ANNA.key.fits(late.to_bytes(8, "big") + signed, TEXT)
    for time in (-1, late):
        with pytest.raises(UsageError):
            cosign_text(TEXT, logs.ANNA.key, logs.ANNA.signer, time)


def test_signers_are_checked() -> None:
    """Another key, another kind, or no bytes: nothing unverifiable comes out."""
    with pytest.raises(SigningError):
        sign_text(TEXT, logs.KEY, generate_key())
    with pytest.raises(UsageError):
        sign_text(TEXT, logs.ANNA.key, logs.ANNA.signer)
    with pytest.raises(UsageError):
        cosign_text(TEXT, logs.KEY, logs.SIGNER, 1)

    class Broken:
        keyid = logs.SIGNER.keyid

        def __init__(self, result: object) -> None:
            self.result = result

        def sign(self, data: bytes) -> bytes:
            if isinstance(self.result, Exception):
                raise self.result
            return self.result  # type: ignore[return-value]

    for result in (OSError("out of reach"), None, b"", "text"):
        with pytest.raises(SigningError):
            sign_text(TEXT, logs.KEY, Broken(result))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a+b",
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("example.com", "example.org"),
        VKEY[:-4],
        "name+00000000+",
        "name+00000000+CQ==",
        VKEY + "\n",
    ],
)
def test_other_key_lines_are_refused(line: str) -> None:
    """One spelling of each key, its id computed and not believed."""
    assert NoteKey.from_vkey(VKEY).to_vkey() == VKEY
    with pytest.raises(DecodeError) as caught:
        NoteKey.from_vkey(line)
    assert caught.value.id == "note.vkey"


def test_keys_of_notes_have_names_and_are_ed25519() -> None:
    """Nothing else can be told apart in a signature line."""
    for name in ("", "a b", "a+b", "a\nb", "\u2003", "n" * 256):
        with pytest.raises(UsageError):
            NoteKey(name, NoteKeyKind.LOG, logs.KEY.public)
    with pytest.raises(KeyFileError):
        NoteKey("name", NoteKeyKind.LOG, generate_key("ecdsa-p256").public)
    with pytest.raises(KeyFileError):
        public_key(bytes(31))
    assert len({logs.KEY, NoteKey.from_vkey(logs.KEY.to_vkey())}) == 1
