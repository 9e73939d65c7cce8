"""Stages 3 to 6 again: from the raw rows and the clean tables."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from typing import Any

import numpy as np
import pandas as pd
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from scipy import stats

from examples.loan_approval.recompute.book import KEY, Book, feature, merkle_root, psi
from mlspec import v1

MONEY = ["loanamt", "appinc", "atotinc", "cototinc", "hexp", "price", "apr", "netw", "liq"]
SENTINELS: dict[str, list[float]] = {
    "appinc": [666],
    "gdlin": [666],
    "liq": [999999.375, 1000000],
    "lines": [999999.375],
    "term": [999999.375],
    "review": [999],
}


def observed(book: Book, relative: str) -> pd.DataFrame:
    """Raw rows with sentinels blank, and race and sex beside them."""
    raw = book.csv(relative)
    clean = raw.astype(float)
    for name, values in SENTINELS.items():
        clean[name] = clean[name].mask(clean[name].isin(values))
    clean["race"] = np.where(
        raw.black == 1, "black", np.where(raw.hispan == 1, "hispanic", "white")
    )
    clean["sex"] = raw.male.map({1.0: "male", 0.0: "female"}).fillna("unknown")
    return clean


def analysis(book: Book) -> None:
    """Statistics, slices, correlations and bounds of the raw training rows."""
    body, rows, stage = book.body(v1.DataAnalysis), observed(book, "data/raw/train.csv"), "analyse"
    book.compare(stage, "rows", body.row_count, len(rows))
    for name in ("loanamt", "appinc", "price", "obrat", "netw"):
        found, column = feature(body.statistics, name), rows[name].dropna()
        book.compare(stage, f"{name}: missing", found.missing_count, int(rows[name].isna().sum()))
        book.compare(stage, f"{name}: mean", found.numbers.mean, float(column.mean()))
        book.compare(stage, f"{name}: sd", found.numbers.standard_deviation, float(column.std()))
        middle = next(q.value for q in found.numbers.quantiles if q.rank == 0.5)
        book.compare(stage, f"{name}: median", middle, float(column.median()))
        histogram = found.histograms[0]
        counts = np.histogram(column, bins=list(histogram.edges))[0]
        book.compare(stage, f"{name}: histogram", str(list(histogram.counts)), str(counts.tolist()))
    for part in body.slice_statistics:
        name, value = part.slice.name.split("=")
        members = rows[rows[name] == value]
        book.compare(stage, f"{value}: rows", part.row_count, len(members))
        approved = feature(part, "approve").numbers.mean
        book.compare(stage, f"{value}: approved", approved, float(members.approve.mean()))
    for each in body.correlations:
        if each.feature in ("reject", "action", "gdlin", "unver") and each.statistic == 1:
            both = rows[[each.feature, "approve"]].dropna()
            r = float(np.corrcoef(both[each.feature], both.approve)[0, 1])
            book.compare(stage, f"r of {each.feature}", each.value, r)
    for fenced in body.outlier_detections[0].features_found:
        low, high = np.nanquantile(rows[fenced.feature].to_numpy(), [0.25, 0.75])
        bound = float(high + 10 * (high - low))
        book.compare(stage, f"{fenced.feature}: bound", fenced.upper_bound, bound)


def transformation(book: Book) -> None:
    """Sentinels counted, outliers found, medians and means fitted again."""
    body, stage = book.body(v1.DataTransformation), "transform"
    raw = {name: book.csv(f"data/raw/{name}.csv") for name in ("train", "validation")}
    both = pd.concat(raw.values())
    operations = {operation.name: operation for operation in body.operations}
    for each in operations["replace-sentinels"].sentinel_replacements:
        count = int((both[each.feature] == each.sentinel.number_value).sum())
        value = f"{each.sentinel.number_value:g}"
        book.compare(stage, f"{each.feature} = {value}", each.row_count, count)
    train, outside = (
        observed(book, "data/raw/train.csv"),
        pd.Series(False, index=raw["train"].index),
    )
    for name in MONEY:
        low, high = train[name].quantile([0.25, 0.75])
        reach = 10 * (high - low)
        outside |= (train[name] < low - reach) | (train[name] > high + reach)
    eliminated = operations["eliminate-outliers"].outlier_elimination
    book.compare(stage, "outliers", eliminated.eliminated_row_count, int(outside.sum()))
    book.compare(stage, "rows", body.input_row_count - body.output_row_count, int(outside.sum()))
    for part in eliminated.eliminated_by_slice:
        name, value = part.slice.name.split("=")
        count = int((train[name][outside] == value).sum())
        book.compare(stage, f"outliers, {value}", part.count, count)
    kept = train[~outside]
    for learnt in operations["impute-numbers"].fitted_state.values:
        median = float(np.nanmedian(kept[learnt.name].to_numpy()))
        book.compare(stage, f"{learnt.name}: median", learnt.number_value, median)
    fitted = json.loads((book.folder / "data/clean/fitted_state.json").read_text())
    filled = kept.price.fillna(kept.price.median())
    state = fitted["scale-numbers"]["price"]
    book.compare(stage, "price: mean", state["mean"], float(filled.mean()))
    book.compare(stage, "price: scale", state["scale"], float(filled.std(ddof=0)))
    digest = operations["impute-numbers"].fitted_state.artifact.digest.sha256.hex()
    book.compare(stage, "fitted state", digest, book.sha256("data/clean/fitted_state.json"))


def out_of_domain(column: pd.Series[Any], declared: v1.FeatureDefinition) -> np.ndarray:
    """Where a value is there and not in the domain that a schema declares."""
    there, values = column.notna().to_numpy(), column.to_numpy()
    if declared.HasField("value_domain"):
        allowed = [
            v.string_value if v.HasField("string_value") else v.number_value
            for v in declared.value_domain.values
        ]
        return np.array(there & ~np.isin(values, np.array(allowed)))
    domain = declared.number_domain
    return np.array(there & ((values < domain.min_value) | (values > domain.max_value)))


def validation(book: Book) -> None:
    """Rows, anomalies and drift, from the clean tables and the schema files."""
    body, stage = book.body(v1.DataValidation), "validate"
    train, other = book.csv("data/clean/train.csv"), book.csv("data/clean/validation.csv")
    both = pd.concat([train, other], ignore_index=True)
    book.compare(stage, "rows looked at", body.sampling.row_count, len(both))
    edited, guessed = "schema/loan-applications.binpb", "schema/inferred.binpb"
    book.compare(stage, "schema", body.schema.digest.sha256.hex(), book.sha256(edited))
    schema = v1.FeatureSchema.FromString((book.folder / edited).read_bytes())
    declared = {each.name: each for each in schema.features}
    for anomaly in body.anomalies:
        if anomaly.id.endswith("-domain"):
            count = int(out_of_domain(both[anomaly.feature], declared[anomaly.feature]).sum())
            book.compare(stage, anomaly.id, anomaly.row_count, count)
    inferred = v1.FeatureSchema.FromString((book.folder / guessed).read_bytes())
    refused = np.any([out_of_domain(train[f.name], f) for f in inferred.features], axis=0)
    narrow = next(a for a in body.anomalies if a.id == "inferred-schema-too-narrow")
    book.compare(stage, "rows that the guess refuses", narrow.row_count, int(refused.sum()))
    price = next(f for f in inferred.features if f.name == "price").number_domain
    book.compare(stage, "guessed greatest price", price.max_value, float(train.price[:30].max()))
    burden = next(c for c in body.checks if c.id == "housing-within-obligations")
    over = int((both.hrat > both.obrat + 1e-9).sum())
    book.compare(stage, "hrat above obrat", burden.violation_row_count, over)
    analysis_body, raw = book.body(v1.DataAnalysis), observed(book, "data/raw/train.csv")
    for drift in body.drift_checks[:12]:
        edges = list(feature(analysis_body.statistics, drift.feature).histograms[0].edges)
        value = psi(edges, raw[drift.feature].to_numpy(), other[drift.feature].to_numpy())
        book.compare(stage, drift.id, drift.value, value)


def released_rows(book: Book) -> bytes:
    """The clean hold-back set: whoever has the custodian's key can check the commitment."""
    sealed = (book.folder / "custody/holdout.csv.sealed").read_bytes()
    key = (book.folder / "custody/holdout.key").read_bytes()
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], None)


def splitting(book: Book) -> None:
    """Rows, labels, digests, the commitment, and the search for leaks."""
    body, stage = book.body(v1.DataSplitting, "split"), "split"
    content, salt = released_rows(book), (book.folder / "custody/holdout.salt").read_bytes()
    tables = {name: book.csv(f"data/clean/{name}.csv") for name in ("train", "validation")}
    tables["holdout"] = pd.read_csv(io.BytesIO(content))
    for part in body.splits:
        rows = tables[part.name]
        book.compare(stage, f"{part.name}: rows", part.row_count, len(rows))
        if part.role != v1.SPLIT_ROLE_HOLDOUT:
            digest = book.sha256(f"data/clean/{part.name}.csv")
            book.compare(stage, f"{part.name}: digest", part.digest.sha256.hex(), digest)
            counts = [each.count for each in part.label_distribution.classes]
            refused, approved = int((rows.approve == 0).sum()), int((rows.approve == 1).sum())
            book.compare(stage, f"{part.name}: refused", counts[0], refused)
            book.compare(stage, f"{part.name}: approved", counts[1], approved)
    held = next(part for part in body.splits if part.role == v1.SPLIT_ROLE_HOLDOUT)
    lines = content.rstrip(b"\n").split(b"\n")[1:]
    hashes = sorted(hmac.new(salt, line, hashlib.sha256).digest() for line in lines)
    root, salted = merkle_root(hashes), hashlib.sha256(salt).hexdigest()
    book.compare(stage, "digest", held.digest.sha256.hex(), hashlib.sha256(content).hexdigest())
    book.compare(stage, "commitment", held.custody.commitment_root.sha256.hex(), root.hex())
    book.compare(stage, "salt", held.custody.salt_digest.sha256.hex(), salted)
    for check in body.leakage_checks:
        if check.kind == v1.LEAKAGE_KIND_ENTITY_KEYS:
            keys = [
                set(tables[name][KEY].itertuples(index=False, name=None))
                for name in (check.split_name, check.other_split_name)
            ]
            what = f"applications of {check.split_name}"
            book.compare(stage, what, check.examined_count, len(keys[0]))
            book.compare(stage, f"{what} in train", check.found_count or 0, len(keys[0] & keys[1]))
        if check.kind == v1.LEAKAGE_KIND_LABEL_FEATURES:
            raw = book.csv("data/raw/train.csv")
            recorded = next(p.number_value for p in check.parameters if p.name == "raw_r_action")
            r = float(stats.pearsonr(raw.action, raw.approve).statistic)
            book.compare(stage, "raw r of action", recorded, r)


ALL = (analysis, transformation, validation, splitting)
