//! Two nets with an optimiser each: what one of them does not have, the other trains.

use wengert::prelude::*;
use wengert::train::doctor::Fault;

use super::{finds, well};

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
