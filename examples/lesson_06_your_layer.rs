//! Lesson 6: a layer of your own is a struct with parameters, and a function.

#![allow(clippy::print_stdout)]

use wengert::prelude64::*;

/// A residual layer: what goes in, plus what two linear layers make of it. Where these give 0, nothing is lost.
#[derive(Clone)]
struct Residual {
    narrow: Linear,
    wide: Linear,
    gain: Param,
}

// The names of its parts: parameters are found by them, saved by them, and printed with them.
parts!(Residual { narrow, wide, gain });

impl Residual {
    fn new(size: usize, rng: &mut Rng) -> Self {
        Self {
            narrow: Linear::new(size, size / 4, rng),
            wide: Linear::new(size / 4, size, rng),
            gain: Param::new(Tensor::zeros([])),
        }
    }
}

impl Module<f64> for Residual {
    fn forward<'t>(&self, x: Var<'t>) -> Result<Var<'t>> {
        // `call`, and not `forward`, for layers within: it puts their names on the tape, and into errors.
        let inner = self.wide.call(self.narrow.call(x)?.tanh())?;
        x.try_add(inner.try_mul(x.tape().param(&self.gain))?)
    }
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rng = &mut Rng::new(0);
    let model = sequential![first: Residual::new(8, rng), second: Residual::new(8, rng), out: Linear::new(8, 1, rng)];
    for (name, parameter) in model.named_parameters().iter().take(5) {
        println!("{name} {:?}", parameter.shape());
    }
    let numbers: usize = model.parameters().iter().map(|p| p.value().len()).sum();
    println!("{numbers} numbers in all");

    // Two checks before training: that the gradient of each parameter is right, and what an input of the wrong size says.
    let x = Tensor::randn([4, 8], rng);
    let report = GradCheck::new().check_parameters(&model.parameters(), |tape| {
        Ok(model.call(tape.constant(x.clone()))?.square().mean())
    });
    println!("gradients of all parameters right: {}", report.is_right());
    let error = model.predict(&Tensor::zeros([4, 7])).err().ok_or("a wrong size was accepted")?;
    for line in error.to_string().lines().filter(|line| !line.contains(".rs:")) {
        println!("{line}");
    }
    Ok(())
}
