//! Files that NumPy, safetensors, PyTorch and pandas judge: `files write <directory>` writes one of each kind and, beside it, its
//! contents as `.dump`; `files dump <directory>` reads each file that others wrote there, and dumps what was read.
//!
//! A dump has a line for each tensor: its name, its type, its sizes, and its elements as bytes, the least significant first. That of a
//! table has a line of cells for each row. What is read with an error is dumped as that error.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use wengert_data::npz::{self, Npz};
use wengert_data::{Array, Csv, Table, iris, npy};
use wengert_files::pt;
use wengert_files::safetensors::{AnyTensor, Archive};
use wengert_tensor::{Element, Rng, Tensor, tensor};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", directory] => write(Path::new(directory)),
        ["dump", directory] => dump(Path::new(directory)),
        _ => Err("files write <directory>, or files dump <directory>".into()),
    }
}

fn hex(bytes: impl IntoIterator<Item = u8>) -> String {
    bytes.into_iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn line<T: Element>(name: &str, x: &Tensor<T>, bytes: impl Fn(T) -> Vec<u8>) -> String {
    let shape = x.shape().iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    format!("{}\t{}\t{shape}\t{}\n", hex(name.bytes()), T::NAME, hex(x.iter().flat_map(bytes)))
}

fn of_array(name: &str, array: &Array) -> String {
    match array {
        Array::F32(x) => line(name, x, |x| x.to_le_bytes().into()),
        Array::F64(x) => line(name, x, |x| x.to_le_bytes().into()),
        Array::I64(x) => line(name, x, |x| x.to_le_bytes().into()),
        Array::Usize(x) => line(name, x, |x| x.to_le_bytes().into()),
        Array::U8(x) => line(name, x, |x| vec![x]),
        Array::Bool(x) => line(name, x, |x| vec![x.into()]),
        other => format!("error\t{} is not dumped\n", other.type_name()),
    }
}

fn of_archive(archive: Archive) -> String {
    let mut text = String::new();
    for (name, tensor) in archive.tensors {
        text += &match tensor {
            AnyTensor::F32(x) => line(&name, &x, |x| x.to_le_bytes().into()),
            AnyTensor::F64(x) => line(&name, &x, |x| x.to_le_bytes().into()),
            AnyTensor::I64(x) => line(&name, &x, |x| x.to_le_bytes().into()),
            AnyTensor::U8(x) => line(&name, &x, |x| vec![x]),
            AnyTensor::Bool(x) => line(&name, &x, |x| vec![x.into()]),
            other => format!("error\t{} is not dumped\n", other.type_name()),
        };
    }
    text
}

fn of_table(table: &Table) -> String {
    let row = |cells: &mut dyn Iterator<Item = &str>| {
        cells.map(|cell| hex(cell.bytes())).collect::<Vec<_>>().join("\t") + "\n"
    };
    let rows = (0..table.rows()).map(|k| row(&mut table.row(k)));
    row(&mut table.names()) + &rows.collect::<String>()
}

fn read(path: &Path) -> Outcome<String> {
    Ok(match path.extension().and_then(|e| e.to_str()) {
        Some("npy") => of_array("", &npy::read_any(path)?),
        Some("npz") => {
            let npz = Npz::read(path)?;
            let all = npz.names().map(|name| Ok(of_array(name, &npz.get_any(name)?)));
            all.collect::<Outcome<String>>()?
        }
        Some("safetensors") => of_archive(Archive::read(path)?),
        Some("pt") => of_archive(pt::read(path, None)?),
        Some("csv") => of_table(&Csv::new().read(path)?),
        other => return Err(format!("no reader for {other:?}").into()),
    })
}

fn dump(directory: &Path) -> Outcome {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(directory)? {
        paths.push(entry?.path());
    }
    for path in paths {
        let text = read(&path).unwrap_or_else(|error| format!("error\t{error}\n"));
        fs::write(format!("{}.dump", path.display()), text)?;
    }
    Ok(())
}

/// Arrays of each element type, with edges of its range, of several shapes, and as views.
fn arrays() -> Outcome<Vec<(&'static str, Array)>> {
    let rng = &mut Rng::new(0);
    let x = Tensor::<f32>::randn([2, 3, 4], rng);
    Ok(vec![
        ("f32", tensor![0.0_f32, -0.0, 1e-45, f32::MAX, f32::INFINITY, f32::NAN].into()),
        ("f64", tensor![[0.1_f64, -0.0], [5e-324, f64::MAX], [f64::NEG_INFINITY, f64::NAN]].into()),
        ("i64", tensor![i64::MIN, -1, 0, i64::MAX].into()),
        ("usize", tensor![0_usize, 1, usize::MAX].into()),
        ("u8", tensor![[0_u8, 127], [128, 255]].into()),
        ("bool", tensor![true, false].into()),
        ("scalar", Tensor::scalar(2.5_f32).into()),
        ("empty", Tensor::<f64>::zeros([0, 3]).into()),
        ("one", Tensor::<f32>::ones([1, 1, 1]).into()),
        ("cube", x.clone().into()),
        ("turned", x.permute([2, 0, 1])?.into()),
        ("part", x.select(1, 1)?.into()),
    ])
}

fn write(directory: &Path) -> Outcome {
    let dumped = |name: &str, text: String| fs::write(directory.join(format!("{name}.dump")), text);
    for (name, array) in arrays()? {
        let file = format!("{name}.npy");
        let path = directory.join(&file);
        match &array {
            Array::F32(x) => npy::write(path, x)?,
            Array::F64(x) => npy::write(path, x)?,
            Array::I64(x) => npy::write(path, x)?,
            Array::Usize(x) => npy::write(path, x)?,
            Array::U8(x) => npy::write(path, x)?,
            Array::Bool(x) => npy::write(path, x)?,
            other => return Err(format!("{} is not written", other.type_name()).into()),
        }
        dumped(&file, of_array("", &array))?;
    }
    npz::write(directory.join("all.npz"), arrays()?)?;
    dumped("all.npz", arrays()?.iter().map(|(name, array)| of_array(name, array)).collect())?;

    let tensors = arrays()?.into_iter().filter_map(|(name, array)| {
        let tensor = match array {
            Array::F32(x) => AnyTensor::F32(x),
            Array::F64(x) => AnyTensor::F64(x),
            Array::I64(x) => AnyTensor::I64(x),
            Array::U8(x) => AnyTensor::U8(x),
            Array::Bool(x) => AnyTensor::Bool(x),
            _ => return None,
        };
        Some((format!("layer.{name} \"ü\""), tensor))
    });
    let archive = Archive {
        tensors: tensors.collect(),
        metadata: vec![("format".into(), "pt".into()), ("note".into(), "ü \"学\"\n".into())],
    };
    archive.write(directory.join("all.safetensors"))?;
    dumped("all.safetensors", of_archive(archive))?;

    let table = Table::new()
        .with_column("whole", [i64::MIN, 0, i64::MAX])?
        .with_column("float", [0.1, -5e-324, f64::MAX].map(|x| format!("{x:?}")))?
        .with_column("said, \"so\"", ["a, \"b\"", "two\nlines", " ü 学;\t"])?;
    let csv = Csv::new();
    for (name, table) in [("table.csv", table), ("iris.csv", iris::<f64>().to_table())] {
        csv.write(directory.join(name), &table)?;
        dumped(name, of_table(&table))?;
    }
    Ok(())
}
