//! The gradient check checked: what is wrong, what cannot be decided and what is at a kink is said to be so.

use wengert_tensor::{Tensor, tensor};

use super::{GradCheck, Report, Verdict, gradcheck};
use crate::{Param, Result, Tape, Var};

/// A report that is not right, and says this.
#[track_caller]
fn not_right(report: &Report, verdict: Verdict, why: &str) {
    assert!(!report.is_right(), "{report}");
    assert_eq!(report.worst(), verdict, "{report}");
    assert!(report.to_string().contains(why), "`{why}` is missing: {report}");
}

/// An op of this value and of this slope, be it right or not.
fn with_slope<'t>(
    x: Var<'t, f64>,
    value: fn(f64) -> f64,
    slope: fn(f64) -> f64,
) -> Result<Var<'t, f64>> {
    x.tape().custom(
        "mine",
        &[x],
        move |x| Ok(x[0].map(value)),
        move |g, x, _| Ok(vec![Some(g.try_mul(&x[0].map(slope))?)]),
    )
}

#[test]
fn what_cannot_be_decided_is_not_right_and_says_why() {
    let report = gradcheck(|x| Ok(x[0].ln()), &[tensor![-1.0]]);
    not_right(&report, Verdict::Undecided, "the function's value is not finite there");
    let report = gradcheck(|x| Ok(x[0].sqrt()), &[tensor![-4.0]]);
    not_right(&report, Verdict::Undecided, "the function's value is not finite there");
    let report = gradcheck(|x| Ok(x[0].sqrt()), &[tensor![0.0]]);
    not_right(&report, Verdict::Undecided, "not finite to the left of it");
    let report = gradcheck(|x| Ok(x[0].floor()), &[tensor![2.0]]);
    not_right(&report, Verdict::Undecided, "jumps");
    let report = gradcheck(|x| with_slope(x[0], |x| x.abs().sqrt(), |_| 0.0), &[tensor![0.0]]);
    not_right(&report, Verdict::Undecided, "grow without bound");
    // Other elements are decided, and this one is counted.
    let report = GradCheck::new().orders(1).check(|x| Ok(x[0].floor()), &[tensor![2.0, 0.5, 1.5]]);
    not_right(&report, Verdict::Undecided, "2 of 3 elements compared");
}

#[test]
fn a_rule_is_not_right_where_nothing_was_compared() {
    let nothing = Tensor::<f64>::zeros([0, 3]);
    not_right(
        &gradcheck(|x| Ok(x[0].exp()), &[nothing]),
        Verdict::Undecided,
        "nothing was compared",
    );
    not_right(&gradcheck(|x| Ok(x[0]), &[]), Verdict::Undecided, "nothing was compared");
    let report = gradcheck(|x| x[0].narrow(0, 0, 0), &[tensor![1.0, 2.0]]);
    not_right(&report, Verdict::Undecided, "the value has no elements");
}

#[test]
fn a_wrong_rule_is_wrong_beside_what_is_not_finite() {
    // Nothing can be compared at -1; at 2 the rule is wrong, whatever the other is.
    let report = gradcheck(|x| with_slope(x[0], f64::ln, |_| 1e6), &[tensor![-1.0, -2.0]]);
    not_right(&report, Verdict::Undecided, "not finite");
    let report = gradcheck(|x| with_slope(x[0], f64::exp, |_| f64::NAN), &[tensor![0.5]]);
    not_right(&report, Verdict::Wrong, "NaN");
    let report = gradcheck(|x| with_slope(x[0], f64::exp, |_| f64::INFINITY), &[tensor![0.5]]);
    not_right(&report, Verdict::Wrong, "inf");
}

#[test]
fn the_tolerance_follows_the_scale_of_the_function() {
    let x = [tensor![1.0, -0.7, 3.0]];
    for scale in [1e-150, 1e-12, 1.0, 1e12] {
        let check = |factor: f64| {
            GradCheck::new().check(
                move |x| {
                    x[0].tape().custom(
                        "mine",
                        &[x[0]],
                        move |x| Ok(x[0].map(|x| scale * x * x)),
                        move |g, x, _| Ok(vec![Some(g * &x[0] * (2.0 * scale * factor))]),
                    )
                },
                &x,
            )
        };
        assert!(check(1.0).is_right(), "{scale}: {}", check(1.0));
        for factor in [100.0, 1.001, 0.0] {
            not_right(&check(factor), Verdict::Wrong, "3 wrong");
        }
    }
}

#[test]
fn a_sum_that_does_not_change_has_a_gradient_of_0() {
    let report = gradcheck(|x| Ok(x[0].softmax(0)?.sum()), &[tensor![1.0, 2.0, -30.0]]);
    assert!(report.is_right() && report.worst() == Verdict::Right, "{report}");
}

/// Each of these is at a kink, with one of its subgradients: at first order, and at second.
#[test]
fn kinks_are_kinks() {
    let kinks = |report: Report, many: usize| {
        assert!(report.is_right() && report.worst() == Verdict::Kink, "{report}");
        let first = report.findings().iter().filter(|f| f.order == 1);
        assert_eq!(first.filter(|f| f.verdict == Verdict::Kink).count(), many, "{report}");
        let rest = report.findings().iter().filter(|f| f.verdict == Verdict::Right);
        assert!(rest.count() > 0, "{report}");
        assert!(report.to_string().contains("at a kink: gradient of input 0 ["), "{report}");
    };
    kinks(gradcheck(|x| Ok(x[0].relu()), &[tensor![0.0, 1.0, -1.0]]), 1);
    kinks(gradcheck(|x| Ok(x[0].abs()), &[tensor![0.5, 0.0, 0.0]]), 2);
    kinks(gradcheck(|x| Ok(x[0].clamp(-1.0, 1.0)), &[tensor![-1.0, 0.2, 1.0]]), 2);
    kinks(gradcheck(|x| x[0].max(), &[tensor![1.0, 3.0, 3.0]]), 2);
    kinks(gradcheck(|x| x[0].min_over(0), &[tensor![[1.0, 2.0], [1.0, 3.0]]]), 2);
    kinks(gradcheck(|x| x[0].maximum(x[1]), &[tensor![1.0, 2.0], tensor![1.0, 3.0]]), 2);
    // One element of many, where random directions are tried first.
    let x = Tensor::from_fn([5, 8], |i| i[0] as f64 - 0.3 * i[1] as f64);
    kinks(gradcheck(|x| Ok(x[0].relu()), &[x]), 1);
}

#[test]
fn what_is_no_subgradient_is_wrong() {
    let x = [tensor![0.0, 1.0]];
    let relu = |x: f64| x.max(0.0);
    let right = gradcheck(|x| with_slope(x[0], relu, |x| if x > 0.0 { 1.0 } else { 0.0 }), &x);
    assert!(right.is_right() && right.worst() == Verdict::Kink, "{right}");
    let half = gradcheck(
        |x| with_slope(x[0], relu, |x| if x == 0.0 { 0.5 } else { f64::from(x > 0.0) }),
        &x,
    );
    assert!(half.is_right() && half.worst() == Verdict::Kink, "{half}");
    for outside in
        [(|x| if x == 0.0 { -0.01 } else { f64::from(x > 0.0) }) as fn(f64) -> f64, |x| {
            if x == 0.0 { 1.01 } else { f64::from(x > 0.0) }
        }]
    {
        let report = gradcheck(|x| with_slope(x[0], |x| x.max(0.0), outside), &x);
        not_right(&report, Verdict::Wrong, ", 1 wrong");
        not_right(&report, Verdict::Wrong, "the slopes on the two sides are ");
    }
}

/// A custom op has no forward rule, and its derivative cannot be recorded: it counts as right, and the report says it.
#[test]
fn a_custom_op_is_checked_to_first_order_by_differences_alone() {
    let report = gradcheck(|x| with_slope(x[0], |x| x * x, |x| 2.0 * x), &[tensor![0.1, 0.2]]);
    assert!(report.is_right(), "{report}");
    let text = report.to_string();
    assert!(
        text.starts_with(
            "gradients right: 2 of 2 elements compared by differences alone (`mine` has no forward rule)\n  second order: not compared: mine (recorded at "
        ),
        "{text}"
    );
    // Where second order is asked for, it is not enough.
    let report = GradCheck::new()
        .orders(2)
        .check(|x| with_slope(x[0], |x| x * x, |x| 2.0 * x), &[tensor![0.1]]);
    assert!(!report.is_right() && report.failure().is_some(), "{report}");
}

#[test]
fn the_report_says_what_was_compared() {
    let report = gradcheck(|x| Ok(x[0].exp() * x[1]), &[tensor![0.1, 0.2], tensor![1.0, 2.0]]);
    assert_eq!(
        report.to_string(),
        "gradients right: 4 of 4 elements compared by differences and forward mode\n  second order: 4 of 4 elements compared by differences and forward mode"
    );
    let large = Tensor::linspace(-1.0, 1.0, 100);
    let report = GradCheck::new().orders(1).check(|x| Ok(x[0].sin()), std::slice::from_ref(&large));
    assert_eq!(
        report.to_string(),
        "gradients right: 100 of 100 elements compared along 3 random directions by differences and forward mode"
    );
    let report = GradCheck::new().orders(1).full().check(|x| Ok(x[0].sin()), &[large]);
    assert_eq!(
        report.to_string(),
        "gradients right: 100 of 100 elements compared by differences and forward mode"
    );
}

/// The op and the line of the user's that used it, and what the numbers look like.
#[test]
fn the_blame_names_the_op_and_the_line() {
    let report = gradcheck(
        |x| {
            let y = x[0].exp();
            let z = with_slope(y, |x| x * x, |x| 6.0 * x)?;
            Ok(z.sum())
        },
        &[tensor![0.1, 0.2]],
    );
    let [blame] = report.blames() else { panic!("{report}") };
    assert_eq!((blame.op, blame.operand), ("mine", 0));
    let text = report.to_string();
    assert!(
        text.contains("wrong rule: %2 `mine` at ") && text.contains("check/tests.rs"),
        "{text}"
    );
    assert!(text.contains("likely cause: a factor of 3.0000"), "{text}");
}

#[test]
fn parameters_keep_their_values_and_are_named() {
    let w = Param::new(tensor![0.3, -0.5]);
    let report = GradCheck::new().check_parameters(std::slice::from_ref(&w), |tape: &Tape<f64>| {
        Ok(tape.param(&w).tanh().sum())
    });
    assert!(report.is_right() && report.worst() == Verdict::Right, "{report}");
    assert_eq!(w.value(), tensor![0.3, -0.5]);
}

/// Differences of a value that is too large are 0, whatever the slope.
#[test]
fn a_slope_that_rounding_hides_is_not_decided() {
    let hidden = gradcheck(|x| Ok((x[0] + 1e20).sum()), &[tensor![0.5]]);
    let wrong = gradcheck(|x| with_slope(x[0], |x| x + 1e20, |_| 3.0), &[tensor![0.5]]);
    for report in [hidden, wrong] {
        not_right(&report, Verdict::Undecided, "rounding hides its slopes");
    }
    // Zero slopes, and slopes that are small beside others, are decided.
    let zero = gradcheck(|x| Ok(x[0].softmax(-1)?.sum()), &[tensor![0.5, 1.0]]);
    assert!(zero.is_right(), "{zero}");
    let small = gradcheck(|x| Ok((x[0].tanh() + 1.0).sum()), &[tensor![0.5, 15.0]]);
    assert!(small.is_right(), "{small}");
}

/// An infinite slope of one element says nothing about another.
#[test]
fn an_element_beside_an_infinite_slope_is_not_wrong() {
    let report = gradcheck(|x| Ok(x[0].ln()), &[tensor![0.0, 1.0]]);
    assert!(report.worst() < Verdict::Wrong && !report.is_right(), "{report}");
    assert!(!report.to_string().contains("disagree"), "{report}");
    let alone = gradcheck(|x| x[0].select(0, 1)?.ln().sum_over(..), &[tensor![0.0, 1.0]]);
    assert!(alone.is_right(), "{alone}");
}
