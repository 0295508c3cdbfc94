//! Healthy settings, in which the doctor must find nothing.

use super::plant::{Act, Data, Init, Optimizing, Plant};

const NONE: Plant = Plant::NONE;

macro_rules! healthy {
    ($($program:literal $name:literal { $($field:ident: $value:expr),* };)*) => {
        vec![$(($program, $name, Plant { $($field: $value,)* ..NONE })),*]
    };
}

/// Program, name and setting.
pub fn all() -> Vec<(&'static str, &'static str, Plant)> {
    healthy! {
        "regression" "as tuned" {};
        "digits" "as tuned" {};
        "deep" "as tuned" {};
        "attention" "as tuned" {};
        "residual" "as tuned" {};
        "regression" "batch 4" { batch: Some(4), rate: 0.3 };
        "digits" "batch 4" { batch: Some(4), rate: 0.5 };
        "residual" "batch 4" { batch: Some(4), rate: 0.5 };
        "regression" "clipped each step" { clip: Some(0.1) };
        "digits" "clipped each step" { clip: Some(0.1) };
        "digits" "dropout 0.5" { dropout: 0.5 };
        "residual" "dropout 0.3" { dropout: 0.3 };
        "regression" "warm restarts" { warm_restarts: true };
        "digits" "warm restarts" { warm_restarts: true, rate: 3.0 };
        "regression" "sigmoid" { act: Some(Act::Sigmoid), optimizing: Optimizing::Adam(0.01) };
        "digits" "tanh" { act: Some(Act::Tanh) };
        "regression" "relu" { act: Some(Act::Relu) };
        "digits" "sparse" { init: Init::Bias(-0.1) };
        "digits" "classes 1 : 3" { data: Data::Rare(3) };
        "residual" "classes 1 : 3" { data: Data::Rare(3) };
        "digits" "momentum" { optimizing: Optimizing::Momentum(0.9), rate: 25.0 };
        "regression" "momentum" { optimizing: Optimizing::Momentum(0.9), rate: 0.2 };
        "regression" "adam" { optimizing: Optimizing::Adam(0.01) };
        "attention" "rate x3" { rate: 3.0 };
        "attention" "rate /5" { rate: 0.2 };
        "digits" "rate x5" { rate: 5.0 };
        "digits" "inputs 0 to 16" { data: Data::Times(16.0) };
        "digits" "loss x1e-3" { loss_scale: 1e-3 };
        "attention" "loss x1e-3" { loss_scale: 1e-3 };
        "digits" "three times as long" { budget: 3.0 };
        "deep" "three times as long" { budget: 3.0 };
        "regression" "three times as long" { budget: 3.0 };
        "regression" "decay 1e-3" { optimizing: Optimizing::Decay(1e-3) };
        "digits" "first layer frozen" { frozen: Some(0) };
        "residual" "edge of stability" { optimizing: Optimizing::Sgd(0.5) };
        "images" "as tuned" {};
        "sequence" "as tuned" {};
        "images" "batch 4" { batch: Some(4), rate: 0.3, budget: 4.0 };
        "images" "clipped each step" { clip: Some(0.1) };
        "images" "dropout 0.3" { dropout: 0.3 };
        "images" "tanh" { act: Some(Act::Tanh) };
        "images" "loss x1e-3" { loss_scale: 1e-3 };
        "images" "momentum" { optimizing: Optimizing::Momentum(0.9), rate: 15.0 };
        "images" "classes 1 : 3" { data: Data::Rare(3) };
        "images" "three times as long" { budget: 3.0 };
        "images" "first layer frozen" { frozen: Some(0) };
        "sequence" "batch 4" { batch: Some(4), rate: 0.3 };
        "sequence" "warm restarts" { warm_restarts: true };
        "sequence" "dropout 0.1" { dropout: 0.1 };
        "sequence" "three times as long" { budget: 3.0 };
        "sequence" "rate /5" { rate: 0.2 };
        "sequence" "decay 1e-4" { optimizing: Optimizing::Decay(1e-4) };
    }
}
