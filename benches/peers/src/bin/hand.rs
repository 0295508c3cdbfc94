//! The nets written out by hand: no tape, no tensors, buffers made once. Small products are plain loops whose sums stand in
//! registers, large ones are those of the `gemm` crate. `LEVEL=avx2` leaves AVX-512 out of the loops.

use wengert_peers::{
    Activation, Failure, Step, Targets, Training, Workload, asked, mean_abs, report, threads,
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

/// The transpose of `[rows, columns]`, by blocks of 16.
#[inline(always)]
fn turn(from: &[f32], [rows, columns]: [usize; 2], to: &mut [f32]) {
    for i0 in (0..rows).step_by(16) {
        for j in 0..columns {
            for i in i0..rows.min(i0 + 16) {
                to[j * rows + i] = from[i * columns + j];
            }
        }
    }
}

/// The mean of squares; g becomes its gradient.
#[inline(always)]
fn squares(output: &[f32], targets: &[f32], g: &mut [f32]) -> f32 {
    let scale = 2.0 / output.len() as f32;
    let mut sum = 0.0;
    for ((g, y), target) in g.iter_mut().zip(output).zip(targets) {
        let off = y - target;
        *g = scale * off;
        sum += off * off;
    }
    sum / output.len() as f32
}

/// The mean of -ln of the classes' probabilities; g becomes its gradient.
#[inline(always)]
fn cross_entropy(output: &[f32], classes: &[usize], g: &mut [f32]) -> f32 {
    let (rows, width) = (classes.len() as f32, output.len() / classes.len());
    let mut loss = 0.0;
    for ((x, g), &class) in output.chunks_exact(width).zip(g.chunks_exact_mut(width)).zip(classes) {
        let largest = x.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b));
        g.iter_mut().zip(x).for_each(|(g, x)| *g = exp(x - largest));
        let sum: f32 = g.iter().sum();
        loss += sum.ln() + largest - x[class];
        let scale = 1.0 / (sum * rows);
        g.iter_mut().for_each(|g| *g *= scale);
        g[class] -= 1.0 / rows;
    }
    loss / rows
}

/// Whether a product is one for the `gemm` crate.
#[inline(always)]
fn is_large([m, n, k]: [usize; 3]) -> bool {
    m * n * k > 1 << 18 && m > 1
}

/// c = a·b by the `gemm` crate, with the steps between rows and between columns.
fn large(
    [m, n, k]: [usize; 3],
    a: &[f32],
    a_steps: [usize; 2],
    b: &[f32],
    b_steps: [usize; 2],
    c: &mut [f32],
) {
    assert!(a.len() >= m * k && b.len() >= k * n && c.len() >= m * n);
    let parallel = match threads() {
        2.. if m * n * k > 1 << 20 => gemm::Parallelism::Rayon(threads()),
        _ => gemm::Parallelism::None,
    };
    let ([a_row, a_column], [b_row, b_column]) =
        (a_steps.map(|step| step as isize), b_steps.map(|step| step as isize));
    // SAFETY: the buffers are as long as the shapes say, and the steps stay within them.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            n as isize,
            false,
            a.as_ptr(),
            a_column,
            a_row,
            b.as_ptr(),
            b_column,
            b_row,
            0.0,
            1.0,
            false,
            false,
            false,
            parallel,
        );
    }
}

/// c = a·b: `[m, k]`, whose element (i, l) is at `i·a_steps[0] + l·a_steps[1]`, times `[k, n]`.
#[inline(always)]
fn product([m, n, k]: [usize; 3], a: &[f32], a_steps: [usize; 2], b: &[f32], c: &mut [f32]) {
    let [a_row, a_column] = a_steps;
    assert!(a.len() >= m * k && b.len() >= k * n && c.len() >= m * n);
    if is_large([m, n, k]) {
        large([m, n, k], a, a_steps, b, [n, 1], c);
    } else if n == 1 && a_row == 1 && m > 1 {
        // A single column, of sums along the first axis of a: the row bᵀ·aᵀ.
        by_columns([1, m, k], b, [k, 1], a, c);
    } else if n == 1 && a_column == 1 {
        for (c, a) in c.iter_mut().zip(a.chunks_exact(k)) {
            *c = dot(a, b);
        }
    } else {
        by_columns([m, n, k], a, a_steps, b, c);
    }
}

#[inline(always)]
fn by_columns(sizes: [usize; 3], a: &[f32], a_steps: [usize; 2], b: &[f32], c: &mut [f32]) {
    let at = columns::<64>(sizes, a, a_steps, b, c, 0);
    let at = columns::<16>(sizes, a, a_steps, b, c, at);
    let at = columns::<8>(sizes, a, a_steps, b, c, at);
    columns::<1>(sizes, a, a_steps, b, c, at);
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 16];
    let (whole, rest) = (a.len() / 16 * 16, a.len() % 16);
    for (a, b) in a[..whole].chunks_exact(16).zip(b.chunks_exact(16)) {
        for j in 0..16 {
            lanes[j] = a[j].mul_add(b[j], lanes[j]);
        }
    }
    for j in 0..rest {
        lanes[j] = a[whole + j].mul_add(b[whole + j], lanes[j]);
    }
    for half in [8, 4, 2, 1] {
        for j in 0..half {
            lanes[j] += lanes[j + half];
        }
    }
    lanes[0]
}

/// The blocks of `W` columns from `at` on that fit; returns where they end.
#[inline(always)]
fn columns<const W: usize>(
    [m, n, k]: [usize; 3],
    a: &[f32],
    a_steps: [usize; 2],
    b: &[f32],
    c: &mut [f32],
    mut at: usize,
) -> usize {
    while at + W <= n {
        let mut i = 0;
        // Narrow rows are taken eight at a time, so that enough sums are under way.
        while W <= 16 && i + 8 <= m {
            tile::<8, W>(n, k, &a[i * a_steps[0]..], a_steps, &b[at..], &mut c[i * n + at..]);
            i += 8;
        }
        while i + 4 <= m {
            tile::<4, W>(n, k, &a[i * a_steps[0]..], a_steps, &b[at..], &mut c[i * n + at..]);
            i += 4;
        }
        while i < m {
            tile::<1, W>(n, k, &a[i * a_steps[0]..], a_steps, &b[at..], &mut c[i * n + at..]);
            i += 1;
        }
        at += W;
    }
    at
}

/// `R` rows and `W` columns, whose sums stand in registers.
#[inline(always)]
fn tile<const R: usize, const W: usize>(
    n: usize,
    k: usize,
    a: &[f32],
    [row, column]: [usize; 2],
    b: &[f32],
    c: &mut [f32],
) {
    let mut sums = [[0.0_f32; W]; R];
    for l in 0..k {
        let b = &b[l * n..][..W];
        for (r, sums) in sums.iter_mut().enumerate() {
            let a = a[r * row + l * column];
            for j in 0..W {
                sums[j] = a.mul_add(b[j], sums[j]);
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        c[r * n..][..W].copy_from_slice(sums);
    }
}

/// eˣ to 2 ulp or so, as a loop over it is compiled to vectors; 0 below -87.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    // Adding and subtracting 1.5·2²³ rounds to a whole number, which stands in the last bits in between.
    const ROUND: f32 = 12_582_912.0;
    let whole = x.mul_add(std::f32::consts::LOG2_E, ROUND);
    let n = whole - ROUND;
    let r = n.mul_add(-1.428_606_8e-6, n.mul_add(-0.693_145_75, x));
    let mut series = 1.0 / 720.0;
    for c in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        series = r.mul_add(series, c);
    }
    series * f32::from_bits((whole.to_bits() << 23).wrapping_add(0x3F80_0000))
}

#[inline(always)]
fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
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
