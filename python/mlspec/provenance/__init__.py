"""The rules that no single record can show: who may vouch for whom, and what stands on what.

`examine` walks from a deployment to all that it stands on, verifies each record, and applies
every rule of `RULES`. Missing evidence is NOT PROVEN, never PASS. What a record log in a folder
proves about times is in `mlspec.provenance.folder_times`, which alone needs the logs.
"""

from mlspec.provenance.deployments import request_log, request_model
from mlspec.provenance.examining import Examination, Examiner, examine
from mlspec.provenance.findings import Finding, Verdict, worst
from mlspec.provenance.rollout import RollOut
from mlspec.provenance.rules import RULES, Rule
from mlspec.provenance.sources import MAX_RECORDS, HeldRecords, Records, StoreRecords
from mlspec.provenance.times import NoTimes, Times

__all__ = [
    "MAX_RECORDS",
    "RULES",
    "Examination",
    "Examiner",
    "Finding",
    "HeldRecords",
    "NoTimes",
    "Records",
    "RollOut",
    "Rule",
    "StoreRecords",
    "Times",
    "Verdict",
    "examine",
    "request_log",
    "request_model",
    "worst",
]
