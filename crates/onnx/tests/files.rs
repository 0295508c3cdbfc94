//! Files of models: what is refused, what is hostile, and that a file is read as what it was written from.

#![allow(clippy::unwrap_used)]

use wengert_autograd::Var;
use wengert_nn::{BatchNorm1d, Linear, MaxPool2d, Module, Parts, Relu, func, sequential};
use wengert_onnx::{Error, Net, export, import, to_bytes};
use wengert_tensor::{Rng, Tensor, keep};

fn net() -> wengert_nn::Sequential<f32> {
    let rng = &mut Rng::new(0);
    sequential![Linear::<f32>::new(4, 8, rng), BatchNorm1d::new(8), Relu, Linear::new(8, 3, rng)]
}

#[test]
fn a_file_gives_the_same_bits_and_has_the_paths_of_the_layers() {
    let model = net();
    // Frozen parameters are written as well, and stay frozen.
    model.freeze("0.*").unwrap();
    let path = std::env::temp_dir().join(format!("wengert-files-{}.onnx", std::process::id()));
    export(&model, [1, 4], &path).unwrap();
    assert!(model.parameters()[0].is_frozen());
    let net = import(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let x = Tensor::randn([5, 4], &mut Rng::new(1));
    let (got, wanted) = (net.predict(&x).unwrap(), model.predict(&x).unwrap());
    assert!(got.allclose(&wanted, 1e-6, 1e-6, false).unwrap(), "{got} {wanted}");
    let names: Vec<String> = net.named_parameters().into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"0.weight".into()) && names.contains(&"3.bias".into()), "{names:?}");
    assert!(format!("{net:?}").starts_with("Net("));
}

#[test]
fn what_has_no_image_is_refused_by_name_layer_and_line() {
    let sorted = func(|x: Var<'_, f32>| {
        let order = x.argmax(1)?;
        x.gather(1, &order.unsqueeze(1)?)
    });
    let error = to_bytes(&sorted, [1, 5]).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::NoImage { ref op, .. } if op == "gather"), "{text}");
    assert!(text.contains("depends on the input") && text.contains("files.rs"), "{text}");

    // A number that was read from the input and put back would be that of one input.
    let read = func(|x: Var<'_, f32>| {
        let scale = x.tape().constant(x.value()?.max_over(1)?.unsqueeze(1)?);
        x.try_mul(scale)
    });
    let text = to_bytes(&read, [1, 5]).unwrap_err().to_string();
    assert!(text.contains("no op on the tape says how"), "{text}");

    // The windows are not known outside a layer of the model.
    let outside = func(|x: Var<'_, f32>| MaxPool2d::new(2).call(x));
    assert!(to_bytes(&outside, [1, 1, 4, 4]).unwrap_err().to_string().contains("MaxPool"));
}

#[test]
fn a_hostile_file_is_an_error() {
    let good = to_bytes(&net(), [1, 4]).unwrap();
    assert!(Net::from_bytes(&good).is_ok());
    for end in 0..good.len() {
        // Cut anywhere: an error, or a graph that lacks what comes last, which is no net.
        assert!(Net::from_bytes(&good[..end]).is_err() || end + 8 > good.len(), "{end}");
    }
    for bytes in [&[0xff; 40][..], b"", &[0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f]] {
        assert!(matches!(Net::from_bytes(bytes), Err(Error::Format(_))));
    }
    let path = std::env::temp_dir().join("wengert-there-is-no-such-file.onnx");
    assert!(matches!(import(path), Err(Error::Io { .. })));
}

/// The reason why a function is refused.
fn refusal<F>(f: F) -> String
where
    F: for<'t> Fn(Var<'t, f32>) -> wengert_autograd::Result<Var<'t, f32>> + Send + Sync + 'static,
{
    to_bytes(&func(f), [1, 2]).unwrap_err().to_string()
}

#[test]
fn a_number_that_depends_on_the_input_or_the_batch_is_refused() {
    let largest =
        |x: Var<'_, f32>| Ok::<_, wengert_autograd::Error>(f64::from(x.value()?.max()?.item()?));
    let texts = [
        ("div_scalar", refusal(|x| x.try_sub((x.sum_over(keep(0))?) / x.shape()[0] as f32))),
        ("div_scalar", refusal(move |x| Ok(x / largest(x)? as f32))),
        ("mul_scalar", refusal(move |x| Ok(x * largest(x)? as f32))),
        ("add_scalar", refusal(move |x| Ok(x + largest(x)? as f32))),
        ("clamp", refusal(move |x| Ok(x.clamp(-1.0, largest(x)?.abs())))),
        ("leaky_relu", refusal(move |x| Ok(x.leaky_relu(largest(x)?)))),
    ];
    for (op, text) in texts {
        assert!(
            text.starts_with(&format!("`{op}`")) && text.contains("for one batch and"),
            "{text}"
        );
        assert!(text.contains("help: compute it") && text.contains("files.rs:"), "{text}");
    }
}

#[test]
fn a_branch_on_the_input_is_refused() {
    let positive =
        |x: Var<'_, f32>| Ok::<_, wengert_autograd::Error>(x.value()?.max()?.item()? > 0.0);
    let texts = [
        refusal(move |x| Ok(if positive(x)? { x.tanh() } else { x.sin() })),
        refusal(move |x| Ok(if positive(x)? { x.tanh() * 2.0 } else { x.tanh() * 3.0 })),
        refusal(move |x| {
            let (a, b) = (x.tanh(), x.sin());
            Ok(if positive(x)? { a.exp() } else { b.exp() })
        }),
        refusal(move |x| {
            let (a, b) = (x.tanh(), x.sin());
            Ok(if positive(x)? { a } else { b })
        }),
        refusal(|x| Ok(if x.value()?.iter().all(|x| x == 0.0) { x.tanh() } else { x.sin() })),
        refusal(move |x| {
            let scale = Tensor::scalar(if positive(x)? { 2.0 } else { 3.0 });
            x.try_mul(x.tape().constant(scale))
        }),
    ];
    for text in texts {
        let says = ["for another batch", "for one batch", "depends on the input"];
        assert!(says.iter().any(|says| text.contains(says)), "{text}");
        assert!(text.contains("files.rs:"), "{text}");
    }
}
