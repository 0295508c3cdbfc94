//! Files that PyTorch has saved (see `fixtures/make_pt.py`), and files that it has not. `.ci/files` reads others, made anew.

// Helpers of tests are tests to nobody but us.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use wengert_files::safetensors::{AnyTensor, Archive};
use wengert_files::{Error, State, pt};
use wengert_tensor::{Tensor, tensor};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn tensor_of(archive: &Archive, name: &str) -> AnyTensor {
    archive.tensors.iter().find(|(n, _)| n == name).unwrap().1.clone()
}

fn floats(archive: &Archive, name: &str) -> Tensor<f32> {
    match tensor_of(archive, name) {
        AnyTensor::F32(x) => x,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_state_dict() {
    let state: State<f32> = pt::load(fixture("state.pt")).unwrap();
    assert_eq!(
        state.names().collect::<Vec<_>>(),
        [
            "0.weight",
            "0.bias",
            "1.weight",
            "1.bias",
            "1.running_mean",
            "1.running_var",
            "1.num_batches_tracked",
            "3.weight",
            "3.bias"
        ]
    );
    let weight = tensor![[0.0_f32, 0.125], [0.25, 0.375], [0.5, 0.625]];
    assert_eq!(state.get("0.weight"), Some(&weight));
    assert_eq!(state.get("3.bias"), Some(&tensor![5.0]));
    let archive = pt::read(fixture("state.pt"), None).unwrap();
    assert_eq!(tensor_of(&archive, "1.num_batches_tracked"), AnyTensor::I64(Tensor::scalar(0)));
    // In double precision the same numbers.
    let double: State<f64> = pt::load(fixture("state.pt")).unwrap();
    assert_eq!(double.get("0.weight"), Some(&weight.cast()));
}

#[test]
fn views_of_storages() {
    let archive = pt::read(fixture("views.pt"), None).unwrap();
    let base = Tensor::from_fn([4, 6], |i| (6 * i[0] + i[1]) as f32);
    assert_eq!(floats(&archive, "turned"), base.permute([1, 0]).unwrap());
    assert_eq!(floats(&archive, "part"), tensor![[6.0, 8.0, 10.0], [12.0, 14.0, 16.0]]);
    assert_eq!(floats(&archive, "row"), base.select(0, 2).unwrap());
    assert_eq!(floats(&archive, "same_row"), base.select(0, 2).unwrap());
    assert_eq!(floats(&archive, "parameter"), base.select(0, 3).unwrap());
    assert_eq!(floats(&archive, "spread"), tensor![1.0, 1.0, 1.0]);
    assert_eq!(floats(&archive, "empty").shape(), [0, 3]);
    assert_eq!(tensor_of(&archive, "scalar"), AnyTensor::I64(Tensor::scalar(5)));
    // Tied weights are one tensor here too.
    let (a, b) = (floats(&archive, "tied_a"), floats(&archive, "tied_b"));
    assert_eq!(a, tensor![[1.0, 2.0], [3.0, 4.0]]);
    assert!(a.shares_storage(&b) && !a.shares_storage(&floats(&archive, "row")));
}

#[test]
fn all_kinds_of_numbers() {
    let archive = pt::read(fixture("kinds.pt"), None).unwrap();
    let halves = tensor![0.0_f32, 0.5, -2.0, 65504.0];
    assert_eq!(floats(&archive, "torch.float16"), halves);
    assert_eq!(floats(&archive, "torch.float32"), halves);
    // 65504 has no image in eight bits.
    assert_eq!(floats(&archive, "torch.bfloat16"), tensor![0.0, 0.5, -2.0, 65536.0]);
    assert_eq!(tensor_of(&archive, "torch.float64"), AnyTensor::F64(halves.cast()));
    for kind in ["int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"] {
        let whole = tensor_of(&archive, &format!("torch.{kind}"));
        assert_eq!(whole, AnyTensor::I64(tensor![0, 1, 127]), "{kind}");
    }
    assert_eq!(tensor_of(&archive, "torch.uint8"), AnyTensor::U8(tensor![0_u8, 1, 127]));
    assert_eq!(tensor_of(&archive, "torch.bool"), AnyTensor::Bool(tensor![true, false]));
    assert_eq!(archive.tensors.len(), 13);
}

#[test]
fn a_part_of_a_checkpoint() {
    let path = fixture("checkpoint.pt");
    let state: State<f32> = pt::load_part(&path, "model").unwrap();
    let whole: State<f32> = pt::load(fixture("state.pt")).unwrap();
    assert_eq!(state, whole);
    for (error, said) in [
        (
            pt::load::<f32>(&path).unwrap_err(),
            "is a checkpoint and no state dict: there are `model` (a dict), `optimizer` (a dict), `schedule` (a dict), `epoch` (a whole number), `loss`",
        ),
        (
            pt::load_part::<f32>(&path, "net").unwrap_err(),
            "there is no `net`; there are `model` (a dict)",
        ),
        (
            pt::load_part::<f32>(&path, "epoch").unwrap_err(),
            "`epoch` is a whole number, not a state dict",
        ),
        (
            pt::load_part::<f32>(&path, "optimizer").unwrap_err(),
            "`state` is a dict, and a state dict has tensors alone",
        ),
    ] {
        let text = error.to_string();
        assert!(text.contains(said) && text.contains("checkpoint.pt: "), "{text}");
        assert!(text.contains("\n  help: ") && text.contains("tests/pt.rs"), "{text}");
    }
}

#[test]
fn what_is_no_state_dict() {
    let whole = pt::load::<f32>(fixture("whole.pt")).unwrap_err().to_string();
    assert!(whole.contains("mentions `torch.nn.modules.container.Sequential`"), "{whole}");
    assert!(
        whole
            .contains("nothing was run\n  help: in Python: `torch.save(model.state_dict(), path)`"),
        "{whole}"
    );
    let error = |bytes: &[u8]| pt::from_bytes(bytes, None).unwrap_err().to_string();
    assert!(
        error(b"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")
            .contains("format of before 1.6")
    );
    assert!(error(b"").contains("no directory at its end"));
    assert!(
        error(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").contains("without the `data.pkl`")
    );
    let missing = pt::load::<f32>(fixture("none.pt")).unwrap_err();
    assert!(matches!(missing, Error::Io { .. }) && missing.to_string().contains("tests/pt.rs"));
}

/// Each byte of the numbers is under a checksum, and a file that is cut off is refused.
#[test]
fn changed_files() {
    let good = std::fs::read(fixture("state.pt")).unwrap();
    assert!(pt::from_bytes(&good, None).is_ok());
    for end in 0..good.len() {
        assert!(pt::from_bytes(&good[..end], None).is_err(), "{end} bytes");
    }
    let place = good.windows(4).position(|w| w == 0.125_f32.to_le_bytes()).unwrap();
    let mut bad = good;
    bad[place] ^= 1;
    let error = pt::from_bytes(&bad, None).unwrap_err().to_string();
    assert!(error.contains("`0.weight`: the member's checksum is wrong"), "{error}");
}
