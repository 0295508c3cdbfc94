//! Lesson 10: handwritten digits with a `Trainer`: the loop, and what one wants around it.

#![allow(clippy::print_stdout)]

use wengert::prelude::*;

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Built-in images of 8 × 8. Some are held back: what was trained on cannot show what was learned.
    let (train, held_back) = wengert::data::digits().stratified_split(0.2, 0)?;
    let (images, labels) = (held_back.features().clone(), held_back.labels().clone());
    let train_loader = DataLoader::new(train, 32)?.shuffle(0);
    let test_loader = DataLoader::new(held_back, 256)?;

    let rng = &mut Rng::new(0);
    let model =
        sequential![hidden: Linear::new(64, 32, rng), relu: Relu, out: Linear::new(32, 10, rng)];
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = Adam::new(model.parameters(), 0.01);

    // Before training: a net that knows nothing has the loss ln 10 = 2.3. Another number here is a mistake in the program.
    let tape = Tape::no_grad();
    let start = criterion.forward(model.call(tape.constant(images.clone()))?, &labels)?.item()?;
    println!("loss before training {start:.1}");

    let history = Trainer::new(&model, &criterion, &mut optimizer)
        .validation(&test_loader)
        .metric("accuracy", metrics::accuracy)
        .stopping(EarlyStopping::new().patience(5))
        .silent()
        .fit(&train_loader, 20)?;
    let best = history.best().ok_or("no epoch was run")?;
    let accuracy = best.validation_metric.ok_or("there is no metric")?;
    println!(
        "best epoch {}, whose weights are back: {:.1} % read right",
        best.number,
        100.0 * accuracy
    );

    // The mistakes are worth a look: which digits are taken for which?
    let said = metrics::predictions(&model.predict(&images)?)?;
    let wrong: Vec<_> =
        said.iter().zip(labels.iter()).filter(|(said, label)| said != label).collect();
    let (taken, digit) = wrong.first().ok_or("no image is misread")?;
    println!(
        "{} of {} images misread; the first is a {digit}, taken for a {taken}",
        wrong.len(),
        labels.len()
    );
    Ok(())
}
