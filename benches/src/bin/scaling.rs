//! The cost of a step by the batch, the depth and the width of a net, as three charts on one page:
//! `scaling [FILE]`, by default `benches/scaling.svg`. The numbers are printed too.
//!
//! `THREADS` (2), `WINDOWS` (7) of `WINDOW_S` (0.5) seconds for each point.
#![allow(clippy::print_stdout)]

use wengert::nn::init;
use wengert::tensor::Rng;
use wengert::viz::{Chart, Scale};
use wengert_benches::workload::{Activation, Failure, Spec, Training};
use wengert_benches::{clock, machine, train};

/// Something that grows, and the net of each size.
struct Growth {
    title: &'static str,
    axis: &'static str,
    sizes: Vec<usize>,
    net: fn(usize) -> Spec,
    /// Whether its weights are orthogonal.
    orthogonal: bool,
    /// The line that a cost without overhead follows: the exponent, and what it means.
    ideal: (f64, &'static str),
}

fn main() -> Result<(), Failure> {
    machine::set_up();
    let file = std::env::args().nth(1).unwrap_or_else(|| "benches/scaling.svg".to_string());
    let powers = |from: u32, to: u32| (from..=to).map(|p| 1 << p).collect::<Vec<usize>>();
    let growths = [
        Growth {
            title: "Batch: 64 → 128 relu → 10, cross-entropy, Adam",
            axis: "rows of a batch",
            sizes: powers(0, 12),
            net: |rows| net(vec![64, 128, 10], Activation::Relu, rows, Training::Adam(1e-3)),
            orthogonal: false,
            ideal: (1.0, "per row"),
        },
        Growth {
            title: "Depth: layers of 32 tanh, 32 rows, cross-entropy, SGD",
            axis: "layers",
            sizes: vec![1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000],
            net: |layers| net(vec![32; layers + 1], Activation::Tanh, 32, Training::Sgd(0.01, 0.0)),
            orthogonal: true,
            ideal: (1.0, "per layer"),
        },
        Growth {
            title: "Width: three layers of one width, relu, 32 rows, cross-entropy, SGD",
            axis: "width",
            sizes: powers(3, 12),
            net: |width| net(vec![width; 4], Activation::Relu, 32, Training::Sgd(0.01, 0.0)),
            orthogonal: false,
            ideal: (2.0, "per weight"),
        },
    ];
    let mut page = String::new();
    let (width, height) = (760.0, 360.0);
    for (i, growth) in growths.iter().enumerate() {
        let chart = measured(growth)?.size(width, height).to_svg();
        // Each chart is a picture of its own, set below the one before.
        page += &chart.replacen("<svg", &format!("<svg y=\"{}\"", i as f64 * height), 1);
    }
    let whole = height * growths.len() as f64;
    let page = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{whole}\">{page}</svg>\n"
    );
    std::fs::write(&file, page).map_err(|e| format!("{file}: {e}"))?;
    println!("{file}");
    Ok(())
}

fn net(sizes: Vec<usize>, activation: Activation, batch: usize, training: Training) -> Spec {
    // For the program's life: a spec names sizes that are known when it is compiled.
    let sizes = sizes.leak();
    Spec { name: "scaling", sizes, activation, batch, training, classes: true }
}

fn measured(growth: &Growth) -> Result<Chart, Failure> {
    println!(
        "{}\n{:>8} {:>12} {:>12} {:>9}",
        growth.title, growth.axis, "us a step", "ns of it", "GFLOP/s"
    );
    let mut points = Vec::new();
    for &size in &growth.sizes {
        let spec = (growth.net)(size);
        let mut workload = spec.draw()?;
        if growth.orthogonal {
            let rng = &mut Rng::new(7);
            // Otherwise gradients die out over hundreds of layers, and the processor is slow with what is left of them.
            for (weight, bias) in &mut workload.layers {
                *weight = init::orthogonal(weight.shape(), 1.0, rng)?;
                *bias = bias.zeros_like();
            }
        }
        let us = clock::time(|| train::trainer(&workload))?.floor;
        let of_it = us * 1e3 / (size as f64).powf(growth.ideal.0);
        println!("{size:>8} {us:>12.2} {of_it:>12.2} {:>9.1}", spec.flops() / us / 1e3);
        points.push((size as f64, us));
    }
    let last = points[points.len() - 1];
    let ideal = |x: f64| (x, last.1 * (x / last.0).powf(growth.ideal.0));
    let from = points.iter().map(|p| p.0).find(|&x| ideal(x).1 >= points[0].1 / 4.0);
    Ok(Chart::new(growth.title)
        .x_label(growth.axis)
        .y_label(format!("µs a step, fastest burst, threads: {}", clock::threads()))
        .scale(Scale::Log)
        .x_scale(Scale::Log)
        .points("measured", points.clone())
        .points(
            format!("as the largest, {}", growth.ideal.1),
            points.iter().map(|p| p.0).filter(|&x| Some(x) >= from).map(ideal),
        ))
}
