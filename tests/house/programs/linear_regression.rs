use wengert::prelude::*;

struct LinearRegression {
    linear: Linear,
}
parts!(LinearRegression { linear });

impl Module for LinearRegression {
    fn forward<'t>(&self, x: Var<'t>) -> Result<Var<'t>> {
        self.linear.call(x)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let samples = wengert::data::synth::linear(100, 3.0, 4.0, 0.5, 0);
    let train_loader = DataLoader::new(samples, 16)?.shuffle(0);
    let model = LinearRegression { linear: Linear::new(1, 1, &mut Rng::new(0)) };
    let criterion = MseLoss::new();
    let mut optimizer = Sgd::new(model.parameters(), 0.01);

    for epoch in 0..100 {
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
        if epoch % 20 == 0 {
            println!("Epoch {}, loss: {:.3}", epoch + 1, running_loss.take());
        }
    }
    Ok(())
}
