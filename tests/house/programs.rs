//! Programs run in a process of their own, so that what they print can be read.
//!
//! A child is this test binary again, told to run one test. A test that returns an error ends as a `main` that returns one
//! does: through `Termination`, which prints `Error: ` and the error's `{:?}`.

use std::error::Error;
use std::process::Command;

use wengert::prelude::*;

const CHILD: &str = "WENGERT_TEST_CHILD";

/// Whether this process was started by [`run`].
pub(crate) fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

pub(crate) struct Printed {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) succeeded: bool,
}

/// Runs one test of this binary in a child process.
pub(crate) fn run(test: &str) -> Printed {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Printed {
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        succeeded: output.status.success(),
    }
}

/// A program with a mistake, written as the README writes its own.
#[test]
fn program_that_fails() -> Result<(), Box<dyn Error>> {
    if !is_child() {
        return Ok(());
    }
    let model = Linear::new(3, 2, &mut Rng::new(0));
    let tape = Tape::new();
    let y = model.call(tape.constant(Tensor::zeros([6, 4])))?;
    assert_eq!(y.rank(), 2);
    Ok(())
}

#[test]
fn an_error_that_main_returns_is_readable() {
    let Printed { stderr, succeeded, .. } = run("programs::program_that_fails");
    assert!(!succeeded, "{stderr}");
    let rule =
        "linear: [6, 4] and [2, 3]: the input's last axis has size 4, and the weight takes 3";
    for part in [rule, "help: a layer for this input is `Linear::new(4, 2, …)`", "programs.rs:"] {
        assert!(stderr.contains(part), "no `{part}` in:\n{stderr}");
    }
    assert!(!stderr.contains("Fault {"), "{stderr}");
}
