//! Linear regression with `nn.Linear`, a loader and epochs: the loop of every PyTorch tutorial, line for line.

#![allow(clippy::print_stdout)]

use std::error::Error;

use wengert::prelude::*;

// Define the model.
pub(crate) struct LinearRegressionModel {
    pub(crate) linear: Linear,
}

parts!(LinearRegressionModel { linear });

impl LinearRegressionModel {
    fn new(input_size: usize, output_size: usize, rng: &mut Rng) -> Self {
        Self { linear: Linear::new(input_size, output_size, rng) }
    }
}

impl Module<f32> for LinearRegressionModel {
    fn forward<'t>(&self, x: Var<'t>) -> wengert::autograd::Result<Var<'t>> {
        self.linear.call(x)
    }
}

/// Trains it, and gives it back with the loss of each epoch.
pub(crate) fn train(
    num_epochs: usize,
    learning_rate: f64,
) -> Result<(LinearRegressionModel, Vec<f64>), Box<dyn Error>> {
    // 110 points and batches of 20: the last batch is a short one.
    let train_set = wengert::data::synth::linear(110, 3.0, 4.0, 0.5, 42);
    let train_loader = DataLoader::new(train_set, 20)?.shuffle(42);

    // Define the loss and the optimiser.
    let model = LinearRegressionModel::new(1, 1, &mut Rng::new(42));
    let criterion = MseLoss::new();
    let mut optimizer = Sgd::new(model.parameters(), learning_rate);

    // Train the model.
    let mut losses = Vec::new();
    for epoch in 0..num_epochs {
        // Per sample. The sum of the batches' means over `len(train_loader)`, as the tutorial has it, counts the samples of a
        // short last batch more than the others.
        let mut running_loss = RunningMean::new();
        for (inputs, labels) in train_loader.epoch(epoch) {
            let tape = Tape::new();
            optimizer.zero_grad();
            let outputs = model.call(tape.constant(inputs))?;
            let loss = criterion.forward(outputs, &labels)?;
            loss.backward()?;
            optimizer.step()?;
            running_loss.add(loss.item()?, labels.len());
        }
        losses.push(running_loss.take());
    }
    Ok((model, losses))
}

fn main() -> Result<(), Box<dyn Error>> {
    let (model, losses) = train(100, 0.01)?;
    for (epoch, loss) in losses.iter().enumerate().filter(|(epoch, _)| (epoch + 1) % 10 == 0) {
        println!("Epoch {}, loss: {loss:.3}", epoch + 1);
    }
    for (name, param) in model.named_parameters() {
        println!("{name} = {:.3}", param.value().item()?);
    }
    Ok(())
}
