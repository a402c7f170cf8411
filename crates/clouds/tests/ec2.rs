//! The emulated EC2, asked in its own protocol. Each rule of `fidelity::RULES` has a test here,
//! with its source above it.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

mod ec2 {
    mod customer;
    mod deletion;
    mod dns;
    mod faults;
    mod fidelity;
    mod kept;
    mod networks;
    mod parties;
    mod protocol;
    mod queries;
    mod random;
    mod routes;
    mod states;
    mod sts;
    mod support;
    mod tags;
}
