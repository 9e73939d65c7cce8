"""Sealed records in the forms of other tools: in-toto statements and sigstore bundles."""

from mlspec.exporters.making import sign_statement, to_statement
from mlspec.exporters.reading import read_statement
from mlspec.exporters.sigstore import BUNDLE_JSON, read_bundle, to_bundle
from mlspec.exporters.statement import STATEMENT_JSON, Statement, predicate_type
from mlspec.exporters.subjects import Subject

__all__ = [
    "BUNDLE_JSON",
    "STATEMENT_JSON",
    "Statement",
    "Subject",
    "predicate_type",
    "read_bundle",
    "read_statement",
    "sign_statement",
    "to_bundle",
    "to_statement",
]
