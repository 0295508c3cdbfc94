//! Programs run in a process of their own, so that what they print can be read.
//!
//! A child is this test binary again, told to run one test.

use std::process::Command;

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
