//! Schedules by their values, and what becomes of ones that cannot be meant.

use wengert_optim::schedule::{
    Anneal, ConstantLr, CosineAnnealingLr, CosineAnnealingWarmRestarts, CyclicLr, ExponentialLr,
    LinearLr, Mode, MultiStepLr, OneCycleLr, PolynomialLr, ReduceLrOnPlateau, Schedule, StepLr,
    Threshold,
};

fn close(schedule: &dyn Schedule, expected: &[(usize, f64)]) {
    for &(step, rate) in expected {
        let got = schedule.rate(step);
        assert!((got - rate).abs() < 1e-12, "step {step}: {got} for {rate}");
    }
}

#[test]
fn closed_forms() {
    close(&ConstantLr::new(0.3).factor(0.5, 2), &[(0, 0.15), (1, 0.15), (2, 0.3)]);
    close(&LinearLr::new(0.3, 5), &[(0, 0.1), (1, 0.14), (5, 0.3), (50, 0.3)]);
    close(&StepLr::new(1.0, 3), &[(0, 1.0), (2, 1.0), (3, 0.1), (6, 0.01)]);
    close(&MultiStepLr::new(1.0, [2, 2, 5]), &[(1, 1.0), (2, 0.01), (5, 0.001)]);
    close(&ExponentialLr::new(2.0, 0.9), &[(0, 2.0), (1, 1.8), (2, 1.62)]);
    close(&PolynomialLr::new(1.0, 4), &[(0, 1.0), (1, 0.75), (4, 0.0), (5, 0.0)]);
    let cosine = CosineAnnealingLr::new(1.0, 3).to(0.2);
    close(&cosine, &[(0, 1.0), (1, 0.8), (2, 0.4), (3, 0.2), (4, 0.4), (6, 1.0)]);
    let again = CosineAnnealingWarmRestarts::new(1.0, 2).longer(3);
    close(&again, &[(0, 1.0), (1, 0.5), (2, 1.0), (5, 0.5), (8, 1.0), (17, 0.5), (26, 1.0)]);
    close(&|step: usize| step as f64, &[(7, 7.0)]);
}

#[test]
fn one_cycle() {
    let cycle = OneCycleLr::new(1.0, 11).rise(0.4545454545454546).anneal(Anneal::Linear);
    // Up in 4 steps, down in 6.
    let low = 1.0 / 25.0;
    close(&cycle, &[(0, low), (2, (1.0 + low) / 2.0), (4, 1.0), (10, low / 1e4), (11, low / 1e4)]);
    let momenta = [0, 4, 7, 10].map(|step| cycle.momentum(step).unwrap());
    for (got, expected) in momenta.iter().zip([0.95, 0.85, 0.9, 0.95]) {
        assert!((got - expected).abs() < 1e-12, "{got} {expected}");
    }
    assert_eq!(cycle.clone().without_momentum().momentum(3), None);
    let three = OneCycleLr::new(1.0, 10).divisors(4.0, 10.0).three_phases();
    close(&three, &[(0, 0.25), (2, 1.0), (4, 0.25), (9, 0.025)]);
    assert!((three.momentum(9).unwrap() - 0.95).abs() < 1e-12);
}

#[test]
fn cycles() {
    let even = CyclicLr::new(0.1, 0.5, 2).down(4);
    close(&even, &[(0, 0.1), (1, 0.3), (2, 0.5), (4, 0.3), (6, 0.1), (8, 0.5)]);
    assert!((even.momentum(2).unwrap() - 0.8).abs() < 1e-12);
    assert!((even.momentum(0).unwrap() - 0.9).abs() < 1e-12);
    close(&CyclicLr::new(0.0, 1.0, 2).halving(), &[(2, 1.0), (6, 0.5), (10, 0.25)]);
    close(&CyclicLr::new(0.0, 1.0, 2).shrinking(0.5), &[(1, 0.25), (2, 0.25), (3, 0.0625)]);
}

#[test]
fn schedules_of_schedules() {
    let schedule = LinearLr::new(1.0, 2).from(0.0).then(2, StepLr::new(1.0, 2)).at_least(0.05);
    close(&schedule, &[(0, 0.05), (1, 0.5), (2, 1.0), (4, 0.1), (6, 0.05)]);
    let cycle = OneCycleLr::new(1.0, 10).warm_up(2).times(ConstantLr::new(0.5));
    assert!(cycle.momentum(0).is_some());
    let boxed: Box<dyn Schedule> = Box::new(ConstantLr::new(0.1).warm_up(2));
    close(&boxed.then(5, |_| 3.0), &[(0, 0.05), (1, 0.1), (5, 3.0)]);
}

#[test]
fn what_cannot_be_meant_is_not_a_number() {
    let bad: [Box<dyn Schedule>; 5] = [
        Box::new(StepLr::new(0.1, 0)),
        Box::new(CosineAnnealingLr::new(0.1, 0)),
        Box::new(CosineAnnealingWarmRestarts::new(0.1, 0)),
        Box::new(CyclicLr::new(0.1, 0.2, 0)),
        Box::new(OneCycleLr::new(0.1, 0)),
    ];
    for (k, schedule) in bad.iter().enumerate() {
        assert!(!schedule.rate(0).is_finite(), "{k}: {}", schedule.rate(0));
    }
    // Far out nothing overflows.
    for step in [usize::MAX, usize::MAX - 1] {
        assert!(CosineAnnealingWarmRestarts::new(0.1, 3).longer(2).rate(step).is_finite());
        assert!(CyclicLr::new(0.1, 0.2, 3).rate(step).is_finite());
        assert!(OneCycleLr::new(0.1, 3).rate(step).is_finite());
        assert!(StepLr::new(0.1, 1).rate(step).is_finite());
    }
}

#[test]
fn a_plateau_lowers_the_rate_and_then_waits() {
    let mut plateau = ReduceLrOnPlateau::new(1.0).factor(0.5).patience(0).cooldown(2).at_least(0.2);
    let rates: Vec<f64> = (0..12).map(|_| plateau.step(1.0)).collect();
    assert_eq!(rates, [1.0, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2]);

    let mut up =
        ReduceLrOnPlateau::new(1.0).mode(Mode::Max).threshold(Threshold::Absolute(0.1)).patience(1);
    assert_eq!([0.5, 0.55, 0.7, 0.75, 0.79].map(|x| up.step(x)), [1.0, 1.0, 1.0, 1.0, 0.1]);
    // Saved and taken up.
    let saved = up.state();
    let mut other = ReduceLrOnPlateau::new(9.0).mode(Mode::Max).patience(1);
    other.load_state(saved);
    assert_eq!(other.rate(), 0.1);
    // No number is no better.
    let mut plateau = ReduceLrOnPlateau::new(1.0).patience(0);
    assert_eq!([1.0, f64::NAN].map(|x| plateau.step(x)), [1.0, 0.1]);
}
