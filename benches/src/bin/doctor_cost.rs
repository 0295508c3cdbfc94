//! The cost of the doctor at its default sampling: microseconds a step with it and without it, in pairs.
//!
//! `cargo run --release -p wengert-benches --bin doctor_cost`
#![allow(clippy::print_stdout)]

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

/// Microseconds of processor time that this thread has had: what other programs take is not counted.
fn busy() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) / 1e3
}

/// Steps of a burst: a whole number of the doctor's looks.
const BURST: usize = 64 * 8;

fn main() {
    set_threads(1);
    println!(
        "µs of processor time a step, least of many bursts of {BURST} steps in turn; the doctor after 1,300 steps"
    );
    for (name, make, pairs) in [("tiny", tiny as fn() -> Step, 400), ("mnist", mnist, 12)] {
        let (mut plain, mut seen, mut doctor) = (make(), make(), Doctor::new());
        (0..1300).for_each(|_| seen(Some(&mut doctor)));
        (0..100).for_each(|_| plain(None));
        let (mut without, mut with) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..pairs {
            let start = busy();
            (0..BURST).for_each(|_| plain(None));
            let middle = busy();
            (0..BURST).for_each(|_| seen(Some(&mut doctor)));
            let end = busy();
            without = without.min((middle - start) / BURST as f64);
            with = with.min((end - middle) / BURST as f64);
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
            let start = busy();
            let _ = Doctor::new().preflight(&model, &CrossEntropyLoss::new(), &batch);
            (busy() - start) / 1e3
        })
        .fold(f64::INFINITY, f64::min);
    println!("preflight of 64-64-10 with 256 digits: {least:.1} ms of processor time");
}

fn preflight_batch() -> (Tensor<f32>, Tensor<usize>) {
    let (x, y) = wengert::data::digits::<f32>().into_parts();
    let rows = Tensor::from((0..256).map(|k| k * 7).collect::<Vec<usize>>());
    match (x.index_select(0, &rows), y.index_select(0, &rows)) {
        (Ok(x), Ok(y)) => (x, y),
        _ => unreachable!("there are more digits than that"),
    }
}
