"""Signed, typed records of every stage of a machine-learning lifecycle.

```python
import mlspec
from mlspec import v1

with mlspec.Run("loan-approval", store="mlspec.db", signer="keys/trainer.pem") as run:
    with run.step(v1.ModelTraining(algorithm="logistic regression")) as step:
        step.output("model.joblib", role="model")
```

Each name is loaded at its first use: importing `mlspec` alone costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING

__version__ = "0.2.0"

__all__ = [
    "MLSpecError",
    "NotUnderstoodError",
    "Run",
    "Sealed",
    "Signer",
    "Store",
    "TamperedError",
    "TrustPolicy",
    "UntrustedError",
    "ValidationError",
    "VerificationError",
    "VerifiedRecord",
    "Violation",
    "__version__",
    "artifact",
    "digest_bytes",
    "digest_file",
    "digest_folder",
    "generate_key",
    "load_signer",
    "open_store",
    "seal",
    "unseal",
    "validate",
    "violations",
]

if TYPE_CHECKING:
    from mlspec.digests import artifact, digest_bytes, digest_file, digest_folder
    from mlspec.emitting import Run
    from mlspec.errors import (
        MLSpecError,
        NotUnderstoodError,
        TamperedError,
        UntrustedError,
        ValidationError,
        VerificationError,
        Violation,
    )
    from mlspec.sealing import (
        Sealed,
        Signer,
        TrustPolicy,
        VerifiedRecord,
        generate_key,
        load_signer,
        seal,
        unseal,
    )
    from mlspec.store import Store, open_store
    from mlspec.validation import validate, violations
else:
    _HOMES = {
        "MLSpecError": "errors",
        "NotUnderstoodError": "errors",
        "Run": "emitting",
        "Sealed": "sealing",
        "Signer": "sealing",
        "Store": "store",
        "TamperedError": "errors",
        "TrustPolicy": "sealing",
        "UntrustedError": "errors",
        "ValidationError": "errors",
        "VerificationError": "errors",
        "VerifiedRecord": "sealing",
        "Violation": "errors",
        "artifact": "digests",
        "digest_bytes": "digests",
        "digest_file": "digests",
        "digest_folder": "digests",
        "generate_key": "sealing",
        "load_signer": "sealing",
        "open_store": "store",
        "seal": "sealing",
        "unseal": "sealing",
        "validate": "validation",
        "violations": "validation",
    }

    def __getattr__(name: str) -> object:
        """Load `name` from the room that defines it, once."""
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        """Name what can be used, loaded or not."""
        return sorted({*globals(), *__all__})
