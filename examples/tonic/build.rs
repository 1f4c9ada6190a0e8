//! Generates client and server from `proto/greeter.proto`.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    // tonic's own way runs `protoc`, which many machines lack. protox does the same in Rust.
    tonic_prost_build::compile_fds(protox::compile(["greeter.proto"], ["proto"])?)?;
    Ok(())
}
