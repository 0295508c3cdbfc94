//! The laws of the course: each solution passes, each task fails, and each planted mistake is named.

#![allow(clippy::unwrap_used)]

use std::fmt::Write;

use wengert_course::{exercises, run};

/// One program with all solutions and all planted mistakes, so that it is compiled once.
#[test]
fn solutions_pass_and_each_planted_mistake_is_named() {
    let (mut modules, mut main) = (String::new(), String::from("fn main() { let mut bad = 0;\n"));
    for (k, exercise) in exercises().iter().enumerate() {
        assert_eq!(exercise.hints.len(), 3, "{}", exercise.name);
        assert!(exercise.wrong.len() >= 5 && !exercise.why.is_empty(), "{}", exercise.name);
        // A module sees nothing of the others: a solution needs no later one.
        modules += &exercise.module(&format!("e{k}"), &exercise.solution);
        modules += &exercise.module(&format!("e{k}_task"), &exercise.task);
        let name = exercise.name;
        writeln!(
            main,
            "if let Err(m) = e{k}::verdict() {{ bad += 1; eprintln!(\"{name}: {{m}}\") }}"
        )
        .unwrap();
        writeln!(
            main,
            "if let Ok(Ok(())) = std::panic::catch_unwind(e{k}_task::verdict) {{ bad += 1; eprintln!(\"{name}: the task passes\") }}"
        )
        .unwrap();
        for (n, wrong) in exercise.wrong.iter().enumerate() {
            let planted = exercise.solution.replacen(&wrong.find, &wrong.replace, 1);
            assert_ne!(planted, exercise.solution, "{name}: `{}` was not found", wrong.find);
            assert!(wrong.name.len() > 5, "{name}: {wrong:?}");
            modules += &exercise.module(&format!("e{k}_w{n}"), &planted);
            writeln!(
                main,
                "match e{k}_w{n}::verdict() {{ Err(m) if m.contains({0:?}) => {{}}, other => {{ bad += 1; eprintln!(\"{name}, {{}}: {{other:?}}\", {0:?}) }} }}",
                wrong.name
            )
            .unwrap();
        }
    }
    main += "std::process::exit(i32::from(bad > 0)) }";
    let folder = std::env::temp_dir().join(format!("wengert-laws-{}", std::process::id()));
    if let Err(message) = run(&(modules + &main), "laws", &folder).unwrap() {
        panic!("{message}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
