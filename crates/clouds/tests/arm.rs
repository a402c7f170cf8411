//! The emulated Azure-Resource-Manager against Azure's own rules, each with its source.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

mod arm {
    mod access;
    mod customer;
    mod directory;
    mod kept;
    mod life;
    mod operations;
    mod refusals;
    mod resources;
    mod support;
}
