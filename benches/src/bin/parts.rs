//! The parts of a training step in ns: its numbers, as tensors alone compute them; its parameters, read, given gradients and
//! stepped; and the rest, which is the tape: `parts linreg seedmlp tiny`.
//!
//! `LEVEL` and `PEERS_DATA` as for `steps`; one thread.
#![allow(clippy::print_stdout)]

use std::hint::black_box;

use wengert::autograd::{Param, Tape};
use wengert::loss::{Loss, MseLoss};
use wengert::nn::{Module, Parts};
use wengert::optim::{Optimizer, Sgd};
use wengert::tensor::pointwise::{BinaryOp, UnaryOp};
use wengert::tensor::{Result, Tensor};
use wengert_benches::workload::{Failure, Spec, Target};
use wengert_benches::{clock, machine, train};

/// Loss and gradients of a net with tanh between its layers, by the ops that a tape would run.
fn numbers(
    layers: &[[Tensor<f32>; 2]],
    x: &Tensor<f32>,
    target: &Tensor<f32>,
) -> Result<(Tensor<f32>, Vec<Tensor<f32>>)> {
    let mut values: Vec<[Tensor<f32>; 2]> = Vec::with_capacity(layers.len());
    for [weight, bias] in layers {
        let before = values.last().map_or(x, |[_, after]| after);
        let y = before.linear(weight, Some(bias))?;
        let last = values.len() + 1 == layers.len();
        let after = if last { y.clone() } else { UnaryOp::Tanh.try_apply(&y)? };
        values.push([y, after]);
    }
    let (y, op) = (&values[layers.len() - 1][0], BinaryOp::SquaredError);
    let losses = op.apply(y, target)?;
    let loss = losses.mean();
    let mut g = op.pull(0, Tensor::full(y.shape(), 1.0 / y.len() as f32), y, target, &losses);
    let mut gradients = Vec::with_capacity(2 * layers.len());
    for (k, [weight, _]) in layers.iter().enumerate().rev() {
        let Some(below) = k.checked_sub(1) else { break };
        let [before, after] = &values[below];
        gradients.extend([g.sum_rows()?, g.t_matmul(after)?]);
        g = UnaryOp::Tanh.pull(g.matmul(weight)?, before, after);
    }
    gradients.extend([g.sum_rows()?, g.t_matmul(x)?]);
    Ok((loss, gradients))
}

fn line(name: &str) -> std::result::Result<(), Failure> {
    let workload = Spec::named(name).ok_or_else(|| format!("no workload `{name}`"))?.load()?;
    let Target::Numbers(target) = workload.targets.clone() else {
        return Err("only nets with tanh and numbers as targets".into());
    };
    let (model, criterion) = (train::model(&workload)?, MseLoss::new());
    let parameters: Vec<Param<f32>> = model.parameters();
    // A rate at which nothing diverges in so many steps.
    let mut optimizer = Sgd::new(parameters.clone(), 1e-6);
    let time = |f: &mut dyn FnMut() -> std::result::Result<(), Failure>| {
        let mut failed = None;
        let ns = clock::best(400, 2e5, || failed = f().err().or(failed.take()));
        failed.map_or(Ok(ns), Err)
    };
    let inputs = workload.inputs.clone();
    let whole = time(&mut || {
        let tape = Tape::new();
        optimizer.zero_grad();
        let loss = criterion.forward(model.call(tape.constant(inputs.clone()))?, &target)?;
        loss.backward()?;
        optimizer.step()?;
        black_box(loss.item()?);
        Ok(())
    })?;
    let layers: Vec<_> = workload.layers.iter().map(|(w, b)| [w.clone(), b.clone()]).collect();
    let alone = time(&mut || {
        black_box(numbers(&layers, &inputs, &target)?);
        Ok(())
    })?;
    let gradients: Vec<_> = parameters.iter().map(|p| p.value().zeros_like()).collect();
    let params = time(&mut || {
        optimizer.zero_grad();
        for (param, g) in parameters.iter().zip(&gradients) {
            black_box(param.value());
            param.set_grad(Some(g.clone()));
        }
        Ok(optimizer.step()?)
    })?;
    println!(
        "{name:>8} {}: {whole:6.0} ns a step; numbers {alone:6.0}, parameters {params:6.0}, the tape {:6.0}: {:.0} %",
        machine::instructions(),
        whole - alone - params,
        100.0 * (whole - alone - params) / whole,
    );
    Ok(())
}

fn main() -> std::result::Result<(), Failure> {
    machine::set_up();
    std::env::args().skip(1).try_for_each(|name| line(&name))
}
