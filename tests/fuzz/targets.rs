//! The readers, each with good files and with the memory that it may hold.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use wengert::data::npz::Npz;
use wengert::data::{Csv, idx, npy};
use wengert::files::safetensors::Archive;
use wengert::files::zip::{self, Zip};
use wengert::files::{State, pt};
use wengert::nn::{BatchNorm1d, BatchNorm2d, Linear, Module, Parts, sequential};
use wengert::optim::schedule::ReduceLrOnPlateau;
use wengert::optim::{Adam, Average};
use wengert::tensor::{Rng, Tensor};
use wengert::train::{Checkpoint, EarlyStopping};

use crate::corpus;

/// A reader of files.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// Good files.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
    /// Reads bytes and what can be read from the result; whether they were taken.
    pub(crate) read: fn(&[u8]) -> bool,
    /// The memory that it may hold, as a multiple of the bytes.
    times: usize,
}

impl Target {
    /// The most memory that it may hold for so many bytes.
    pub(crate) fn most_memory(&self, bytes: usize) -> usize {
        // A little for the error's text and for the buffers of readers and decoders.
        // A graph that runs reads and writes `NUMBERS` of four bytes, and its kernels pack some of them.
        let run = if self.name == "onnx-run" { 64 * NUMBERS } else { 0 };
        self.times * bytes + run + (1 << 19)
    }
}

pub(crate) const TARGETS: &[Target] = &[
    Target { name: "safetensors", seeds: safetensors_seeds, read: read_safetensors, times: 64 },
    Target { name: "checkpoint", seeds: checkpoint_seeds, read: read_checkpoint, times: 64 },
    Target { name: "npy", seeds: npy_seeds, read: read_npy, times: 64 },
    Target { name: "npz", seeds: npz_seeds, read: read_npz, times: 4096 },
    Target { name: "idx", seeds: idx_seeds, read: read_idx, times: 64 },
    Target { name: "csv", seeds: csv_seeds, read: read_csv, times: 256 },
    Target { name: "pt", seeds: pickle_seeds, read: read_pickle, times: 512 },
    Target { name: "pt.zip", seeds: pt_seeds, read: read_pt, times: 64 },
    Target { name: "onnx", seeds: onnx_seeds, read: read_onnx, times: 64 },
    Target { name: "onnx-run", seeds: onnx_run_seeds, read: run_onnx, times: 256 },
    #[cfg(feature = "gz")]
    Target { name: "idx.gz", seeds: gz_seeds, read: read_gz, times: 4096 },
];

fn fixture(path: &str) -> Vec<u8> {
    fs::read(Path::new(crate::ROOT).join("crates").join(path)).unwrap()
}

fn safetensors_seeds() -> Vec<Vec<u8>> {
    let net = sequential![Linear::<f32>::new(2, 2, &mut Rng::new(0)), BatchNorm1d::new(2)];
    let state = net.state().with_class_names(["a", "b \"c\" \u{1f600}"]);
    vec![fixture("nn/tests/fixtures/python.safetensors"), Archive::from(&state).to_bytes().unwrap()]
}

fn read_safetensors(bytes: &[u8]) -> bool {
    let Ok(archive) = Archive::from_bytes(bytes) else { return false };
    // Sound after all: then it goes round.
    let again = Archive::from_bytes(&archive.to_bytes().unwrap()).unwrap();
    assert_eq!(format!("{again:?}"), format!("{archive:?}"));
    if let Ok(state) = State::<f32>::try_from(archive) {
        let net = sequential![Linear::<f32>::new(2, 2, &mut Rng::new(0)), BatchNorm1d::new(2)];
        let _ = state.class_names();
        let _ = net.load_matching(&state);
        let _ = net.load_state(&state);
    }
    true
}

fn checkpoint_seeds() -> Vec<Vec<u8>> {
    // That of version 1 has no checksum, so that mutations of it get further.
    [1, 1, 1, 2]
        .map(|v| fixture(&format!("train/tests/fixtures/checkpoint-{v}.safetensors")))
        .into()
}

fn read_checkpoint(bytes: &[u8]) -> bool {
    let Ok(checkpoint) = Checkpoint::<f32>::from_bytes(bytes) else { return false };
    let again = Checkpoint::<f32>::from_bytes(&checkpoint.to_bytes().unwrap()).unwrap();
    assert_eq!(format!("{again:?}"), format!("{checkpoint:?}"));
    let rng = &mut Rng::new(0);
    let net = sequential![
        Linear::<f32>::new(2, 4, rng),
        BatchNorm1d::new(4),
        wengert::nn::Relu,
        wengert::nn::Relu,
        Linear::new(4, 2, rng),
    ];
    let mut optimizer = Adam::new(net.parameters(), 0.02);
    let (mut plateau, mut stopping) = (ReduceLrOnPlateau::new(0.02), EarlyStopping::new());
    let mut average = Average::new(net.parameters(), 0.5);
    let _ = checkpoint.restore_into("plateau", &mut plateau);
    let _ = checkpoint.restore_into("stopping", &mut stopping);
    let _ = checkpoint.restore_into("run", &mut average);
    let _ = checkpoint.restore(&net, &mut optimizer);
    let _ = stopping.after(&net, 0.5);
    plateau.step(0.5);
    true
}

fn npy_seeds() -> Vec<Vec<u8>> {
    ["f4", "f8_fortran", "i2_big", "bool", "v2", "v3", "scalar", "empty", "u8"]
        .map(|name| fixture(&format!("data/tests/fixtures/{name}.npy")))
        .into()
}

fn read_npy(bytes: &[u8]) -> bool {
    let Ok(array) = npy::read_from(bytes) else { return false };
    let _ = array.tensor::<f32>();
    let _ = array.tensor::<usize>();
    true
}

/// Files of PyTorch's.
const PT: [&str; 3] = ["state", "views", "kinds"];

fn pt_file(name: &str) -> Vec<u8> {
    fixture(&format!("files/tests/fixtures/{name}.pt"))
}

fn pt_seeds() -> Vec<Vec<u8>> {
    PT.map(pt_file).into()
}

fn read_pt(bytes: &[u8]) -> bool {
    // Sound after all: then its tensors are, and another format can hold them.
    pt::from_bytes(bytes, None).is_ok_and(|archive| archive.to_bytes().is_ok())
}

/// The pickles alone, which lie under a checksum that nearly every mutation would break.
fn pickle_seeds() -> Vec<Vec<u8>> {
    let pickle = |name| {
        let zip = Zip::parse(pt_file(name)).unwrap();
        let is_pickle = |m: &&zip::Member| m.name.ends_with("data.pkl");
        zip.stored(zip.members().iter().find(is_pickle).unwrap()).unwrap().to_vec()
    };
    PT.map(pickle).into_iter().chain([corpus::good_pickle()]).collect()
}

/// Reads a pickle next to the numbers of each file, with a checksum that fits.
fn read_pickle(bytes: &[u8]) -> bool {
    static FILES: LazyLock<[Zip; 3]> =
        LazyLock::new(|| PT.map(|name| Zip::parse(pt_file(name)).unwrap()));
    let read = FILES.each_ref().map(|zip| {
        let members = zip.members().iter().map(|member| {
            let is_pickle = member.name.ends_with("data.pkl");
            (&*member.name, if is_pickle { bytes } else { zip.stored(member).unwrap() })
        });
        let file = corpus::zip(&members.collect::<Vec<_>>());
        drop(pt::from_bytes(&file, Some("model")));
        read_pt(&file)
    });
    read.contains(&true)
}

fn onnx_seeds() -> Vec<Vec<u8>> {
    let rng = &mut Rng::new(0);
    let net = sequential![Linear::<f32>::new(2, 3, rng), BatchNorm1d::new(3), wengert::nn::Relu];
    let images =
        sequential![wengert::nn::Conv2d::<f32>::new(1, 2, 2, rng), wengert::nn::MaxPool2d::new(2)];
    vec![
        wengert::onnx::to_bytes(&net, [1, 2]).unwrap(),
        wengert::onnx::to_bytes(&images, [1, 1, 5, 5]).unwrap(),
    ]
}

fn read_onnx(bytes: &[u8]) -> bool {
    let Ok(net) = wengert::onnx::Net::from_bytes(bytes) else { return false };
    let _ = net.parameters();
    true
}

/// The numbers that a run of a graph may read and write.
const NUMBERS: usize = 1 << 18;

/// Graphs of all kinds of nodes.
fn onnx_run_seeds() -> Vec<Vec<u8>> {
    use wengert::nn::{
        AvgPool2d, ConvTranspose1d, Flatten, Gru, LayerNorm, Lstm, Softmax, TransformerEncoderLayer,
    };
    let rng = &mut Rng::new(0);
    let images = sequential![
        wengert::nn::Conv2d::<f32>::new(1, 2, 2, rng).padding(1),
        BatchNorm2d::new(2),
        wengert::nn::Gelu::new(),
        wengert::nn::MaxPool2d::new(2),
        AvgPool2d::new(2),
        Flatten::default(),
        Linear::new(2, 3, rng),
        Softmax::new(1),
    ];
    let rows =
        sequential![Linear::<f32>::new(3, 4, rng), LayerNorm::new([4]), wengert::nn::Elu::new(1.0)];
    let up = sequential![ConvTranspose1d::<f32>::new(2, 2, 3, rng).stride(2), wengert::nn::Tanh];
    let attention = TransformerEncoderLayer::<f32>::new(4, 2, rng);
    let lstm = Lstm::<f32>::new(3, 2, rng).batch_first();
    let gru = Gru::<f32>::new(3, 2, rng).bidirectional(rng).batch_first();
    let mut seeds = onnx_seeds();
    seeds.extend([
        wengert::onnx::to_bytes(&lstm, [1, 2, 3]).unwrap(),
        wengert::onnx::to_bytes(&gru, [1, 2, 3]).unwrap(),
        wengert::onnx::to_bytes(&images, [1, 1, 5, 5]).unwrap(),
        wengert::onnx::to_bytes(&rows, [1, 3]).unwrap(),
        wengert::onnx::to_bytes(&up, [1, 2, 3]).unwrap(),
        wengert::onnx::to_bytes(&attention, [1, 2, 4]).unwrap(),
    ]);
    seeds
}

/// Imports a graph, and runs it on inputs of a few shapes, of which each good one takes one.
fn run_onnx(bytes: &[u8]) -> bool {
    let Ok(net) = wengert::onnx::Net::from_bytes(bytes) else { return false };
    let net = net.limit(NUMBERS);
    let floats = [&[2, 2][..], &[1, 3], &[1, 1, 5, 5], &[1, 2, 3], &[2, 2, 4], &[0, 2], &[]];
    let runs = floats.map(|shape| net.predict(&Tensor::<f32>::full(shape, 0.5)).is_ok());
    let indices = Tensor::<usize>::from(vec![0, 1, 1, 0]).reshape([2, 2]).unwrap();
    let of_indices: wengert::autograd::Result<Tensor<f32>> = net.predict(&indices);
    runs.contains(&true) || of_indices.is_ok()
}

fn npz_seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![fixture("data/tests/fixtures/stored.npz")];
    if cfg!(feature = "gz") {
        seeds.push(fixture("data/tests/fixtures/deflated.npz"));
    }
    seeds
}

fn read_npz(bytes: &[u8]) -> bool {
    let Ok(npz) = Npz::read_from(bytes) else { return false };
    npz.names().filter(|name| npz.get_any(name).is_ok()).count() > 0
}

fn idx_seeds() -> Vec<Vec<u8>> {
    let small = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4];
    let floats = [0, 0, 13, 1, 0, 0, 0, 2, 63, 128, 0, 0, 64, 0, 0, 0];
    vec![[small.as_slice(), &[7; 24]].concat(), floats.to_vec()]
}

fn read_idx(bytes: &[u8]) -> bool {
    idx::read_from(bytes)
        .is_ok_and(|array| array.tensor::<u8>().is_ok() | array.tensor::<f32>().is_ok())
}

fn csv_seeds() -> Vec<Vec<u8>> {
    vec![
        b"a,b,kind\n1,2.5,\"x\"\n-3e4,\"4\",\"y \"\"z\"\"\"\n5,6,x\r\n".to_vec(),
        b"1;2;3\n4;5;6\n".to_vec(),
        "\u{feff}h\u{f6}he,farbe\r\n1.5,rot\r\n2,gr\u{fc}n\r\n".as_bytes().to_vec(),
    ]
}

fn read_csv(bytes: &[u8]) -> bool {
    let all = [Csv::new(), Csv::new().header(true), Csv::new().delimiter(';').header(false)];
    let taken = all.map(|csv| {
        let Ok(table) = csv.read_from(bytes) else { return false };
        let last = table.names().len() - 1;
        let _ = (table.tensor::<f32>([0]), table.classification::<f64>(last), table.classes(0));
        !table.to_string().is_empty()
    });
    taken[0]
}

#[cfg(feature = "gz")]
fn gz_seeds() -> Vec<Vec<u8>> {
    vec![fixture("data/tests/fixtures/images.idx.gz")]
}

#[cfg(feature = "gz")]
fn read_gz(bytes: &[u8]) -> bool {
    // Only a path tells that a file is packed.
    let name = format!("wengert-fuzz-{}.idx.gz", std::process::id());
    let path = std::env::temp_dir().join(name);
    fs::write(&path, bytes).unwrap();
    let read = idx::read::<u8>(&path);
    fs::remove_file(&path).unwrap();
    read.is_ok()
}
