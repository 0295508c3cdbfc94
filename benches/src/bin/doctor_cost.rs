//! The cost of the doctor at its default sampling: microseconds a step with it and without it, in pairs.
//!
//! `cargo run --release -p wengert-benches --bin doctor_cost`
#![allow(clippy::print_stdout)]

use std::time::Instant;

use wengert::autograd::Tape;
use wengert::loss::{CrossEntropyLoss, Loss, MseLoss};
use wengert::nn::{Linear, Module, Parts, Relu, Sequential, Tanh};
use wengert::optim::{Adam, Optimizer, Sgd};
use wengert::tensor::{Rng, Tensor, set_threads};
use wengert::train::Doctor;

/// One step; with a doctor if there is one.
type Step = Box<dyn FnMut(Option<&mut Doctor>)>;

fn mnist() -> Step {
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(784, 128, rng))
        .with(Relu)
        .with(Linear::new(128, 10, rng));
    let (x, y) = (
        Tensor::rand([64, 784], rng),
        Tensor::from((0..64).map(|k| k * 7 % 10).collect::<Vec<usize>>()),
    );
    let mut optimizer = Adam::new(model.parameters(), 1e-5);
    Box::new(move |doctor| {
        let tape = Tape::new();
        optimizer.zero_grad();
        let Ok(out) = model.call(tape.constant(x.clone())) else { return };
        let Ok(loss) = CrossEntropyLoss::new().forward(out, &y) else { return };
        finish(loss, &mut optimizer, doctor);
    })
}

fn tiny() -> Step {
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(2, 16, rng))
        .with(Tanh)
        .with(Linear::new(16, 1, rng));
    let (x, y) = (Tensor::randn([8, 2], rng), Tensor::randn([8, 1], rng));
    let mut optimizer = Sgd::new(model.parameters(), 1e-4);
    Box::new(move |doctor| {
        let tape = Tape::new();
        optimizer.zero_grad();
        let Ok(out) = model.call(tape.constant(x.clone())) else { return };
        let Ok(loss) = MseLoss::new().forward(out, &y) else { return };
        finish(loss, &mut optimizer, doctor);
    })
}

fn finish(
    loss: wengert::autograd::Var<'_, f32>,
    optimizer: &mut impl Optimizer<f32>,
    doctor: Option<&mut Doctor>,
) {
    if loss.backward().is_err() {
        return;
    }
    match doctor {
        Some(doctor) => {
            doctor.before(loss, &*optimizer);
            let _ = optimizer.step();
            doctor.after(&*optimizer);
        }
        None => {
            let _ = optimizer.step();
        }
    }
}

fn main() {
    set_threads(1);
    println!(
        "net     with nothing  with the doctor   more (least of 15 pairs, µs a step; the doctor from its 1st step on, and after 1,024)"
    );
    for (name, make, steps) in [("tiny", tiny as fn() -> Step, 20_000), ("mnist", mnist, 600)] {
        let time = |step: &mut Step, doctor: &mut Option<Doctor>| {
            let start = Instant::now();
            (0..steps).for_each(|_| step(doctor.as_mut()));
            start.elapsed().as_secs_f64() * 1e6 / steps as f64
        };
        for warm in [0, 1200] {
            let (mut without, mut with) = (f64::INFINITY, f64::INFINITY);
            for _ in 0..15 {
                let mut step = make();
                (0..50).for_each(|_| step(None));
                without = without.min(time(&mut step, &mut None));
                let mut doctor = Some(Doctor::new());
                (0..warm).for_each(|_| step(doctor.as_mut()));
                with = with.min(time(&mut step, &mut doctor));
            }
            let more = 100.0 * (with / without - 1.0);
            println!(
                "{name:<6}  {without:>12.3}  {with:>15.3}  {more:>+5.1} %   (after {warm} steps)"
            );
        }
    }
}
