//! Lesson 1: a tensor is numbers and a shape.

#![allow(clippy::print_stdout)]

use wengert::prelude64::*;

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Three samples of two features. Axis 0 goes down, over the samples; axis 1 to the right.
    let x: Tensor = tensor![[1.0, 10.0], [2.0, 20.0], [6.0, 30.0]];
    println!("shape {:?}, {} numbers", x.shape(), x.len());

    // A reduction removes an axis. A method returns `Result` if some input can make it fail: this axis might not exist.
    let mean = x.mean_over(0)?;
    println!("mean of each feature {mean}");

    // Shapes [3, 2] and [2]: the row is read again for each sample. That is broadcasting; operators on references copy nothing
    // of their operands.
    let centred = &x - &mean;
    println!("without it\n{centred}");

    // A view has another shape and the same numbers: nothing is copied here either.
    let features = centred.t();
    println!("shape of the view {:?}", features.shape());

    // A product of matrices: sizes next to each other must agree. This is the covariance of the features.
    println!("covariance\n{}", features.matmul(&centred)? / 3.0);

    // An error names the op, the shapes and the rule, and the line of this program.
    let error = x.matmul(&x).err().ok_or("two matrices that do not fit were multiplied")?;
    println!("{}", error.to_string().lines().next().unwrap_or_default());
    Ok(())
}
