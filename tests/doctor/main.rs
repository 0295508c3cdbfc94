//! The doctor on programs with planted faults, and on healthy ones: the part of the benchmark that a change must pass. All of it
//! runs by `cargo run --release -p wengert-benches --bin doctor`.

// Helpers of tests are tests to nobody but us.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod bench;
mod others;

use bench::score::Score;
use bench::{faults, healthy, programs, run::run};

/// The faults that one seed finds to be harmless are not here: those of `benches` that are measured on five.
const HARMLESS: [&str; 3] =
    ["digits / log of a probability", "attention / softmax twice", "attention / zero weights"];

#[test]
fn planted_faults_are_named() {
    let (mut score, mut unseen) = (Score::default(), 0);
    for fault in faults::all() {
        if HARMLESS.contains(&format!("{} / {}", fault.program, fault.name).as_str()) {
            continue;
        }
        let program = programs::of(fault.program);
        unseen += usize::from(!program.seen());
        score.add(&fault, &run(&*program, &fault.plant, 0));
    }
    assert!(score.faults >= 60 && unseen >= 20, "{unseen} in unseen programs\n{score}");
    assert_eq!(score.broke_named, score.broke, "{score}");
    let at_least = |part: usize, of: usize, percent: usize| part * 100 >= of * percent;
    assert!(at_least(score.detected, score.faults, 98), "{score}");
    assert!(at_least(score.first, score.faults, 95), "{score}");
    assert!(at_least(score.in_three, score.faults, 97), "{score}");
    assert!(at_least(score.placed, score.with_place, 90), "{score}");
    assert!(at_least(score.in_time, score.faults, 85), "{score}");
}

#[test]
fn healthy_runs_raise_no_alarm() {
    let mut alarms = Vec::new();
    for (program, name, plant) in healthy::all() {
        let outcome = run(&*programs::of(program), &plant, 1);
        if !outcome.report.is_healthy() {
            alarms.push(format!(
                "{program} / {name}, metric {:.3}:\n{}",
                outcome.metric, outcome.report
            ));
        }
    }
    assert!(alarms.is_empty(), "{}", alarms.join("\n"));
}

#[test]
fn remedies_cure_more_often_than_random_ones() {
    let mut all = Vec::new();
    for fault in faults::all() {
        let known =
            ["rate /10000", "rate x100", "biases of -10", "weights x30"].contains(&fault.name);
        // The programs that are slow are left to the benchmark.
        if known && !["attention", "images", "sequence"].contains(&fault.program) {
            all.extend(bench::cure::cure(&*programs::of(fault.program), &fault, 0));
        }
    }
    let count = |of: &dyn Fn(&bench::cure::Cured) -> bool| all.iter().filter(|c| of(c)).count();
    let (first, ours) = (count(&|c| c.first), count(&|c| c.of_three));
    let (random, tenth) = (count(&|c| c.random), count(&|c| c.tenth));
    assert!(all.len() >= 6 && 3 * ours >= 2 * all.len(), "{all:?}");
    assert!(first > random && ours >= count(&|c| c.random_of_three) && first > tenth, "{all:?}");
}
