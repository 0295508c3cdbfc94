//! Event files that TensorBoard's own reader judges, and beside each the truth: `tensorboard <directory>`. With `endless` after
//! the directory it writes numbers without end, and prints each when it is written, until it is killed.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use wengert_autograd::{Param, Tape};
use wengert_board::TbWriter;
use wengert_data::{DataLoader, metrics, npy, synth};
use wengert_loss::{CrossEntropyLoss, penalty::Penalty};
use wengert_nn::{Dropout, Linear, Module, Parts, Relu, sequential};
use wengert_optim::Adam;
use wengert_tensor::{Rng, Tensor, tensor};
use wengert_train::{Config, Trainer};

/// The epochs of the trainer.
const EPOCHS: usize = 12;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("which directory?")?);
    if arguments.next().as_deref() == Some("endless") {
        return endless(&directory);
    }
    by_hand(&directory)?;
    trained(&directory)
}

fn endless(directory: &Path) -> Outcome {
    let (mut board, mut out) = (TbWriter::new(directory)?, std::io::stdout().lock());
    for step in 0.. {
        board.scalar("step", step, step as f64)?;
        writeln!(out, "{step}")?;
        out.flush()?;
    }
    Ok(())
}

/// Each kind of value, with numbers at the edges.
fn by_hand(directory: &Path) -> Outcome {
    let run = directory.join("by_hand");
    let mut board = TbWriter::new(&run)?;
    let rng = &mut Rng::new(0);

    let edges =
        [0.0, -0.0, 0.1, 1e-45, f64::from(f32::MAX), f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let scalars = Tensor::from(edges.to_vec());
    for (k, x) in edges.into_iter().enumerate() {
        board.scalar("edges", k * 300_000_007, x)?;
    }
    npy::write(run.join("edges.npy"), &scalars)?;
    let loss = Tensor::<f32>::randn([300], rng);
    for (step, x) in loss.iter().enumerate() {
        board.scalar("größe/损失", step, x)?;
    }
    npy::write(run.join("loss.npy"), &loss)?;

    let weights = Tensor::<f32>::randn([40, 25], rng);
    let equal = Tensor::full([7], -2.5_f32);
    for (name, values) in [("weights", &weights), ("equal", &equal), ("one", &tensor![3.0])] {
        board.histogram(name, 5, values)?;
        npy::write(run.join(format!("{name}.npy")), values)?;
    }

    // Grey without an axis of channels, one to four channels, and one beyond a block of its stream.
    let shapes: [&[usize]; 6] =
        [&[5, 3], &[1, 1, 1], &[2, 4, 4], &[3, 6, 2], &[4, 3, 3], &[3, 200, 150]];
    for (k, shape) in shapes.into_iter().enumerate() {
        let pixels = Tensor::<f32>::rand(shape, rng).mul_scalar(255.0).round();
        if k % 2 == 0 {
            board.image(&format!("image/{k}"), k, &pixels.cast::<u8>())?;
        } else {
            board.image(&format!("image/{k}"), k, &pixels.mul_scalar(1.0 / 255.0))?;
        }
        npy::write(run.join(format!("image{k}.npy")), &pixels.cast::<u8>())?;
    }

    let text = "A **table**:\n\n| a | ü |\n|---|---|\n| 1 | 学 |\n";
    board.text("notes", 3, text)?;
    board.text("notes", 4, "")?;
    fs::write(run.join("notes.txt"), text)?;

    let config = Config::new().with("lr", 0.01).with("width", 32).with("optimizer", "Adam");
    board.hyper_parameters(&config, &["edges", "größe/损失"])?;

    let model =
        sequential![Linear::<f32>::new(4, 8, rng), Relu, Dropout::new(0.5), Linear::new(8, 3, rng)];
    assert!(model.parameters().iter().all(Param::is_named));
    let tape = Tape::new().seeded(0);
    let outputs = model.call(tape.constant(Tensor::zeros([2, 4])))?;
    outputs.square().mean();
    tape.input(tensor![1_usize, 2]);
    board.graph(&tape)?;
    let lines = tape.lines();
    let facts = lines.iter().map(|line| {
        let shape: Vec<String> = line.shape().iter().map(usize::to_string).collect();
        let operands: Vec<String> = line.operands().iter().map(usize::to_string).collect();
        format!(
            "{}\t{}\t{}\t{}\n",
            line.op().name(),
            operands.join(","),
            shape.join(","),
            line.at()
        )
    });
    fs::write(run.join("graph.tsv"), facts.collect::<String>())?;
    Ok(())
}

/// The events of a trainer's companion, beside the trainer's own history.
fn trained(directory: &Path) -> Outcome {
    let run = directory.join("trained");
    let (train, test) = synth::moons::<f32>(120, 0.1, 0).split(0.25, 0)?;
    let (train, test) = (DataLoader::new(train, 16)?.shuffle(0), DataLoader::full(test)?);
    let rng = &mut Rng::new(0);
    let model = sequential![Linear::<f32>::new(2, 8, rng), Relu, Linear::new(8, 2, rng)];
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let mut board = TbWriter::new(&run)?.every(4).histograms();
    let history = Trainer::new(&model, &criterion, &mut optimizer)
        .validation(&test)
        .metric("accuracy", metrics::accuracy)
        .penalty("l2", |tape, parameters| Penalty::l2(0.01).on(tape, parameters))
        .with(&mut board)
        .fit(&train, EPOCHS)?;
    let columns = [
        history.train_losses().collect::<Vec<f64>>(),
        history.validation_losses().collect(),
        history.train_metrics().collect(),
        history.validation_metrics().collect(),
        history.objectives().collect(),
        history.penalty("l2").unwrap_or_default().to_vec(),
        history.learning_rates().collect(),
    ];
    let rows = columns.len();
    npy::write(run.join("history.npy"), &Tensor::from(columns.concat()).reshape([rows, EPOCHS])?)?;
    for (path, parameter) in model.named_parameters() {
        npy::write(run.join(format!("{path}.npy")), &parameter.value())?;
    }
    Ok(())
}
