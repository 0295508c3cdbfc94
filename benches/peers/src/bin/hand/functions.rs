//! Losses with their gradients, and eˣ and tanh as loops over them are compiled to vectors.

/// The mean of squares; g becomes its gradient.
#[inline(always)]
pub fn squares(output: &[f32], targets: &[f32], g: &mut [f32]) -> f32 {
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
pub fn cross_entropy(output: &[f32], classes: &[usize], g: &mut [f32]) -> f32 {
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
pub fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}
