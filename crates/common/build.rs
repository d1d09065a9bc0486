//! Generates the message types from `proto/` without a protoc binary.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let files = [
        "common/v1/envelope.proto",
        "common/v1/types.proto",
        "agent/v1/command.proto",
        "agent/v1/event.proto",
        "critic/v1/command.proto",
        "critic/v1/event.proto",
        "sandbox/v1/command.proto",
        "sandbox/v1/event.proto",
        "jobs/v1/event.proto",
    ];
    let descriptors = protox::Compiler::new([&root])?
        .include_imports(true)
        .include_source_info(true)
        .open_files(files)?
        .file_descriptor_set();
    prost_build::Config::new().include_file("packages.rs").compile_fds(descriptors)?;
    Ok(())
}
