//! Compiles the schema to Rust types and to one set of descriptors, with protox instead of protoc.

#[path = "build/rules.rs"]
mod rules;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use prost_types::FileDescriptorSet;

const SPECIFICATION: &str = "../../proto";
const KIT: &str = "../proto";
const RULES: &str = "../../third_party/protovalidate";

fn main() -> Result<(), Box<dyn Error>> {
    let roots = [SPECIFICATION, KIT, RULES];
    for root in roots {
        println!("cargo::rerun-if-changed={root}");
    }
    let mut files = protos(&Path::new(SPECIFICATION).join("mlspec/v1"))?;
    files.push(Path::new(KIT).join("mlspec/conformance/v1/exchange.proto"));
    let mut compiler = protox::Compiler::new(roots)?;
    compiler
        .include_imports(true)
        .include_source_info(true)
        .open_files(files)?;

    let descriptors = compiler.encode_file_descriptor_set();
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.binpb"), for_validator(&descriptors)?)?;

    let mut types = FileDescriptorSet::decode(descriptors.as_slice())?;
    types.file.retain(|file| file.package() != "buf.validate");
    prost_build::compile_fds(types)?;
    Ok(())
}

/// Returns the descriptors with the rules as the validator needs them. The rules are extensions, which only a dynamic
/// message shows: prost's own types drop what they do not know.
fn for_validator(descriptors: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let pool = DescriptorPool::decode(descriptors)?;
    let set = pool.get_message_by_name("google.protobuf.FileDescriptorSet");
    let mut set =
        DynamicMessage::decode(set.ok_or("the rules import descriptor.proto")?, descriptors)?;
    rules::rewrite(&mut set)?;
    Ok(set.encode_to_vec())
}

/// Returns the .proto files of one folder, in the order of their names.
fn protos(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut found: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    found.retain(|path| path.extension().is_some_and(|suffix| suffix == "proto"));
    found.sort();
    Ok(found)
}
