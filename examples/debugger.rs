//! Backpropagation in the terminal, one moment at a time: type `next`, `back`, `why`, or `help`.
//!
//! `cargo run --example debugger`, or with commands from a pipe: `printf 'until tanh\nwhy %0\n' | cargo run --example debugger`.

use wengert::prelude64::*;
use wengert::viz::Inspect;

/// The pass of the README: `a` is used twice, so two contributions add up to its gradient.
fn pass(tape: &Tape) -> Var<'_> {
    let a = tape.scalar(0.5);
    let b = tape.scalar(2.0);
    (a * b + a.square()).tanh()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let tape = Tape::new();
    pass(&tape);
    tape.debugger().in_terminal()?;
    Ok(())
}
