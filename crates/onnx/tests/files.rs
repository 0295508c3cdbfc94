//! Files of models: what is refused, what is hostile, and that a file is read as what it was written from.

#![allow(clippy::unwrap_used)]

use wengert_autograd::Var;
use wengert_nn::functional::{self, Pool};
use wengert_nn::{
    BatchNorm1d, Linear, MaxPool1d, Module, Parts, Relu, Softplus, Visitor, func, sequential,
};
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

/// A model and its file give the same results.
fn round_trip(model: &impl Module<f32>, shape: [usize; 3]) {
    let net = Net::from_bytes(&to_bytes(model, shape).unwrap()).unwrap();
    let x = Tensor::randn(shape, &mut Rng::new(1));
    let (got, wanted) = (net.predict(&x).unwrap(), model.predict(&x).unwrap());
    assert!(got.allclose(&wanted, 1e-6, 1e-6, false).unwrap(), "{got} {wanted}");
}

/// Below the threshold the function is another one.
#[test]
fn a_softplus_of_any_threshold_is_exported() {
    for (beta, threshold) in [(1.0, 1.0), (2.0, 0.5), (1.0, 20.0), (1.0, -1.0)] {
        round_trip(&Softplus { beta, threshold }, [3, 4, 50]);
    }
}

/// Paddings of any number, and of samples as they are.
#[test]
fn paddings_are_exported() {
    round_trip(&func(|x: Var<'_, f32>| x.pad([(0, 0), (1, 0), (-1, 2)], 0.5)), [3, 4, 5]);
    round_trip(&func(|x: Var<'_, f32>| x.pad([(0, 0), (0, 0), (2, 1)], 0.0)), [3, 4, 5]);
    round_trip(&func(|x: Var<'_, f32>| x.pad([(0, 0), (-1, 0), (-1, -2)], 0.5)), [3, 4, 5]);
}

#[test]
fn the_largest_elements_of_windows_are_exported_from_the_op() {
    for places in 1..12 {
        for (kernel, stride, dilation) in
            (1..6).flat_map(|k| (1..5).flat_map(move |s| (1..4).map(move |d| (k, s, d))))
        {
            for padding in 0..=kernel / 2 {
                let pool =
                    Pool::<1>::new(kernel).stride(stride).dilation(dilation).padding(padding);
                for pool in [pool, pool.ceil()] {
                    let model = func(move |x: Var<'_, f32>| functional::max_pool(x, pool));
                    let shape = [2, 3, places];
                    if model.predict(&Tensor::ones(shape)).is_ok() {
                        match to_bytes(&model, shape) {
                            Ok(_) => round_trip(&model, shape),
                            // Windows that are all cut short do not say how large they are.
                            Err(error) => assert!(
                                places < dilation * (kernel - 1) + 1
                                    && error.to_string().contains("equal size"),
                                "{pool:?} of {places}: {error}"
                            ),
                        }
                    }
                }
            }
        }
    }
}

/// A description is for people, and says nothing of what a layer computes.
struct MaxPoolTwice;

impl Parts<f32> for MaxPoolTwice {
    fn visit(&self, _: &mut Visitor<'_, f32>) {}
    fn describe(&self) -> Option<String> {
        Some("MaxPoolTwice(kernel 2)".into())
    }
}

impl Module<f32> for MaxPoolTwice {
    fn forward<'t>(&self, x: Var<'t, f32>) -> wengert_autograd::Result<Var<'t, f32>> {
        let pool = MaxPool1d::new(2);
        functional::max_pool(pool.call(x)?, Pool::<1>::new(3).stride(1))
    }
}

#[test]
fn a_layer_is_exported_by_its_ops_and_not_by_its_name() {
    round_trip(&MaxPoolTwice, [3, 2, 11]);
    round_trip(&func(|x: Var<'_, f32>| functional::adaptive_max_pool(x, [3])), [3, 2, 12]);
    // Parts of 3, 4, 4 and 3 places are windows with borders.
    round_trip(&func(|x: Var<'_, f32>| functional::adaptive_max_pool(x, [4])), [3, 2, 11]);
    let uneven = func(|x: Var<'_, f32>| functional::adaptive_max_pool(x, [4]));
    let error = to_bytes(&uneven, [1, 2, 10]).unwrap_err().to_string();
    assert!(error.contains("not of equal size"), "{error}");
}

/// A choice in a layer of any name.
struct PRelu(f32);

impl Parts<f32> for PRelu {
    fn visit(&self, _: &mut Visitor<'_, f32>) {}
}

impl Module<f32> for PRelu {
    fn forward<'t>(&self, x: Var<'t, f32>) -> wengert_autograd::Result<Var<'t, f32>> {
        let mask = x.value()?.greater(&Tensor::scalar(self.0))?;
        x.where_(&mask, x * 0.5)
    }
}

#[test]
fn a_choice_by_the_sign_is_exported_and_another_is_refused() {
    round_trip(&PRelu(0.0), [3, 4, 5]);
    let error = to_bytes(&PRelu(1.0), [3, 4, 5]).unwrap_err().to_string();
    assert!(error.contains("its mask depends on the input"), "{error}");
}
