"""Run by a release's own Python, with only its wheel: seal the full example of each body.

Arguments: the folder of vectors, and a new folder. That gets `<body>.sealed.json` for each record,
and `trust.json`, which believes their signers for ever. The private keys are thrown away.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import mlspec
from mlspec import codec, v1
from mlspec.records import all_stages
from mlspec.sealing import trust_edit

_RECORD = "# proto-message: mlspec.v1.Record\n"
_NEVER = datetime(9999, 12, 31, tzinfo=UTC)


def main(vectors: Path, target: Path) -> None:
    """Seal with one kind of key and with the other by turns; the first record has both."""
    signers = [mlspec.generate_key(algorithm) for algorithm in ("ed25519", "ecdsa-p256")]
    policy = trust_edit.new_policy(_NEVER)
    for signer in signers:
        policy = trust_edit.add_key(policy, signer.public, f"{signer.public.algorithm}@mlspec.test")
    keyids = [signer.keyid for signer in signers]
    policy = trust_edit.add_role(policy, "writer", keyids, stages=all_stages())
    policy.version = 1
    target.mkdir()
    trust_edit.save(policy, target / "trust.json")
    texts = [path for path in sorted(vectors.glob("*/full.txtpb")) if _RECORD in path.read_text()]
    for index, path in enumerate(texts):
        sealed = mlspec.seal(codec.read(v1.Record, path), signers[index % 2])
        if index == 0:
            sealed = sealed.countersign(signers[1])
        (target / f"{path.parent.name}.sealed.json").write_bytes(sealed.to_json())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
