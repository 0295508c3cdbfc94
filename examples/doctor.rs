//! Five mistakes in one program, and what the doctor says of each (one of them the loss itself refuses); then the program without a mistake, and a cure that was tried.
//!
//! `cargo run --release --example doctor [directory for pages]`

#![allow(clippy::print_stdout)]

use wengert::prelude::*;

/// A mistake in the program.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Mistake {
    /// None.
    None,
    /// A learning rate of 0.5.
    RateTooHigh,
    /// Scores where the loss takes probabilities.
    NoSoftmax,
    /// A softmax before the loss that has its own.
    SoftmaxTwice,
    /// The same behind a scaling, where the loss does not look for it: at once behind the softmax it refuses.
    SoftmaxScaled,
    /// A layer whose result is detached.
    Detached,
    /// Labels in another order than their images.
    LabelsShuffled,
}

struct Net {
    l1: Linear,
    l2: Linear,
    l3: Linear,
}
parts!(Net { l1, l2, l3 });

/// Trains with a mistake, and a doctor.
pub(crate) fn run(mistake: Mistake) -> Result<Doctor, Box<dyn std::error::Error>> {
    let (x, mut y) = wengert::data::digits().into_parts();
    if mistake == Mistake::LabelsShuffled {
        y = y.index_select(0, &wengert::tensor::Tensor::permutation(y.len(), &mut Rng::new(1)))?;
    }
    let loader = DataLoader::new(TensorDataset::new(x, y)?, 32)?.shuffle(0);
    let rng = &mut Rng::new(0);
    let net = Net {
        l1: Linear::new(64, 64, rng),
        l2: Linear::new(64, 32, rng),
        l3: Linear::new(32, 10, rng),
    };
    let rate = if mistake == Mistake::RateTooHigh { 0.5 } else { 0.002 };
    let mut optimizer = Adam::new(net.parameters(), rate).allow_unused();

    let mut doctor = Doctor::new();
    for epoch in 0..4 {
        for (x, y) in loader.epoch(epoch) {
            let tape = Tape::new();
            optimizer.zero_grad();
            let h = net.l1.call(tape.input(x.reshape([x.shape()[0], 64])?))?.relu();
            let h = if mistake == Mistake::Detached { h.detach() } else { h };
            let out = net.l3.call(net.l2.call(h)?.relu())?;
            let out = match mistake {
                Mistake::SoftmaxTwice => out.softmax(-1)?,
                Mistake::SoftmaxScaled => out.softmax(-1)? * 2.0,
                _ => out,
            };
            let loss = if mistake == Mistake::NoSoftmax {
                let at = tape.input(y.reshape([y.len(), 1])?);
                -out.gather(1, at)?.mean()
            } else {
                CrossEntropyLoss::new().forward(out, &y)?
            };
            loss.backward()?;
            doctor.before(loss, &optimizer);
            optimizer.step()?;
            doctor.after(&optimizer);
        }
    }
    Ok(doctor)
}

/// The same net by a trainer, with the rate too high; and each remedy of what was found, tried on a copy of the run.
pub(crate) fn cures() -> Result<wengert::train::doctor::Cures, Box<dyn std::error::Error>> {
    let loader = DataLoader::new(wengert::data::digits(), 32)?.shuffle(0);
    let rng = &mut Rng::new(0);
    let model = Sequential::new()
        .with(Linear::new(64, 64, rng))
        .with(Relu)
        .with(Linear::new(64, 32, rng))
        .with(Relu)
        .with(Linear::new(32, 10, rng));
    let (criterion, mut optimizer) = (CrossEntropyLoss::new(), Adam::new(model.parameters(), 0.5));
    let mut doctor = Doctor::new();
    Trainer::new(&model, &criterion, &mut optimizer).with(&mut doctor).silent().fit(&loader, 4)?;
    let report = doctor.report();
    let finding = report.findings().first().ok_or("nothing was found")?;
    Ok(finding.try_cures(&model, &criterion, &mut optimizer, &loader, 200)?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pages = std::env::args().nth(1);
    for (name, mistake) in [
        ("a learning rate of 0.5", Mistake::RateTooHigh),
        ("no softmax", Mistake::NoSoftmax),
        ("a softmax too many, scaled", Mistake::SoftmaxScaled),
        ("a layer that is detached", Mistake::Detached),
        ("labels of other samples", Mistake::LabelsShuffled),
        ("no mistake", Mistake::None),
    ] {
        let doctor = run(mistake)?;
        println!("=== {name}\n{}\n", doctor.report());
        if let Some(directory) = &pages {
            let file = std::path::Path::new(directory).join(name.replace(' ', "-") + ".html");
            std::fs::write(file, doctor.to_page())?;
        }
        if mistake == Mistake::None {
            println!("{}", doctor.flow());
        }
    }
    // One that the loss sees needs no doctor.
    if let Err(refused) = run(Mistake::SoftmaxTwice) {
        println!("=== a softmax too many\n{refused}\n");
    }
    println!("=== cures for a learning rate of 0.5\n{}", cures()?);
    Ok(())
}
