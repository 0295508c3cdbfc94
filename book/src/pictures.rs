//! The pictures of the chapters. `cargo run -p wengert-book --bin pictures` writes them beside the text.

use std::error::Error;
use std::iter::zip;

use wengert::loss;
use wengert::nn::functional::{Convolution, conv};
use wengert::prelude64::*;
use wengert::viz::{Chart, Matrix, Picture, Scale, Surface, image_grid, stacked, tape_svg};

use crate::words::chinese;

mod descent;

use descent::{heights, paths, saddle};

/// A result, or the reason why there is no picture.
pub type Outcome<T> = std::result::Result<T, Box<dyn Error>>;

/// A function that draws a picture as SVG text.
type Draw = fn() -> Outcome<String>;

/// The file of each picture, from the folder of this package on, with its text: `en/src/pictures/tape.svg`.
///
/// # Errors
/// If a computation fails, or a word has no Chinese.
pub fn all() -> Outcome<Vec<(String, String)>> {
    let makers: [(&str, Draw); 12] = [
        ("tape", tape),
        ("losses", losses),
        ("softmax", softmax),
        ("paths", paths),
        ("heights", heights),
        ("differences", differences),
        ("rates", rates),
        ("flow", flow),
        ("parabola", parabola),
        ("saddle", saddle),
        ("filters", filters),
        ("attention", attention),
    ];
    let mut files = Vec::new();
    for (name, make) in makers {
        let english = without_tips(&make()?);
        files.push((format!("zh/src/pictures/{name}.svg"), chinese(&english)?));
        files.push((format!("en/src/pictures/{name}.svg"), english));
    }
    Ok(files)
}

/// A picture without the texts that a pointer shows: they name lines of this file, which move.
fn without_tips(svg: &str) -> String {
    let mut parts = svg.split("<title>");
    let first = parts.next().unwrap_or_default().to_string();
    parts
        .fold(first, |text, part| text + part.split_once("</title>").map_or(part, |(_, rest)| rest))
}

/// A chart that can be read at a width of 400 pixels.
fn chart(title: &str, x: &str, y: &str) -> Chart {
    Chart::new(title).x_label(x).y_label(y).size(460.0, 290.0)
}

/// Chapter 1: the tape of b = a + a; c = b · b, with values and gradients.
fn tape() -> Outcome<String> {
    let a = Param::new(Tensor::scalar(3.0));
    a.set_path("a");
    let tape = Tape::new().keeping_adjoints();
    let a = tape.param(&a);
    let b = a + a;
    (b * b).backward()?;
    Ok(tape_svg(&tape).replace(">add<", ">b = a + a<").replace(">mul<", ">c = b · b<"))
}

/// Numbers at equal distances.
fn between(from: f64, to: f64, steps: usize) -> Vec<f64> {
    (0..=steps).map(|i| from + (to - from) * i as f64 / steps as f64).collect()
}

/// The points of a function and of its slope.
fn with_slope(
    at: &[f64],
    f: impl for<'t> Fn(Var<'t>) -> Result<Var<'t>>,
) -> Result<[Vec<(f64, f64)>; 2]> {
    let mut points = [Vec::new(), Vec::new()];
    for &x in at {
        let tape = Tape::new();
        let var = tape.var(tensor![x]);
        let y = f(var)?;
        points[0].push((x, y.item()?));
        points[1].push((x, y.gradients()?.wrt(var).value()?.item()?));
    }
    Ok(points)
}

/// Chapter 6: three losses of one error, and how hard each pulls.
fn losses() -> Outcome<String> {
    let zero = tensor![0.0];
    // A jump is drawn from one side of it to the other.
    let at = [between(-2.5, -1e-9, 50), between(1e-9, 2.5, 50)].concat();
    let mut values = chart("The loss of one error", "error", "loss");
    let mut slopes = chart("Its slope: how hard a sample pulls", "error", "slope");
    for (name, [value, slope]) in [
        ("squared", with_slope(&at, |e| loss::mse(e, &zero))?),
        ("absolute", with_slope(&at, |e| loss::mae(e, &zero))?),
        ("Huber, δ = 1", with_slope(&at, |e| loss::huber(e, &zero, 1.0))?),
    ] {
        values = values.points(name, value);
        slopes = slopes.points(name, slope);
    }
    Ok(stacked(&[values.to_svg(), slopes.to_svg()]))
}

/// A score of the first class, beside 0 for the second.
fn beside_0<'t>(z: Var<'t>) -> Result<Var<'t>> {
    Var::stack(&[z, z * 0.0], 1)
}

/// Chapter 8: what a sure mistake costs, and how hard it pulls.
fn softmax() -> Outcome<String> {
    let at = between(-8.0, 8.0, 160);
    let [entropy, pull] =
        with_slope(&at, |z| loss::cross_entropy(beside_0(z)?, &tensor![0_usize]))?;
    let [square, weak] = with_slope(&at, |z| {
        let p = beside_0(z)?.softmax(1)?.narrow(1, 0, 1)?;
        Ok(p.rsub_scalar(1.0).square().sum())
    })?;
    let names = ["cross-entropy, -ln p", "squared, (1 - p)²"];
    let x = "score of the right class, above the other";
    let values = chart("The loss of a score", x, "loss");
    let slopes = chart("Its slope along the score", x, "slope");
    let values = values.points(names[0], entropy).points(names[1], square);
    Ok(stacked(&[values.to_svg(), slopes.points(names[0], pull).points(names[1], weak).to_svg()]))
}

/// e^x by its series, which has the same bits on every machine.
fn exp(x: f64) -> f64 {
    (1..=24).rev().fold(1.0, |sum, k| 1.0 + x * sum / f64::from(k))
}

/// The same in single precision.
fn exp_f32(x: f32) -> f32 {
    (1..=16_u8).rev().fold(1.0, |sum, k| 1.0 + x * sum / f32::from(k))
}

/// Chapter 10: the error of a difference falls with the step, and then rises.
fn differences() -> Outcome<String> {
    let steps: Vec<f64> = (2..=60).rev().map(|k| 10f64.powf(-f64::from(k) / 4.0)).collect();
    let slope = exp(1.0);
    let error = |difference: &dyn Fn(f64) -> f64| -> Vec<(f64, f64)> {
        steps.iter().map(|&h| (h, (difference(h) / slope - 1.0).abs())).collect()
    };
    let chart = chart("The slope of eˣ at 1, by differences", "step h", "relative error");
    let chart = chart
        .scale(Scale::Log)
        .x_scale(Scale::Log)
        .points("one side", error(&|h| (exp(1.0 + h) - slope) / h))
        .points("both sides", error(&|h| (exp(1.0 + h) - exp(1.0 - h)) / (2.0 * h)))
        .points("both, f32", {
            let both = |h: f32| (exp_f32(1.0 + h) - exp_f32(1.0 - h)) / (2.0 * h);
            let all = error(&|h| f64::from(both(h as f32)));
            all.into_iter().filter(|p| p.0 > 1e-7).collect::<Vec<_>>()
        });
    Ok(chart.to_svg())
}

/// Chapter 11: the loss of one net at three learning rates.
fn rates() -> Outcome<String> {
    let loader = DataLoader::new(wengert::data::synth::moons(300, 0.1, 0), 30)?.shuffle(0);
    let criterion = CrossEntropyLoss::new();
    let mut chart = chart("One net, three learning rates", "step", "training loss");
    for (name, rate) in [("η = 0.000001", 1e-6), ("η = 0.01", 0.01), ("η = 3", 3.0)] {
        let rng = &mut Rng::new(0);
        let model = sequential![Linear::new(2, 16, rng), Relu, Linear::new(16, 2, rng)];
        let mut optimizer = Adam::new(model.parameters(), rate);
        let mut line = Vec::new();
        for (x, y) in (0..10).flat_map(|epoch| loader.epoch(epoch)) {
            let tape = Tape::new();
            optimizer.zero_grad();
            let loss = criterion.forward(model.call(tape.input(x))?, &y)?;
            line.push(loss.item()?);
            loss.backward()?;
            optimizer.step()?;
        }
        chart = chart.line(name, line);
    }
    Ok(chart.scale(Scale::Log).to_svg())
}

/// Chapter 11: the gradient of each layer of a deep net, with two activations.
fn flow() -> Outcome<String> {
    let (x, y) = DataLoader::new(wengert::data::synth::moons(300, 0.1, 0), 300)?
        .epoch(0)
        .next()
        .ok_or("no batch")?;
    let mut chart =
        chart("The gradient on its way back", "layer", "root mean square of the gradient");
    for relu in [true, false] {
        let rng = &mut Rng::new(0);
        let layers: Vec<Linear> = zip([2].into_iter().chain([16; 8]), [16; 9])
            .map(|(inputs, outputs)| Linear::new(inputs, outputs, rng))
            .collect();
        let last = Linear::new(16, 2, rng);
        let tape = Tape::new();
        let mut h = tape.input(x.clone());
        for layer in &layers {
            h = layer.call(h)?;
            h = if relu { h.relu() } else { h.sigmoid() };
        }
        CrossEntropyLoss::new().forward(last.call(h)?, &y)?.backward()?;
        let size = |layer: &Linear| -> Outcome<f64> {
            let gradient = layer.weight.grad().ok_or("no gradient")?;
            Ok(gradient.square().mean().item()?.sqrt())
        };
        let sizes: Vec<f64> = layers.iter().chain([&last]).map(size).collect::<Outcome<_>>()?;
        chart = chart.line(if relu { "relu" } else { "sigmoid" }, sizes);
    }
    Ok(chart.scale(Scale::Log).to_svg())
}

/// Chapter 12: a function and the parabola of its second derivative.
fn parabola() -> Outcome<String> {
    let at = between(-0.3, 0.3, 60);
    let valley = at.iter().map(|&t| (t, Surface::Rosenbrock.at(1.0 + t, 1.0)));
    let parabola = at.iter().map(|&t| (t, 0.5 * 802.0 * t * t));
    let chart =
        chart("Across the valley, and its parabola", "distance from (1, 1) along x", "height");
    Ok(chart.points("valley", valley).points("½·802·t²", parabola).to_svg())
}

/// Chapter 13: one kernel in many places, seen on a digit.
fn filters() -> Outcome<String> {
    let digit = wengert::data::digits::<f64>().features().select(0, 0)?.reshape([1, 1, 8, 8])?;
    let tape = Tape::new();
    let image = tape.constant(digit.clone());
    let through = |kernel: Tensor| -> Outcome<Tensor> {
        let kernel = tape.constant(kernel.unsqueeze(0)?.unsqueeze(0)?);
        let seen = conv(image, kernel, None, Convolution::<2>::new())?.value()?.abs();
        Ok(seen.squeeze([0, 1])?)
    };
    let pictures = [
        Picture::new(digit.squeeze([0, 1])?, "input"),
        Picture::new(through(tensor![[-1.0, 1.0]])?, "|right - left|"),
        Picture::new(through(tensor![[-1.0], [1.0]])?, "|below - above|"),
        Picture::new(through(Tensor::full([3, 3], 1.0 / 9.0))?, "mean of 3 × 3"),
    ];
    Ok(image_grid("Three kernels on one digit", &pictures, 4)?)
}

/// Chapter 13: the weights of causal attention with random queries and keys.
fn attention() -> Outcome<String> {
    let rng = &mut Rng::new(0);
    let [q, k] = [0; 2].map(|_| Tensor::randn([6, 4], rng));
    let scores = q.matmul(&k.t())? / 2.0;
    let hidden = Tensor::from_fn([6, 6], |at| if at[1] > at[0] { f64::NEG_INFINITY } else { 0.0 });
    let p = (scores + hidden).softmax(1)?;
    Ok(Matrix::new("Causal attention: each row adds up to 1", &p)?.axes("from", "to").to_svg())
}
