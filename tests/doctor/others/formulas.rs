//! Losses that are a formula of prediction and target: the doctor knows no more of them than their values.

use wengert::loss::{HingeLoss, PoissonNllLoss, QuantileLoss};
use wengert::prelude::*;
use wengert::train::doctor::Fault;

use super::{finds, rows, train, well};

const SAMPLES: usize = 720;

/// Six columns, and a number that follows from two of them.
fn samples() -> (Tensor, Tensor) {
    let x = Tensor::randn([SAMPLES, 6], &mut Rng::new(5));
    let column = |k: usize| x.narrow(1, k, 1).unwrap().contiguous();
    let signal = column(1).sin() * 2.0 + column(4);
    (x, signal)
}

/// A net of two layers on the samples, with this loss of its output and these targets.
fn fit(y: &Tensor, loss: &(impl for<'t, 'y> Loss<'t, f32, &'y Tensor> + ?Sized)) -> Doctor {
    let (x, _) = samples();
    let rng = &mut Rng::new(1);
    let net = sequential![Linear::new(6, 32, rng), Tanh, Linear::new(32, 1, rng)];
    train(400, Adam::new(net.parameters(), 4e-3), |tape, step| {
        let at = rows(SAMPLES, 48, step);
        let output = net.call(tape.input(x.index_select(0, &at)?))?;
        loss.forward(output, &y.index_select(0, &at)?)
    })
}

fn shuffled(y: &Tensor) -> Tensor {
    y.index_select(0, &Labels::permutation(SAMPLES, &mut Rng::new(9))).unwrap()
}

#[test]
fn a_quantile() {
    let (_, signal) = samples();
    let y = signal + Tensor::randn([SAMPLES, 1], &mut Rng::new(7)) * 0.6;
    let loss = &QuantileLoss::new().tau(0.2);
    well(&fit(&y, loss));
    finds(&fit(&shuffled(&y), loss), &[Fault::LabelsUnrelated]);
    finds(&fit(&(&y + 300.0), loss), &[Fault::UnscaledTarget]);
}

#[test]
fn counts() {
    let (_, signal) = samples();
    let y = (signal * 0.6 + 1.0).exp().round();
    let loss = &PoissonNllLoss::new();
    well(&fit(&y, loss));
    finds(&fit(&shuffled(&y), loss), &[Fault::LabelsUnrelated]);
}

#[test]
fn margins() {
    let (_, signal) = samples();
    let y = signal.sign();
    let loss = &HingeLoss::new();
    well(&fit(&y, loss));
    finds(&fit(&shuffled(&y), loss), &[Fault::LabelsUnrelated]);
}

/// The weights of a set are the scores of keys against a query that is learnt: two products in a row, and meant so.
#[test]
fn keys_times_a_query() {
    let rng = &mut Rng::new(2);
    let (keys, values) = (Linear::new(4, 12, rng), Linear::new(4, 12, rng));
    let (query, head) = (Param::new(Tensor::randn([12, 1], rng)), Linear::new(12, 1, rng));
    query.set_path("query");
    let x = Tensor::randn([480, 7, 4], rng);
    let y = x.narrow(2, 2, 1).unwrap().max_over(1).unwrap();
    let mut all = [&keys, &values, &head].map(Parts::parameters).concat();
    all.push(query.clone());
    // The bias of keys adds the same to all scores, so it gets no gradient.
    well(&train(400, Adam::new(all, 5e-3).allow_unused(), |tape, step| {
        let at = rows(480, 32, step);
        let x = tape.input(x.index_select(0, &at)?);
        let scores = keys.call(x)?.matmul(tape.param(&query))?;
        let pooled =
            (values.call(x)?.tanh() * scores.div_scalar(12_f64.sqrt()).softmax(1)?).sum_over(1)?;
        MseLoss::new().forward(head.call(pooled)?, &y.index_select(0, &at)?)
    }));
}
