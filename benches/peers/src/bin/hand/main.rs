//! The nets written out by hand: no tape, no tensors, buffers made once. Small products are plain loops whose sums stand in
//! registers, large ones are those of the `gemm` crate. `LEVEL=avx2` leaves AVX-512 out of the loops.

mod functions;
mod products;

use functions::{cross_entropy, squares, tanh};
use products::{is_large, large, product, turn};
use wengert_peers::{
    Activation, Failure, Step, Targets, Training, Workload, asked, mean_abs, report,
};

/// A layer, its gradients and what its optimiser remembers. Weights are `[inputs, outputs]`, and the bias follows them.
struct Layer {
    inputs: usize,
    outputs: usize,
    parameters: Vec<f32>,
    gradients: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    /// The weight as `[outputs, inputs]`, for the gradient of the input of a small layer.
    turned: Vec<f32>,
    /// The outputs, and their gradients.
    y: Vec<f32>,
    g: Vec<f32>,
}

struct Net<'a> {
    w: &'a Workload,
    layers: Vec<Layer>,
    steps: i32,
}

impl<'a> Net<'a> {
    fn new(w: &'a Workload) -> Self {
        let layers = w.layers.iter().map(|layer| {
            let mut parameters = layer.transposed();
            parameters.extend(&layer.bias);
            let zeros = vec![0.0; parameters.len()];
            let values = vec![0.0; w.batch * layer.outputs];
            Layer {
                inputs: layer.inputs,
                outputs: layer.outputs,
                gradients: zeros.clone(),
                first: zeros.clone(),
                second: zeros,
                turned: layer.weight.clone(),
                parameters,
                y: values.clone(),
                g: values,
            }
        });
        Self { w, layers: layers.collect(), steps: 0 }
    }

    #[inline(always)]
    fn step(&mut self) -> f32 {
        self.forward();
        let Some(last) = self.layers.last_mut() else { return 0.0 };
        let loss = match &self.w.targets {
            Targets::None => return mean_abs(&last.y),
            Targets::Numbers(y) => squares(&last.y, y, &mut last.g),
            Targets::Classes(y) => cross_entropy(&last.y, y, &mut last.g),
        };
        self.backward();
        self.update();
        loss
    }

    #[inline(always)]
    fn forward(&mut self) {
        let (batch, count) = (self.w.batch, self.layers.len());
        for i in 0..count {
            let (before, rest) = self.layers.split_at_mut(i);
            let layer = &mut rest[0];
            let x = before.last().map_or(&self.w.inputs, |layer| &layer.y);
            let (weight, bias) = layer.parameters.split_at(layer.inputs * layer.outputs);
            product(
                [batch, layer.outputs, layer.inputs],
                x,
                [layer.inputs, 1],
                weight,
                &mut layer.y,
            );
            for row in layer.y.chunks_exact_mut(layer.outputs) {
                row.iter_mut().zip(bias).for_each(|(y, b)| *y += b);
            }
            match self.w.activation {
                _ if i + 1 == count => {}
                Activation::None => {}
                Activation::Tanh => layer.y.iter_mut().for_each(|y| *y = tanh(*y)),
                Activation::Relu => layer.y.iter_mut().for_each(|y| *y = y.max(0.0)),
            }
        }
    }

    #[inline(always)]
    fn backward(&mut self) {
        let batch = self.w.batch;
        for i in (0..self.layers.len()).rev() {
            let (before, rest) = self.layers.split_at_mut(i);
            let layer = &mut rest[0];
            let (inputs, outputs) = (layer.inputs, layer.outputs);
            let x = before.last().map_or(&self.w.inputs, |layer| &layer.y);
            let (weight, bias) = layer.gradients.split_at_mut(inputs * outputs);
            product([inputs, outputs, batch], x, [1, inputs], &layer.g, weight);
            bias.fill(0.0);
            for row in layer.g.chunks_exact(outputs) {
                bias.iter_mut().zip(row).for_each(|(b, g)| *b += g);
            }
            let Some(below) = before.last_mut() else { continue };
            let sizes = [batch, inputs, outputs];
            if is_large(sizes) {
                large(sizes, &layer.g, [outputs, 1], &layer.parameters, [1, outputs], &mut below.g);
            } else {
                product(sizes, &layer.g, [outputs, 1], &layer.turned, &mut below.g);
            }
            let both = below.g.iter_mut().zip(&below.y);
            match self.w.activation {
                Activation::None => {}
                Activation::Tanh => both.for_each(|(g, y)| *g *= 1.0 - y * y),
                Activation::Relu => both.for_each(|(g, y)| *g = if *y > 0.0 { *g } else { 0.0 }),
            }
        }
    }

    #[inline(always)]
    fn update(&mut self) {
        self.steps += 1;
        for (i, layer) in self.layers.iter_mut().enumerate() {
            let pairs = layer.parameters.iter_mut().zip(&layer.gradients);
            match self.w.training {
                Training::Sgd(rate, momentum) if momentum > 0.0 => {
                    let (rate, momentum) = (rate as f32, momentum as f32);
                    for ((p, g), moved) in pairs.zip(&mut layer.first) {
                        *moved = momentum.mul_add(*moved, *g);
                        *p -= rate * *moved;
                    }
                }
                Training::Sgd(rate, _) => pairs.for_each(|(p, g)| *p -= rate as f32 * g),
                Training::Adam(rate) => {
                    let rate = (rate / (1.0 - 0.9_f64.powi(self.steps))) as f32;
                    let root = (1.0 / (1.0 - 0.999_f64.powi(self.steps)).sqrt()) as f32;
                    for (((p, g), m), v) in pairs.zip(&mut layer.first).zip(&mut layer.second) {
                        *m = 0.9_f32.mul_add(*m, 0.1 * g);
                        *v = 0.999_f32.mul_add(*v, 0.001 * g * g);
                        *p -= rate * *m / root.mul_add(v.sqrt(), 1e-8);
                    }
                }
                Training::None => {}
            }
            if i > 0 && !is_large([self.w.batch, layer.inputs, layer.outputs]) {
                turn(&layer.parameters, [layer.inputs, layer.outputs], &mut layer.turned);
            }
        }
    }
}

#[target_feature(enable = "avx2,fma")]
fn step_avx2(net: &mut Net<'_>) -> f32 {
    net.step()
}

#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
fn step_avx512(net: &mut Net<'_>) -> f32 {
    net.step()
}

fn main() -> Result<(), Failure> {
    let has_avx512 = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq");
    let avx512 = has_avx512 && std::env::var("LEVEL").map_or(true, |level| level != "avx2");
    if !(is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")) {
        return Err("the loops are written for AVX2 and FMA".into());
    }
    for name in asked() {
        let w = Workload::load(&name)?;
        report("hand", &w, || -> Result<Step<'_>, Failure> {
            let mut net = Net::new(&w);
            // SAFETY: the machine has these instructions.
            Ok(Box::new(move || unsafe {
                Ok(if avx512 { step_avx512(&mut net) } else { step_avx2(&mut net) })
            }))
        })?;
    }
    Ok(())
}
