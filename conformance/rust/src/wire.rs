//! The protobuf wire format: the fields of one message, and nothing built of them.
//!
//! Source: <https://protobuf.dev/programming-guides/encoding/>

use crate::error::Problem;

/// How deep messages may nest, the outermost counted.
pub(crate) const MAX_DEPTH: usize = 64;

const MAX_NUMBER: u64 = (1 << 29) - 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WireType {
    Varint,
    Fixed64,
    Length,
    Group,
    EndGroup,
    Fixed32,
}

/// One field on the wire: `value` without tag and length, `whole` with both.
pub(crate) struct Token<'a> {
    pub(crate) number: u32,
    pub(crate) wire_type: WireType,
    pub(crate) value: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// The fields of one message, in order. After an error there are no more.
pub(crate) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Result<Token<'a>, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let token = read_token(self.rest);
        self.rest = token
            .as_ref()
            .map_or(&[], |token| &self.rest[token.whole.len()..]);
        Some(token)
    }
}

fn read_token(data: &[u8]) -> Result<Token<'_>, Problem> {
    let (number, wire_type, rest) = read_tag(data)?;
    if wire_type == WireType::EndGroup {
        return Err(malformed(format!(
            "field {number} must not end a group that never began"
        )));
    }
    let (value, rest) = read_value(number, wire_type, rest, MAX_DEPTH)?;
    let whole = &data[..data.len() - rest.len()];
    Ok(Token {
        number,
        wire_type,
        value,
        whole,
    })
}

fn read_tag(data: &[u8]) -> Result<(u32, WireType, &[u8]), Problem> {
    let (tag, rest) = read_varint(data)?;
    let wire_type = match tag & 7 {
        0 => WireType::Varint,
        1 => WireType::Fixed64,
        2 => WireType::Length,
        3 => WireType::Group,
        4 => WireType::EndGroup,
        5 => WireType::Fixed32,
        _ => {
            return Err(malformed(format!(
                "a field must have one of six wire types (got tag {tag})"
            )));
        }
    };
    match u32::try_from(tag >> 3) {
        Ok(number) if (1..=MAX_NUMBER).contains(&(tag >> 3)) => Ok((number, wire_type, rest)),
        _ => Err(malformed(format!(
            "a field must have a number from 1 to 2^29 - 1 (got tag {tag})"
        ))),
    }
}

/// Returns the value and what follows it.
fn read_value(
    number: u32,
    wire_type: WireType,
    data: &[u8],
    groups_left: usize,
) -> Result<(&[u8], &[u8]), Problem> {
    let (size, data) = match wire_type {
        WireType::Varint => (data.len() - read_varint(data)?.1.len(), data),
        WireType::Fixed64 => (8, data),
        WireType::Fixed32 => (4, data),
        WireType::Length => {
            let (size, rest) = read_varint(data)?;
            (usize::try_from(size).unwrap_or(usize::MAX), rest)
        }
        WireType::Group | WireType::EndGroup => (
            data.len() - skip_group(number, data, groups_left)?.len(),
            data,
        ),
    };
    data.split_at_checked(size).ok_or_else(|| {
        malformed(format!(
            "field {number} must have {size} bytes (got {})",
            data.len()
        ))
    })
}

/// Returns what follows the group.
fn skip_group(number: u32, mut data: &[u8], left: usize) -> Result<&[u8], Problem> {
    let Some(left) = left.checked_sub(1) else {
        let words = format!("groups must nest at most {MAX_DEPTH} deep");
        return Err(Problem::new("limit.depth", "", words));
    };
    loop {
        let (inner, wire_type, rest) = read_tag(data)?;
        if wire_type != WireType::EndGroup {
            data = read_value(inner, wire_type, rest, left)?.1;
        } else if inner == number {
            return Ok(rest);
        } else {
            return Err(malformed(format!(
                "group {number} must end before group {inner} does"
            )));
        }
    }
}

fn read_varint(data: &[u8]) -> Result<(u64, &[u8]), Problem> {
    let mut value = 0;
    for (index, byte) in data.iter().take(10).enumerate() {
        if index == 9 && *byte > 1 {
            break;
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if *byte < 0x80 {
            return Ok((value, &data[index + 1..]));
        }
    }
    Err(malformed("a varint must end, and fit 64 bits".to_owned()))
}

fn malformed(message: String) -> Problem {
    Problem::new("decode.wire", "", message)
}
