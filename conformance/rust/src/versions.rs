//! Versions of the specification, in the order of Semantic Versioning 2.0.0, section 11.

use crate::error::Problem;

/// The version of the specification that this library was written for, and the newest that it knows.
pub const SPEC_VERSION: &str = "0.2.0";

const MAX_LENGTH: usize = 64;

/// A version such as 0.1.0 or 1.0.0-rc.1. Build metadata does not count. The order is that of the parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    core: [Number; 3],
    maturity: Maturity,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Maturity {
    Candidate(Vec<Identifier>),
    Release,
}

/// Numbers come before words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(Number),
    Word(String),
}

/// A whole number of any size: of two without leading zeros, the longer one is larger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Number {
    length: usize,
    digits: String,
}

impl Version {
    /// Reads a version that stands at `path`.
    pub(crate) fn parse(text: &str, path: &str) -> Result<Self, Problem> {
        let wrong = || {
            let start: String = text.chars().take(MAX_LENGTH).collect();
            Problem::new(
                "version",
                path,
                format!("must be a semantic version (got {start:?})"),
            )
        };
        if text.len() > MAX_LENGTH {
            return Err(wrong());
        }
        parsed(text).ok_or_else(wrong)
    }
}

fn parsed(text: &str) -> Option<Version> {
    let (rest, build) = split(text, '+');
    let (core, candidate) = split(rest, '-');
    if [build, candidate]
        .into_iter()
        .flatten()
        .any(|part| !is_suffix(part))
    {
        return None;
    }
    let numbers: Vec<Number> = core.split('.').map(core_number).collect::<Option<_>>()?;
    let maturity = candidate.map_or(Maturity::Release, |text| {
        Maturity::Candidate(text.split('.').map(identifier).collect())
    });
    Some(Version {
        core: numbers.try_into().ok()?,
        maturity,
    })
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark)
        .map_or((text, None), |(before, after)| (before, Some(after)))
}

fn is_suffix(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    !text.is_empty() && text.chars().all(fits)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn core_number(text: &str) -> Option<Number> {
    let canonical = text == "0" || !text.starts_with('0');
    (is_number(text) && canonical).then(|| number(text))
}

fn identifier(text: &str) -> Identifier {
    if is_number(text) {
        Identifier::Number(number(text))
    } else {
        Identifier::Word(text.to_owned())
    }
}

fn number(text: &str) -> Number {
    let digits = text.trim_start_matches('0').to_owned();
    Number {
        length: digits.len(),
        digits,
    }
}
