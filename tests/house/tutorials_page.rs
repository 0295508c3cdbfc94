//! docs/tutorials.md: each claim and each topic names a test that exists; and the page in Chinese has the same rows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Topics without a test, in the order of the page.
const WITHOUT: &[&str] = &["installation"];

/// The names of the functions under `#[test]`, of all files below a directory.
fn tests_below(directory: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_below(&path, names);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for test in text.split("#[test]").skip(1) {
                let name = test.split("fn ").nth(1).and_then(|rest| rest.split('(').next());
                names.extend(name.map(str::to_string));
            }
        }
    }
}

/// The rows of the tables of a section: their first cell, and the names in the last one.
fn rows(section: &str) -> Vec<(&str, Vec<&str>)> {
    let heads = ["claim", "topic", "说法", "主题", "---"];
    let lines = section.lines().filter(|line| line.starts_with('|'));
    let rows = lines.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), if line.starts_with("|---") { 1 } else { 3 }, "{line}");
        (cells[0], cells[cells.len() - 1])
    });
    let rows = rows.filter(|(first, _)| !heads.iter().any(|head| first.starts_with(head)));
    rows.map(|(first, last)| (first, last.split('`').skip(1).step_by(2).collect())).collect()
}

#[test]
fn every_row_of_the_page_names_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    for directory in ["crates", "tests", "src", "examples"] {
        tests_below(&root.join(directory), &mut tests);
    }
    assert!(tests.len() > 500, "{} tests were found: the reader is blind", tests.len());
    let page = include_str!("../../docs/tutorials.md");
    let (claims, topics) = page.split_once("## Topics").unwrap();
    let (claims, topics) = (rows(claims), rows(topics));
    assert!(claims.len() >= 37 && topics.len() == 89, "{} {}", claims.len(), topics.len());
    for (first, names) in claims.iter().chain(&topics) {
        for name in names {
            assert!(tests.contains(*name), "{first}: no test `{name}`");
        }
    }
    assert!(claims.iter().all(|(_, names)| !names.is_empty()));
    let without = topics.iter().filter(|(_, names)| names.is_empty());
    assert_eq!(without.map(|(topic, _)| *topic).collect::<Vec<_>>(), WITHOUT);
}

#[test]
fn the_page_in_chinese_has_the_same_rows() {
    let english = rows(include_str!("../../docs/tutorials.md"));
    let chinese = rows(include_str!("../../docs/tutorials.zh.md"));
    assert_eq!(english.len(), chinese.len());
    for ((en, names), (zh, same)) in english.iter().zip(&chinese) {
        assert_eq!(names, same, "{en} | {zh}");
        assert_eq!(
            en.is_empty(),
            zh.is_empty(),
            "{en} | {zh}: a second row of a claim has no claim"
        );
    }
    let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let translated = chinese.iter().filter(|(claim, _)| claim.chars().any(is_chinese)).count();
    // What is left are names, as those of optimisers.
    assert!(translated >= chinese.len() - 20, "{translated} of {}", chinese.len());
}
