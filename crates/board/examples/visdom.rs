//! Windows that a Visdom server judges: `visdom <address> <directory>` posts curves, images, a text and the curves of a trainer, and
//! writes their truth into the directory. With `more` after it, a second run adds to the curves.

use std::fs;
use std::path::Path;

use wengert_board::Visdom;
use wengert_data::{DataLoader, metrics, npy, synth};
use wengert_loss::CrossEntropyLoss;
use wengert_nn::{Linear, Parts, Relu, sequential};
use wengert_optim::Adam;
use wengert_tensor::{Rng, Tensor};
use wengert_train::Trainer;

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, directory, rest @ ..] = &arguments[..] else {
        return Err("visdom <address> <directory>".into());
    };
    if rest.first().is_some_and(|word| word == "more") {
        let mut board = Visdom::connect(address)?.keep();
        return Ok(board.curve("numbers", "one", [(4.0, 0.5), (5.0, 0.25)])?);
    }
    by_hand(address, Path::new(directory))?;
    trained(address, Path::new(directory))
}

fn by_hand(address: &str, directory: &Path) -> Outcome {
    // That of an earlier run, which the first points of this one replace.
    Visdom::connect(address)?.point("numbers", "old", 0.0, 0.0)?;
    let mut board = Visdom::connect(address)?;
    let one = [0.1, -5e-324, f64::NAN, f64::MAX];
    for (x, y) in one.into_iter().enumerate() {
        board.point("numbers", "one", x as f64, y)?;
    }
    let two = Tensor::<f64>::randn([200], &mut Rng::new(0));
    board.curve("numbers", "zwei \"2\" 学", two.iter().enumerate().map(|(x, y)| (x as f64, y)))?;
    npy::write(directory.join("two.npy"), &two)?;
    let text = "<b>ü</b> \"学\"\n";
    board.text("notes", text)?;
    fs::write(directory.join("notes.txt"), text)?;
    let mut other = Visdom::connect(address)?.environment("other");
    let rng = &mut Rng::new(1);
    let shapes: [&[usize]; 4] = [&[5, 3], &[3, 6, 2], &[4, 3, 3], &[3, 200, 150]];
    for (k, shape) in shapes.into_iter().enumerate() {
        let pixels = Tensor::<f32>::rand(shape, rng).mul_scalar(255.0).round();
        other.image(&format!("image {k}"), &pixels.mul_scalar(1.0 / 255.0))?;
        npy::write(directory.join(format!("image{k}.npy")), &pixels.cast::<u8>())?;
    }
    Ok(())
}

fn trained(address: &str, directory: &Path) -> Outcome {
    let (train, test) = synth::moons::<f32>(600, 0.1, 0).split(0.25, 0)?;
    let (train, test) = (DataLoader::new(train, 8)?.shuffle(0), DataLoader::full(test)?);
    let rng = &mut Rng::new(0);
    let model = sequential![Linear::<f32>::new(2, 8, rng), Relu, Linear::new(8, 2, rng)];
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let board = Visdom::connect(address)?.environment("trained");
    let history = Trainer::new(&model, &criterion, &mut optimizer)
        .validation(&test)
        .metric("accuracy", metrics::accuracy)
        .with(board)
        .fit(&train, 3)?;
    let columns = [
        history.train_losses().collect::<Vec<f64>>(),
        history.validation_losses().collect(),
        history.train_metrics().collect(),
        history.validation_metrics().collect(),
        history.learning_rates().collect(),
    ];
    let rows = columns.len();
    npy::write(directory.join("history.npy"), &Tensor::from(columns.concat()).reshape([rows, 3])?)?;
    Ok(())
}
