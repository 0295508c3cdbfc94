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

/// Steps of a burst: a whole number of the doctor's looks.
const BURST: usize = 64 * 8;

/// Microseconds a step of a burst. Its least over many bursts is that of a burst which no other program interrupted.
fn burst(mut step: impl FnMut()) -> f64 {
    let start = Instant::now();
    (0..BURST).for_each(|_| step());
    1e6 * start.elapsed().as_secs_f64() / BURST as f64
}

fn main() {
    set_threads(1);
    println!(
        "µs a step, the least of many bursts of {BURST} steps in turn; the doctor after 1,300 steps"
    );
    for (name, make, pairs) in [("tiny", tiny as fn() -> Step, 400), ("mnist", mnist, 40)] {
        // One model for both: two of them lie elsewhere in memory, which makes more of a difference than the doctor does.
        let (mut step, mut doctor) = (make(), Doctor::new());
        (0..1300).for_each(|_| step(Some(&mut doctor)));
        let (mut without, mut with) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..pairs {
            without = without.min(burst(|| step(None)));
            with = with.min(burst(|| step(Some(&mut doctor))));
        }
        println!(
            "{name:<6} {without:>10.3} without, {with:>10.3} with: {:+.1} %",
            100.0 * (with / without - 1.0)
        );
    }
    let batch = preflight_batch();
    let rng = &mut Rng::new(0);
    let model = Sequential::<f32>::new()
        .with(Linear::new(64, 64, rng))
        .with(Relu)
        .with(Linear::new(64, 10, rng));
    let least = (0..5)
        .map(|_| {
            let start = Instant::now();
            let _ = Doctor::new().preflight(&model, &CrossEntropyLoss::new(), &batch);
            1e3 * start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    println!("preflight of 64-64-10 with 256 digits: {least:.1} ms");
}

fn preflight_batch() -> (Tensor<f32>, Tensor<usize>) {
    let (x, y) = wengert::data::digits::<f32>().into_parts();
    let rows = Tensor::from((0..256).map(|k| k * 7).collect::<Vec<usize>>());
    match (x.index_select(0, &rows), y.index_select(0, &rows)) {
        (Ok(x), Ok(y)) => (x, y),
        _ => unreachable!("there are more digits than that"),
    }
}
