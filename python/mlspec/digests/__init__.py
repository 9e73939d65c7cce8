"""Digests of bytes, files and folders; artifacts, manifests, and files that were verified."""

from mlspec.digests.artifacts import (
    artifact,
    digest_bytes,
    digest_file,
    digest_folder,
    digest_path,
    manifest,
)
from mlspec.digests.folders import FileDigest
from mlspec.digests.manifests import ListedFile, package_manifest, read_manifest
from mlspec.digests.opening import open_verified, verified_copy
from mlspec.digests.packages import CheckedPackage, PackageFault, package_faults, verify_package
from mlspec.digests.values import Algorithm, algorithm, from_hex, make, same, to_hex, value

__all__ = [
    "Algorithm",
    "CheckedPackage",
    "FileDigest",
    "ListedFile",
    "PackageFault",
    "algorithm",
    "artifact",
    "digest_bytes",
    "digest_file",
    "digest_folder",
    "digest_path",
    "from_hex",
    "make",
    "manifest",
    "open_verified",
    "package_faults",
    "package_manifest",
    "read_manifest",
    "same",
    "to_hex",
    "value",
    "verified_copy",
    "verify_package",
]
