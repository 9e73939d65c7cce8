//! Answers the cases of the conformance kit: requests on standard input, responses on standard output, each after
//! its length as a varint.

mod answers;
mod convert;

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use exchange::response::Result as Answer;
use exchange::{Request, Response, request::Task};
use prost::Message;

/// The messages that the runner and a program exchange.
#[allow(missing_docs, clippy::all)]
mod exchange {
    include!(concat!(env!("OUT_DIR"), "/mlspec.conformance.v1.rs"));
}

fn main() -> io::Result<()> {
    let mut input = BufReader::new(io::stdin().lock());
    let mut output = BufWriter::new(io::stdout().lock());
    while !input.fill_buf()?.is_empty() {
        let request = Request::decode(read_frame(&mut input)?.as_slice())?;
        let case_id = request.case_id.clone();
        // A bug must cost one case, not the run.
        let answered = catch_unwind(AssertUnwindSafe(|| answer(request)));
        let result =
            answered.unwrap_or_else(|_| Answer::Failure("panicked, see standard error".into()));
        let response = Response {
            case_id,
            result: Some(result),
        };
        output.write_all(&response.encode_length_delimited_to_vec())?;
        output.flush()?;
    }
    Ok(())
}

fn answer(request: Request) -> Answer {
    match request.task {
        Some(Task::Convert(task)) => convert::convert(&task),
        Some(Task::Seal(task)) => answers::seal(task),
        Some(Task::Verify(task)) => answers::verify(task),
        None => Answer::Unsupported("a task that this program does not know".into()),
    }
}

/// Reads one message after its length.
fn read_frame(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut prefix = Vec::new();
    while prefix.last().is_none_or(|byte| byte & 0x80 != 0) {
        let mut byte = [0];
        input.read_exact(&mut byte)?;
        prefix.push(byte[0]);
    }
    let mut frame = vec![0; prost::decode_length_delimiter(prefix.as_slice())?];
    input.read_exact(&mut frame)?;
    Ok(frame)
}
