//! Pages of the explorer for the test in a browser, each with the printed tape next to it:
//! `cargo run -p wengert-viz --example explorer_pages -- DIRECTORY`.

use std::path::PathBuf;

use wengert_autograd::{Param, Result, Tape};
use wengert_tensor::{Rng, Tensor, tensor};
use wengert_viz::explore_to;

/// Writes the page and the printed tape.
fn write<T: wengert_tensor::Float>(tape: &Tape<T>, directory: &str, name: &str) -> Result<()> {
    let path = |ending: &str| PathBuf::from(directory).join(format!("{name}.{ending}"));
    explore_to(tape, path("html"))?;
    std::fs::write(path("txt"), tape.to_string()).expect("a directory that can be written to");
    Ok(())
}

/// A value used twice, a broadcast, and numbers whose last printed digit is a tie.
fn small() -> Result<Tape<f64>> {
    let tape = Tape::new().keeping_adjoints();
    {
        let (a, b) = (tape.scalar(2.0), tape.scalar(-0.03125));
        let c = a * b + b * b * b;
        let x = tape.var(tensor![[1.0, 2.0], [3.0, 100_050.0]]);
        let loss = (x * a + tape.var(tensor![0.5, 1e-5])).tanh().sum() + c.tanh();
        loss.backward()?;
    }
    Ok(tape)
}

/// A step of a net of the size that learns digits, in layers.
fn net() -> Result<Tape<f32>> {
    let mut rng = Rng::new(1);
    let sizes = [784, 128, 64, 10];
    let tape = Tape::new().keeping_adjoints();
    {
        let mut x = tape.constant(Tensor::uniform([64, 784], -1.0, 1.0, &mut rng)?);
        for (i, pair) in sizes.windows(2).enumerate() {
            let _layer = tape.scope(format!("net.{i}"));
            let w = Param::new(Tensor::uniform([pair[0], pair[1]], -0.05, 0.05, &mut rng)?);
            let b = Param::new(Tensor::zeros([pair[1]]));
            x = x.matmul(tape.param(&w))?.try_add(tape.param(&b))?.relu();
        }
        let _loss = tape.scope("loss");
        x.log_softmax(1)?.mean().backward()?;
    }
    Ok(tape)
}

/// At least so many lines.
fn many(lines: usize) -> Result<Tape<f64>> {
    let tape = Tape::new().keeping_adjoints();
    {
        let w = tape.scalar(0.999);
        let mut x = tape.scalar(0.5);
        for block in 0..lines / 100 + 1 {
            let _layer = tape.scope(format!("block{block}"));
            for _ in 0..50 {
                x = (x * w).tanh();
            }
        }
        x.backward()?;
    }
    Ok(tape)
}

/// The expressions that the test types into the playground, with the same inputs.
fn played() -> Result<[Tape<f64>; 2]> {
    let tapes = [Tape::new().keeping_adjoints(), Tape::new().keeping_adjoints()];
    {
        let [a, b] = [2.0, -0.5].map(|x| tapes[0].scalar(x));
        let c = a * b;
        let three = tapes[0].constant(Tensor::scalar(3.0));
        (c + b.pow(three)?).tanh().backward()?;
        let x = tapes[1].scalar(0.75);
        let y = tapes[1].scalar(1.25);
        let mut sum = x.sigmoid();
        for f in [
            x.relu(),
            x.exp(),
            x.ln(),
            x.sqrt(),
            x.square(),
            x.recip(),
            x.abs(),
            x.sin(),
            x.cos(),
            x.silu(),
            -x,
            x - y,
            x / y,
            x.pow(y)?,
            x.maximum(y)?,
            x.minimum(y)?,
        ] {
            sum = sum + f;
        }
        sum.backward()?;
    }
    Ok(tapes)
}

fn main() -> Result<()> {
    let directory = std::env::args().nth(1).unwrap_or_else(|| ".".to_string());
    write(&small()?, &directory, "small")?;
    write(&net()?, &directory, "net")?;
    for (tape, name) in played()?.iter().zip(["played", "played_all"]) {
        write(tape, &directory, name)?;
    }
    write(&many(10)?, &directory, "many10")?;
    for lines in [500, 5000] {
        write(&many(lines)?, &directory, &format!("many{lines}"))?;
    }
    let forward = Tape::<f32>::new();
    let _ = forward.constant(tensor![1.0, 2.0]).exp();
    write(&forward, &directory, "forward")
}
