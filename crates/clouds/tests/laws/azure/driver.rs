//! The driver before answers that are written down here: what it sends, whose tokens it carries,
//! and what it makes of each answer, of those too that the emulated cloud never gives.

mod answers;
mod fake;
mod links;
mod mended;
mod networks;
mod pair;
mod stage;
mod tokens;
