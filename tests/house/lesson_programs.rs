//! The ten lessons of `examples`: each is run, prints what the index of examples shows, and is as short as it promises.

#![allow(dead_code)]

use super::programs;

/// The lessons, and a function that runs them all.
macro_rules! lessons {
    ($($name:ident $path:literal)*) => {
        $(#[path = $path] mod $name;)*

        const NAMES: &[&str] = &[$(stringify!($name)),*];

        #[allow(clippy::print_stdout)]
        fn run_all() {
            $(println!("\n=== {}", stringify!($name)); $name::main().unwrap();)*
            println!("\n===");
        }
    };
}

lessons! {
    lesson_01_tensors "../../examples/lesson_01_tensors.rs"
    lesson_02_tape "../../examples/lesson_02_tape.rs"
    lesson_03_gradient_by_hand "../../examples/lesson_03_gradient_by_hand.rs"
    lesson_04_your_op "../../examples/lesson_04_your_op.rs"
    lesson_05_your_loss "../../examples/lesson_05_your_loss.rs"
    lesson_06_your_layer "../../examples/lesson_06_your_layer.rs"
    lesson_07_nan_found "../../examples/lesson_07_nan_found.rs"
    lesson_08_check_fails "../../examples/lesson_08_check_fails.rs"
    lesson_09_second_order "../../examples/lesson_09_second_order.rs"
    lesson_10_digits "../../examples/lesson_10_digits.rs"
}

/// Run by the next test, in a process of its own.
#[test]
fn programs_of_the_lessons() {
    if programs::is_child() {
        run_all();
    }
}

#[test]
fn each_lesson_prints_what_the_index_shows() {
    let child = programs::run("lesson_programs::programs_of_the_lessons");
    assert!(child.succeeded, "{}", child.stderr);
    let page = include_str!("../../examples/README.md");
    let stdout = child.stdout;
    let mut missing = String::new();
    // The last lesson trains, and a machine with other instructions rounds other sums: its numbers are compared roughly.
    let trained = stdout.split("weights are back: ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(trained.parse::<f64>().unwrap() > 96.0, "{trained}");
    let roughly = |name: &str, text: &str| -> String {
        let rough = name == "lesson_10_digits";
        text.chars().filter(|c| !(rough && (c.is_ascii_digit() || *c == '.'))).collect()
    };
    for name in NAMES {
        let printed = stdout.split(&format!("=== {name}\n")).nth(1).unwrap();
        let printed = printed.split("\n\n===").next().unwrap().trim_end();
        let block = page.split(&format!("**`{name}`**")).nth(1);
        let shown = block.and_then(|rest| rest.split("```").nth(1)).unwrap_or_default();
        if roughly(name, shown.trim_end()) != roughly(name, &format!("text\n{printed}")) {
            missing += &format!("\n**`{name}`**\n\n```text\n{printed}\n```\n");
        }
    }
    assert!(missing.is_empty(), "examples/README.md should show:\n{missing}");
}

#[test]
fn each_lesson_has_at_most_sixty_lines() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for name in NAMES {
        let text = std::fs::read_to_string(root.join(name).with_extension("rs")).unwrap();
        assert!((30..=60).contains(&text.lines().count()), "{name}: {}", text.lines().count());
    }
    let files = std::fs::read_dir(root).unwrap().map(|f| f.unwrap().file_name());
    let lessons = files.filter(|f| f.to_str().unwrap().starts_with("lesson_")).count();
    assert_eq!(lessons, NAMES.len());
}
