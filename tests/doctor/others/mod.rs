//! Programs that are not of the benchmark, written as a user writes them: some with a mistake, some of unusual kinds and healthy.

mod data;
mod faulty;
mod formulas;
mod healthy;
mod losses;
mod pairs;

use wengert::autograd::{Result, Tape, Var};
use wengert::optim::Optimizer;
use wengert::tensor::{Rng, Tensor};
use wengert::train::Doctor;
use wengert::train::doctor::Fault;

/// The loop of a user, with a doctor.
fn train(
    steps: usize,
    mut optimizer: impl Optimizer<f32>,
    mut loss: impl for<'t> FnMut(&'t Tape<f32>, usize) -> Result<Var<'t, f32>>,
) -> Doctor {
    let mut doctor = Doctor::new();
    for step in 0..steps {
        let tape = Tape::new().seeded(step as u64);
        optimizer.zero_grad();
        let loss = loss(&tape, step).unwrap();
        loss.backward().unwrap();
        if doctor.step(loss, &mut optimizer).is_err() {
            break;
        }
    }
    doctor
}

/// The rows of a batch.
fn rows(n: usize, batch: usize, step: usize) -> Tensor<usize> {
    let per_epoch = n / batch;
    let order = Tensor::<usize>::permutation(n, &mut Rng::new((step / per_epoch) as u64));
    order.narrow(0, step % per_epoch * batch, batch).unwrap().contiguous()
}

/// Digits as `[n, 64]` from 0 to 1, and their classes.
fn digits() -> (Tensor<f32>, Tensor<usize>) {
    let (x, y) = wengert::data::digits::<f32>().into_parts();
    (x.reshape([y.len(), 64]).unwrap(), y)
}

/// The first finding is one of these.
#[track_caller]
fn finds(doctor: &Doctor, faults: &[Fault]) {
    let report = doctor.report();
    let first = report.findings().first().map(|f| f.fault);
    assert!(first.is_some_and(|f| faults.contains(&f)), "{faults:?} expected\n{report}");
}

/// Nothing is found.
#[track_caller]
fn well(doctor: &Doctor) {
    let report = doctor.report();
    assert!(report.is_healthy(), "{report}");
}
