//! Judged by others' answers: runs the reference cases of a directory, whose answers come from PyTorch, JAX and ONNX.
//!
//!     cargo test --test golden -- --nocapture
//!     WENGERT_GOLDEN=DIR              another directory than tests/golden
//!     WENGERT_GOLDEN_ONLY=unary/exp   only cases whose id contains this; none is an error
//!     WENGERT_GOLDEN_LEAST=2700       the least number of cases that must pass (in another directory)
//!     WENGERT_GOLDEN_REPORT=FILE      the report as JSON besides
//!
//! `drawn` and `edge` are random programs: tests/golden/draw makes more of them, and `.ci/differential` runs thousands.
//! What the cases mean is written in tests/golden/FORMAT.md; what we do not have, with reasons, in
//! tests/golden/unsupported.rs; and what each operation of PyTorch is here, in tests/golden/table.

// A test has no users: `pub` says what a file is for, not who may see it.
#![allow(unreachable_pub)]

mod golden {
    pub mod call;
    pub mod clip;
    pub mod error;
    pub mod frame;
    pub mod graph;
    pub mod hard;
    pub mod init;
    pub mod layer;
    pub mod onnx_train;
    pub mod op;
    pub mod optim;
    pub mod page;
    pub mod sched;
    pub mod support;
    pub mod table;
    pub mod train;
    pub mod unsupported;
}

use std::path::PathBuf;

use golden::support::report::Outcome;
use golden::support::{Case, run};

/// Runs one case by its kind, if it holds nothing that would be passed over.
fn one(case: Case) -> Outcome {
    if let Some(outcome) = golden::frame::refusal(case) {
        return outcome;
    }
    match case.family.kind.as_str() {
        "op" => golden::op::run(case),
        "graph" => golden::graph::run(case),
        "hard" => golden::hard::run(case),
        "error" => golden::error::run(case),
        "init" => golden::init::run(case),
        "layer" => golden::layer::run(case),
        "optim" => golden::optim::run(case),
        "sched" => golden::sched::run(case),
        "clip" => golden::clip::run(case),
        "train" => golden::train::run(case),
        "onnx_train" => golden::onnx_train::run(case),
        kind => Outcome::Unsupported(format!("kind {kind}")),
    }
}

/// docs/pytorch.md says what the table says, and tests/house/page_lines.rs compiles it; WENGERT_GOLDEN_BLESS=1 writes both.
#[test]
fn the_page_for_pytorch_users_is_the_table() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let (page, lines) = golden::page::page(&root.join("tests/golden/cases"));
    for (file, text) in [("docs/pytorch.md", page), ("tests/house/page_lines.rs", lines)] {
        if std::env::var_os("WENGERT_GOLDEN_BLESS").is_some() {
            std::fs::write(root.join(file), &text).unwrap();
        }
        let written = std::fs::read_to_string(root.join(file)).unwrap_or_default();
        assert!(written == text, "{file} is not the table: WENGERT_GOLDEN_BLESS=1 writes it");
    }
}

/// The cases of the repository that pass today: one that turns unsupported is a loss, and so is a file that goes missing.
const LEAST: usize = 2115;

/// Every case of the directory passes, or is unsupported for a listed reason.
#[test]
#[allow(clippy::print_stdout)]
fn reference_cases() {
    let home = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let elsewhere = std::env::var_os("WENGERT_GOLDEN");
    let only = std::env::var("WENGERT_GOLDEN_ONLY").unwrap_or_default();
    let least = match std::env::var("WENGERT_GOLDEN_LEAST") {
        Ok(least) => least.parse().unwrap(),
        Err(_) if elsewhere.is_none() && only.is_empty() => LEAST,
        Err(_) => 0,
    };
    let dir = elsewhere.map_or(home, PathBuf::from);
    let report = run::run(&dir, &only, one).unwrap();
    if let Some(file) = std::env::var_os("WENGERT_GOLDEN_REPORT") {
        std::fs::write(file, format!("{}\n", report.json())).unwrap();
    }
    println!("{}", report.text());
    assert!(report.is_clean(), "some cases fail, or are unsupported without a reason");
    assert!(report.passed() >= least, "{} cases pass, and {least} should", report.passed());
}

/// A filter that no id contains is an error, not a success with 0 of 0.
#[test]
fn a_misspelt_filter_is_an_error() {
    let home = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let error = run::run(&home, "unary/epx", one).unwrap_err();
    assert!(error.contains("no case has `unary/epx`"), "{error}");
}
