"""The breaking-change check: what an edit of .proto files breaks, and for whom."""

from mlspec.breaking.compare import compare
from mlspec.breaking.declared import Declared, DeclaredBreak, read_declared
from mlspec.breaking.finding import Finding, Path
from mlspec.breaking.image import load_image
from mlspec.breaking.rule import Audience, Rule
from mlspec.breaking.rules import RULES

__all__ = [
    "RULES",
    "Audience",
    "Declared",
    "DeclaredBreak",
    "Finding",
    "Path",
    "Rule",
    "compare",
    "load_image",
    "read_declared",
]
