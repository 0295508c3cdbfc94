//! `crates/mpi` and `fuzz` are outside of the workspace and have lock files of their own, which must know the same crates of ours.

use std::collections::BTreeSet;
use std::path::Path;

/// The names of our crates in a lock file.
fn ours(lock: &str) -> BTreeSet<&str> {
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    names.filter(|name| name.starts_with("wengert")).collect()
}

#[test]
fn the_lock_files_outside_of_the_workspace_are_up_to_date() {
    // Nothing that a user depends on needs these.
    let apart = ["wengert-benches", "wengert-book", "wengert-course", "wengert-tensor-ops"];
    let mut shared = ours(include_str!("../../Cargo.lock"));
    shared.retain(|name| !apart.contains(name));
    for (lock, name) in [
        (include_str!("../../crates/mpi/Cargo.lock"), "wengert-mpi"),
        (include_str!("../../fuzz/Cargo.lock"), "wengert-fuzz"),
    ] {
        let mut wanted = shared.clone();
        wanted.insert(name);
        assert_eq!(ours(lock), wanted, "{name}");
    }
}

#[test]
fn each_reader_has_a_target_of_libfuzzer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readers = include_str!("../fuzz/targets.rs");
    let names = readers.lines().filter_map(|line| {
        line.trim().strip_prefix("Target { name: \"").and_then(|rest| rest.split('"').next())
    });
    let mut count = 0;
    for name in names {
        let file = format!("{}.rs", name.replace(['.', '-'], "_"));
        let target = std::fs::read_to_string(root.join("fuzz/fuzz_targets").join(&file)).unwrap();
        assert!(target.contains(&format!("read(\"{name}\", bytes)")), "{file}");
        assert!(include_str!("../../fuzz/Cargo.toml").contains(&file), "{file}");
        count += 1;
    }
    assert!(count >= 11, "{count}");
}
