//! One picture of each kind, to look at: `cargo run -p wengert-viz --example pictures -- DIRECTORY`.

#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use wengert_autograd::{Result, Tape};
use wengert_tensor::{Rng, Tensor};
use wengert_viz::{
    Chart, Field, Histogram, Matrix, Scale, Surface, calibration, heat_svg, stacked,
};

/// The path of gradient descent with momentum over a surface.
fn descent(
    surface: Surface,
    from: (f64, f64),
    rate: f64,
    momentum: f64,
) -> Result<Vec<(f64, f64)>> {
    let (mut at, mut speed, mut path) = (from, (0.0, 0.0), vec![from]);
    for _ in 0..1000 {
        let tape = Tape::<f64>::new();
        let (x, y) = (tape.scalar(at.0), tape.scalar(at.1));
        let gradients = surface.on(x, y)?.gradients()?;
        let (dx, dy) = (gradients.wrt(x).value()?.item()?, gradients.wrt(y).value()?.item()?);
        speed = (momentum * speed.0 - rate * dx, momentum * speed.1 - rate * dy);
        at = (at.0 + speed.0, at.1 + speed.1);
        path.push(at);
    }
    Ok(path)
}

fn main() -> Result<()> {
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".to_string());
    let write = |name: &str, svg: String| {
        let path = PathBuf::from(&directory).join(format!("{name}.svg"));
        std::fs::write(path, svg).expect("a directory that can be written to");
    };
    let curve = |rate: f64, floor: f64| (0..40).map(move |i| floor + (-rate * f64::from(i)).exp());
    let rate = (0..40).map(|i| 0.05 * (1.0 + (f64::from(i) * 0.0785).cos()));
    let rate = Chart::new("Learning rate")
        .x_label("epoch")
        .y_label("per step")
        .size(480.0, 180.0)
        .line("rate", rate);
    let loss = Chart::new("Loss").x_label("epoch").y_label("mean, nats").scale(Scale::Log);
    let loss = loss.line("training", curve(0.2, 0.02)).line("validation", curve(0.15, 0.1));
    write("loss", stacked(&[loss.to_svg(), rate.to_svg()]));
    let mut rng = Rng::new(0);
    for (name, surface, x, y, from, rates) in [
        (
            "rosenbrock",
            Surface::Rosenbrock,
            (-2.0, 2.0),
            (-1.0, 3.0),
            (-1.5, 2.0),
            (0.0008, 0.0004),
        ),
        ("himmelblau", Surface::Himmelblau, (-5.0, 5.0), (-5.0, 5.0), (0.0, -4.0), (0.008, 0.002)),
        ("saddle", Surface::Saddle, (-2.0, 2.0), (-2.0, 2.0), (1.8, 0.01), (0.02, 0.005)),
    ] {
        let field = Field::new(format!("{surface:?}"), x, y, |x, y| surface.at(x, y));
        let field = field.path("gradient descent", descent(surface, from, rates.0, 0.0)?);
        write(name, field.path("momentum 0.9", descent(surface, from, rates.1, 0.9)?).to_svg());
    }
    let moons = |sign: f64| {
        (0..40).map(move |i| {
            let t = f64::from(i) * 0.08;
            (sign * (t.cos() - 0.5), sign * (t.sin() - 0.25))
        })
    };
    let boundary =
        Field::new("Decision boundary", (-2.0, 2.0), (-1.5, 1.5), |x, y| y - (2.0 * x).sin() * 0.6)
            .levels(2);
    write(
        "boundary",
        boundary
            .axes("first feature", "second")
            .points("class 0", moons(1.0))
            .points("class 1", moons(-1.0))
            .to_svg(),
    );
    let weights = Tensor::<f64>::randn([2000], &mut rng);
    let histogram = Histogram::new("Weights of l1", weights.iter()).x_label("weight");
    print!("{}", histogram.to_text());
    write("histogram", histogram.to_svg());
    let counts = Tensor::<f64>::uniform([10, 10], 0.0, 4.0, &mut rng)?.floor();
    let counts = counts.try_add(&Tensor::eye(10).mul_scalar(40.0))?;
    let confusions = Matrix::new("Confusions", &counts)?.axes("true", "predicted class");
    print!("{}", confusions.to_text());
    write("confusions", confusions.to_svg());
    let scores = Tensor::<f64>::randn([12, 12], &mut rng).tril(0)?.softmax(1)?;
    let words =
        ["the", "net", "learns", "what", "it", "sees", "in", "a", "row", "of", "its", "data"];
    write(
        "attention",
        Matrix::new("Attention", &scores)?.names(words, words).axes("from", "to").to_svg(),
    );
    let draws = Tensor::<f64>::uniform([3000, 2], 0.0, 1.0, &mut rng)?;
    let draws: Vec<f64> = draws.iter().collect();
    let sure = draws.chunks(2).map(|p| (p[0], p[1] < 0.5 + 0.6 * (p[0] - 0.5)));
    write("calibration", calibration("Calibration", sure).to_svg());
    let steps: Vec<(usize, f64)> = (0..40).map(|i| (i, (-0.1 * i as f64).exp())).collect();
    let deep: Vec<(usize, f64)> = steps.iter().map(|(i, x)| (*i, x * 1e-3)).collect();
    write("flow", heat_svg("Gradient norms", &[("l2.weight", &steps), ("l1.weight", &deep)]));
    Ok(())
}
