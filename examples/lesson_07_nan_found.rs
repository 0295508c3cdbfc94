//! Lesson 7: a NaN is traced to the line where it began.

#![allow(clippy::print_stdout)]

use wengert::prelude64::*;

/// Cross-entropy as one writes it from the textbook: the logarithm of softmax, in two steps.
fn textbook<'t>(logits: Var<'t>, target: &Tensor) -> wengert::autograd::Result<Var<'t>> {
    let p = logits.softmax(1)?;
    Ok(-(p.ln() * target).sum() / 2.0)
}

/// The same function in one step, in which no probability is rounded to 0.
fn stable<'t>(logits: Var<'t>, target: &Tensor) -> wengert::autograd::Result<Var<'t>> {
    Ok(-(logits.log_softmax(1)? * target).sum() / 2.0)
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Two samples, two classes. The second one is certain: its logits are far apart.
    let logits = tensor![[1.0, 0.0], [800.0, 0.0]];
    let target = tensor![[1.0, 0.0], [1.0, 0.0]];

    let tape = Tape::new();
    let x = tape.var(logits.clone());
    let loss = textbook(x, &target)?;
    println!("loss {}", loss.item()?);

    // Every value is still on the tape, so nothing need be switched on before the search.
    let found = tape.first_non_finite().ok_or("every value is finite")?;
    println!(
        "first: {} gave {} of {:?}, at {:?}",
        found.op, found.value, found.operands, found.place
    );
    println!("help: {}", found.hint.unwrap_or("none"));

    // e⁻⁸⁰⁰ is 0 in double precision, ln 0 is -∞, and 0 · -∞ is NaN. The line that is at fault is the logarithm, though the NaN
    // came one line later.
    let tape = Tape::new();
    let x = tape.var(logits);
    let loss = stable(x, &target)?;
    println!(
        "loss {:.6}, gradient {:.6}",
        loss.item()?,
        loss.gradients()?.wrt(x).value()?.select(0, 0)?
    );
    println!("first: {}", tape.first_non_finite().map_or("all is finite", |found| found.op));
    Ok(())
}
