//! The first step of each optimiser, by values worked out by hand.

use crate::common::{param, step, values};
use wengert_autograd::Param;
use wengert_optim::{
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Adan, Asgd, Lamb, Lars, Lion, Muon, NAdam,
    Optimizer, RAdam, RmsProp, Rprop, Sgd,
};

/// Gradients of very different sizes.
const G: [f64; 3] = [1e-3, -2.0, 1e3];

type Make = dyn Fn(Param<f64>) -> Box<dyn Optimizer<f64>>;

/// The distance of one step from 0, over the rate.
fn moved(make: impl Fn(Param<f64>) -> Box<dyn Optimizer<f64>>) -> [f64; 3] {
    let w = param("w", &[0.0; 3]);
    let mut optimizer = make(w.clone());
    step(&mut *optimizer, &G);
    let rate = optimizer.learning_rate();
    std::array::from_fn(|k| values(&w)[k] / rate)
}

fn close(got: [f64; 3], expected: [f64; 3]) {
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() <= 2e-5 * expected.abs(), "{got} for {expected}");
    }
}

/// -sign(g)
const SIGNS: [f64; 3] = [-1.0, 1.0, -1.0];

#[test]
fn gradient_descent_is_bit_for_bit_what_the_formula_says() {
    let w = param::<f32>("w", &[0.3, -0.7]);
    let mut optimizer = Sgd::new([w.clone()], 0.1);
    step(&mut optimizer, &[0.9, 1.7]);
    let by_hand = [0.3_f32 - 0.1 * 0.9, -0.7 - 0.1 * 1.7];
    assert_eq!(w.value().to_vec(), by_hand);
}

#[test]
fn the_first_step_of_momentum_is_plain_and_nesterov_goes_further() {
    let plain = moved(|w| Box::new(Sgd::new([w], 0.1).momentum(0.9)));
    close(plain, G.map(|g| -g));
    // Dampening leaves the first step alone.
    close(moved(|w| Box::new(Sgd::new([w], 0.1).momentum(0.9).dampening(0.5))), plain);
    let nesterov = moved(|w| Box::new(Sgd::new([w], 0.1).momentum(0.9).nesterov()));
    close(nesterov, G.map(|g| -1.9 * g));
    close(moved(|w| Box::new(Sgd::new([w], 0.1).maximize())), G);
}

#[test]
fn adaptive_first_steps_do_not_know_the_size_of_the_gradient() {
    close(moved(|w| Box::new(Adagrad::new([w], 0.1))), SIGNS);
    close(moved(|w| Box::new(Adam::new([w], 0.1))), SIGNS);
    close(moved(|w| Box::new(Adam::new([w], 0.1).amsgrad())), SIGNS);
    close(moved(|w| Box::new(AdamW::new([w], 0.1))), SIGNS);
    close(moved(|w| Box::new(Adamax::new([w], 0.1))), SIGNS);
    // η / √(1 - α): ten times η with the default.
    let ten = moved(|w| Box::new(RmsProp::new([w], 0.1).eps(0.0)));
    close(ten, SIGNS.map(|s| 10.0 * s));
    let two = SIGNS.map(|s| s / (1.0_f64 - 0.75).sqrt());
    close(moved(|w| Box::new(RmsProp::new([w], 0.1).alpha(0.75))), two);
    close(moved(|w| Box::new(Rprop::new([w], 0.1))), SIGNS);
    close(moved(|w| Box::new(Lion::new([w], 0.1))), SIGNS);
    close(moved(|w| Box::new(Adan::new([w], 0.1))), SIGNS);
    // A vector is no matrix: AdamW. It starts from 0, so its decay is not seen.
    close(moved(|w| Box::new(Muon::new([w], 0.1))), SIGNS);
    // A parameter that starts from 0 has no size to follow.
    close(moved(|w| Box::new(Lamb::new([w], 0.1).eps(0.0))), SIGNS);
    close(moved(|w| Box::new(Lars::new([w], 0.1))), G.map(|g| -g));
}

#[test]
fn other_first_steps() {
    // √(0 + ε) / √((1 - ρ)·g² + ε) · g
    let delta = G.map(|g| -(1e-6_f64).sqrt() / (0.1 * g * g + 1e-6).sqrt() * g);
    close(moved(|w| Box::new(Adadelta::new([w], 0.1))), delta);
    // The mean of squares says nothing yet: momentum alone.
    close(moved(|w| Box::new(RAdam::new([w], 0.1))), G.map(|g| -g));
    // (1 - μ₁)/(1 - μ₁)·g + μ₂·(1 - β₁)·g/(1 - μ₁·μ₂), over |g|.
    let mu = |t: f64| 0.9 * (1.0 - 0.5 * 0.96_f64.powf(t * 4e-3));
    let share = 1.0 + mu(2.0) * 0.1 / (1.0 - mu(1.0) * mu(2.0));
    close(moved(|w| Box::new(NAdam::new([w], 0.1))), SIGNS.map(|s| s * share));
    close(moved(|w| Box::new(Asgd::new([w], 0.1))), G.map(|g| -g));
    // α = ε₂·η; the update has length 1 in each number, which the threshold 1 leaves alone.
    close(moved(|w| Box::new(Adafactor::new([w], 0.01))), SIGNS.map(|s| 1e-3 * s));
}

#[test]
fn decay_pulls_to_zero_with_the_gradient_or_apart_from_it() {
    let decayed = |make: &Make| {
        let w = param("w", &[1.0]);
        step(&mut *make(w.clone()), &[0.0]);
        values(&w)[0]
    };
    // As a part of the gradient: θ - η·λ·θ for gradient descent, a whole step of η for Adam.
    let sgd = decayed(&|w| Box::new(Sgd::new([w], 0.1).weight_decay(0.5)));
    assert!((sgd - 0.95).abs() < 1e-12);
    let adam = decayed(&|w| Box::new(Adam::new([w], 0.1).weight_decay(0.5)));
    assert!((adam - 0.9).abs() < 1e-6);
    // Apart from it: (1 - η·λ)·θ.
    let apart: [&Make; 7] = [
        &|w| Box::new(Lion::new([w], 0.1).weight_decay(0.5)),
        &|w| Box::new(Muon::new([w], 0.1).weight_decay(0.5)),
        &|w| Box::new(Lamb::new([w], 0.1).weight_decay(0.5).without_trust_ratio()),
        &|w| Box::new(AdamW::new([w], 0.1).weight_decay(0.5)),
        &|w| Box::new(Adam::new([w], 0.1).weight_decay(0.5).decoupled_weight_decay()),
        &|w| Box::new(NAdam::new([w], 0.1).weight_decay(0.5).decoupled_weight_decay()),
        &|w| Box::new(RAdam::new([w], 0.1).weight_decay(0.5).decoupled_weight_decay()),
    ];
    for make in apart {
        assert!((decayed(make) - 0.95).abs() < 1e-12);
    }
    // Adan's step is proximal: θ / (1 + η·λ).
    let adan = decayed(&|w| Box::new(Adan::new([w], 0.1).weight_decay(0.5)));
    assert!((adan - 1.0 / 1.05).abs() < 1e-12);
}
