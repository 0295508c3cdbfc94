//! The machine as a program sees it: the number of threads, and the instruction set.

use wengert::tensor::kernel::level::{Level, force, level};
use wengert::tensor::kernel::pool;

use crate::clock;

/// Runs on `THREADS` threads (2), by the kernels of `LEVEL`: `portable`, `avx2`, `avx512`; the machine's best if it is unset.
pub fn set_up() {
    pool::set_threads(clock::threads());
    let level = std::env::var("LEVEL").unwrap_or_default();
    match level.as_str() {
        "portable" => force(Level::Portable),
        "avx2" => force(Level::Avx2),
        _ => force(Level::Avx512),
    };
}

/// The instruction set in force.
pub fn instructions() -> &'static str {
    match level() {
        Level::Portable => "portable",
        Level::Avx2 => "avx2",
        Level::Avx512 => "avx512",
    }
}
