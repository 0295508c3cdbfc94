//! A file holds one idea, so it is short. The long ones are known, and DESIGN.md says why.

use std::fs;
use std::path::{Path, PathBuf};

const LONGEST: usize = 300;
const LONGER: &[&str] = &[
    "crates/tensor/src/kernel/pool.rs",
    "crates/tensor/src/pointwise/table.rs",
    "crates/tensor/src/storage.rs",
    "crates/tensor/src/tensor.rs",
];

pub(crate) fn sources(of: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(of).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_other_file_is_long() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join("crates")).unwrap() {
        // A package of tests alone has none.
        let source = entry.unwrap().path().join("src");
        if source.is_dir() {
            sources(&source, &mut files);
        }
    }
    sources(&root.join("examples"), &mut files);
    let mut long: Vec<String> = files
        .iter()
        .filter(|path| fs::read_to_string(path).unwrap().lines().count() > LONGEST)
        .map(|path| path.strip_prefix(root).unwrap().display().to_string())
        .collect();
    long.sort();
    assert_eq!(long, LONGER, "of {} files", files.len());
    let design = fs::read_to_string(root.join("DESIGN.md")).unwrap();
    for file in LONGER {
        let name = file.rsplit_once("src/").unwrap().1;
        assert!(design.contains(&format!("`{name}`")), "DESIGN.md does not say why {name} is long");
    }
}
