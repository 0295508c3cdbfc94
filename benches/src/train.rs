//! A step as a user writes it: the public API, the loop of the crate's front page, nothing else.

use wengert::autograd::Tape;
use wengert::loss::{CrossEntropyLoss, Loss, MseLoss};
use wengert::nn::{Linear, Module, Parts, Relu, Sequential, Tanh};
use wengert::optim::{Adam, Optimizer, Sgd};
use wengert::tensor::Tensor;

use crate::workload::{Activation, Failure, Target, Training, Workload};

/// The net with the workload's first weights.
///
/// # Errors
/// If a bias does not fit its weight.
pub fn model(w: &Workload) -> Result<Sequential<f32>, Failure> {
    let mut model = Sequential::new();
    for (i, (weight, bias)) in w.layers.iter().enumerate() {
        if i > 0 {
            match w.spec.activation {
                Activation::Tanh => model.push(Tanh),
                Activation::Relu => model.push(Relu),
                Activation::None => {}
            }
        }
        // Copies: a tensor that the workload holds too would be copied by the first step.
        let (weight, bias) = (weight.map(|x| x), bias.map(|x| x));
        model.push(Linear::from_weights(weight, Some(bias))?);
    }
    Ok(model)
}

/// One training step, or a forward pass where nothing is trained.
pub type Step = Box<dyn FnMut() -> Result<f32, Failure>>;

/// A net at its first weights and what trains it; each call takes a step and gives the loss before it. A forward pass
/// gives the mean of |output|.
///
/// # Errors
/// If the workload's shapes do not fit.
pub fn trainer(w: &Workload) -> Result<Step, Failure> {
    let model = model(w)?;
    match w.spec.training {
        Training::Sgd(rate, momentum) => {
            let optimizer = Sgd::new(model.parameters(), rate);
            // Momentum is an option, and an option that is not given costs nothing.
            train(w, model, if momentum > 0.0 { optimizer.momentum(momentum) } else { optimizer })
        }
        Training::Adam(rate) => {
            let optimizer = Adam::new(model.parameters(), rate);
            train(w, model, optimizer)
        }
        Training::None => {
            let inputs = w.inputs.clone();
            Ok(Box::new(move || Ok(mean_abs(&model.predict(&inputs)?))))
        }
    }
}

fn train(
    w: &Workload,
    model: Sequential<f32>,
    mut optimizer: impl Optimizer<f32> + 'static,
) -> Result<Step, Failure> {
    let inputs = w.inputs.clone();
    match w.targets.clone() {
        Target::Numbers(targets) => {
            let criterion = MseLoss::new();
            Ok(Box::new(move || {
                let tape = Tape::new();
                optimizer.zero_grad();
                let outputs = model.call(tape.constant(inputs.clone()))?;
                let loss = criterion.forward(outputs, &targets)?;
                loss.backward()?;
                optimizer.step()?;
                Ok(loss.item()?)
            }))
        }
        Target::Classes(labels) => {
            let criterion = CrossEntropyLoss::new();
            Ok(Box::new(move || {
                let tape = Tape::new();
                optimizer.zero_grad();
                let outputs = model.call(tape.constant(inputs.clone()))?;
                let loss = criterion.forward(outputs, &labels)?;
                loss.backward()?;
                optimizer.step()?;
                Ok(loss.item()?)
            }))
        }
        Target::None => Err("training wants targets".into()),
    }
}

fn mean_abs(x: &Tensor<f32>) -> f32 {
    let elements = x.as_slice().unwrap_or(&[]);
    (elements.iter().map(|v| f64::from(v.abs())).sum::<f64>() / elements.len() as f64) as f32
}
