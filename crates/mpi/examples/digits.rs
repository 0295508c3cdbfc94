//! A classifier of handwritten digits, trained by any number of processes: `mpirun -n 4 target/release/examples/digits`.
#![allow(clippy::print_stdout)]

use wengert::prelude::*;
use wengert_mpi::World;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = World::new()?;
    let (train, test) = wengert::data::digits().stratified_split(0.2, 0)?;
    let train_loader = world.shard(DataLoader::new(train, 32)?.shuffle(0))?;
    let rng = &mut Rng::new(0);
    let model = sequential![Linear::new(64, 32, rng), Relu, Linear::new(32, 10, rng)];
    world.broadcast(&model)?;
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let mut running_loss = RunningMean::new();

    let files = Checkpoints::at(std::env::args().nth(1).unwrap_or("digits.safetensors".into()));
    let place = world.resume(&files, &model, &mut optimizer, &mut [])?;
    for epoch in place.epoch..20 {
        for (inputs, labels) in train_loader.epoch(epoch) {
            let tape = Tape::new();
            optimizer.zero_grad();
            let loss = criterion.forward(model.call(tape.constant(inputs))?, &labels)?;
            loss.backward()?;
            world.average_gradients(&optimizer)?;
            optimizer.step()?;
            running_loss.add(loss.item()?, labels.len());
        }
        let mean = world.mean(&mut running_loss)?;
        if world.is_first() {
            println!("Epoch {}, loss: {mean:.3}", epoch + 1);
        }
        world.save(&files, &Checkpoint::of(&model, &optimizer, epoch + 1))?;
    }
    if world.is_first() {
        let accuracy = metrics::accuracy(&model.predict(test.features())?, test.targets())?;
        println!("{} ranks, {:.1} % of the test's digits", world.size(), 100.0 * accuracy);
    }
    Ok(())
}
