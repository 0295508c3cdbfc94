//! A panic in a program's own closure leaves tensors, tape, parameters and pool usable; and several trainings at once do not meet.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wengert_autograd::{Param, Pointwise, Tape};
use wengert_data::{DataLoader, synth};
use wengert_loss::CrossEntropyLoss;
use wengert_nn::{Dropout, Linear, Parts, Relu, Sequential, State};
use wengert_optim::Adam;
use wengert_tensor::pointwise::{ONE, Real};
use wengert_tensor::{Rng, Tensor};
use wengert_train::{Companion, Result, Step, Trainer};

/// The message of the panic that a closure must end with.
fn message(run: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    panic.downcast_ref::<&str>().copied().unwrap_or("another").to_string()
}

/// A function whose value cannot be computed.
#[derive(Clone, Copy)]
struct Broken;

impl Pointwise for Broken {
    const NAME: &'static str = "broken";
    fn value<R: Real>(self, [x]: [R; 1]) -> R {
        assert!(std::hint::black_box(false), "a pointwise function of one's own");
        x + ONE
    }
}

/// Panics before a step.
struct Breaks(usize);

impl Companion<f32> for Breaks {
    fn before_step(&mut self, step: &mut Step<'_, f32>) -> Result<()> {
        assert!(step.step != self.0, "a companion of one's own");
        Ok(())
    }
}

fn net() -> Sequential<f32> {
    let rng = &mut Rng::new(0);
    Sequential::new()
        .with(Linear::new(2, 16, rng))
        .with(Relu)
        .with(Dropout::new(0.2))
        .with(Linear::new(16, 2, rng))
}

/// The weights after two epochs of the model, with a companion that panics in a first attempt, if that is asked for.
fn trained(panics_at: Option<usize>) -> State<f32> {
    let loader = DataLoader::new(synth::moons(120, 0.1, 0), 10).unwrap().shuffle(1);
    let criterion = CrossEntropyLoss::new();
    if let Some(step) = panics_at {
        let broken = net();
        let mut optimizer = Adam::new(broken.parameters(), 0.01);
        let mut trainer = Trainer::new(&broken, &criterion, &mut optimizer).seed(1).silent();
        trainer = trainer.with(Breaks(step));
        let said = message(|| drop(trainer.fit(&loader, 2)));
        assert_eq!(said, "a companion of one's own");
    }
    let model = net();
    let mut optimizer = Adam::new(model.parameters(), 0.01);
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer).seed(1).silent();
    trainer.fit(&loader, 2).unwrap();
    model.state()
}

#[test]
fn a_panic_in_a_companion_leaves_all_usable() {
    assert_eq!(trained(Some(7)), trained(None));
}

#[test]
fn a_panic_in_a_kernel_leaves_tape_and_pool_usable() {
    let rng = &mut Rng::new(3);
    // Enough for all threads of the pool.
    let x = Tensor::<f32>::randn([1 << 21], rng);
    let [a, b] = [(); 2].map(|()| Tensor::<f32>::randn([512, 512], rng));
    let (expected, product) = (x.exp().sum(), a.matmul(&b).unwrap());
    for _ in 0..20 {
        let tape = Tape::new();
        let v = tape.var(x.clone());
        let said = message(|| {
            let _ = v.pointwise(Broken);
        });
        assert_eq!(said, "a pointwise function of one's own");
        // The tape goes on, and so does the pool.
        let loss = v.exp().sum();
        assert_eq!(loss.value().unwrap(), expected);
        assert_eq!(loss.gradients().unwrap().wrt(v).value().unwrap(), x.exp());
        assert_eq!(a.matmul(&b).unwrap(), product);
    }
}

#[test]
fn a_panic_in_an_update_leaves_the_parameter_usable() {
    let w = Param::new(Tensor::<f32>::full([3], 2.0));
    let said = message(|| {
        w.update(|value, _| {
            *value = &*value * 5.0;
            panic!("an update of one's own")
        })
    });
    assert_eq!(said, "an update of one's own");
    assert_eq!(w.shape(), [3]);
    w.set(Tensor::full([3], 4.0));
    w.update(|value, _| *value = &*value * 0.5);
    assert_eq!(w.value().to_vec(), [2.0; 3]);
    let tape = Tape::new();
    tape.param(&w).square().sum().backward().unwrap();
    assert_eq!(w.grad().unwrap().to_vec(), [4.0; 3]);
}

#[test]
fn several_trainings_at_once_are_each_as_alone() {
    let alone = trained(None);
    std::thread::scope(|scope| {
        let all = [None, Some(3), None, Some(11), None, None];
        let all = all.map(|panics_at| scope.spawn(move || trained(panics_at)));
        for one in all {
            assert_eq!(one.join().unwrap(), alone);
        }
    });
}
