//! Proximal steps: minima in closed form, exact zeros, whole rows and columns, bounded norms.

use crate::common::{param, step, values};
use wengert_autograd::Param;
use wengert_optim::{Adam, Error, ProximalStep, Sgd};
use wengert_tensor::{Tensor, tensor};

/// Runs gradient descent on ½‖w - a‖² with a proximal step after each.
fn descend(a: &[f64], rate: f64, steps: u32, proximal: &ProximalStep) -> Vec<f64> {
    let w = param::<f64>("w", &vec![1.0; a.len()]);
    let mut optimizer = Sgd::new([w.clone()], rate);
    for _ in 0..steps {
        let g: Vec<f64> = values(&w).iter().zip(a).map(|(w, a)| w - a).collect();
        step(&mut optimizer, &g);
        proximal.after(&optimizer).unwrap();
    }
    values(&w)
}

fn close(got: &[f64], expected: &[f64]) {
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 1e-12, "{got} {expected}");
    }
}

const A: [f64; 5] = [3.0, -2.0, 0.2, -0.1, 0.0];

#[test]
fn l1_and_elastic_net_reach_the_minimum_in_closed_form_with_exact_zeros() {
    for rate in [0.1, 0.5, 1.0] {
        let l1 = descend(&A, rate, 400, &ProximalStep::l1(0.5));
        close(&l1, &[2.5, -1.5, 0.0, 0.0, 0.0]);
        assert!(l1[2..].iter().all(|&x| x == 0.0), "{l1:?}");
        // The slope of ½(w - a)² + λ₁|w| + ½λ₂w² is 0.
        let both = descend(&A, rate, 400, &ProximalStep::elastic_net(0.5, 3.0));
        close(&both, &[2.5 / 4.0, -1.5 / 4.0, 0.0, 0.0, 0.0]);
        assert!(both[2..].iter().all(|&x| x == 0.0), "{both:?}");
        close(&descend(&A, rate, 400, &ProximalStep::l1(0.0)), &A);
    }
}

#[test]
fn the_penalty_in_the_loss_has_no_exact_zeros() {
    let w = param::<f64>("w", &[1.0; 5]);
    let mut optimizer = Sgd::new([w.clone()], 0.1);
    for _ in 0..400 {
        let g: Vec<f64> = values(&w).iter().zip(A).map(|(w, a)| w - a + 0.5 * w.signum()).collect();
        step(&mut optimizer, &g);
    }
    assert!(values(&w).iter().all(|&x| x != 0.0), "{w}");
}

/// A matrix whose rows have norms 5, 0.5 and 0.
fn matrix() -> Param<f64> {
    let w = Param::new(tensor![[3.0, 4.0], [-0.3, 0.4], [0.0, 0.0]]);
    w.set_path("l1.weight");
    w
}

#[test]
fn group_lasso_shrinks_rows_and_drops_whole_ones() {
    let after = |proximal: ProximalStep| {
        let (w, b) = (matrix(), param("l1.bias", &[7.0]));
        proximal.after(&Sgd::new([w.clone(), b.clone()], 0.5)).unwrap();
        assert_eq!(values(&b), [7.0]);
        w.value()
    };
    // η·λ·√2 = 1: a row of norm 5 gets norm 4.
    let strength = 2.0 / 2.0_f64.sqrt();
    let rows = after(ProximalStep::group_lasso(strength));
    close(&rows.to_vec(), &[2.4, 3.2, 0.0, 0.0, 0.0, 0.0]);
    assert!(rows.iter().skip(2).all(|x| x == 0.0));
    // Columns of three: norms √9.09 and √16.16.
    let strength = 2.0 * 3.5 / 3.0_f64.sqrt();
    let columns = after(ProximalStep::group_lasso(strength).grouped_by(1));
    let left = 1.0 - 3.5 / 16.16_f64.sqrt();
    close(&columns.to_vec(), &[0.0, 4.0 * left, 0.0, 0.4 * left, 0.0, 0.0]);
    assert_eq!(after(ProximalStep::group_lasso(0.0)), matrix().value());
}

#[test]
fn max_norm_bounds_rows_and_leaves_short_ones_alone() {
    let w = matrix();
    ProximalStep::max_norm(2.0).after(&Adam::new([w.clone()], 0.0)).unwrap();
    close(&w.value().to_vec(), &[1.2, 1.6, -0.3, 0.4, 0.0, 0.0]);
    let kernel = Param::new(Tensor::<f64>::ones([2, 3, 2, 2]));
    ProximalStep::max_norm(1.0).after(&Sgd::new([kernel.clone()], 0.1)).unwrap();
    let norms = kernel.value().reshape([2, 12]).unwrap().norm_over(-1, 2.0).unwrap();
    close(&norms.to_vec(), &[1.0, 1.0]);
}

#[test]
fn a_pattern_names_biases_too_and_frozen_parameters_are_left_alone() {
    let of =
        [param::<f64>("l1.weight", &[1.0]), param("l1.bias", &[1.0]), param("l2.bias", &[1.0])];
    of[2].set_frozen(true);
    let optimizer = Sgd::new(of.clone(), 1.0);
    ProximalStep::l1(0.25).of("*.bias").after(&optimizer).unwrap();
    assert_eq!(of.each_ref().map(|p| values(p)[0]), [1.0, 0.75, 1.0]);
    // A vector that is named is grouped element by element.
    ProximalStep::max_norm(0.5).of("l1.bias").after(&optimizer).unwrap();
    assert_eq!(of.each_ref().map(|p| values(p)[0]), [1.0, 0.5, 1.0]);
}

#[test]
fn faults_change_nothing() {
    let of = [param::<f64>("l1.weight", &[1.0]), matrix()];
    let optimizer = Sgd::new(of.clone(), 1.0);
    let faults = [
        (ProximalStep::l1(-1.0), "`l1` is -1, and must be finite, and not below 0"),
        (ProximalStep::elastic_net(0.1, f64::NAN), "`l2` is NaN"),
        (ProximalStep::group_lasso(f64::INFINITY), "`strength` is inf"),
        (ProximalStep::max_norm(0.0), "`max_norm` is 0, and must be finite, and above 0"),
        (ProximalStep::l1(0.1).of("l2.*"), "the group `l2.*` matches no parameter"),
        (ProximalStep::max_norm(0.1).of("*").grouped_by(1), "axis"),
    ];
    for (proximal, expected) in faults {
        let error = proximal.after(&optimizer).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.to_string().contains("tests/optim/proximal.rs"), "{error}");
        assert_eq!((values(&of[0]), of[1].value()), (vec![1.0], matrix().value()));
    }
    let only = Sgd::new([param::<f64>("l1.bias", &[1.0])], 1.0);
    let error = ProximalStep::l1(0.1).after(&only).unwrap_err();
    assert!(matches!(&error, Error::Group { .. }), "{error}");
}

/// A weight that is not a number stays visible.
#[test]
fn nan_stays() {
    for proximal in
        [ProximalStep::l1(0.1), ProximalStep::max_norm(1.0), ProximalStep::group_lasso(0.1)]
    {
        let w = Param::new(tensor![[f64::NAN, 1.0], [1.0, 1.0]]);
        proximal.after(&Sgd::new([w.clone()], 0.1)).unwrap();
        let now = w.value().to_vec();
        assert!(now[0].is_nan() && now[2].is_finite(), "{now:?}");
    }
}
