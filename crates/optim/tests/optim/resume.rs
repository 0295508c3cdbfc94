//! Saved half-way and taken up by another optimiser, training goes on as if nothing had been, bit for bit.

use crate::common::{draws, param, tensor, values};
use wengert_autograd::{Param, Tape};
use wengert_files::Error as Unfit;
use wengert_optim::{
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Adan, Asgd, Error, Lamb, Lars, Lbfgs, Lion,
    Lookahead, Muon, NAdam, Optimizer, RAdam, RmsProp, Rprop, Sgd,
};
use wengert_tensor::Tensor;

type Boxed = Box<dyn Optimizer<f32>>;
type Make = fn(Vec<Param<f32>>) -> Boxed;

fn all() -> Vec<(&'static str, Make)> {
    vec![
        ("Sgd", |p| Box::new(Sgd::new(p, 0.1).momentum(0.9).dampening(0.1))),
        ("Adagrad", |p| Box::new(Adagrad::new(p, 0.1).lr_decay(0.1).initial_accumulator(0.1))),
        ("RmsProp", |p| Box::new(RmsProp::new(p, 0.1).centered().momentum(0.5))),
        ("Adam", |p| Box::new(Adam::new(p, 0.1).amsgrad())),
        ("AdamW", |p| Box::new(AdamW::new(p, 0.1))),
        ("Adadelta", |p| Box::new(Adadelta::new(p, 1.0))),
        ("Adamax", |p| Box::new(Adamax::new(p, 0.1))),
        ("NAdam", |p| Box::new(NAdam::new(p, 0.1))),
        ("RAdam", |p| Box::new(RAdam::new(p, 0.1))),
        ("Rprop", |p| Box::new(Rprop::new(p, 0.1))),
        ("Asgd", |p| Box::new(Asgd::new(p, 0.1).t0(3.0))),
        ("Adafactor", |p| Box::new(Adafactor::new(p, 0.1))),
        ("Lion", |p| Box::new(Lion::new(p, 0.1).weight_decay(0.1))),
        ("Adan", |p| Box::new(Adan::new(p, 0.1).weight_decay(0.1))),
        ("Lars", |p| Box::new(Lars::new(p, 0.1).trust_coefficient(0.5).weight_decay(0.1))),
        ("Lamb", |p| Box::new(Lamb::new(p, 0.1).weight_decay(0.1))),
        ("Muon", |p| Box::new(Muon::new(p, 0.1))),
        ("Lookahead", |p| Box::new(Lookahead::new(Adam::new(p, 0.1), 3, 0.5))),
        ("Lookahead of Muon", |p| Box::new(Lookahead::new(Muon::new(p, 0.1), 4, 0.8))),
    ]
}

fn parameters() -> [Param<f32>; 2] {
    let matrix =
        Param::new(tensor::<f32>(&[0.1, 0.2, -0.3, 0.4, -0.5, 0.6]).reshape([2, 3]).unwrap());
    matrix.set_path("l1.weight");
    [matrix, param("l1.bias", &[0.5, -0.5])]
}

fn train(
    optimizer: &mut dyn Optimizer<f32>,
    parameters: &[Param<f32>; 2],
    steps: std::ops::Range<u64>,
) {
    for seed in steps {
        let mut draw = draws(seed);
        for param in parameters {
            param.set_grad(Some(Tensor::from_fn(param.shape(), |_| draw() as f32)));
        }
        optimizer.set_learning_rate(0.1 / (seed + 1) as f64);
        optimizer.step().unwrap();
    }
}

#[test]
fn half_and_half_is_the_whole() {
    for (name, make) in all() {
        let whole = parameters();
        train(&mut *make(whole.to_vec()), &whole, 0..20);

        let half = parameters();
        let mut first = make(half.to_vec());
        train(&mut *first, &half, 0..11);
        let saved = first.state();
        let before = saved.clone();
        train(&mut *first, &half, 11..13);
        assert_eq!(saved, before, "{name}: a snapshot changes under later steps");

        // Another process, the parameters in another order.
        let again = parameters();
        train(&mut *make(again.to_vec()), &again, 0..11);
        let resumed = parameters();
        for (to, from) in resumed.iter().zip(&again) {
            to.set(from.value());
        }
        let turned = vec![resumed[1].clone(), resumed[0].clone()];
        let mut second = make(turned);
        second.load_state(saved).unwrap();
        train(&mut *second, &resumed, 11..20);
        for (got, expected) in resumed.iter().zip(&whole) {
            assert_eq!(got.value(), expected.value(), "{name}, {}", got.path());
        }
    }
}

#[test]
fn apply_is_step_bit_for_bit() {
    for (name, make) in all() {
        let [by_step, by_apply] = [parameters(), parameters()];
        train(&mut *make(by_step.to_vec()), &by_step, 0..5);
        let mut optimizer = make(by_apply.to_vec());
        for seed in 0..5 {
            let mut draw = draws(seed);
            let grads =
                by_apply.each_ref().map(|param| Tensor::from_fn(param.shape(), |_| draw() as f32));
            optimizer.set_learning_rate(0.1 / (seed + 1) as f64);
            // In whatever order.
            let pairs = [(&by_apply[1], &grads[1]), (&by_apply[0], &grads[0])];
            optimizer.apply(&pairs).unwrap();
        }
        for (got, expected) in by_apply.iter().zip(&by_step) {
            assert_eq!(got.value(), expected.value(), "{name}, {}", got.path());
            assert!(got.grad().is_none(), "apply leaves the parameters' gradients alone");
        }
    }
}

#[test]
fn what_does_not_fit_is_listed_and_nothing_is_loaded() {
    let at = parameters();
    let mut adam = Adam::new(at.to_vec(), 0.1);
    train(&mut adam, &at, 0..2);
    let before = adam.state();

    let mut state = adam.state();
    state.remove("l1.bias.exp_avg");
    state.insert("l1.weight.exp_avg_sq", Tensor::zeros([3, 2]));
    state.insert_number("l2.weight.step", 2.0);
    let Err(Error::State(unfit)) = adam.load_state(state.clone()) else {
        panic!("a state that does not fit was loaded")
    };
    let Unfit::State { missing, unexpected, misshaped, .. } = *unfit else { panic!("{unfit}") };
    assert_eq!(missing, ["l1.bias.exp_avg"]);
    assert_eq!(unexpected, ["l2.weight.step"]);
    assert_eq!(misshaped, ["l1.weight.exp_avg_sq [3, 2] for [2, 3]"]);
    assert_eq!(adam.state(), before);
    let text = adam.load_state(state).unwrap_err().to_string();
    assert!(
        text.starts_with(
            "Adam: this state is not of these parameters and settings, and nothing was loaded\n  missing: `l1.bias.exp_avg`\n  unexpected: `l2.weight.step`\n  of another shape: `l1.weight.exp_avg_sq [3, 2] for [2, 3]`\n  at crates/optim/tests/optim/resume.rs"
        ),
        "{text}"
    );
}

#[test]
fn lbfgs_resumes_too() {
    let loss = |w: &Param<f64>| {
        let tape = Tape::new();
        let w = tape.param(w);
        let loss =
            (w.square() * tape.constant(tensor::<f64>(&[1.0, 30.0, 0.1]))).sum() + w.exp().mean();
        loss.backward()?;
        Ok::<_, Box<dyn std::error::Error>>(loss.value().unwrap().item()?)
    };
    let start = [1.0, -0.5, 2.0];
    let make = |w: &Param<f64>| Lbfgs::new([w.clone()], 0.5).max_iterations(3);
    let whole = param::<f64>("w", &start);
    let mut optimizer = make(&whole);
    for _ in 0..4 {
        optimizer.step(|| loss(&whole)).unwrap();
    }
    let half = param::<f64>("w", &start);
    let mut first = make(&half);
    for _ in 0..2 {
        first.step(|| loss(&half)).unwrap();
    }
    let mut second = make(&half);
    second.load_state(first.state()).unwrap();
    for _ in 0..2 {
        second.step(|| loss(&half)).unwrap();
    }
    assert_eq!(values(&half), values(&whole));
    assert_eq!(second.state(), optimizer.state());
}
