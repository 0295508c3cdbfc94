//! A classifier, trained on the built-in digits or on data of yours: `cargo run --release --example mlp -- --help`.
//!
//! The loop that trains is `train` below. What stands around it is in the other files: what can be asked for (`options`),
//! where the samples come from (`data`), what is made of words on the command line (`parts`), and what is told and
//! written (`report`).

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

mod data;
pub(crate) mod options;
mod parts;
pub(crate) mod report;

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use wengert::nn::{self, Parts};
use wengert::prelude::*;
use wengert::train::Progress;

use data::Samples;
use options::{Asked, Options};
use parts::Criterion;
use report::{History, Score};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let options = match options::parse(std::env::args().skip(1)) {
        Ok(Asked::Train(options)) => options,
        Ok(Asked::Help) => {
            print!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(wrong) => return refuse(&wrong),
    };
    match run(&options) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => refuse(&report::one_line(&error.to_string())),
    }
}

/// One line, and the code that says that it was not a crash.
fn refuse(wrong: &str) -> ExitCode {
    eprintln!("mlp: {wrong}");
    ExitCode::from(2)
}

/// All of it; gives the share of held-back samples that are read right.
pub(crate) fn run(options: &Options) -> Outcome<f64> {
    if let Some(threads) = options.threads {
        wengert::tensor::kernel::pool::set_threads(threads);
    }
    let samples = data::load(options)?;
    println!("{samples}");

    let mut rng = Rng::new(options.seed);
    let model = parts::model(options, samples.features(), samples.classes(), &mut rng);
    if let Some(file) = &options.load {
        model.load_state(&nn::load(file)?)?;
        println!("weights from {}", file.display());
    }
    println!("\n{}", model.summary(&Tensor::zeros([options.batch, samples.features()]))?);

    let criterion = Criterion::new(&options.loss, samples.classes());
    let history = train(options, &samples, &model, &criterion)?;
    report::write(options, &samples, &model, &criterion, &history)
}

/// The loop.
fn train(
    options: &Options,
    samples: &Samples,
    model: &Sequential,
    criterion: &Criterion,
) -> Outcome<History> {
    let train_loader = DataLoader::new(samples.train.clone(), options.batch)?.shuffle(options.seed);
    let mut optimizer = parts::optimizer(options, model.parameters());
    let schedule = parts::schedule(options, train_loader.batches());
    let mut progress = Progress::new("", options.epochs * samples.train.len());
    let mut history = History::new(Instant::now());
    let mut running_loss = RunningMean::new();
    let mut step = 0;

    let untrained = evaluate(model, criterion, &samples.train)?.loss;
    if options.epochs > 0 {
        report::heading();
    }
    for epoch in 0..options.epochs {
        progress.label(format!("Epoch {}/{}", epoch + 1, options.epochs));
        for (inputs, labels) in train_loader.epoch(epoch) {
            optimizer.set_learning_rate(schedule.rate(step));
            step += 1;

            // Dropout draws from the tape, so each step's tape has a seed of its own.
            let tape = Tape::new().seeded(options.seed ^ (step as u64) << 20);
            optimizer.zero_grad();
            let outputs = model.call(tape.constant(inputs))?;
            let loss = criterion.forward(outputs, &labels)?;
            let value = loss.item()?;
            if !value.is_finite() {
                let rate = optimizer.learning_rate();
                return Err(format!("the loss is {value} after {step} steps: a learning rate of {rate:.1e} is too high for this net; try a lower --lr").into());
            }
            loss.backward()?;
            optimizer.step()?;
            running_loss.add(value, labels.len());
            progress.advance(labels.len(), format_args!("loss {:.4}", running_loss.mean()));
        }
        let _while_it_moved = running_loss.take();
        let train = evaluate(model, criterion, &samples.train)?;
        let test = evaluate(model, criterion, &samples.test)?;
        progress.clear();
        history.add(train, test, optimizer.learning_rate());
        history.tell(options.epochs);
    }
    match history.last_loss() {
        Some(loss) if loss > untrained => {
            let rate = options.lr;
            Err(format!("the loss rose from {untrained:.4} to {loss:.2e}: a learning rate of {rate:.1e} is too high for this net; try a lower --lr").into())
        }
        _ => Ok(history),
    }
}

/// Loss and accuracy of the weights as they are, in evaluation mode, with nothing recorded.
fn evaluate(model: &Sequential, criterion: &Criterion, samples: &data::Set) -> Outcome<Score> {
    let (mut loss, mut accuracy) = (RunningMean::new(), RunningMean::new());
    for (inputs, labels) in DataLoader::new(samples, 512)?.epoch(0) {
        let tape = Tape::no_grad();
        let outputs = model.call(tape.constant(inputs))?;
        loss.add(criterion.forward(outputs, &labels)?.item()?, labels.len());
        accuracy.add(metrics::accuracy(&outputs.value()?, &labels)?, labels.len());
    }
    Ok(Score { loss: loss.mean(), accuracy: accuracy.mean() })
}
