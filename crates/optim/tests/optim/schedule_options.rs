//! Options of schedules that give no rate: each is an error that names the schedule, the option, its value, the rule and the fix.

use wengert_autograd::Param;
use wengert_optim::schedule::{
    Anneal, ConstantLr, CosineAnnealingLr, CosineAnnealingWarmRestarts, CyclicLr, ExponentialLr,
    LinearLr, MultiStepLr, MultiplicativeLr, OneCycleLr, PolynomialLr, ReduceLrOnPlateau, Schedule,
    StepLr, Threshold,
};
use wengert_optim::{Optimizer, Sgd};
use wengert_tensor::tensor;

use crate::common::*;

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

/// The name of an option, and a schedule with that option and good ones.
type Case = (&'static str, fn(f64) -> Box<dyn Schedule>);

macro_rules! cases {
    ($($name:literal $x:ident => $schedule:expr;)*) => { vec![$(($name, |$x| Box::new($schedule))),*] };
}

/// Options that are a number of steps, of which there must be one.
fn steps() -> Vec<Case> {
    cases! {
        "StepLr: `size`" n => StepLr::new(0.1, n as usize);
        "PolynomialLr: `steps`" n => PolynomialLr::new(0.1, n as usize);
        "CosineAnnealingLr: `steps`" n => CosineAnnealingLr::new(0.1, n as usize);
        "CosineAnnealingWarmRestarts: `steps`" n => CosineAnnealingWarmRestarts::new(0.1, n as usize);
        "CosineAnnealingWarmRestarts: `longer`" n => CosineAnnealingWarmRestarts::new(0.1, 9).longer(n as usize);
        "OneCycleLr: `steps`" n => OneCycleLr::new(0.1, n as usize);
        "CyclicLr: `up`" n => CyclicLr::new(0.1, 0.2, n as usize);
        "CyclicLr: `up`" n => CyclicLr::new(0.1, 0.2, n as usize).down(4);
    }
}

/// Options that are finite, and not below 0.
fn amounts() -> Vec<Case> {
    cases! {
        "ConstantLr: `rate`" x => ConstantLr::new(x);
        "ConstantLr: `factor`" x => ConstantLr::new(0.1).factor(x, 5);
        "LinearLr: `rate`" x => LinearLr::new(x, 5);
        "LinearLr: `from`" x => LinearLr::new(0.1, 5).from(x);
        "LinearLr: `to`" x => LinearLr::new(0.1, 5).to(x);
        "StepLr: `rate`" x => StepLr::new(x, 5);
        "StepLr: `gamma`" x => StepLr::new(0.1, 5).gamma(x);
        "MultiStepLr: `rate`" x => MultiStepLr::new(x, [3]);
        "MultiStepLr: `gamma`" x => MultiStepLr::new(0.1, [3]).gamma(x);
        "ExponentialLr: `rate`" x => ExponentialLr::new(x, 0.9);
        "ExponentialLr: `gamma`" x => ExponentialLr::new(0.1, x);
        "PolynomialLr: `rate`" x => PolynomialLr::new(x, 5);
        "PolynomialLr: `power`" x => PolynomialLr::new(0.1, 5).power(x);
        "MultiplicativeLr: `rate`" x => MultiplicativeLr::new(x, |_| 0.9);
        "CosineAnnealingLr: `rate`" x => CosineAnnealingLr::new(x, 5);
        "CosineAnnealingLr: `to`" x => CosineAnnealingLr::new(0.1, 5).to(x);
        "CosineAnnealingWarmRestarts: `rate`" x => CosineAnnealingWarmRestarts::new(x, 5);
        "CosineAnnealingWarmRestarts: `to`" x => CosineAnnealingWarmRestarts::new(0.1, 5).to(x);
        "OneCycleLr: `top`" x => OneCycleLr::new(x, 9);
        "OneCycleLr: `rise`" x => OneCycleLr::new(0.1, 9).rise(x);
        "OneCycleLr: `divisor`" x => OneCycleLr::new(0.1, 9).divisors(x, 10.0);
        "OneCycleLr: `final_divisor`" x => OneCycleLr::new(0.1, 9).divisors(10.0, x);
        "OneCycleLr: `low`" x => OneCycleLr::new(0.1, 9).momenta(x, 0.9);
        "OneCycleLr: `high`" x => OneCycleLr::new(0.1, 9).momenta(0.8, x);
        "CyclicLr: `low`" x => CyclicLr::new(x, 0.2, 5);
        "CyclicLr: `high`" x => CyclicLr::new(0.1, x, 5);
        "CyclicLr: `gamma`" x => CyclicLr::new(0.1, 0.2, 5).shrinking(x);
        "CyclicLr: `low`" x => CyclicLr::new(0.1, 0.2, 5).momenta(x, 0.9);
        "CyclicLr: `high`" x => CyclicLr::new(0.1, 0.2, 5).momenta(0.8, x);
        "at_least: `floor`" x => ConstantLr::new(0.1).at_least(x);
        // Within a combination, the error is that of the part.
        "StepLr: `gamma`" x => StepLr::new(0.1, 5).gamma(x).warm_up(3);
        "StepLr: `gamma`" x => StepLr::new(0.1, 5).gamma(x).then(3, ConstantLr::new(0.1));
        "StepLr: `gamma`" x => ConstantLr::new(0.1).then(3, StepLr::new(0.1, 5).gamma(x));
        "StepLr: `gamma`" x => StepLr::new(0.1, 5).gamma(x).times(ConstantLr::new(0.1));
        "StepLr: `gamma`" x => ConstantLr::new(0.1).times(StepLr::new(0.1, 5).gamma(x));
        "StepLr: `gamma`" x => StepLr::new(0.1, 5).gamma(x).at_least(0.0);
    }
}

#[test]
fn options_that_mean_no_rate_are_rejected_by_name() {
    let steps = steps().into_iter().map(|case| (case, &[0.0][..], 3.0));
    let amounts = amounts().into_iter().map(|case| (case, &[NAN, INF, -INF, -0.5][..], 0.5));
    for ((name, make), bad, good) in steps.chain(amounts) {
        make(good).check().unwrap_or_else(|error| panic!("{name}: {error}"));
        for &x in bad {
            let error = make(x).check().unwrap_err().to_string();
            let (rule, help) = error.split_once("\n  help: ").unwrap_or_else(|| panic!("{error}"));
            assert!(rule.starts_with(&format!("{name} is {x}, and must ")), "{error}");
            assert!(help.contains("schedule_options.rs:"), "{error}");
        }
    }
    let three = OneCycleLr::new(0.1, 9).rise(0.6);
    three.check().unwrap();
    let error = three.three_phases().check().unwrap_err().to_string();
    assert!(error.contains("`rise` is 0.6, and must be between 0 and 0.5"), "{error}");
}

/// Whatever passes the check has a rate at every step, and a momentum within bounds.
#[test]
fn options_that_pass_have_a_rate_at_every_step() {
    for n in [1, 2, 3, 7, 10, 1000, usize::MAX / 2, usize::MAX] {
        let mut schedules: Vec<Box<dyn Schedule>> = vec![
            Box::new(ConstantLr::new(0.1).factor(0.5, n)),
            Box::new(LinearLr::new(0.1, n)),
            Box::new(StepLr::new(0.1, n)),
            Box::new(MultiStepLr::new(0.1, [n, n])),
            Box::new(PolynomialLr::new(0.1, n).power(0.0)),
            Box::new(CosineAnnealingLr::new(0.1, n)),
            Box::new(CosineAnnealingWarmRestarts::new(0.1, n).longer(n)),
            Box::new(CyclicLr::new(0.1, 0.2, n)),
            Box::new(CyclicLr::new(0.1, 0.2, n).down(0).halving()),
            Box::new(ConstantLr::new(0.1).warm_up(n)),
        ];
        for rise in [0.0, 0.1, 0.3, 0.5, 1.0] {
            schedules.push(Box::new(OneCycleLr::new(0.1, n).rise(rise).anneal(Anneal::Linear)));
            if rise <= 0.5 {
                schedules.push(Box::new(OneCycleLr::new(0.1, n).rise(rise).three_phases()));
            }
        }
        for (k, schedule) in schedules.iter().enumerate() {
            schedule.check().unwrap();
            for step in (0..30).chain([n - 1, n, usize::MAX]) {
                let rate = schedule.rate(step);
                assert!(rate.is_finite() && rate >= -1e-17, "{k} of {n} at {step}: {rate}");
                if let Some(momentum) = schedule.momentum(step) {
                    assert!((0.0..1.0).contains(&momentum), "{k} of {n} at {step}: {momentum}");
                }
            }
        }
    }
    // No steps have a meaning where they come first.
    let none = [LinearLr::new(0.1, 0).rate(0), ConstantLr::new(0.1).factor(9.0, 0).rate(0)];
    assert_eq!(none, [0.1; 2]);
    assert_eq!(ConstantLr::new(0.1).warm_up(0).rate(0), 0.1);
    assert_eq!(StepLr::new(9.0, 0).then(0, ConstantLr::new(0.1)).rate(0), 0.1);
}

#[test]
fn settings_of_a_plateau_are_rejected_by_name() {
    type Make = fn(f64) -> ReduceLrOnPlateau;
    let plateau = || ReduceLrOnPlateau::new(0.1);
    plateau().check().unwrap();
    let cases: [(&str, Make, &[f64]); 6] = [
        ("rate", ReduceLrOnPlateau::new, &[NAN, INF, -1.0]),
        ("factor", |x| ReduceLrOnPlateau::new(0.1).factor(x), &[NAN, INF, -1.0, 1.0, 2.0]),
        (
            "threshold",
            |x| ReduceLrOnPlateau::new(0.1).threshold(Threshold::Absolute(x)),
            &[NAN, INF],
        ),
        (
            "threshold",
            |x| ReduceLrOnPlateau::new(0.1).threshold(Threshold::Relative(x)),
            &[NAN, -INF],
        ),
        ("at_least", |x| ReduceLrOnPlateau::new(0.1).at_least(x), &[NAN, INF, -1.0]),
        ("eps", |x| ReduceLrOnPlateau::new(0.1).eps(x), &[NAN, INF, -1.0]),
    ];
    for (name, make, bad) in cases {
        for &x in bad {
            let error = make(x).check().unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("ReduceLrOnPlateau: `{name}` is {x}, and must ")),
                "{error}"
            );
            assert!(
                error.contains("\n  help: ") && error.contains("schedule_options.rs:"),
                "{error}"
            );
        }
    }
}

/// In a loop of one's own a rate that is no number is refused by the step, which changes nothing and names `check`.
#[test]
fn a_step_with_a_rate_that_is_no_number_points_to_the_check() {
    let w = Param::new(tensor![1.0_f64]);
    let mut sgd = Sgd::new([w.clone()], 0.1);
    w.set_grad(Some(tensor(&[1.0])));
    sgd.set_learning_rate(StepLr::new(0.1, 0).rate(0));
    let error = sgd.step().unwrap_err().to_string();
    assert!(
        error.contains("`learning_rate` is NaN") && error.contains("schedule.check()"),
        "{error}"
    );
    assert_eq!(w.value(), tensor(&[1.0]));
}
