//! The binary of Peerage.

fn main() {}
