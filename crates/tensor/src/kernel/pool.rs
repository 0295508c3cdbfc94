//! (to come)
/// threads
pub fn threads() -> usize {
    1
}
/// run
pub fn run(chunks: usize, f: &(dyn Fn(usize) + Sync)) {
    for i in 0..chunks {
        f(i)
    }
}
