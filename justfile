# Shows what there is.
default:
    @just --list

# Everything that is quick: format, lints, rules of the architecture.
check:
    ./test format clippy tidy licences

# Everything that must pass; `just test --fast` leaves the real clients out.
test *arguments:
    ./test {{arguments}}

# Style and the rules of the architecture.
tidy:
    cargo xtask tidy

# A server on this machine with nothing to configure.
run *arguments:
    cargo run --package peerage -- dev {{arguments}}

# Real clients against the built server.
conformance *arguments:
    cargo build --release --package peerage
    conformance/run {{arguments}}
