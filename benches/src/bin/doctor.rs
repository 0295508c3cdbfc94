//! The benchmark of the doctor: planted faults and healthy settings, and the table of what it found.
//!
//! `cargo run --release -p wengert-benches --bin doctor [seeds] [words] [reports]` runs those whose program and name hold the words.
//! Without arguments it runs all of them with five seeds; `1` is quick, and tells less about what hurts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

#[path = "../../../tests/doctor/bench/mod.rs"]
mod bench;

use bench::plant::{Plant, Planted};
use bench::score::Score;
use bench::{cure::Cured, cure::cure, faults, healthy, programs, run::run};

/// The part of the benchmark that is asked for.
struct Asked {
    seeds: u64,
    words: String,
    reports: bool,
}

impl Asked {
    fn has(&self, program: &str, name: &str) -> bool {
        format!("{program} / {name}").contains(&self.words)
    }
}

fn main() {
    let mut words = std::env::args().skip(1);
    let asked = Asked {
        seeds: words.next().map_or(5, |n| n.parse().expect("the number of seeds")),
        words: words.next().unwrap_or_default(),
        reports: words.next().is_some(),
    };
    let hurting = planted(&asked);
    well(&asked);
    cured(&asked, &hurting);
}

/// Runs the faults, prints what was found, and returns those that hurt.
fn planted(asked: &Asked) -> Vec<Planted> {
    let mut scores = [Score::default(), Score::default()];
    let (mut hurting, mut harmless) = (Vec::new(), Vec::new());
    for program in programs::all() {
        let mine = |f: &Planted| f.program == program.name() && asked.has(f.program, f.name);
        let faults: Vec<Planted> = faults::all().into_iter().filter(mine).collect();
        if faults.is_empty() {
            continue;
        }
        let metrics = |plant: &Plant| -> Vec<_> {
            (0..asked.seeds).map(|seed| run(&*program, plant, seed)).collect()
        };
        let clean: Vec<f64> = metrics(&Plant::NONE).iter().map(|o| o.metric).collect();
        println!("{:<12} {clean:.3?}", program.name());
        for fault in faults {
            let name = format!("{} / {}", fault.program, fault.name);
            let outcomes = metrics(&fault.plant);
            let faulty: Vec<f64> = outcomes.iter().map(|o| o.metric).collect();
            let hurts = worse(&clean, &faulty);
            let word = if hurts { "" } else { "HARMLESS" };
            println!("{name:<45} {:.3} -> {:.3} {word}", mean(&clean), mean(&faulty));
            if asked.reports {
                println!("{}", outcomes[0].report);
            }
            if hurts {
                let score = &mut scores[usize::from(!program.seen())];
                outcomes.iter().for_each(|outcome| score.add(&fault, outcome));
                hurting.push(fault);
            } else {
                harmless.push(name);
            }
        }
    }
    let [seen, unseen] = scores;
    println!("\nseen programs\n{seen}\nunseen programs\n{unseen}");
    println!("{} faults hurt; harmless, and left out: {harmless:?}\n", hurting.len());
    hurting
}

/// Runs the healthy settings, and prints the alarms.
fn well(asked: &Asked) {
    for (title, seen) in [("seen", true), ("unseen", false)] {
        let (mut runs, mut alarms) = (0, Vec::new());
        for (program, name, plant) in healthy::all() {
            let of = programs::of(program);
            if of.seen() != seen || !asked.has(program, name) {
                continue;
            }
            for seed in 0..asked.seeds.min(4) {
                let outcome = run(&*of, &plant, seed);
                runs += 1;
                if !outcome.report.is_healthy() {
                    let names: Vec<_> = outcome.report.findings().iter().map(|f| f.fault).collect();
                    let metric = outcome.metric;
                    alarms.push(format!(
                        "{program} / {name} (seed {seed}, metric {metric:.3}): {names:?}"
                    ));
                    if asked.reports {
                        println!("{}", outcome.report);
                    }
                }
            }
        }
        println!("healthy runs of {title} programs {runs}, false alarms {}", alarms.len());
        alarms.iter().for_each(|alarm| println!("  {alarm}"));
    }
}

/// Tries remedies on the faults that hurt, with two seeds each, and prints how many cure.
fn cured(asked: &Asked, hurting: &[Planted]) {
    let mut tried: Vec<Cured> = Vec::new();
    for fault in hurting {
        let program = programs::of(fault.program);
        for seed in 0..asked.seeds.min(2) {
            if let Some(cured) = cure(&*program, fault, seed) {
                if !cured.first {
                    let word = if cured.of_three { "by the first" } else { "at all" };
                    println!("not cured {word}: {} / {} (seed {seed})", fault.program, fault.name);
                }
                tried.push(cured);
            }
        }
    }
    let share = |of: &dyn Fn(&Cured) -> bool| {
        let n = tried.iter().filter(|c| of(c)).count();
        format!("{:.1} % ({n}/{})", 100.0 * n as f64 / tried.len().max(1) as f64, tried.len())
    };
    println!("cured by the first     {}", share(&|c| c.first));
    println!("by one of three        {}", share(&|c| c.of_three));
    println!("by a random remedy     {}", share(&|c| c.random));
    println!("by one of three random {}", share(&|c| c.random_of_three));
    println!("by a tenth of the rate {}", share(&|c| c.tenth));
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
