//! The benchmark of the doctor: planted faults and healthy settings, and the table of what it found.
//!
//! `cargo run --release -p wengert-benches --bin doctor [seeds] [words]` runs those whose program and name hold the words.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

#[path = "../../../tests/doctor/bench/mod.rs"]
mod bench;

use bench::score::Score;
use bench::{cure::cure, faults, healthy, plant::Plant, programs, run::run};

fn main() {
    let mut words = std::env::args().skip(1);
    let seeds: u64 = words.next().map_or(5, |n| n.parse().expect("the number of seeds"));
    let wanted = words.next().unwrap_or_default();
    let verbose = words.next().is_some();
    let mut clean: Vec<(String, Vec<f64>)> = Vec::new();
    for program in programs::all() {
        let metrics: Vec<f64> =
            (0..seeds).map(|seed| run(&*program, &Plant::NONE, seed).metric).collect();
        println!("{:<12} {metrics:.3?}", program.name());
        clean.push((program.name().to_string(), metrics));
    }
    let (mut seen, mut unseen) = (Score::default(), Score::default());
    let mut harmless = Vec::new();
    for fault in faults::all() {
        let name = format!("{} / {}", fault.program, fault.name);
        if !name.contains(&wanted) {
            continue;
        }
        let program = programs::of(fault.program);
        let outcomes: Vec<_> = (0..seeds).map(|seed| run(&*program, &fault.plant, seed)).collect();
        let healthy = &clean.iter().find(|c| c.0 == fault.program).expect("it was run").1;
        let metrics: Vec<f64> = outcomes.iter().map(|o| o.metric).collect();
        let hurts = worse(healthy, &metrics);
        println!(
            "{name:<45} {:.3} -> {:.3} {}",
            mean(healthy),
            mean(&metrics),
            if hurts { "" } else { "HARMLESS" }
        );
        if verbose {
            println!("{}", outcomes[0].report);
        }
        if !hurts {
            harmless.push(name);
            continue;
        }
        let score = if program.seen() { &mut seen } else { &mut unseen };
        outcomes.iter().for_each(|outcome| score.add(&fault, outcome));
    }
    println!(
        "\nseen programs\n{seen}\nunseen programs\n{unseen}\nharmless, and left out: {harmless:?}"
    );
    let mut tried = Vec::new();
    for fault in faults::all() {
        let name = format!("{} / {}", fault.program, fault.name);
        if !name.contains(&wanted) || harmless.contains(&name) {
            continue;
        }
        let program = programs::of(fault.program);
        for seed in 0..seeds.min(2) {
            if let Some(cured) = cure(&*program, &fault, seed) {
                if !cured.of_three {
                    println!("not cured: {name} (seed {seed})");
                }
                tried.push(cured);
            }
        }
    }
    let share = |of: &dyn Fn(&bench::cure::Cured) -> bool| {
        let n = tried.iter().filter(|c| of(c)).count();
        format!("{:.1} % ({n}/{})", 100.0 * n as f64 / tried.len().max(1) as f64, tried.len())
    };
    println!("cured by the first     {}", share(&|c| c.first));
    println!("by one of three        {}", share(&|c| c.of_three));
    println!("by a random remedy     {}", share(&|c| c.random));
    println!("by one of three random {}", share(&|c| c.random_of_three));
    println!("by a tenth of the rate {}", share(&|c| c.tenth));
    let (mut runs, mut alarms) = (0, Vec::new());
    for (program, name, plant) in healthy::all() {
        let text = format!("{program} / {name}");
        if !text.contains(&wanted) {
            continue;
        }
        let program = programs::of(program);
        for seed in 0..seeds.min(4) {
            let outcome = run(&*program, &plant, seed);
            runs += 1;
            if !outcome.report.is_healthy() {
                let names: Vec<_> = outcome.report.findings().iter().map(|f| f.fault).collect();
                alarms
                    .push(format!("{text} (seed {seed}, metric {:.3}): {names:?}", outcome.metric));
            }
        }
    }
    println!("healthy runs {runs}, false alarms {}", alarms.len());
    alarms.iter().for_each(|alarm| println!("  {alarm}"));
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// True if the second is worse by more than two standard errors and by more than a hundredth.
fn worse(healthy: &[f64], faulty: &[f64]) -> bool {
    let spread = |x: &[f64]| x.iter().map(|v| (v - mean(x)).powi(2)).sum::<f64>() / x.len() as f64;
    let error = ((spread(healthy) + spread(faulty)) / healthy.len() as f64).sqrt();
    let drop = mean(healthy) - mean(faulty);
    drop > 2.0 * error && drop > 0.01
}
