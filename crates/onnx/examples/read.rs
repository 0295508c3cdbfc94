//! ONNX files of other programs, read and run: each `name.onnx` of a directory is given `name.in.npy`, and its result is compared
//! with `name.out.npy`: `cargo run -p wengert-onnx --example read -- directory`.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;

use wengert_data::npy;
use wengert_nn::Module;
use wengert_tensor::Tensor;

/// The largest difference to the result that is written beside the file, as a part of that result's largest number.
fn difference(file: &Path) -> Result<f32, Box<dyn Error>> {
    let net = wengert_onnx::import(file)?;
    let x = npy::read::<f32>(file.with_extension("in.npy"))?;
    let wanted = npy::read::<f32>(file.with_extension("out.npy"))?;
    let y: Tensor<f32> = net.predict(&x)?;
    if y.shape() != wanted.shape() {
        return Err(format!("{:?} where {:?} is wanted", y.shape(), wanted.shape()).into());
    }
    let largest = wanted.iter().fold(f32::MIN_POSITIVE, |m, x| m.max(x.abs()));
    let apart = y.iter().zip(wanted.iter()).map(|(a, b)| (a - b).abs());
    // A NaN is a difference.
    Ok(apart.fold(0.0, |m: f32, d| if d <= m { m } else { d }) / largest)
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args().nth(1).ok_or("a directory is wanted")?;
    let files = std::fs::read_dir(directory)?.collect::<Result<Vec<_>, _>>()?;
    let mut files: Vec<_> = files.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|name| name == "onnx"));
    files.sort();
    let mut wrong = 0;
    for file in &files {
        let name = file.file_stem().unwrap_or_default().display();
        match difference(file) {
            Ok(apart) if apart <= 1e-5 => println!("{name}: {apart:.1e}"),
            Ok(apart) => {
                wrong += 1;
                println!("{name}: WRONG: a difference of {apart:.1e}");
            }
            Err(error) => {
                wrong += 1;
                println!("{name}: WRONG: {error}");
            }
        }
    }
    println!("{} files read, {wrong} wrong", files.len());
    if wrong > 0 { Err("a file was not read rightly".into()) } else { Ok(()) }
}
