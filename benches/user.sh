#!/usr/bin/env bash
# A user's crate by the profiles that the README names: processor time of the first build and of one after a changed line, and the best
# epoch of the built-in digits. `benches/user.sh dev dev-1 release release-incremental`; each first build takes minutes.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
crate=$(mktemp -d)
trap 'rm -rf "$crate"' EXIT
mkdir "$crate/src"
cat >"$crate/Cargo.toml" <<TOML
[package]
name = "user"
version = "0.1.0"
edition = "2024"
[workspace]
[dependencies]
wengert = { path = "$root" }
[profile.dev-1]
inherits = "dev"
opt-level = 1
[profile.release-incremental]
inherits = "release"
incremental = true
TOML
cat >"$crate/src/main.rs" <<'RUST'
use wengert::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (train, test) = wengert::data::digits().stratified_split(0.2, 0)?;
    let train_loader = DataLoader::new(train, 32)?.shuffle(0);
    let rng = &mut Rng::new(0);
    let model = sequential![Linear::new(64, 32, rng), Relu, Linear::new(32, 10, rng)];
    let criterion = CrossEntropyLoss::new();
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let mut best = f64::INFINITY;
    for epoch in 0..40 {
        let started = std::time::Instant::now();
        let mut running_loss = RunningMean::new();
        for (inputs, labels) in train_loader.epoch(epoch) {
            let tape = Tape::new();
            optimizer.zero_grad();
            let outputs = model.call(tape.constant(inputs))?;
            let loss = criterion.forward(outputs, &labels)?;
            loss.backward()?;
            optimizer.step()?;
            running_loss.add(loss.item()?, labels.len());
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e3);
    }
    let accuracy = metrics::accuracy(&model.predict(test.features())?, test.targets())?;
    println!("best epoch {best:.2} ms, accuracy {accuracy:.3}");
    Ok(())
}
RUST
cp "$root/Cargo.lock" "$crate"
cd "$crate"
TIMEFORMAT='%U %S'
# Seconds of processor time of a build.
build() { { time cargo build -q --profile "$1" --target-dir "$crate/target" >&2; } 2>&1 | awk 'END { print $1 + $2 }'; }
for profile in "${@:-release}"; do
  first=$(build "$profile")
  folder=${profile/%dev/debug}
  run=$("$crate/target/$folder/user")
  sed -i 's/accuracy {accuracy:.3}/right: {accuracy:.3}/; t; s/right: /accuracy /' src/main.rs
  changed=$(build "$profile")
  echo "$profile: first build $first s, after a changed line $changed s of processor time; $run"
done
