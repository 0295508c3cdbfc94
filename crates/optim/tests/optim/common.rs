//! The parts that the tests share: parameters with names, and gradients that are drawn.
#![allow(dead_code)]

use wengert_autograd::Param;
use wengert_optim::Optimizer;
use wengert_tensor::{Float, Tensor};

/// A parameter with a name.
pub(crate) fn param<T: Float>(path: &str, values: &[f64]) -> Param<T> {
    let param = Param::new(tensor(values));
    param.set_path(path);
    param
}

pub(crate) fn tensor<T: Float>(values: &[f64]) -> Tensor<T> {
    Tensor::from(values.iter().map(|&x| T::from_f64(x)).collect::<Vec<T>>())
}

pub(crate) fn values<T: Float>(param: &Param<T>) -> Vec<f64> {
    param.value().iter().map(|x| x.to_f64()).collect()
}

/// One step along a gradient.
pub(crate) fn step<T: Float>(optimizer: &mut dyn Optimizer<T>, gradient: &[f64]) {
    let param = &optimizer.parameters()[0];
    param.set_grad(Some(tensor(gradient)));
    optimizer.step().unwrap();
}

/// Numbers in -1…1, the same for the same seed.
pub(crate) fn draws(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }
}
