//! docs/promises.md: the command beside each promise names a script or a test that exists, with the part that it asks for.

use std::path::Path;

const PAGE: &str = include_str!("../../docs/promises.md");

#[test]
fn each_promise_has_a_command_that_checks_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (_, table) = PAGE.split_once("|---|---|---|\n").unwrap();
    let (mut rows, mut commands) = (0, 0);
    for row in table.lines().filter(|line| line.starts_with('|')) {
        rows += 1;
        let command = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for command in command.split('`').skip(1).step_by(2) {
            commands += 1;
            if let Some(script) = command.strip_prefix(".ci/") {
                let script = script.split(' ').next().unwrap();
                assert!(root.join(".ci").join(script).is_file(), "there is no .ci/{script}");
                continue;
            }
            let words: Vec<&str> = command.split_whitespace().collect();
            let after =
                |flag: &str| words.iter().position(|word| *word == flag).map(|i| words[i + 1]);
            let package = after("-p").map_or(root.to_path_buf(), |name| {
                root.join("crates").join(name.strip_prefix("wengert-").unwrap())
            });
            assert!(package.join("Cargo.toml").is_file(), "{command}");
            let Some(test) = after("--test") else { continue };
            let one = package.join("tests").join(format!("{test}.rs"));
            let many = package.join("tests").join(test);
            assert!(one.is_file() || many.join("main.rs").is_file(), "{command}");
            // What is asked for of it: a module, or a part of the name of a test.
            let filter = words.iter().skip_while(|word| **word != test).nth(1);
            if let Some(filter) = filter.filter(|word| !word.starts_with('-')) {
                let is_test = |line: &str| line.starts_with("fn ") && line.contains(filter);
                let files = std::fs::read_dir(&many).into_iter().flatten();
                let named = files
                    .map(|file| file.unwrap().path())
                    .chain([one])
                    .filter_map(|file| std::fs::read_to_string(file).ok())
                    .any(|text| text.lines().any(is_test));
                let module = many.join(format!("{filter}.rs"));
                assert!(named || module.is_file(), "{command}: no {filter}");
            }
        }
    }
    assert!(rows >= 10 && commands >= rows, "{commands} commands in {rows} rows");
}
