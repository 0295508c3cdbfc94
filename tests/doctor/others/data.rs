//! Mistakes in the data, and in the order in which it is read.

use wengert::prelude::*;
use wengert::train::doctor::Fault;

use super::{finds, rows, train, well};

/// Five columns, and a target that follows from them; with a change of each row, if one is asked for.
fn table(change: impl Fn(usize, &mut [f32])) -> (Tensor, Tensor) {
    let rng = &mut Rng::new(0);
    let x = Tensor::randn([400, 5], rng);
    let y = x.sum_over(keep(1)).unwrap() * 0.5 + Tensor::randn([400, 1], rng) * 0.1;
    let mut all = x.to_vec();
    all.chunks_mut(5).enumerate().for_each(|(k, row)| change(k, row));
    (Tensor::from_vec(all, [400, 5]).unwrap(), y)
}

fn regression(x: &Tensor, y: &Tensor) -> Doctor {
    let rng = &mut Rng::new(0);
    let model = sequential![Linear::new(5, 16, rng), Relu, Linear::new(16, 1, rng)];
    train(300, Adam::new(model.parameters(), 5e-3), |tape, step| {
        let at = rows(400, 40, step);
        MseLoss::new()
            .forward(model.call(tape.input(x.index_select(0, &at)?))?, &y.index_select(0, &at)?)
    })
}

#[test]
fn a_column_twice() {
    let (x, y) = table(|_, row| row[3] = row[1]);
    let doctor = regression(&x, &y);
    finds(&doctor, &[Fault::DuplicateColumn]);
    assert_eq!(doctor.report().findings()[0].place.column, Some(3));
}

#[test]
fn a_column_that_never_changes_and_one_of_ones() {
    let (x, y) = table(|_, row| row[2] = 7.0);
    let doctor = regression(&x, &y);
    finds(&doctor, &[Fault::ConstantColumn]);
    assert_eq!(doctor.report().findings()[0].place.column, Some(2));
    // A bias.
    let (x, y) = table(|_, row| row[2] = 1.0);
    well(&regression(&x, &y));
}

#[test]
fn targets_that_are_all_the_same() {
    let (x, _) = table(|_, _| ());
    finds(&regression(&x, &Tensor::full([400, 1], 2.5)), &[Fault::ConstantTarget]);
}

#[test]
fn a_few_targets_that_are_a_code_for_missing() {
    let (x, y) = table(|_, _| ());
    let all = y.to_vec().into_iter().enumerate();
    let coded = |(k, y): (usize, f32)| if k % 60 == 7 { 999.0 } else { y };
    let y = Tensor::from_vec(all.map(coded).collect(), [400, 1]).unwrap();
    finds(&regression(&x, &y), &[Fault::OutlierTarget]);
}

#[test]
fn a_line_by_a_rate_that_is_far_too_low() {
    let (x, y) = table(|_, _| ());
    for (rate, low) in [(5e-2, false), (5e-5, true), (5e-6, true)] {
        let line = Linear::new(5, 1, &mut Rng::new(0));
        let doctor = train(400, Sgd::new(line.parameters(), rate), |tape, step| {
            let at = rows(400, 20, step);
            let y = (&y + 3.0).index_select(0, &at)?;
            MseLoss::new().forward(line.call(tape.input(x.index_select(0, &at)?))?, &y)
        });
        if low { finds(&doctor, &[Fault::RateTooLow]) } else { well(&doctor) }
    }
}

#[test]
fn targets_of_other_rows_far_from_0() {
    let (x, y) = table(|_, _| ());
    // The loss falls to a fortieth, and is that of a constant.
    let y = y + 6.0;
    well(&regression(&x, &y));
    let others = y.index_select(0, &Labels::permutation(400, &mut Rng::new(3))).unwrap();
    finds(&regression(&x, &others), &[Fault::LabelsUnrelated]);
}

/// Iris, its classes one after another or in a random order.
fn iris(batch: usize, shuffled: bool) -> Doctor {
    let (x, y) = wengert::data::iris::<f32>().into_parts();
    let x = &x - &x.mean_over(keep(0)).unwrap();
    let rng = &mut Rng::new(0);
    let model = sequential![Linear::new(4, 16, rng), Relu, Linear::new(16, 3, rng)];
    train(300, Adam::new(model.parameters(), 1e-2), |tape, step| {
        let sorted =
            || Labels::from((0..batch).map(|k| (step * batch + k) % 150).collect::<Vec<_>>());
        let at = if shuffled { rows(150, batch, step) } else { sorted() };
        let out = model.call(tape.input(x.index_select(0, &at)?))?;
        CrossEntropyLoss::new().forward(out, &y.index_select(0, &at)?)
    })
}

#[test]
fn classes_one_after_another() {
    finds(&iris(15, false), &[Fault::NotShuffled]);
    finds(&iris(1, false), &[Fault::NotShuffled]);
    well(&iris(15, true));
}

#[test]
fn a_language_model_that_reads_its_answer() {
    let rng = &mut Rng::new(0);
    let text: Vec<usize> = (0..2001).map(|k| (k * k / 7 + k) % 20).collect();
    let at = |step: usize, off: usize| {
        let rows = rows(1980, 16, step).to_vec();
        let all: Vec<usize> =
            rows.iter().flat_map(|&k| text[k + off..k + off + 8].to_vec()).collect();
        Labels::from_vec(all, [16, 8])
    };
    let (letters, gru) = (Embedding::new(20, 16, rng), Gru::new(16, 24, rng).batch_first());
    let head = Linear::new(24, 20, rng);
    let all = [letters.parameters(), gru.parameters(), head.parameters()].concat();
    let run = |off: usize| {
        train(60, Adam::new(all.clone(), 5e-3), |tape, step| {
            let (out, _) = gru.call(letters.call(tape.input(at(step, 0)?))?)?;
            let out = head.call(out)?.reshape([128, 20])?;
            CrossEntropyLoss::new().forward(out, &at(step, off)?.reshape([128])?)
        })
    };
    well(&run(1));
    finds(&run(0), &[Fault::Leak]);
}
