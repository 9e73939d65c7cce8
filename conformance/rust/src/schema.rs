//! The descriptors of the specification, rules included.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, MessageDescriptor};

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let bytes = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.binpb"));
    DescriptorPool::decode(bytes.as_slice()).expect("the build script writes descriptors")
});

/// Returns the descriptor of a message by its full name, for example "mlspec.v1.Record". None: there is none.
pub fn descriptor(full_name: &str) -> Option<MessageDescriptor> {
    POOL.get_message_by_name(full_name)
}

/// Returns the descriptor of a message of `mlspec.v1` that this library names itself.
pub(crate) fn own(name: &str) -> MessageDescriptor {
    descriptor(&format!("mlspec.v1.{name}"))
        .expect("the specification has the messages of the library")
}
