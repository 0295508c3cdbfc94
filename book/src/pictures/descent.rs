//! Pictures of optimisers on their way.

use wengert::prelude64::*;
use wengert::viz::{Field, Scale, Surface};

use super::{Outcome, chart};

/// The points of a path that are apart from each other, and the last one.
fn apart(path: &[(f64, f64)], least: f64) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for (i, &p) in path.iter().enumerate() {
        let far = kept.last().is_none_or(|k| (p.0 - k.0).hypot(p.1 - k.1) > least);
        if far || i + 1 == path.len() {
            kept.push(p);
        }
    }
    kept
}

/// A surface on which optimisers walk.
type Height = for<'t> fn(Var<'t>, Var<'t>) -> Result<Var<'t>>;

/// An optimiser's name, and its place after each step.
type Walk = (&'static str, Vec<(f64, f64)>);

/// The four optimisers' places after each step on a surface, with their rates.
fn walks(height: Height, start: (f64, f64), rates: [f64; 4], steps: usize) -> Outcome<Vec<Walk>> {
    let [x, y] = [0.0, 0.0].map(|x| Param::new(Tensor::scalar(x)));
    let all = || [x.clone(), y.clone()];
    let optimizers: [(&str, Box<dyn Optimizer<f64>>); 4] = [
        ("gradient descent", Box::new(Sgd::new(all(), rates[0]))),
        ("momentum", Box::new(Sgd::new(all(), rates[1]).momentum(0.9))),
        ("RMSprop", Box::new(RmsProp::new(all(), rates[2]))),
        ("Adam", Box::new(Adam::new(all(), rates[3]))),
    ];
    let mut walks = Vec::new();
    for (name, mut optimizer) in optimizers {
        x.set(Tensor::scalar(start.0));
        y.set(Tensor::scalar(start.1));
        let mut path = vec![start];
        for _ in 0..steps {
            let tape = Tape::new();
            optimizer.zero_grad();
            height(tape.param(&x), tape.param(&y))?.backward()?;
            optimizer.step()?;
            path.push((x.value().item()?, y.value().item()?));
        }
        walks.push((name, path));
    }
    Ok(walks)
}

/// Chapter 9: four paths over a long valley.
pub(super) fn paths() -> Outcome<String> {
    let bowl = |x: f64, y: f64| (x * x + 20.0 * y * y) / 2.0;
    let field = Field::new("(x² + 20·y²)/2, sixty steps", (-2.0, 1.0), (-1.3, 1.3), bowl);
    let bowl: Height = |x, y| Ok((x.square() + y.square() * 20.0) * 0.5);
    let mut field = field.points("lowest", [(0.0, 0.0)]);
    for (name, path) in walks(bowl, (-1.8, 1.0), [0.09, 0.02, 0.03, 0.1], 60)? {
        field = field.path(name, path);
    }
    Ok(field.to_svg())
}

/// Chapter 9: the heights on the way through Rosenbrock's valley.
pub(super) fn heights() -> Outcome<String> {
    let mut chart = chart("A thousand steps in Rosenbrock's valley", "step", "height");
    let rates = [0.001, 0.001, 0.01, 0.1];
    for (name, path) in walks(|x, y| Surface::Rosenbrock.on(x, y), (-1.5, 2.0), rates, 1000)? {
        let heights = path.iter().map(|p| Surface::Rosenbrock.at(p.0, p.1));
        let points = (0..).map(f64::from).zip(heights).step_by(10);
        chart = chart.points(name, points.map(|(step, height)| (step, height.max(1e-12))));
    }
    Ok(chart.scale(Scale::Log).to_svg())
}

/// Chapter 12: descent leaves a saddle, and Newton's method goes into it.
pub(super) fn saddle() -> Outcome<String> {
    let gradient = |u: f64, v: f64| (-2.0 * v * (1.0 - u * v), -2.0 * u * (1.0 - u * v));
    let descent = |mut at: (f64, f64)| {
        let mut path = vec![at];
        for _ in 0..400 {
            let g = gradient(at.0, at.1);
            at = (at.0 - 0.02 * g.0, at.1 - 0.02 * g.1);
            path.push(at);
        }
        apart(&path, 0.01)
    };
    let mut newton = vec![(0.5, 0.2)];
    for _ in 0..5 {
        let (u, v) = newton[newton.len() - 1];
        let (g, [a, b, c]) = (gradient(u, v), [2.0 * v * v, 4.0 * u * v - 2.0, 2.0 * u * u]);
        let det = a * c - b * b;
        newton.push((u - (c * g.0 - b * g.1) / det, v - (a * g.1 - b * g.0) / det));
    }
    let square = (-1.5, 1.5);
    let field =
        Field::new("(1 - uv)²: a saddle at (0, 0)", square, square, |u, v| (1.0 - u * v).powi(2));
    let field = field
        .axes("u", "v")
        .path("descent", descent((0.5, 0.2)))
        .path("descent, past it", descent((1.2, -1.15)))
        .path("Newton", newton);
    Ok(field.points("saddle", [(0.0, 0.0)]).to_svg())
}
