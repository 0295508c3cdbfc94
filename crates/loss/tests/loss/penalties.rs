//! Penalties: what they pull, what they leave alone, and the tutorials' "gradient descent loss".

use wengert_autograd::{GradCheck, Param, Tape};
use wengert_loss::penalty::{Penalty, Proximal, elastic_net, l1, l2};
use wengert_tensor::{Tensor, tensor};

use crate::{item, near};

fn model() -> Vec<Param<f64>> {
    let named = |path: &str, value: Tensor<f64>| {
        let p = Param::new(value);
        p.set_path(path);
        p
    };
    vec![
        named("encoder.weight", tensor![[1.0, -2.0], [0.0, 3.0]]),
        named("encoder.bias", tensor![10.0, 10.0]),
        named("head.weight", tensor![[4.0, 0.5]]),
    ]
}

#[test]
fn biases_are_left_out() {
    let params = model();
    let tape = Tape::new();
    near(item(l1(&tape, &params, 0.1)), 0.1 * 10.5, 1e-15);
    near(item(l2(&tape, &params, 0.1)), 0.05 * 30.25, 1e-15);
    near(item(elastic_net(&tape, &params, 1.0, 2.0)), 10.5 + 30.25, 1e-15);
    near(item(Penalty::l2(2.0).of("encoder.*").on(&tape, &params)), 14.0 + 200.0, 1e-15);
    near(item(Penalty::l1(1.0).of("*").on(&tape, &params)), 30.5, 1e-15);
    assert_eq!(item(l2(&tape, &params, 0.0)), 0.0);
}

#[test]
fn l2_is_the_weight_decay_of_gradient_descent() {
    let params = model();
    let tape = Tape::new();
    l2(&tape, &params, 0.3).unwrap().backward().unwrap();
    assert_eq!(params[0].grad().unwrap(), params[0].value().mul_scalar(0.3));
    assert_eq!(params[1].grad(), None);
}

#[test]
fn gradients_are_right() {
    let params = model();
    let report = GradCheck::new().check_parameters(&params[..2], |tape| {
        // No element at the kink of the absolute value.
        Penalty::elastic_net(0.0, 0.7).of("*").on(tape, &params)
    });
    report.assert_right();
    let away = [Param::new(tensor![0.5, -2.0])];
    GradCheck::new()
        .check_parameters(&away, |tape| elastic_net(tape, &away, 0.3, 0.7))
        .assert_right();
}

#[test]
fn the_gradient_descent_loss_shrinks_by_one_factor() {
    let anchor = tensor![1.0, -2.0, 0.5];
    let theta = Param::<f64>::new(tensor![4.0, 2.0, -11.5]);
    let proximal = Proximal::to([(theta.clone(), anchor.clone())], 1.0);
    let distance = || theta.value().try_sub(&anchor).unwrap().norm(2.0).unwrap().item().unwrap();
    let (rate, start) = (0.1, distance());
    assert_eq!(start, 13.0);
    for t in 1..=50 {
        let tape = Tape::new();
        theta.zero_grad();
        proximal.on(&tape).unwrap().backward().unwrap();
        let g = theta.grad().unwrap();
        theta.set(theta.value().try_sub(&g.mul_scalar(rate)).unwrap());
        near(distance(), (1.0 - rate).powi(t) * start, 1e-13);
    }
}

#[test]
fn a_pull_to_where_training_began() {
    let params = model();
    let proximal = Proximal::to_present(&params, 2.0).of("encoder.*");
    for p in &params {
        p.set(p.value().add_scalar(1.0));
    }
    let tape = Tape::new();
    // Six numbers of the encoder, each 1 away.
    assert_eq!(item(proximal.on(&tape)), 6.0);
}

#[test]
fn a_parameter_that_is_named_twice_is_penalised_once() {
    let w = Param::new(tensor![3.0_f64, -4.0]);
    let twice = [w.clone(), w.clone()];
    let tape = Tape::new();
    assert_eq!(l2(&tape, &twice, 1.0).unwrap().item().unwrap(), 12.5);
    assert_eq!(l1(&tape, &twice, 1.0).unwrap().item().unwrap(), 7.0);
    let proximal = Proximal::to_present(&twice, 1.0);
    w.set(tensor![4.0, -4.0]);
    let tape = Tape::new();
    assert_eq!(proximal.on(&tape).unwrap().item().unwrap(), 0.5);
}
