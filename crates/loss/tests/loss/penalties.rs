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

#[test]
fn groups_are_rows_or_columns_of_matrices() {
    let params = model();
    let tape = Tape::new();
    let root = 2.0_f64.sqrt();
    let rows = root * (5.0_f64.sqrt() + 3.0 + 16.25_f64.sqrt());
    near(item(Penalty::group_lasso(0.5).on(&tape, &params)), 0.5 * rows, 1e-15);
    let columns = root * (1.0 + 13.0_f64.sqrt()) + 4.0 + 0.5;
    near(item(Penalty::group_lasso(0.5).grouped_by(1).on(&tape, &params)), 0.5 * columns, 1e-15);
    // A vector that is named has groups of one.
    near(item(Penalty::group_lasso(1.0).of("*.bias").on(&tape, &params)), 20.0, 1e-15);
    let error = Penalty::group_lasso(1.0).of("*").grouped_by(1).on(&tape, &params).unwrap_err();
    assert!(error.to_string().contains("axis"), "{error}");
}

#[test]
fn gradients_of_matrix_penalties_are_right() {
    for shape in [vec![2, 3], vec![3, 2], vec![2, 2, 2]] {
        let w =
            [Param::new(Tensor::from_fn(&shape, |at| (at[0] * 3 + at[1] * 5) as f64 / 4.0 - 1.0))];
        for penalty in [
            Penalty::group_lasso(0.7),
            Penalty::group_lasso(0.7).grouped_by(-1),
            Penalty::orthogonal(0.3),
        ] {
            GradCheck::new().check_parameters(&w, |tape| penalty.on(tape, &w)).assert_right();
        }
    }
}

/// A row of 0 has the slope 0, not NaN.
#[test]
fn a_group_of_zeros_has_a_slope() {
    let w = Param::new(tensor![[0.0_f64, 0.0], [3.0, 4.0]]);
    let tape = Tape::new();
    Penalty::group_lasso(1.0).on(&tape, &[w.clone()]).unwrap().backward().unwrap();
    let root = 2.0_f64.sqrt();
    let g = w.grad().unwrap().to_vec();
    assert_eq!(g[..2], [0.0, 0.0]);
    near(g[2], 0.6 * root, 1e-15);
    near(g[3], 0.8 * root, 1e-15);
}

#[test]
fn the_orthogonal_penalty_leads_to_orthogonal_rows_or_columns() {
    for shape in [[2, 4], [4, 2]] {
        let w = Param::new(Tensor::<f64>::from_fn(shape, |at| {
            ((at[0] * 7 + at[1] * 3 + at[0] * at[1]) % 5) as f64 / 4.0 - 0.4
        }));
        for _ in 0..300 {
            let tape = Tape::new();
            w.zero_grad();
            let penalty = Penalty::orthogonal(1.0).on(&tape, std::slice::from_ref(&w));
            penalty.unwrap().backward().unwrap();
            w.set(w.value().try_sub(&w.grad().unwrap().mul_scalar(0.05)).unwrap());
        }
        let value = if shape[0] < shape[1] { w.value() } else { w.value().t() };
        let gram = value.matmul(&value.t()).unwrap();
        assert!(gram.allclose(&Tensor::eye(2), 1e-9, 1e-9, false).unwrap(), "{gram}");
    }
    let error = Penalty::orthogonal(1.0).of("*.bias").on(&Tape::new(), &model()).unwrap_err();
    assert!(error.to_string().contains("axis"), "{error}");
}

/// Two values for one parameter contradict each other; the same value twice does not.
#[test]
fn a_parameter_has_one_anchor() {
    let w = Param::new(tensor![1.0_f64]);
    w.set_path("l1.weight");
    let to = |a: f64, b: f64| Proximal::to([(w.clone(), tensor![a]), (w.clone(), tensor![b])], 2.0);
    assert_eq!(item(to(3.0, 3.0).on(&Tape::new())), 4.0);
    let error = to(3.0, 4.0).on(&Tape::new()).unwrap_err().to_string();
    assert!(error.contains("`l1.weight` was given two values"), "{error}");
    assert!(error.contains("penalties.rs"), "{error}");
    // What a pattern leaves out cannot contradict.
    let error = to(3.0, 4.0).of("l2.*").on(&Tape::new()).unwrap_err().to_string();
    assert!(error.contains("no parameter is meant"), "{error}");
}
