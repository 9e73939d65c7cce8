"""Where the kit's files are."""

from tools.places import BUILD, CONFORMANCE

KIT = CONFORMANCE
CASES = KIT / "cases"
SAMPLE = KIT / "sample"
OUTPUT = BUILD / "conformance"
