//! The judge: it sees every transaction that the store truly took, and remembers what is wrong.

mod state;
mod table;

pub use state::Judge;
pub use table::may_follow;
