//! Files from strangers: every reader, with malformed files and with mutations of good ones. None may panic, take a second, or ask
//! for memory beyond a small multiple of the bytes that are there.
//!
//! `WENGERT_FUZZ_SECONDS=600 cargo test --release --test fuzz -- --nocapture` mutates for ten minutes for each reader, from
//! another seed each time; `WENGERT_FUZZ_SEED=…` repeats one.

// Helpers of tests are tests to nobody but us.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod corpus;
#[path = "../counting/mod.rs"]
mod counting;
mod messages;
mod mutate;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use mutate::Mutator;
use targets::{TARGETS, Target};

/// The folder of the repository.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs a reader once, under all rules. Gives whether it took the bytes.
fn run(target: &Target, bytes: &[u8]) -> bool {
    let started = Instant::now();
    let (taken, peak) =
        counting::peak_of(|| catch_unwind(AssertUnwindSafe(|| (target.read)(bytes))));
    let (name, mut took) = (target.name, started.elapsed());
    // A machine with other work may have slept in between: the best of a few times counts.
    for _ in 0..3 {
        if took >= Duration::from_secs(1) {
            let started = Instant::now();
            let _ = (target.read)(bytes);
            took = took.min(started.elapsed());
        }
    }
    let show = || format!("{name}: {} bytes: {}", bytes.len(), bytes.escape_ascii());
    let taken = taken.unwrap_or_else(|_| panic!("a panic of {}", show()));
    assert!(took < Duration::from_secs(1), "{took:?} for {}", show());
    let most = target.most_memory(bytes.len());
    assert!(peak <= most, "{peak} bytes of memory, more than {most}, for {}", show());
    taken
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
fn mutations_neither_panic_nor_hang_nor_ask_for_memory() {
    let seconds = from_environment("WENGERT_FUZZ_SECONDS");
    let seed = from_environment("WENGERT_FUZZ_SEED");
    // Without a wish, the same mutations every time.
    let clock = || Instant::now().elapsed().as_nanos() as u64 ^ u64::from(std::process::id());
    let seed = seed.unwrap_or_else(|| if seconds.is_some() { clock() } else { 1 });
    let budget = seconds.map(Duration::from_secs);
    eprintln!("WENGERT_FUZZ_SEED={seed}");
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(seeds.iter().all(|seed| run(target, seed)), "{}: a good file", target.name);
        let mut mutator = Mutator::new(seed, seeds, target.name.starts_with("onnx"));
        let (started, mut runs, mut taken) = (Instant::now(), 0_u64, 0_u64);
        let goes_on = |runs: u64| match budget {
            Some(budget) => started.elapsed() < budget,
            None => runs < 4_000,
        };
        while goes_on(runs) {
            let bytes = mutator.next();
            let was_taken = run(target, &bytes);
            runs += 1;
            taken += u64::from(was_taken);
            if was_taken {
                mutator.keep(bytes);
            }
        }
        let name = target.name;
        eprintln!("{name}: {runs} executions, {taken} taken, in {:.1?}", started.elapsed());
        // Some mutations do no harm, so the reader was reached.
        assert!(taken * 1000 > runs, "{name}: {taken} of {runs} were taken");
    }
}

#[test]
fn malformed_files_are_rejected() {
    let mut files = 0;
    for target in TARGETS {
        for (why, bytes) in corpus::of(target.name) {
            assert!(!run(target, &bytes), "{}: {why} was taken", target.name);
            files += 1;
        }
    }
    assert!(files > 80, "{files} malformed files");
}
