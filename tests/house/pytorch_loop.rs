//! From the same weights, the same trajectory as PyTorch's: 100 steps of a small net under four optimisers, in single and in
//! double precision. `fixtures/pytorch_loop.py` wrote the numbers.

use std::collections::HashMap;

use wengert::autograd::{Param, Tape};
use wengert::loss::{CrossEntropyLoss, Loss};
use wengert::nn::{Linear, Module, Parts, Sequential, Tanh};
use wengert::optim::{Adam, AdamW, Optimizer, Sgd};
use wengert::tensor::{Float, Tensor};

fn fixture() -> HashMap<&'static str, Vec<f64>> {
    let lines = include_str!("fixtures/pytorch_loop.txt").lines().filter(|l| !l.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split(' ');
            let name = words.next().unwrap();
            (name, words.map(|w| w.parse().unwrap()).collect())
        })
        .collect()
}

fn optimizer<T: Float>(name: &str, parameters: Vec<Param<T>>) -> Box<dyn Optimizer<T>> {
    match name {
        "sgd" => Box::new(Sgd::new(parameters, 0.1)),
        "nesterov" => {
            Box::new(Sgd::new(parameters, 0.05).momentum(0.9).nesterov().weight_decay(1e-4))
        }
        "adam" => Box::new(Adam::new(parameters, 0.01)),
        _ => Box::new(AdamW::new(parameters, 0.01)),
    }
}

/// The largest relative difference of a loss, at every tenth step.
fn apart<T: Float>(name: &str) -> f64 {
    let fixture = fixture();
    let tensor = |name: &str, shape: &[usize]| {
        let numbers = fixture[name].iter().map(|&x| T::from_f64(x)).collect();
        Tensor::from_vec(numbers, shape).unwrap()
    };
    let linear = |name: &str, outputs, inputs| {
        let weight = tensor(&format!("{name}.weight"), &[outputs, inputs]);
        Linear::from_weights(weight, Some(tensor(&format!("{name}.bias"), &[outputs]))).unwrap()
    };
    let inputs: Tensor<T> = tensor("x", &[32, 8]);
    let labels: Vec<usize> = fixture["labels"].iter().map(|&l| l as usize).collect();
    let labels = Tensor::from(labels);

    let model = Sequential::new().with(linear("l1", 16, 8)).with(Tanh).with(linear("l2", 4, 16));
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = optimizer(name, model.parameters());
    let mut losses = Vec::new();
    for step in 0..101 {
        let tape = Tape::new();
        optimizer.zero_grad();
        let outputs = model.call(tape.constant(inputs.clone())).unwrap();
        let loss = criterion.forward(outputs, &labels).unwrap();
        loss.backward().unwrap();
        optimizer.step().unwrap();
        if step % 10 == 0 {
            losses.push(loss.item().unwrap().to_f64());
        }
    }
    let torch = &fixture[format!("{name}.{}", T::NAME).as_str()];
    assert_eq!(torch.len(), losses.len());
    let apart = losses.iter().zip(torch).map(|(ours, theirs)| (ours - theirs).abs() / theirs.abs());
    apart.fold(0.0, f64::max)
}

#[test]
fn double_precision_to_ten_digits() {
    for name in ["sgd", "nesterov", "adam", "adamw"] {
        let apart = apart::<f64>(name);
        assert!(apart <= 1e-10, "{name}: {apart:e}");
    }
}

#[test]
fn single_precision_to_five_digits() {
    for name in ["sgd", "nesterov", "adam", "adamw"] {
        let apart = apart::<f32>(name);
        assert!(apart <= 1e-5, "{name}: {apart:e}");
    }
}
