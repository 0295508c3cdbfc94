//! The README's loop is the program beside this file, and prints the losses that the README shows.

use super::programs;

/// The program, as it stands.
#[allow(clippy::print_stdout)]
mod linear_regression {
    include!("programs/linear_regression.rs");

    pub(super) fn run() {
        main().unwrap();
    }
}

const README: &str = include_str!("../../README.md");

/// Run by the next test, in a process of its own.
#[test]
fn program_of_the_readme() {
    if programs::is_child() {
        linear_regression::run();
    }
}

#[test]
fn the_loop_of_the_readme_prints_what_the_readme_shows() {
    let program = include_str!("programs/linear_regression.rs");
    assert!(README.contains(program), "README.md shows another loop than {program}");
    let child = programs::run("readme::program_of_the_readme");
    assert!(child.succeeded, "{}", child.stderr);
    let printed = child.stdout;
    // The first line stands behind the name of the test.
    let losses: Vec<&str> =
        printed.lines().filter_map(|line| Some(&line[line.find("Epoch ")?..])).collect();
    assert_eq!(losses.len(), 5, "{printed}");
    assert!(README.contains(&format!("```text\n{}\n```", losses.join("\n"))), "{losses:#?}");
}

/// The lines that the README shows for a tape, but for the column of places, are those that it prints.
#[test]
fn the_tape_of_the_readme_is_what_it_prints() {
    use wengert::prelude64::*;
    let words = |line: &str| -> Vec<String> {
        let words = line.trim_start_matches("//").split_whitespace();
        words.filter(|word| !word.contains(".rs:")).map(str::to_string).collect()
    };
    let tape = Tape::new();
    let a = tape.scalar(3.0);
    let b = a + a;
    let _c = b * b;
    let shown: Vec<_> = README.lines().filter(|l| l.starts_with("// %")).map(words).collect();
    let printed = tape.to_string();
    let printed: Vec<_> = printed.lines().filter(|l| l.starts_with('%')).map(words).collect();
    assert_eq!(shown, printed);
}
