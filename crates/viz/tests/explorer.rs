//! The data of the explorer's page. The page itself is tested in a browser, by `.ci/browser`.

#![allow(clippy::unwrap_used)]

use wengert_autograd::{Param, Tape};
use wengert_tensor::{Rng, Tensor, tensor};
use wengert_viz::{explore, explore_to};

/// The data in a page.
fn data(page: &str) -> &str {
    let (_, rest) = page.split_once("id=\"data\">").expect("the element of the data");
    rest.split_once("</script>").expect("its end").0
}

#[test]
fn contributions_of_both_uses_and_the_sum_over_a_broadcast_are_there() {
    let tape = Tape::new().keeping_adjoints();
    let a = tape.scalar(3.0_f64);
    let x = tape.var(tensor![1.0, 2.0]);
    ((x * a).sum() + a * a).backward().unwrap();
    let page = explore(&tape);
    // d/da Σ x·a = 1 + 2, summed back from [2]; a·a gives 3 twice: 9 in all.
    assert!(
        data(&page).contains("\"c\":[[4,0,[3]],[4,1,[3]],[2,1,[3],\"[2]\"]]"),
        "{}",
        data(&page)
    );
    assert!(data(&page).contains("\"a\":[9]"), "{}", data(&page));
}

#[test]
fn adjoints_are_found_before_backward_and_after_one_that_kept_none() {
    let w = Param::new(tensor![2.0_f64]);
    let tape = Tape::new();
    let loss = tape.param(&w).square().sum();
    let before = explore(&tape);
    assert!(data(&before).contains("\"a\":[4]"), "{}", data(&before));
    loss.backward().unwrap();
    assert_eq!(data(&explore(&tape)), data(&before));
    // A changed parameter is gone: no adjoint is made up, and its value is missing.
    w.set(tensor![5.0]);
    let after = explore(&tape);
    assert!(!data(&after).contains("\"a\":") && !data(&after).contains("[5]"), "{}", data(&after));
}

#[test]
fn kept_adjoints_outlive_a_changed_parameter_and_contributions_that_read_it_do_not() {
    let w = Param::new(tensor![2.0_f64]);
    let tape = Tape::new().keeping_adjoints();
    tape.param(&w).square().sum().backward().unwrap();
    w.set(tensor![5.0]);
    let page = explore(&tape);
    assert!(data(&page).contains("\"c\":[[1,0,null]]"), "{}", data(&page));
    assert!(data(&page).contains("\"a\":[4]"), "{}", data(&page));
}

#[test]
fn the_page_is_one_file_without_a_network_and_an_empty_tape_has_one() {
    for page in [explore(&Tape::<f32>::new()), explore(&Tape::<f64>::no_grad())] {
        assert_eq!(data(&page), "{}");
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="));
        assert!(
            !page.contains("{style}") && !page.contains("{program}") && !page.contains("{data}")
        );
    }
}

#[test]
fn a_hostile_name_stays_text() {
    let tape = Tape::<f32>::new();
    let _scope = tape.scope("</script><b>{style}");
    let _ = tape.scalar(1.0).exp();
    let page = explore(&tape);
    assert!(data(&page).contains("\\u003c/script>\\u003cb>{style}"), "{}", data(&page));
}

#[test]
fn the_page_of_a_step_over_images_is_small() {
    let mut rng = Rng::new(0);
    let tape = Tape::new().keeping_adjoints();
    let x = tape.constant(Tensor::<f32>::uniform([64, 784], -1.0, 1.0, &mut rng).unwrap());
    let w = tape.var(Tensor::uniform([784, 128], -0.1, 0.1, &mut rng).unwrap());
    let v = tape.var(Tensor::uniform([128, 10], -0.1, 0.1, &mut rng).unwrap());
    let h = x.matmul(w).unwrap().relu().matmul(v).unwrap();
    h.log_softmax(1).unwrap().mean().backward().unwrap();
    let page = explore(&tape);
    assert!(page.len() < 200_000, "{} bytes", page.len());
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_that_names_it() {
    // No folder can be made within a file.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml/page.html");
    let error = explore_to(&Tape::<f32>::new(), path).unwrap_err().to_string();
    assert!(error.contains(path) && error.contains("explore_to"), "{error}");
}
