//! Trajectories of optax 0.2.8, a peer, in double precision: `fixtures/trajectories.py` made the file. The start and the gradients are
//! fractions that binary numbers hold exactly, so both sides compute them.

use wengert_autograd::Param;
use wengert_optim::{Adam, Adan, Error, Lamb, Lars, Lion, Lookahead, Muon, Optimizer, Sam, Sgd};
use wengert_tensor::Tensor;

const TRAJECTORIES: &str = include_str!("../fixtures/optax.txt");
const STEPS: i64 = 20;

/// W [4, 3] and b [4], of what is element `k` among both.
fn both(f: impl Fn(i64) -> f64) -> [Tensor<f64>; 2] {
    let whole = Tensor::from((0..16).map(f).collect::<Vec<_>>());
    [(0, vec![4, 3]), (12, vec![4])].map(|(from, shape)| {
        let len = shape.iter().product();
        whole.narrow(0, from, len).unwrap().reshape(shape).unwrap().contiguous()
    })
}

fn start() -> [Param<f64>; 2] {
    let parameters = both(|k| ((5 * k) % 7 - 3) as f64 / 4.0).map(Param::new);
    parameters[0].set_path("w");
    parameters[1].set_path("b");
    parameters
}

/// The gradients of step `t`.
fn given(parameters: &[Param<f64>], t: i64) {
    let gradients = both(|k| ((7 * t + 13 * k) % 17 - 8 + k % 3) as f64 / 8.0);
    for (param, g) in parameters.iter().zip(gradients) {
        param.set_grad(Some(g));
    }
}

/// Compares the parameters after step `t` with the file, and returns whether it has that step.
fn compare(name: &str, t: i64, parameters: &[Param<f64>]) -> bool {
    let line = TRAJECTORIES.lines().find_map(|line| {
        let mut words = line.split(' ');
        let found = words.next() == Some(name) && words.next() == Some(&t.to_string());
        found.then(|| words.map(|x| x.parse::<f64>().unwrap()).collect::<Vec<_>>())
    });
    let Some(expected) = line else { return false };
    let got: Vec<f64> = parameters.iter().flat_map(|p| p.value().to_vec()).collect();
    assert_eq!(got.len(), expected.len());
    for (k, (got, expected)) in got.iter().zip(&expected).enumerate() {
        let off = (got - expected).abs();
        assert!(off <= 1e-12 * expected.abs().max(1.0), "{name}, step {t}, {k}: {got} {expected}");
    }
    true
}

#[test]
fn trajectories_are_those_of_a_peer() {
    type Make = fn([Param<f64>; 2]) -> Box<dyn Optimizer<f64>>;
    let all: [(&str, Make); 7] = [
        ("lion", |p| Box::new(Lion::new(p, 0.01).weight_decay(0.1))),
        ("adan", |p| Box::new(Adan::new(p, 0.01).betas(0.98, 0.5, 0.99))),
        ("lamb", |p| Box::new(Lamb::new(p, 0.01).weight_decay(0.1))),
        ("lars", |p| Box::new(Lars::new(p, 0.5).trust_coefficient(0.1))),
        ("muon", |p| Box::new(Muon::new(p, 0.02).plain_momentum().adamw_eps(0.0))),
        ("muon_rms", |p| {
            Box::new(Muon::new(p, 0.02).plain_momentum().adamw_eps(0.0).match_rms_adamw())
        }),
        ("lookahead", |p| Box::new(Lookahead::new(Adam::new(p, 0.05), 3, 0.5))),
    ];
    for (name, make) in all {
        let parameters = start();
        let mut optimizer = make(parameters.clone());
        let mut compared = 0;
        for t in 1..=STEPS {
            given(&parameters, t);
            optimizer.step().unwrap();
            compared += u32::from(compare(name, t, &parameters));
        }
        assert_eq!(compared, 5, "{name}");
    }
}

#[test]
fn sam_is_that_of_a_peer() {
    let parameters = start();
    let mut optimizer = Sam::new(Sgd::new(parameters.clone(), 0.05).momentum(0.9), 0.5);
    let mut compared = 0;
    for t in 1..=STEPS {
        // The gradient of the sum of θ⁴/4 + θ²/2.
        let loss = optimizer.step(|| {
            for param in &parameters {
                let x = param.value();
                param.set_grad(Some(&x * &x * &x + &x));
            }
            Ok::<_, Error>(0.5)
        });
        assert_eq!(loss.unwrap(), 0.5);
        compared += u32::from(compare("sam", t, &parameters));
    }
    assert_eq!(compared, 5);
}
