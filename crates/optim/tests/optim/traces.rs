//! A hundred steps of each optimiser against another way of writing it: plain loops in doubles, from the papers, one number
//! at a time.

use crate::common::{draws, param, step, values};
use wengert_optim::{
    Adadelta, Adagrad, Adam, AdamW, Adamax, Adan, Asgd, Lion, NAdam, Optimizer, RAdam, RmsProp,
    Rprop, Sgd,
};
use wengert_tensor::Float;

const STEPS: i32 = 100;

/// Runs both on the same gradients. `reference` is asked for each number's way, step by step, from 1.
fn agrees<T: Float>(
    name: &str,
    make: impl Fn(Vec<wengert_autograd::Param<T>>) -> Box<dyn Optimizer<T>>,
    mut reference: impl FnMut() -> Box<dyn FnMut(i32, f64, f64) -> f64>,
    tolerance: f64,
) {
    let start = [0.5, -1.0, 0.25, 2.0, -0.125];
    let w = param::<T>("w", &start);
    let mut optimizer = make(vec![w.clone()]);
    let mut draw = draws(3);
    let mut expected = start;
    let mut ways: Vec<_> = start.iter().map(|_| reference()).collect();
    for t in 1..=STEPS {
        // Gradients that lean on the parameter, change their sign, and differ in size; exact in single precision.
        let g: Vec<f64> = (0..start.len())
            .map(|k| f64::from(((draw() + 0.2) * 4f64.powi(k as i32 - 2)) as f32))
            .collect();
        step(&mut *optimizer, &g);
        for k in 0..start.len() {
            expected[k] = ways[k](t, expected[k], g[k]);
        }
        for (got, expected) in values(&w).iter().zip(expected) {
            let off = (got - expected).abs();
            assert!(
                off <= tolerance * expected.abs().max(1.0),
                "{name}, step {t}: {got} {expected}"
            );
        }
    }
}

macro_rules! traces {
    ($($test:ident: $make:expr, |$($state:ident),*| ($t:ident, $p:ident, $g:ident) $body:block)*) => {$(
        #[test]
        fn $test() {
            agrees::<f64>(stringify!($test), |w| Box::new(($make)(w)), || {
                $(let mut $state = 0.0_f64;)*
                Box::new(move |$t: i32, $p: f64, $g: f64| $body)
            }, 1e-12);
            agrees::<f32>(stringify!($test), |w| Box::new(($make)(w)), || {
                $(let mut $state = 0.0_f64;)*
                Box::new(move |$t: i32, $p: f64, $g: f64| $body)
            }, 1e-4);
        }
    )*};
}

traces! {
    sgd: |w| Sgd::new(w, 0.05), |unused| (_t, p, g) { unused += 0.0; p - 0.05 * g + unused }
    sgd_with_everything: |w| Sgd::new(w, 0.05).momentum(0.8).dampening(0.3).weight_decay(0.1).maximize(),
        |v| (t, p, g) {
            let g = -g + 0.1 * p;
            v = if t == 1 { g } else { 0.8 * v + 0.7 * g };
            p - 0.05 * v
        }
    nesterov: |w| Sgd::new(w, 0.05).momentum(0.8).nesterov(), |v| (_t, p, g) {
        v = 0.8 * v + g;
        p - 0.05 * (g + 0.8 * v)
    }
    adagrad: |w| Adagrad::new(w, 0.1).lr_decay(0.02).weight_decay(0.1).initial_accumulator(0.5), |s| (t, p, g) {
        let g = g + 0.1 * p;
        if t == 1 { s = 0.5; }
        s += g.powi(2);
        p - 0.1 / (1.0 + 0.02 * f64::from(t - 1)) * g / (s.sqrt() + 1e-10)
    }
    rmsprop: |w| RmsProp::new(w, 0.01).alpha(0.95).weight_decay(0.1), |s| (_t, p, g) {
        let g = g + 0.1 * p;
        s = 0.95 * s + 0.05 * g.powi(2);
        p - 0.01 * g / (s.sqrt() + 1e-8)
    }
    rmsprop_with_everything: |w| RmsProp::new(w, 0.01).centered().momentum(0.6).eps(1e-3), |s, m, v| (_t, p, g) {
        s = 0.99 * s + 0.01 * g.powi(2);
        m = 0.99 * m + 0.01 * g;
        v = 0.6 * v + g / ((s - m.powi(2)).sqrt() + 1e-3);
        p - 0.01 * v
    }
    adam: |w| Adam::new(w, 0.01).weight_decay(0.1), |m, v| (t, p, g) {
        let g = g + 0.1 * p;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g.powi(2);
        let (m, v) = (m / (1.0 - 0.9_f64.powi(t)), v / (1.0 - 0.999_f64.powi(t)));
        p - 0.01 * m / (v.sqrt() + 1e-8)
    }
    amsgrad: |w| Adam::new(w, 0.01).amsgrad().betas(0.8, 0.9), |m, v, top| (t, p, g) {
        m = 0.8 * m + 0.2 * g;
        v = 0.9 * v + 0.1 * g.powi(2);
        top = top.max(v);
        let (m, v) = (m / (1.0 - 0.8_f64.powi(t)), top / (1.0 - 0.9_f64.powi(t)));
        p - 0.01 * m / (v.sqrt() + 1e-8)
    }
    adamw: |w| AdamW::new(w, 0.01).weight_decay(0.2), |m, v| (t, p, g) {
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g.powi(2);
        let (m, v) = (m / (1.0 - 0.9_f64.powi(t)), v / (1.0 - 0.999_f64.powi(t)));
        p - 0.01 * (0.2 * p + m / (v.sqrt() + 1e-8))
    }
    adadelta: |w| Adadelta::new(w, 1.0).rho(0.8), |s, u| (_t, p, g) {
        s = 0.8 * s + 0.2 * g.powi(2);
        let d = ((u + 1e-6) / (s + 1e-6)).sqrt() * g;
        u = 0.8 * u + 0.2 * d.powi(2);
        p - d
    }
    adamax: |w| Adamax::new(w, 0.01), |m, u| (t, p, g) {
        m = 0.9 * m + 0.1 * g;
        u = (0.999 * u).max(g.abs() + 1e-8);
        p - 0.01 / (1.0 - 0.9_f64.powi(t)) * m / u
    }
    nadam: |w| NAdam::new(w, 0.01).momentum_decay(0.01), |m, v, log| (t, p, g) {
        let mu = |t: i32| 0.9 * (1.0 - 0.5 * 0.96_f64.powf(f64::from(t) * 0.01));
        log += mu(t).ln();
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g.powi(2);
        let now = (1.0 - mu(t)) * g / (1.0 - log.exp());
        let next = mu(t + 1) * m / (1.0 - (log + mu(t + 1).ln()).exp());
        p - 0.01 * (now + next) / ((v / (1.0 - 0.999_f64.powi(t))).sqrt() + 1e-8)
    }
    radam: |w| RAdam::new(w, 0.01), |m, v| (t, p, g) {
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g.powi(2);
        let (n, b) = (f64::from(t), 0.999_f64.powi(t));
        let (end, m) = (2.0 / 0.001 - 1.0, m / (1.0 - 0.9_f64.powi(t)));
        let rho: f64 = end - 2.0 * n * b / (1.0 - b);
        if rho > 5.0 {
            let r = ((rho - 4.0) * (rho - 2.0) * end / ((end - 4.0) * (end - 2.0) * rho)).sqrt();
            p - 0.01 * m * r * (1.0 - b).sqrt() / (v.sqrt() + 1e-8)
        } else {
            p - 0.01 * m
        }
    }
    rprop: |w| Rprop::new(w, 0.01), |before, size| (t, p, g) {
        if t == 1 { size = 0.01; }
        let turned = before * g;
        size = (size * if turned > 0.0 { 1.2 } else if turned < 0.0 { 0.5 } else { 1.0 }).clamp(1e-6, 50.0);
        before = if turned < 0.0 { 0.0 } else { g };
        if before == 0.0 { p } else { p - size * before.signum() }
    }
    asgd: |w| Asgd::new(w, 0.05).lambda(0.1), |unused| (t, p, g) {
        unused += 0.0;
        let rate = 0.05 / (1.0 + 0.1 * 0.05 * f64::from(t - 1)).powf(0.75);
        p * (1.0 - 0.1 * rate) - rate * g + unused
    }
}

traces! {
    lion: |w| Lion::new(w, 0.01).weight_decay(0.2), |m| (_t, p, g) {
        let c: f64 = 0.9 * m + 0.1 * g;
        m = 0.99 * m + 0.01 * g;
        p - 0.01 * (c.signum() + 0.2 * p)
    }
    adan: |w| Adan::new(w, 0.01).weight_decay(0.2), |m, v, n, before| (t, p, g) {
        let d = if t == 1 { 0.0 } else { g - before };
        before = g;
        m = 0.98 * m + 0.02 * g;
        v = 0.92 * v + 0.08 * d;
        n = 0.99 * n + 0.01 * (g + 0.92 * d).powi(2);
        let filled = |beta: f64| 1.0 - beta.powi(t);
        let rate = 0.01 / ((n / filled(0.99)).sqrt() + 1e-8);
        (p - rate * (m / filled(0.98) + 0.92 * v / filled(0.92))) / (1.0 + 0.01 * 0.2)
    }
}

/// Reddi, Kale and Kumar (2018): the gradient is 1010 once in 101 steps, else -10, so the best place in -1…1 is -1. Adam
/// forgets the large one and goes to 1; AMSGrad does not forget.
#[test]
fn adam_goes_wrong_where_amsgrad_does_not() {
    let end = |amsgrad: bool| {
        let w = param::<f64>("w", &[0.0]);
        let adam = Adam::new([w.clone()], 0.0).betas(0.9, 0.99);
        let mut optimizer = if amsgrad { adam.amsgrad() } else { adam };
        for t in 1..=1_000_000_u32 {
            optimizer.set_learning_rate(0.5 / f64::from(t).sqrt());
            step(&mut optimizer, &[if t % 101 == 1 { 1010.0 } else { -10.0 }]);
            w.set(w.value().clamp(-1.0, 1.0));
        }
        values(&w)[0]
    };
    assert!(end(false) > 0.9, "Adam ends at {}", end(false));
    assert!(end(true) < -0.9, "AMSGrad ends at {}", end(true));
}
