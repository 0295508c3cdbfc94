//! From a table in a file to predictions by a saved model: read, hold some back, scale, train, save; then, as another
//! program would, load and predict. The scale is a layer of the model, and the classes' names are in its file.
//!
//! `cargo run --release --example 06_csv_to_prediction`

#![allow(clippy::print_stdout)]

use std::path::Path;

use wengert::data::{Csv, Standardizer, iris};
use wengert::nn;
use wengert::prelude::*;

/// The model, for as many inputs as the table has columns. Its first layer brings them to one scale.
fn model(scale: Standardize, inputs: usize, classes: usize) -> Sequential {
    let rng = &mut Rng::new(0);
    sequential![
        scale: scale,
        hidden: Linear::new(inputs, 16, rng),
        tanh: Tanh,
        out: Linear::new(16, classes, rng),
    ]
}

/// Trains on the table in `csv`, whose column `label` is to be predicted, and saves the model. Returns the accuracy on
/// samples that were held back.
pub(crate) fn train(csv: &Path, weights: &Path) -> Result<f64, Box<dyn std::error::Error>> {
    let data = Csv::new().read(csv)?.classification::<f32>("label")?;
    let (train, test) = data.stratified_split(0.2, 0)?;
    // Learned from the training part alone: nothing of the test leaks into it.
    let scaler = Standardizer::fit(train.features())?;
    let scale = Standardize::of(&scaler.mean(), &scaler.deviation())?;
    let model = model(scale, data.feature_names().len(), data.classes());

    let loader = DataLoader::new(train, 16)?.shuffle(0);
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    for epoch in 0..60 {
        for (inputs, labels) in loader.epoch(epoch) {
            let tape = Tape::new();
            optimizer.zero_grad();
            let loss = criterion.forward(model.forward(tape.constant(inputs))?, &labels)?;
            loss.backward()?;
            optimizer.step()?;
        }
    }
    nn::save(weights, &model.state().with_class_names(data.class_names()))?;
    Ok(metrics::accuracy(&model.predict(test.features())?, test.labels())?)
}

/// The names of the classes that the saved model sees in the rows of a table without that column.
pub(crate) fn predict(
    csv: &Path,
    weights: &Path,
) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let state = nn::load::<f32>(weights)?;
    let names = state.class_names();
    let table = Csv::new().read(csv)?;
    let columns = table.names().len();
    let model = model(Standardize::new([columns]), columns, names.len());
    model.load_state(&state)?;

    let scores = model.predict(&table.tensor(0..columns)?)?;
    Ok(metrics::predictions(&scores)?.iter().map(|class| names[class].clone()).collect())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::temp_dir().join(format!("wengert-csv-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let [flowers, new, weights] =
        ["flowers.csv", "new.csv", "weights.safetensors"].map(|name| directory.join(name));
    Csv::new().write(&flowers, &iris::<f32>().to_table())?;
    std::fs::write(
        &new,
        "sepal_length,sepal_width,petal_length,petal_width\n5.0,3.4,1.5,0.2\n6.5,3.0,5.6,2.1\n",
    )?;

    println!("accuracy on samples held back: {:.3}", train(&flowers, &weights)?);
    println!("predicted for two new flowers: {:?}", predict(&new, &weights)?);
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}
