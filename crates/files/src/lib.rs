//! Files written whole or not at all.

#![forbid(unsafe_code)]

mod whole;

pub use whole::write_whole;
