//! `crates/mpi` is outside of the workspace and has a lock file of its own, which must know the same crates of ours.

use std::collections::BTreeSet;

/// The names of our crates in a lock file.
fn ours(lock: &str) -> BTreeSet<&str> {
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    names.filter(|name| name.starts_with("wengert")).collect()
}

#[test]
fn the_lock_file_of_the_mpi_crate_is_up_to_date() {
    // Nothing that a user depends on needs these.
    let apart = ["wengert-benches", "wengert-book", "wengert-course"];
    let mut wanted = ours(include_str!("../../Cargo.lock"));
    wanted.retain(|name| !apart.contains(name));
    wanted.insert("wengert-mpi");
    assert_eq!(ours(include_str!("../../crates/mpi/Cargo.lock")), wanted);
}
