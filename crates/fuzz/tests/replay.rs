//! Every input that was ever worth keeping is read again.

use std::path::Path;
use std::time::{Duration, Instant};

use peerage_fuzz::TARGETS;

/// One input is read in milliseconds; this is for a machine that has other work.
const BOUND: Duration = Duration::from_secs(10);

#[test]
fn every_input_of_every_corpus_is_read() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, read) in TARGETS {
        let mut inputs = 0;
        for file in std::fs::read_dir(corpora.join(name)).unwrap() {
            let path = file.unwrap().path();
            let data = std::fs::read(&path).unwrap();
            let begun = Instant::now();
            let outcome = std::panic::catch_unwind(|| read(&data));
            assert!(outcome.is_ok(), "{}", path.display());
            assert!(begun.elapsed() < BOUND, "{}: {:?}", path.display(), begun.elapsed());
            inputs += 1;
        }
        assert!(inputs >= 5, "{name} has {inputs} inputs");
    }
}
