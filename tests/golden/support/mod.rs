//! What every kind of case needs: reading the files, comparing, counting.

pub mod case;
pub mod compare;
pub mod json;
pub mod report;
pub mod run;
pub mod safetensors;

pub use case::Case;
pub use json::Json;
pub use report::Outcome;
pub use safetensors::Stored;
