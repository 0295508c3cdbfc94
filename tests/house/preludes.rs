//! The preludes hold everything that a training program names: each public type of the crates below, or a reason why not.

use std::fs;

/// Public types that the preludes leave out.
const LEFT_OUT: &[(&str, &[&str])] = &[
    // Seen by who writes an op, a layer or a reader of tapes.
    (
        "autograd",
        &[
            "Algebra",
            "Line",
            "Lines",
            "NonFinite",
            "Op",
            "Operand",
            "Pulled",
            "Scope",
            "ScopeGuard",
            "TapeLine",
            "Tensors",
            "Who",
        ],
    ),
    // Results that are printed or read, and not named.
    (
        "autograd",
        &[
            "Blame",
            "Card",
            "Cost",
            "Finding",
            "GradUse",
            "Gradients",
            "Precision",
            "Report",
            "Rounded",
            "Stats",
            "Verdict",
            "Wrt",
        ],
    ),
    // Inside of the handles of a model.
    ("autograd", &["Copied", "Handle"]),
    ("nn", &["Input"]),
    // Fields of a layer, and what one of its methods returns.
    ("nn", &["InProjection", "RecurrentWeights", "Weighed"]),
    ("nn", &["Entry", "Mismatch", "ParameterMismatch", "Row", "State", "Summary", "Trace"]),
    ("optim", &["Loader", "Misfit", "Resumable", "Resume", "State"]),
    // Two numbers that are returned.
    ("train", &["Place"]),
    (
        "train",
        &[
            "Cause",
            "Curvature",
            "Epoch",
            "Fault",
            "MetricHistory",
            "PenaltyHistory",
            "RangeEnd",
            "RangeTest",
            "Stopped",
            "TaskLine",
            "TaskReport",
            "Setting",
            "SweepRow",
            "SweepTable",
            "Why",
        ],
    ),
    // Named where a companion of one's own is written.
    ("train", &["Companion", "EpochEnd", "Fit", "Step"]),
    // Behind a function, a macro or another name.
    (
        "nn",
        &[
            "AdaptiveAvgPool",
            "AdaptiveMaxPool",
            "AvgPool",
            "BatchNorm",
            "ChannelDropout",
            "ConstantPad",
            "Conv",
            "ConvTranspose",
            "Counter",
            "Each",
            "Func",
            "InstanceNorm",
            "LpPool",
            "MaxPool",
            "OneOrEach",
            "Part",
            "ReflectionPad",
            "Running",
        ],
    ),
    ("loss", &["ClassTarget", "Classes", "Custom", "Labels"]),
    // Of a function of the crate, which is called by its path.
    ("loss", &["Advice", "Audit", "Batch", "Explanation", "Sample", "Separation", "Task"]),
    // Each crate's own.
    ("*", &["Error"]),
];

/// The capitalised names of a crate's `pub use` lines.
fn public_types(krate: &str) -> Vec<String> {
    let file = format!("{}/crates/{krate}/src/lib.rs", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("pub mod hidden").next().unwrap().replace('\n', " ");
    let lines = text.split("pub use ").skip(1).map(|rest| rest.split(';').next().unwrap());
    let names = lines.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
    names.filter(|n| n.starts_with(char::is_uppercase)).map(str::to_string).collect()
}

#[test]
fn the_preludes_hold_every_type_of_a_training_program() {
    let aliases = include_str!("../../src/aliases.rs");
    let held: Vec<&str> = aliases.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let left_out = |krate: &str, name: &str| {
        LEFT_OUT.iter().any(|(of, names)| (*of == krate || *of == "*") && names.contains(&name))
    };
    let (mut missing, mut count) = (Vec::new(), 0);
    for krate in ["autograd", "nn", "loss", "optim", "train"] {
        for name in public_types(krate) {
            let settings = krate == "optim" && name.ends_with("Settings");
            count += 1;
            if !settings && !left_out(krate, &name) && !held.contains(&&*name) {
                missing.push(format!("{krate}::{name}"));
            }
        }
    }
    assert!(missing.is_empty(), "neither in src/aliases.rs nor left out: {missing:?}");
    assert!(count > 100, "{count} names were found: the reader of `pub use` lines is blind");
}

/// Both preludes are made by one macro, and differ in the float alone.
#[test]
fn both_preludes_have_the_same_names() {
    use wengert::{prelude, prelude64};
    let single = std::any::type_name::<prelude::Linear>();
    let double = std::any::type_name::<prelude64::Linear>();
    assert_eq!(single.replace("f32", "f64"), double);
    let fields: prelude64::Result<(), Box<dyn std::error::Error>> = Ok(());
    assert!(fields.is_ok());
}

/// Types of `nn` that are no layers; layers around one of any type, of which a program that prints them would have to name the
/// float; and names under which another layer is made.
const NOT_PRINTED: &[&str] = &[
    "Buffer",
    "Counter",
    "Each",
    "Entry",
    "Error",
    "InProjection",
    "Input",
    "Mismatch",
    "Module",
    "OneOrEach",
    "Padding",
    "ParameterMismatch",
    "Part",
    "RecurrentWeights",
    "Row",
    "Running",
    "State",
    "Summary",
    "Trace",
    "Visitor",
    "Weighed",
    "Residual",
    "TimeFirst",
    "ZeroPad1d",
    "ZeroPad2d",
];

#[test]
fn every_layer_prints() {
    let file = include_str!("../../crates/nn/src/display.rs");
    let printed: Vec<&str> = file.split(|c: char| !c.is_alphanumeric()).collect();
    let of_any_axes = |name: &str| {
        let plain = ["1d", "2d", "3d"].iter().find_map(|axes| name.strip_suffix(axes));
        plain.unwrap_or(name).to_string()
    };
    let missing: Vec<String> = public_types("nn")
        .into_iter()
        .filter(|name| !NOT_PRINTED.contains(&&**name) && !printed.contains(&&*of_any_axes(name)))
        .collect();
    assert!(missing.is_empty(), "neither in crates/nn/src/display.rs nor left out: {missing:?}");
}
