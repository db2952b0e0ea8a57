//! placeholder until the engine stands
fn main() {}
