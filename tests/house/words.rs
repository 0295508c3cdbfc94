//! CONTRIBUTING's rules for texts, as far as a program can see them.

use std::fs;
use std::path::Path;

/// Calls `see` with each line of a Rust file below a directory, and the line before it. Folders of tests are left out.
fn each_line(directory: &Path, see: &mut dyn FnMut(&Path, &str, &str)) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            each_line(&path, see);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let mut before = "";
            for line in text.lines().map(str::trim) {
                see(&path, before, line);
                before = line;
            }
        }
    }
}

/// A doc comment begins with a noun or a verb, and never with a question.
#[test]
fn doc_comments_do_not_begin_with_a_question() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_doc = |line: &str| line.starts_with("///") || line.starts_with("//!");
    let (mut begun, mut questions) = (0, Vec::new());
    for folder in ["crates", "src", "examples", "benches/src"] {
        each_line(&root.join(folder), &mut |path, before, line| {
            if !is_doc(line) || is_doc(before) {
                return;
            }
            begun += 1;
            let first = line[3..].split_whitespace().next().unwrap_or("");
            if ["How", "What", "Why", "Where"].contains(&first) {
                questions.push(format!("{}: {line}", path.display()));
            }
        });
    }
    assert!(questions.is_empty(), "{questions:#?}");
    assert!(begun > 4000, "{begun} doc comments were found");
}
