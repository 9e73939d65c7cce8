//! Whether the bytes of a record may be relied on, signatures apart.

use std::collections::HashSet;

use prost_reflect::DynamicMessage;

use crate::envelope::MAX_PAYLOAD;
use crate::error::{Error, Kind, Problem};
use crate::message::{self, Parsed};
use crate::v1::{self, AnnotationDuty, RecordHeader, Stage};
use crate::versions::Version;
use crate::{rules, schema};

/// A record that may be used.
pub(crate) struct Accepted {
    pub(crate) record: v1::Record,
    pub(crate) header: RecordHeader,
    /// Why a reader of this version does not understand it in full. Empty: it does.
    pub(crate) doubts: Vec<String>,
}

/// Which of the must-understand annotations the caller acts on.
pub(crate) enum Understood<'a> {
    All,
    Named(&'a HashSet<String>),
}

/// Applies steps 5 to 8 of "One record" in docs/spec/verification.md.
pub(crate) fn accept(
    payload: &[u8],
    reader: &str,
    understood: &Understood<'_>,
) -> Result<Accepted, Error> {
    let parsed = parse_record(payload)?;
    judge(&parsed, reader, understood)
}

/// Parses a record within its bounds.
pub(crate) fn parse_record(payload: &[u8]) -> Result<Parsed, Error> {
    message::parse(schema::own("Record"), payload, MAX_PAYLOAD).map_err(unacceptable)
}

/// Applies the rules on versions, stage and content to a record that was parsed.
pub(crate) fn judge(
    parsed: &Parsed,
    reader: &str,
    understood: &Understood<'_>,
) -> Result<Accepted, Error> {
    let record: v1::Record = message::typed(&parsed.message);
    let Some(header) = record.header.clone() else {
        keep_rules(&parsed.message)?;
        return Err(unacceptable(Problem::new(
            "record.header",
            "header",
            "must be there",
        )));
    };
    let mut doubts =
        doubts(&header, parsed.unknown.as_deref(), reader, understood).map_err(unacceptable)?;
    check_stage(&parsed.message, &header).map_err(unacceptable)?;
    if is_newer(&header, reader).map_err(unacceptable)? {
        let broken = rules::violations(&parsed.message).map_err(unchecked)?;
        let words = |each: &crate::Violation| {
            format!(
                "{}: breaks {}, by the rules of this version",
                each.path, each.rule_id
            )
        };
        doubts.extend(broken.first().map(words));
    } else {
        keep_rules(&parsed.message)?;
    }
    Ok(Accepted {
        record,
        header,
        doubts,
    })
}

/// Tells whether a record is of a newer version than the reader.
pub(crate) fn is_newer(header: &RecordHeader, reader: &str) -> Result<bool, Problem> {
    let written = Version::parse(&header.spec_version, "header.spec_version")?;
    Ok(written > Version::parse(reader, "reader_version")?)
}

/// Says why a reader does not understand a record in full, by the table in docs/spec/versions.md.
fn doubts(
    header: &RecordHeader,
    unknown: Option<&str>,
    reader: &str,
    understood: &Understood<'_>,
) -> Result<Vec<String>, Problem> {
    check_annotations(header, understood)?;
    let least = Version::parse(&header.least_reader_version, "header.least_reader_version")?;
    if least > Version::parse(&header.spec_version, "header.spec_version")? {
        let words = format!(
            "must not be newer than spec_version (got {})",
            header.least_reader_version
        );
        return Err(Problem::new(
            "version.order",
            "header.least_reader_version",
            words,
        ));
    }
    if let Some(path) = unknown
        && !is_newer(header, reader)?
    {
        let words = format!(
            "must be a field that version {}, which the record names, has",
            header.spec_version
        );
        return Err(Problem::new("record.unknown_field", path, words));
    }
    let needs = (least > Version::parse(reader, "reader_version")?).then(|| {
        format!(
            "needs a reader of version {} (this is {reader})",
            header.least_reader_version
        )
    });
    let newer = unknown.map(|path| format!("{path}: is a field of a newer version"));
    Ok(needs.into_iter().chain(newer).collect())
}

fn check_annotations(header: &RecordHeader, understood: &Understood<'_>) -> Result<(), Problem> {
    let Understood::Named(names) = understood else {
        return Ok(());
    };
    for (index, annotation) in header.annotations.iter().enumerate() {
        let ignorable = annotation.duty() == AnnotationDuty::Ignorable;
        if !ignorable && !names.contains(&annotation.name) {
            let words = format!("must be understood, and is not (got {:?})", annotation.name);
            let path = format!("header.annotations[{index}]");
            return Err(Problem::new("record.annotation", path, words));
        }
    }
    Ok(())
}

/// Refuses a record whose header says one stage and whose body is of another.
fn check_stage(record: &DynamicMessage, header: &RecordHeader) -> Result<(), Problem> {
    let bodies = schema::own("Record")
        .oneofs()
        .find(|oneof| oneof.name() == "body");
    let mut fields = bodies
        .into_iter()
        .flat_map(|oneof| oneof.fields().collect::<Vec<_>>());
    let said = stage_name(header.stage);
    match fields.find(|field| record.has_field(field)) {
        Some(body) if body.name() != said => {
            let words = format!("must be that of the body, {} (got {said})", body.name());
            Err(Problem::new("record.stage", "header.stage", words))
        }
        _ => Ok(()),
    }
}

/// Returns a stage's name in snake case, which is that of the body's field, or "stage 42" for one that is not
/// known here.
pub(crate) fn stage_name(stage: i32) -> String {
    let known = Stage::try_from(stage).map(|stage| stage.as_str_name());
    known.map_or_else(
        |_| format!("stage {stage}"),
        |name| name.trim_start_matches("STAGE_").to_lowercase(),
    )
}

fn keep_rules(record: &DynamicMessage) -> Result<(), Error> {
    let broken = rules::violations(record).map_err(unchecked)?;
    if broken.is_empty() {
        Ok(())
    } else {
        Err(Error::broken_rules(Kind::Unacceptable, broken))
    }
}

fn unchecked(error: rules::Unchecked) -> Error {
    unacceptable(Problem::new("rules.unchecked", "", error.to_string()))
}

fn unacceptable(problem: Problem) -> Error {
    problem.of(Kind::Unacceptable)
}
