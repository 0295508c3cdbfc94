use super::*;
use crate::{Result, Var};
use wengert_tensor::tensor;

/// The worst line of a formula; its error is 0 if every line is exact.
fn worst(
    x: Tensor<f32>,
    formula: impl for<'t> Fn(Var<'t, f32>) -> Result<Var<'t, f32>>,
) -> (f64, &'static str, &'static str) {
    let tape = Tape::new();
    formula(tape.var(x)).unwrap();
    let report = tape.precision();
    let line = report.lines.first();
    line.map_or((0.0, "", ""), |line| (line.error, line.op, line.instead.unwrap_or_default()))
}

#[test]
fn naive_formulas_are_named_with_the_op_that_replaces_them() {
    let large = || tensor![0.3_f32, 20.0];
    let small = || tensor![0.3_f32, 1e-6];
    let cases = [
        (worst(large(), |x| Ok(x.sigmoid().ln().mean())), "ln", "x.log_sigmoid()"),
        (worst(large(), |x| Ok((1.0 - x.sigmoid()).ln())), "ln", "(-x).log_sigmoid()"),
        (worst(tensor![0.0_f32, 120.0], |x| Ok(x.softmax(0)?.ln())), "ln", "log_softmax"),
        (worst(tensor![1.0_f32, 100.0], |x| Ok(x.exp().sum().ln())), "ln", "logsumexp"),
        (worst(small(), |x| Ok(x.exp() - 1.0)), "add_scalar", "expm1"),
        (worst(small(), |x| Ok((x + 1.0).ln())), "ln", "log1p"),
        (worst(tensor![1e-4_f32, 0.5], |x| Ok(1.0 - x.cos())), "rsub_scalar", "sin()"),
        (worst(tensor![1e-25_f32], |x| Ok((x.square() + x.square()).sqrt())), "sqrt", "hypot"),
        (
            worst(tensor![1000.0_f32, 1000.1], |x| Ok(x.square().mean() - x.mean().square())),
            "sub",
            "var_over",
        ),
    ];
    for ((error, named, said), op, instead) in cases {
        assert_eq!(named, op, "{error} {said}");
        assert!(error > 1e-3 && said.contains(instead), "{op}: {error} {said}");
    }
}

/// The ops that are named keep the digits that the formulas lose.
#[test]
fn the_replacements_are_exact_to_rounding() {
    let cases = [
        worst(tensor![0.3_f32, 20.0], |x| Ok(x.log_sigmoid())),
        worst(tensor![0.3_f32, 20.0], |x| Ok((-x).log_sigmoid())),
        worst(tensor![0.3_f32, 120.0], |x| x.log_softmax(0)),
        worst(tensor![0.3_f32, 1e-6], |x| Ok(x.expm1())),
        worst(tensor![0.3_f32, 1e-6], |x| Ok(x.log1p())),
        worst(tensor![1e-4_f32, 0.5], |x| Ok((x * 0.5).sin().square() * 2.0)),
        worst(tensor![1e-25_f32], |x| x.hypot(x)),
        worst(tensor![1000.0_f32, 1000.1], |x| x.var_over(0, 0.0)),
    ];
    for (error, op, _) in cases {
        assert!(error < 1e-5, "{op}: {error}");
    }
}

#[test]
fn a_pass_in_f64_has_no_error_and_own_code_is_skipped() {
    let tape = Tape::<f64>::new();
    let x = tape.var(tensor![0.3, 20.0]);
    let _ = x.sigmoid().ln().mean();
    let report = tape.precision();
    assert!(report.lines.is_empty() && report.skipped.is_empty(), "{report}");
    assert_eq!(report.to_string(), "every value is that of f64\n");

    let tape = Tape::<f32>::new();
    let _ = tape.recompute(&[tape.scalar(0.3)], |x| Ok(x[0].exp())).unwrap();
    assert_eq!(tape.precision().skipped, [1]);
}

#[test]
fn every_family_is_run_again() {
    let tape = Tape::<f32>::new();
    let x = tape.var(tensor![[0.1_f32, 0.7], [0.3, -0.2]]);
    let targets = crate::cross_entropy::Targets::classes(tensor![0_usize, 1]);
    let weighted =
        crate::cross_entropy::Targets::weighted(tensor![0_usize, 1], tensor![0.3_f32, 0.9]);
    let dense = crate::cross_entropy::Targets::dense(tensor![[0.3_f32, 0.7], [0.1, 0.9]]);
    for targets in [targets, weighted, dense] {
        let _ = x.matmul(x).unwrap().cross_entropy(targets).unwrap();
    }
    let _ = x.softmax(1).unwrap().cumsum(0).unwrap().normalize(1, 1e-3).unwrap();
    let _ = x.t().rows(tensor![1_usize, 1]).unwrap().where_(tensor![true, false], 0.0).unwrap();
    let report = tape.precision();
    assert!(report.skipped.is_empty(), "{report}");
    assert!(report.lines.iter().all(|line| line.error < 1e-5), "{report}");
    assert!(report.lines.len() > 5, "{report}");
}
