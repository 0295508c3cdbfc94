//! The cost of a step: nanoseconds a parameter, with gradients that are there; on `THREADS` (2).
//!
//! `THREADS=1 cargo run --release -p wengert-benches --bin updates [FILTER]`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use wengert::autograd::Param;
use wengert::optim::{Adagrad, Adam, AdamW, NAdam, Optimizer, RmsProp, Rprop, Sgd, clip_grad_norm};
use wengert::tensor::Tensor;
use wengert_benches::{clock, machine};

/// The best of several rounds, each long enough for the clock, over the number of parameters.
fn time(name: &str, count: usize, f: impl FnMut()) {
    if !clock::wanted(name) {
        return;
    }
    let best = clock::best(30, 3e5, f);
    println!("{name:<28} {:>10.1} ns a parameter", best / count as f64);
}

fn net(shapes: &[&[usize]]) -> Vec<Param<f32>> {
    let params: Vec<Param<f32>> =
        shapes.iter().map(|shape| Param::new(Tensor::full(shape, 0.5))).collect();
    for param in &params {
        param.set_grad(Some(Tensor::full(param.shape(), 1e-3)));
    }
    params
}

fn main() {
    machine::set_up();
    let nets: [(&str, &[&[usize]]); 4] = [
        ("6 x 1", &[&[1], &[1], &[1], &[1], &[1], &[1]]),
        ("tiny", &[&[16, 2], &[16], &[16, 16], &[16], &[1, 16], &[1]]),
        ("digits", &[&[128, 64], &[128], &[10, 128], &[10]]),
        ("mnist", &[&[256, 784], &[256], &[128, 256], &[128], &[10, 128], &[10]]),
    ];
    for (name, shapes) in nets {
        let p = || net(shapes);
        let optimizers: [(&str, Box<dyn Optimizer<f32>>); 8] = [
            ("Sgd", Box::new(Sgd::new(p(), 1e-6))),
            ("Sgd momentum", Box::new(Sgd::new(p(), 1e-6).momentum(0.9))),
            ("Adagrad", Box::new(Adagrad::new(p(), 1e-6))),
            ("RmsProp", Box::new(RmsProp::new(p(), 1e-6))),
            ("Adam", Box::new(Adam::new(p(), 1e-6))),
            ("AdamW amsgrad", Box::new(AdamW::new(p(), 1e-6).amsgrad())),
            ("NAdam", Box::new(NAdam::new(p(), 1e-6))),
            ("Rprop", Box::new(Rprop::new(p(), 1e-6))),
        ];
        for (which, mut optimizer) in optimizers {
            time(&format!("{name}: {which}"), shapes.len(), || optimizer.step().unwrap());
        }
        let optimizer = Sgd::new(p(), 1e-6);
        time(&format!("{name}: zero_grad"), shapes.len(), || optimizer.zero_grad());
        let params = p();
        time(&format!("{name}: clip_grad_norm"), shapes.len(), || {
            clip_grad_norm(&params, 1.0).unwrap();
        });
    }
}
