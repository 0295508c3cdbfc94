//! Two nets with an optimiser each, where what one of them does not have the other trains; and two samples that are compared with each other.

use wengert::prelude::*;
use wengert::train::doctor::Fault;

use super::{digits, finds, rows, train, well};

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

/// Digits in triplets: an anchor, one of its class and one of another, by these classes.
fn triplets(classes: &Labels, of: impl Fn([Labels; 3]) -> [Labels; 3], sign: f32) -> Doctor {
    let (x, _) = digits();
    let (n, classes) = (x.shape()[0], classes.to_vec());
    let rng = &mut Rng::new(0);
    let net = sequential![Linear::new(64, 32, rng), Relu, Linear::new(32, 8, rng)];
    train(300, Adam::new(net.parameters(), 2e-3), |tape, step| {
        let anchors = rows(n, 32, step).to_vec();
        let next = |&k: &usize, alike: bool| {
            (1..n)
                .map(|off| (k + 37 * step + off) % n)
                .find(|&j| j != k && (classes[j] == classes[k]) == alike)
        };
        let all =
            |alike: bool| -> Vec<usize> { anchors.iter().filter_map(|k| next(k, alike)).collect() };
        let [a, b, c] =
            of([Labels::from(anchors.clone()), Labels::from(all(true)), Labels::from(all(false))]);
        let at = |rows: &Labels| net.call(tape.input(x.index_select(0, rows)?));
        Ok(TripletMarginLoss::new().forward(at(&a)?, (at(&b)?, at(&c)?))? * sign)
    })
}

#[test]
fn triplets_that_do_not_belong_together() {
    let (_, y) = digits();
    let others = y.index_select(0, &Labels::permutation(y.len(), &mut Rng::new(3))).unwrap();
    well(&triplets(&y, |all| all, 1.0));
    finds(&triplets(&others, |all| all, 1.0), &[Fault::LabelsUnrelated]);
    let swapped = triplets(&y, |[a, b, c]| [a, c, b], 1.0);
    finds(&swapped, &[Fault::LabelsUnrelated]);
    assert!(swapped.report().to_string().contains("swapped"), "{}", swapped.report());
    finds(&triplets(&y, |all| all, -1.0), &[Fault::NegatedLoss]);
}

/// Ratings as products of two tables that start at 0, of which neither gets a gradient.
#[test]
fn tables_that_keep_each_other_at_0() {
    let rng = &mut Rng::new(0);
    let (user, item) =
        (Labels::randint([900], 0, 30, rng).unwrap(), Labels::randint([900], 0, 20, rng).unwrap());
    let y = Tensor::randn([30, 20], rng).to_vec();
    let y = Tensor::from(
        user.iter().zip(item.iter()).map(|(u, i)| y[u * 20 + i]).collect::<Vec<f32>>(),
    );
    let mut rate = |size: f32| {
        let table =
            |n: usize, rng: &mut Rng| Embedding::from_weights(Tensor::randn([n, 20], rng) * size);
        let (users, items) = (table(30, rng), table(20, rng));
        let all = [users.parameters(), items.parameters()].concat();
        train(300, Adam::new(all, 2e-2), |tape, step| {
            let at = rows(900, 60, step);
            let u = users.call(tape.input(user.index_select(0, &at)?))?;
            let i = items.call(tape.input(item.index_select(0, &at)?))?;
            MseLoss::new().forward((u * i).sum_over(1)?, &y.index_select(0, &at)?)
        })
    };
    well(&rate(0.3));
    finds(&rate(0.0), &[Fault::NoGradient]);
}
