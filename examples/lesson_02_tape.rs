//! Lesson 2: a tape is the list of what was computed.

#![allow(clippy::print_stdout)]

use wengert::prelude64::*;

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Each op that is computed from here on becomes a line of the tape: operands, value, and rules for the way back.
    let weight = Param::new(Tensor::scalar(3.0));
    weight.set_path("weight");
    let tape = Tape::new();
    let a = tape.param(&weight);
    let b = a + a;
    let c = b * b;

    // A line can only use lines above it. So the order of recording is an order for computing, and from the end to the
    // beginning it is an order for gradients: when a line's turn comes, all its uses have been seen.
    // The rules in the last column but one say what a line gives its operands, of its own gradient g.
    print!("{tape}");

    // The reverse sweep. It begins with the gradient 1 of c; several uses of a line add.
    let gradients = c.gradients()?;
    for (name, var) in [("c", c), ("b", b), ("a", a)] {
        println!("gradient of c with respect to {name}: {}", gradients.wrt(var).value()?);
    }

    // The usual way is `backward`, which hands the gradients to the parameters and spends the tape. What is asked of it then
    // is an error that says so, and not an old number.
    c.backward()?;
    println!("gradient in the parameter: {}", weight.grad().ok_or("it has none")?);
    let error = c.gradients().err().ok_or("a spent tape gave gradients")?;
    println!("{}", error.to_string().split(" at ").next().unwrap_or_default());
    Ok(())
}
