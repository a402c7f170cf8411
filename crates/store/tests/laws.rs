//! Every engine keeps every law.

#[path = "common/subjects.rs"]
mod subjects;

use peerage_store::conformance;

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_memory_keeps_the_laws() {
    conformance::run(&subjects::Memory::new()).await.assert_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_in_a_file_keeps_the_laws() {
    conformance::run(&subjects::Sqlite::new()).await.assert_kept();
}
