//! Options of synthetic data that mean nothing: each ends the call, and names the function, the option, its value and the line.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wengert_data::synth;
use wengert_tensor::{Tensor, tensor};

type Call = fn(f64);
type OfSize = fn(usize);

/// The text of a call's panic.
fn says(call: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
    payload.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn noise_and_fractions_that_mean_nothing_are_refused() {
    const INF: f64 = f64::INFINITY;
    let deviations: [(&str, Call); 8] = [
        ("moons: `noise`", |x| drop(synth::moons::<f32>(9, x, 0))),
        ("circles: `noise`", |x| drop(synth::circles::<f32>(9, 0.5, x, 0))),
        ("xor: `noise`", |x| drop(synth::xor::<f32>(9, x, 0))),
        ("synth: `noise`", |x| drop(synth::linear::<f32>(9, 3.0, 4.0, x, 0))),
        ("synth: `noise`", |x| drop(synth::sine::<f32>(9, x, 0))),
        ("friedman1: `noise`", |x| drop(synth::friedman1::<f32>(9, x, 0))),
        ("seasons: `noise`", |x| drop(synth::seasons::<f32>(9, x, 0))),
        ("tones: `noise`", |x| drop(synth::tones::<f32>(2, x, 0))),
    ];
    let shares: [(&str, Call); 4] = [
        ("lesions: `share`", |x| drop(synth::lesions::<f32>(2, x, 0))),
        ("machine: `share`", |x| drop(synth::machine::<f32>(2, x, 0))),
        ("flipped: `share`", |x| drop(synth::flipped(&tensor![0_usize, 1], 2, x, 0))),
        ("with_outliers: `share`", |x| drop(synth::with_outliers(&tensor![0.0_f32], x, 1.0, 0))),
    ];
    let numbers: [(&str, Call); 5] = [
        ("circles: `factor`", |x| drop(synth::circles::<f32>(9, x, 0.1, 0))),
        ("linear: `slope`", |x| drop(synth::linear::<f32>(9, x, 4.0, 0.1, 0))),
        ("linear: `intercept`", |x| drop(synth::linear::<f32>(9, 3.0, x, 0.1, 0))),
        ("momentum: `pull`", |x| drop(synth::momentum::<f32>(9, x, 0))),
        ("with_outliers: `size`", |x| drop(synth::with_outliers(&tensor![0.0_f32], 0.5, x, 0))),
    ];
    let deviations = deviations.map(|case| (case, &[f64::NAN, INF, -INF, -0.1][..]));
    let shares = shares.map(|case| (case, &[f64::NAN, INF, -0.1, 1.1][..]));
    let numbers = numbers.map(|case| (case, &[f64::NAN, INF][..]));
    for ((name, call), bad) in deviations.into_iter().chain(shares).chain(numbers) {
        call(0.0);
        call(0.5);
        for &x in bad {
            let text = says(|| call(x));
            assert!(text.starts_with(&format!("{name} is {x}")), "{text}");
            assert!(text.contains("must") && text.contains("synth_options.rs:"), "{text}");
        }
    }
    for x in [f64::NAN, INF, -0.1] {
        let blobs = synth::blobs::<f32>(9, 2, 2, x, 0).unwrap_err().to_string();
        let spirals = synth::spirals::<f32>(9, 2, x, 0).unwrap_err().to_string();
        assert!(blobs.starts_with(&format!("blobs: `spread` is {x}")), "{blobs}");
        assert!(spirals.starts_with(&format!("spirals: `noise` is {x}")), "{spirals}");
    }
}

#[test]
fn samples_that_no_memory_holds_are_refused() {
    let calls: [(&str, OfSize); 12] = [
        ("synth", |n| drop(synth::moons::<f32>(n, 0.1, 0))),
        ("synth", |n| drop(synth::sine::<f32>(n, 0.1, 0))),
        ("blobs", |n| drop(synth::blobs::<f32>(9, n, 2, 0.1, 0))),
        ("imbalanced", |n| drop(synth::imbalanced::<f32>(n, 0.1, 0))),
        ("friedman1", |n| drop(synth::friedman1::<f32>(n, 0.1, 0))),
        ("lesions", |n| drop(synth::lesions::<f32>(n, 0.1, 0))),
        ("shapes", |n| drop(synth::shapes::<f32>(n, 0))),
        ("one_box", |n| drop(synth::one_box::<f32>(n, 0))),
        ("random_walk", |n| drop::<Tensor<f32>>(synth::random_walk(n, 0))),
        ("machine", |n| drop(synth::machine::<f32>(n, 0.1, 0))),
        ("tones", |n| drop(synth::tones::<f32>(n, 0.1, 0))),
        ("tastes", |n| drop(synth::tastes(n, 9, 3, 0))),
    ];
    for (name, call) in calls {
        for n in [1 << 44, usize::MAX] {
            let text = says(|| call(n));
            assert!(text.starts_with(&format!("{name}: ")), "{name}: {text}");
            assert!(text.contains("synth_options.rs:"), "{name}: {text}");
        }
    }
}
