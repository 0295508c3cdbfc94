//! The laws of the course: each solution passes, each task fails, and each planted mistake is named.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use wengert_course::{Exercise, exercises, run};

/// The numbers of a text that have two signs or more, as they are written.
fn numbers(text: &str) -> Vec<&str> {
    let parts = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    parts.map(|part| part.trim_matches('.')).filter(|part| part.len() > 1).collect()
}

/// The text of an exercise in both languages, without its code.
fn prose(exercise: &Exercise) -> String {
    let comments = exercise.task.lines().filter(|line| line.trim().starts_with("//"));
    let said = exercise.hints.iter().map(String::as_str).chain([exercise.why.as_str()]);
    let said = said.chain(exercise.chinese.iter().map(String::as_str));
    comments.chain(said).fold(String::new(), |all, line| all + line + "\n")
}

/// The messages of a check.
fn messages(check: &str) -> Vec<&str> {
    check.split("], \"").skip(1).filter_map(|rest| rest.split("\")").next()).collect()
}

/// Assertions of the facts of an exercise: each number is what its expression gives, to half of its last digit.
fn facts(exercise: &Exercise) -> String {
    let assertion = |(number, expression): &(String, String)| {
        let digits = number.split_once('.').map_or(0, |(_, digits)| digits.len());
        format!(
            "let fact: f64 = {expression}; if (fact - {number} as f64).abs() > 0.5001 * 10f64.powi(-{digits}) \
             {{ bad += 1; eprintln!(\"{}: {number} is {{fact}}\") }}\n",
            exercise.name
        )
    };
    exercise.facts.iter().map(assertion).collect()
}

/// One program with all solutions and all planted mistakes, so that it is compiled once.
#[test]
fn solutions_pass_and_each_planted_mistake_is_named() {
    let (mut modules, mut tasks, mut main) = (String::new(), String::new(), String::new());
    for (k, exercise) in exercises().iter().enumerate() {
        assert_eq!(exercise.hints.len(), 3, "{}", exercise.name);
        assert!(exercise.wrong.len() >= 5 && !exercise.why.is_empty(), "{}", exercise.name);
        // A module sees nothing of the others: a solution needs no later one.
        modules += &exercise.module(&format!("e{k}"), &exercise.solution);
        modules += &exercise.module(&format!("e{k}_task"), &exercise.task);
        main += &facts(exercise);
        let name = exercise.name;
        writeln!(
            main,
            "if let Err(m) = e{k}::verdict() {{ bad += 1; eprintln!(\"{name}: {{m}}\") }}"
        )
        .unwrap();
        writeln!(
            tasks,
            "if let Ok(Ok(())) = std::panic::catch_unwind(e{k}_task::verdict) {{ bad += 1; eprintln!(\"{name}: the task passes\") }}"
        )
        .unwrap();
        let mut messages = messages(&exercise.check);
        for (n, wrong) in exercise.wrong.iter().enumerate() {
            messages.retain(|message| !message.contains(&wrong.name));
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
        assert!(messages.is_empty(), "{name}: no mistake leads to {messages:?}");
    }
    // An untouched task panics, and says so to the learner, but not here.
    let main = format!(
        "fn main() {{ let mut bad = 0; let hook = std::panic::take_hook(); std::panic::set_hook(Box::new(|_| {{}}));\n\
         {tasks} std::panic::set_hook(hook);\n{main} std::process::exit(i32::from(bad > 0)) }}"
    );
    let folder = std::env::temp_dir().join(format!("wengert-laws-{}", std::process::id()));
    if let Err(message) = run(&(modules + &main), "laws", &folder, Duration::from_secs(60)).unwrap()
    {
        panic!("{message}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Each number of two digits or more in the text stands in the check, in the code, or is a fact that is computed.
#[test]
fn every_number_of_the_text_is_checked() {
    let mut seen = 0;
    for exercise in exercises() {
        let Exercise { name, task, check, solution, .. } = &exercise;
        let bare = |line: &&str| !line.trim().starts_with("//");
        let code: String = task.lines().filter(bare).chain([check.as_str(), solution]).collect();
        let value = |number: &str| number.parse::<f64>().ok();
        let known: Vec<f64> = numbers(&code).into_iter().filter_map(value).collect();
        for number in numbers(&prose(&exercise)) {
            seen += 1;
            let is_fact = exercise.facts.iter().any(|(fact, _)| fact == number);
            let is_known = value(number).is_some_and(|value| known.contains(&value));
            assert!(is_fact || is_known, "{name}: where does {number} come from?");
        }
        for (fact, _) in &exercise.facts {
            assert!(prose(&exercise).contains(fact.as_str()), "{name}: {fact} is not in the text");
        }
    }
    assert!(seen > 20, "{seen} numbers were found");
}

/// Chapters are in order, each with at least three exercises; files are numbered; each task is said in Chinese too.
#[test]
fn every_chapter_has_exercises_in_both_languages() {
    let all = exercises();
    let mut chapters = BTreeMap::new();
    for (number, exercise) in (1..).zip(&all) {
        *chapters.entry(exercise.chapter.0).or_insert(0) += 1;
        assert!(exercise.name.starts_with(&format!("{number:02}_")), "{}", exercise.name);
        let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        let [task, _, _, _, why] = &exercise.chinese[..] else { panic!("{}", exercise.name) };
        assert!([task, why].iter().all(|text| text.chars().any(is_chinese)), "{}", exercise.name);
        let chinese = exercise.clone().in_chinese();
        assert!(chinese.hints.len() == 3 && chinese.why == *why, "{}", exercise.name);
        assert!(chinese.task.starts_with(&format!("// {task}\n")), "{}", exercise.name);
        assert!(chinese.task.ends_with(&exercise.task), "{}", exercise.name);
        let titles = include_str!("../../book/zh/src/SUMMARY.md");
        let line = format!("- [{}]({:02}-", chinese.chapter.1, exercise.chapter.0);
        assert!(titles.contains(&line), "{}: {line}", exercise.name);
    }
    // Where the book has a chapter, it has the same title.
    let summary = include_str!("../../book/en/src/SUMMARY.md");
    let links = summary.lines().filter_map(|line| line.strip_prefix("- [")?.split_once("]("));
    for (title, file) in links {
        let number: usize = file[..2].parse().unwrap();
        assert!(all.iter().any(|exercise| exercise.chapter == (number, title)), "{number} {title}");
    }
    assert!(all.is_sorted_by_key(|exercise| exercise.chapter.0));
    assert_eq!(chapters.len(), 14);
    assert!(chapters.values().all(|count| *count >= 3), "{chapters:?}");
    assert_eq!(std::fs::read_dir("parts").unwrap().count(), all.len());
}

/// The README names the number of exercises, of planted mistakes, and each chapter, in both languages.
#[test]
fn the_readme_is_up_to_date() {
    let all = exercises();
    let mistakes: usize = all.iter().map(|exercise| exercise.wrong.len()).sum();
    for page in [include_str!("../README.md"), include_str!("../README.zh.md")] {
        for number in [all.len(), mistakes] {
            assert!(page.contains(&format!(" {number} ")), "{number} is not in the README");
        }
        for Exercise { name, .. } in &all {
            assert!(page.contains(&name[3..]), "{name} is not in the README");
        }
    }
}

/// A learner sees what the compiler said, and where and why a program panicked, with the lines of the learner's own file.
#[test]
fn errors_of_the_compiler_and_panics_are_shown() {
    let folder = std::env::temp_dir().join(format!("wengert-verdict-{}", std::process::id()));
    let square = &exercises()[0];
    let verdict = |body: &str| {
        let text = format!("pub fn slope(x: f64) -> f64 {{\n    {body}\n}}\n");
        square.verdict(&text, &folder).unwrap()
    };
    assert_eq!(verdict("2.0 * x"), Ok(()));
    assert!(verdict("x").unwrap_err().contains("factor 2 is missing"));
    let panic = verdict("panic!(\"where am I\")").unwrap_err();
    assert!(panic.contains("where am I") && panic.contains("01_square.rs:2:5"), "{panic}");
    assert!(!panic.contains("BACKTRACE") && panic.starts_with("thread"), "{panic}");
    assert!(verdict("loop {}").unwrap_err().contains("loop without an end"));
    let error = verdict("2.0 * y").unwrap_err();
    assert!(error.contains("E0425") && error.contains("01_square.rs:2:11"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}
