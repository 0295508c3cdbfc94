//! Lesson 8: a gradient check that fails, and names the op; and a kink, which is no failure.

#![allow(clippy::print_stdout)]

use wengert::prelude64::*;

/// The cube of each number, by a rule with a mistake that is easily made: the 3 is missing.
fn cube(x: Var<'_>) -> wengert::autograd::Result<Var<'_>> {
    x.tape().custom(
        "cube",
        &[x],
        |x| Ok(x[0] * x[0] * x[0]),
        |g, x, _| Ok(vec![Some(g * x[0].square())]),
    )
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let x = [tensor![0.5, -1.0, 2.0, 1.5]];

    // The op stands among others. The whole gradient is compared with differences; as they disagree, each line of the tape is
    // checked by itself, at the values that it had.
    let report = gradcheck(|x| Ok((cube(x[0].sin())? * 2.0).exp().sum()), &x);
    println!("right: {}, worst: {:?}", report.is_right(), report.worst());
    let blame = report.blames().first().ok_or("nobody is to blame")?;
    println!("op `{}` of line {}, operand {}", blame.op, blame.index, blame.operand);
    println!("its rule gives {:.4}, differences give {:.4}", blame.analytic, blame.numeric);
    println!("cause: {}", blame.cause.as_deref().unwrap_or("unknown"));

    // The same without the mistake.
    let report = gradcheck(|x| Ok((x[0].sin().powf(3.0) * 2.0).exp().sum()), &x);
    println!("powf: right: {}, worst: {:?}", report.is_right(), report.worst());

    // At 0 relu has the slopes 0 and 1. Its gradient there is 0, a choice, and differences see ½: neither is wrong.
    let report = gradcheck(|x| Ok(x[0].relu().sum()), &[tensor![0.0, 1.0]]);
    println!("relu at 0: right: {}, worst: {:?}", report.is_right(), report.worst());
    Ok(())
}
