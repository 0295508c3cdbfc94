//! A net of 10, 5 and 1 with tanh, its weights as bare parameters, gradients asked of the tape and applied: as one writes it
//! with TensorFlow's `GradientTape`.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::data::synth;
use wengert::loss;
use wengert::prelude64::*;

// The sizes.
const N_INPUT: usize = 10;
const N_OUTPUT: usize = 1;
const N_HIDDEN: usize = 5;

pub(crate) struct Weights {
    pub(crate) w1: Param,
    pub(crate) w2: Param,
    pub(crate) b1: Param,
    pub(crate) b2: Param,
}

impl Weights {
    /// By Xavier's rule: numbers as large as `tf.random.normal`'s would drive tanh to where it has no slope.
    pub(crate) fn new(rng: &mut Rng) -> Result<Self, Box<dyn Error>> {
        let gain = init::calculate_gain(init::Nonlinearity::Tanh);
        Ok(Self {
            w1: Param::new(init::xavier_uniform([N_INPUT, N_HIDDEN], gain, rng)?),
            w2: Param::new(init::xavier_uniform([N_HIDDEN, N_OUTPUT], 1.0, rng)?),
            b1: Param::new(Tensor::zeros([N_HIDDEN])),
            b2: Param::new(Tensor::zeros([N_OUTPUT])),
        })
    }

    // The model.
    fn model<'t>(&self, tape: &'t Tape, x: &Tensor) -> wengert::autograd::Result<Var<'t>> {
        let h1 =
            tape.constant(x.clone()).matmul(tape.param(&self.w1))?.try_add(tape.param(&self.b1))?;
        let h1 = h1.tanh();
        h1.matmul(tape.param(&self.w2))?.try_add(tape.param(&self.b2))
    }

    /// The loss, and its gradients by `[w1, b1, w2, b2]`.
    pub(crate) fn gradients(
        &self,
        x: &Tensor,
        y: &Tensor,
    ) -> Result<(f64, [Tensor; 4]), Box<dyn Error>> {
        let tape = Tape::new();
        let y_pred = self.model(&tape, x)?;
        let loss = loss::mse(y_pred, y)?;
        let gradients = loss.gradients()?;
        let wrt = |param| gradients.wrt(param).value();
        Ok((loss.item()?, [wrt(&self.w1)?, wrt(&self.b1)?, wrt(&self.w2)?, wrt(&self.b2)?]))
    }

    /// The same gradients, derived by hand.
    pub(crate) fn by_hand(&self, x: &Tensor, y: &Tensor) -> Result<[Tensor; 4], Box<dyn Error>> {
        let (w1, w2) = (self.w1.value(), self.w2.value());
        let h = (x.matmul(&w1)? + self.b1.value()).tanh();
        let y_pred = h.matmul(&w2)? + self.b2.value();
        let dy = (y_pred - y) * (2.0 / y.len() as f64);
        let dz = dy.matmul(&w2.t())? * (1.0 - h.square());
        Ok([x.t().matmul(&dz)?, dz.sum_over(0)?, h.t().matmul(&dy)?, dy.sum_over(0)?])
    }
}

/// The training data, which the tutorial leaves out: ten features, of which five matter.
pub(crate) fn data() -> (Tensor, Tensor) {
    synth::friedman1(200, 0.1, 42).into_parts()
}

/// Trains for so many steps over the whole data, and gives the losses.
pub(crate) fn train(steps: usize) -> Result<Vec<f64>, Box<dyn Error>> {
    let (x_train, y_train) = data();
    let weights = Weights::new(&mut Rng::new(42))?;
    let Weights { w1, w2, b1, b2 } = &weights;

    // The optimiser. With every step over all samples this is gradient descent; nothing in it is stochastic.
    let mut optimizer = Sgd::new([w1, b1, w2, b2].map(Param::clone), 0.01);

    // Train the model.
    let mut losses = Vec::new();
    for _ in 0..steps {
        let (loss, gradients) = weights.gradients(&x_train, &y_train)?;
        let [g1, g2, g3, g4] = &gradients;
        optimizer.apply(&[(w1, g1), (b1, g2), (w2, g3), (b2, g4)])?;
        losses.push(loss);
    }
    Ok(losses)
}

fn main() -> Result<(), Box<dyn Error>> {
    let losses = train(1000)?;
    for (step, loss) in losses.iter().enumerate().filter(|(step, _)| step % 100 == 0) {
        println!("step {step:>4}, loss {loss:.4}");
    }
    Ok(())
}
