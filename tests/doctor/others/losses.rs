//! Mistakes in a loss: terms without a lower end, roots of 0, softmax where it does not belong, gradients cut to nothing.

use wengert::prelude::*;
use wengert::train::doctor::Fault;

use super::{digits, finds, rows, train, well};

/// A variational autoencoder whose divergence is added with this sign.
fn variational(sign: f32) -> Doctor {
    let (x, _) = digits();
    let rng = &mut Rng::new(0);
    let encoder = Linear::new(64, 48, rng);
    let (mean, log) = (Linear::new(48, 4, rng), Linear::new(48, 4, rng));
    let (wide, out) = (Linear::new(4, 48, rng), Linear::new(48, 64, rng));
    let all = [&encoder, &mean, &log, &wide, &out].map(Parts::parameters).concat();
    train(300, Adam::new(all, 2e-3), |tape, step| {
        let x = x.index_select(0, &rows(x.shape()[0], 32, step))?;
        let h = encoder.call(tape.input(x.clone()))?.relu();
        let (m, l) = (mean.call(h)?, log.call(h)?);
        let noise = tape.constant(Tensor::randn([32, 4], &mut Rng::new(step as u64)));
        let z = m + (l * 0.5).exp() * noise;
        let out = out.call(wide.call(z)?.relu())?;
        let sum = BceWithLogitsLoss::new().reduction(Reduction::Sum);
        let likelihood = sum.forward(out, &x)?.div_scalar(32.0);
        let divergence = (l + 1.0 - m.square() - l.exp()).sum_over(1)?.mean() * -0.5;
        Ok(likelihood + divergence * sign)
    })
}

#[test]
fn a_divergence_with_its_sign_turned() {
    well(&variational(1.0));
    let doctor = variational(-1.0);
    finds(&doctor, &[Fault::NegatedLoss]);
    assert!(matches!(doctor.report().findings()[0].place.op, Some("exp" | "square")));
}

#[test]
fn a_divergence_that_outweighs_the_likelihood() {
    finds(&variational(1000.0), &[Fault::Penalty]);
}

#[test]
fn a_loss_without_a_lower_end() {
    let rng = &mut Rng::new(0);
    let critic = sequential![Linear::new(2, 16, rng), Relu, Linear::new(16, 1, rng)];
    let doctor = train(300, Adam::new(critic.parameters(), 1e-2), |tape, step| {
        let rng = &mut Rng::new(step as u64);
        let mut score = |off: f64| -> Result<Var> {
            Ok(critic.call(tape.input(Tensor::randn([32, 2], rng) + off as f32))?.mean())
        };
        Ok(score(1.0)? - score(-1.0)?)
    });
    finds(&doctor, &[Fault::NegatedLoss]);
}

/// The error of a model whose prediction is right at once, under a root.
fn rooted(under: f64) -> Doctor {
    let model = Linear::new(3, 1, &mut Rng::new(0));
    model.weight.set(Tensor::zeros([1, 3]));
    model.parameters()[1].set(Tensor::zeros([1]));
    train(30, Adam::new(model.parameters(), 1e-2), |tape, step| {
        let x = Tensor::randn([16, 3], &mut Rng::new(step as u64));
        let y = Tensor::zeros([16, 1]);
        Ok(MseLoss::new().forward(model.call(tape.input(x))?, &y)?.add_scalar(under).sqrt())
    })
}

#[test]
fn the_root_of_an_error_of_0() {
    let doctor = rooted(0.0);
    finds(&doctor, &[Fault::NotFinite]);
    let report = doctor.report();
    assert_eq!(report.findings()[0].place.op, Some("sqrt"), "{report}");
    well(&rooted(1e-6));
}

#[test]
fn a_softmax_of_a_single_score() {
    let rng = &mut Rng::new(0);
    let x = Tensor::randn([400, 10, 5], rng);
    let y = x.narrow(2, 0, 1).unwrap().max_over(1).unwrap();
    let (score, value) = (Linear::new(5, 1, rng), Linear::new(5, 16, rng));
    let head = Linear::new(16, 1, rng);
    let all = [&score, &value, &head].map(Parts::parameters).concat();
    let pooled = |axis: isize| {
        train(100, Adam::new(all.clone(), 1e-2), |tape, step| {
            let at = rows(400, 40, step);
            let x = tape.input(x.index_select(0, &at)?);
            let weights = score.call(x)?.softmax(axis)?;
            let h = (value.call(x)?.tanh() * weights).sum_over(1)?;
            MseLoss::new().forward(head.call(h)?, &y.index_select(0, &at)?)
        })
    };
    finds(&pooled(-1), &[Fault::SoftmaxOfOne]);
    well(&pooled(1));
}

#[test]
fn a_softmax_of_several_labels() {
    let rng = &mut Rng::new(0);
    let x = Tensor::randn([400, 6], rng);
    let y = (x.narrow(1, 0, 3).unwrap() + 0.3).sign().clamp(0.0, 1.0);
    let model = sequential![Linear::new(6, 24, rng), Relu, Linear::new(24, 3, rng)];
    let doctor = train(200, Adam::new(model.parameters(), 1e-2), |tape, step| {
        let at = rows(400, 40, step);
        let p = model.call(tape.input(x.index_select(0, &at)?))?.softmax(-1)?;
        BceLoss::new().forward(p, &y.index_select(0, &at)?)
    });
    finds(&doctor, &[Fault::OutputOutOfRange]);
}

#[test]
fn gradients_that_are_clipped_to_next_to_nothing() {
    let (x, y) = digits();
    let run = |norm: f64| {
        let model = Linear::new(64, 10, &mut Rng::new(0));
        let mut optimizer = Sgd::new(model.parameters(), 0.5);
        let mut doctor = Doctor::new();
        for step in 0..150 {
            let at = rows(y.len(), 32, step);
            let tape = Tape::new();
            optimizer.zero_grad();
            let out = model.call(tape.input(x.index_select(0, &at).unwrap())).unwrap();
            let y = y.index_select(0, &at).unwrap();
            let loss = CrossEntropyLoss::new().forward(out, &y).unwrap();
            loss.backward().unwrap();
            clip_grad_norm(&model.parameters(), norm).unwrap();
            doctor.step(loss, &mut optimizer).unwrap();
        }
        doctor
    };
    finds(&run(1e-5), &[Fault::ClippedToNothing]);
    well(&run(0.5));
}

/// Frames of five tones, spelled by a layer that sees three of them; the last function is the mistake.
fn tones(last: impl for<'t> Fn(Var<'t>) -> Result<Var<'t>>) -> Doctor {
    let rng = &mut Rng::new(0);
    let net = sequential![Linear::new(5, 24, rng), Tanh, Linear::new(24, 6, rng)];
    train(150, Adam::new(net.parameters(), 1e-2), |tape, step| {
        let rng = &mut Rng::new(step as u64);
        let labels = Labels::randint([12, 3], 1, 6, rng)?;
        // Each tone sounds for two of three frames.
        let spelled = labels.to_vec();
        let sounds = |at: &[usize]| at[0] % 3 < 2 && spelled[at[1] * 3 + at[0] / 3] == at[2] + 1;
        let x = Tensor::from_fn([9, 12, 5], |at| f32::from(u8::from(sounds(at))));
        let x = x + Tensor::randn([9, 12, 5], rng) * 0.1;
        let out = last(net.call(tape.input(x))?)?;
        let (steps, lengths) = (Labels::full([12], 9), Labels::full([12], 3));
        let target = CtcTarget { labels: &labels, steps: &steps, lengths: &lengths };
        CtcLoss::new().forward(out, target)
    })
}

#[test]
fn paths_of_what_are_no_logarithms_of_probabilities() {
    well(&tones(|x| x.log_softmax(-1)));
    finds(&tones(|x| x.softmax(-1)), &[Fault::MissingSoftmax]);
    finds(&tones(|x| Ok(x)), &[Fault::MissingSoftmax]);
    for axis in [0, 1] {
        let doctor = tones(|x| x.log_softmax(axis));
        finds(&doctor, &[Fault::RowsMixed]);
        let report = doctor.report();
        assert_eq!(report.findings()[0].place.op, Some("log_softmax"), "{report}");
    }
}
