//! Two nets with an optimiser each, where what one of them does not have the other trains; and two samples that are compared with each other.

use wengert::prelude::*;
use wengert::train::doctor::Fault;

use super::{finds, train, well};

/// The mistakes in an adversarial pair.
#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    None,
    /// The critic has no optimiser, and the generator learns against its random start.
    CriticUntrained,
    /// The made-up samples are detached where the generator is to learn from them.
    Detached,
    /// The loss of the generator is turned.
    Turned,
}

/// Doctors of the generator and of the critic.
fn adversarial(mistake: Mistake) -> (Doctor, Doctor) {
    let rng = &mut Rng::new(0);
    let maker = sequential![Linear::new(4, 24, rng), Relu, Linear::new(24, 2, rng)];
    let critic = sequential![Linear::new(2, 24, rng), LeakyRelu::new(0.2), Linear::new(24, 1, rng)];
    let mut of_maker = Adam::new(maker.parameters(), 1e-3).allow_unused();
    let mut of_critic = Adam::new(critic.parameters(), 1e-3);
    let (mut first, mut second) = (Doctor::new(), Doctor::new());
    let criterion = BceWithLogitsLoss::new();
    let (ones, zeros) = (Tensor::ones([32, 1]), Tensor::zeros([32, 1]));
    for step in 0..300 {
        let rng = &mut Rng::new(step);
        let real = Tensor::randn([32, 2], rng) * 0.3 + 1.0;
        let noise = Tensor::randn([32, 4], rng);
        if mistake != Mistake::CriticUntrained {
            let tape = Tape::new();
            of_critic.zero_grad();
            let made = maker.call(tape.input(noise.clone())).unwrap().detach();
            let real = criterion.forward(critic.call(tape.input(real)).unwrap(), &ones).unwrap();
            let loss = real + criterion.forward(critic.call(made).unwrap(), &zeros).unwrap();
            loss.backward().unwrap();
            second.step(loss, &mut of_critic).unwrap();
        }
        let tape = Tape::new();
        of_maker.zero_grad();
        let made = maker.call(tape.input(noise)).unwrap();
        let made = if mistake == Mistake::Detached { made.detach() } else { made };
        let loss = criterion.forward(critic.call(made).unwrap(), &ones).unwrap();
        let loss = if mistake == Mistake::Turned { -loss } else { loss };
        loss.backward().unwrap();
        first.step(loss, &mut of_maker).unwrap();
    }
    (first, second)
}

#[test]
fn an_adversarial_pair() {
    let (maker, critic) = adversarial(Mistake::None);
    well(&maker);
    well(&critic);
}

#[test]
fn mistakes_in_an_adversarial_pair() {
    finds(&adversarial(Mistake::CriticUntrained).0, &[Fault::NotInOptimizer]);
    finds(&adversarial(Mistake::Detached).0, &[Fault::NoGradient]);
    finds(&adversarial(Mistake::Turned).0, &[Fault::NegatedLoss]);
}

/// Points of ten directions, in pairs: near each other if they are of one direction, else a distance of 1 apart.
fn directions(sign: f32) -> Doctor {
    let rng = &mut Rng::new(0);
    let net = sequential![Linear::new(2, 24, rng), Gelu::new(), Linear::new(24, 4, rng)];
    train(300, Adam::new(net.parameters(), 3e-3), |tape, step| {
        let x = Tensor::randn([64, 2], &mut Rng::new(step as u64));
        let tenth = std::f32::consts::TAU / 10.0;
        let sector = |point: &[f32]| (point[1].atan2(point[0]) / tenth).floor();
        let sector: Vec<f32> = x.to_vec().chunks(2).map(sector).collect();
        let alike: Vec<f32> =
            (0..32).map(|k| f32::from(u8::from(sector[k] == sector[k + 32]))).collect();
        let alike = Tensor::from_vec(alike, [32])?;
        let a = net.call(tape.input(x.narrow(0, 0, 32)?))?;
        let b = net.call(tape.input(x.narrow(0, 32, 32)?))?;
        let squared = (a - b).square().sum_over(1)?;
        let short = squared.add_scalar(1e-6).sqrt().rsub_scalar(1.0).relu().square();
        let both = squared.try_mul(&alike)? + short.try_mul(&(1.0 - &alike))?;
        Ok(both.mean() * sign)
    })
}

#[test]
fn pairs_whose_loss_is_turned() {
    well(&directions(1.0));
    finds(&directions(-1.0), &[Fault::NegatedLoss]);
}

#[test]
fn a_sample_that_is_compared_with_itself() {
    let consistent = |noise: f32| {
        let rng = &mut Rng::new(0);
        let net = sequential![Linear::new(6, 16, rng), Tanh, Linear::new(16, 3, rng)];
        train(100, Adam::new(net.parameters(), 1e-3), |tape, step| {
            let rng = &mut Rng::new(step as u64);
            let x = Tensor::randn([32, 6], rng);
            let view = &x + &(Tensor::randn([32, 6], rng) * noise);
            let (a, b) = (net.call(tape.input(x))?, net.call(tape.input(view))?);
            Ok((a - b).square().mean())
        })
    };
    well(&consistent(0.1));
    finds(&consistent(0.0), &[Fault::NoGradient]);
}
