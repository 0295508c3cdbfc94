//! Messages to a server that answers as Visdom does. `.ci/visdom` has the real one take them.

// Helpers of tests are tests to nobody but us.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{JoinHandle, spawn};

use wengert_board::{Error, Visdom};
use wengert_data::{DataLoader, synth};
use wengert_loss::MseLoss;
use wengert_nn::{Linear, Parts};
use wengert_optim::Sgd;
use wengert_tensor::{Rng, Tensor, tensor};
use wengert_train::Trainer;

/// A server that gives so many answers, and then what it was asked: paths and bodies.
struct Server {
    address: String,
    thread: JoinHandle<Vec<(String, String)>>,
}

impl Server {
    fn start(answers: Vec<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let thread = spawn(move || {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut bytes = Vec::new();
                let (head, body) = loop {
                    let mut part = [0; 4096];
                    let count = stream.read(&mut part).unwrap();
                    bytes.extend(&part[..count]);
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head.split("Content-Length: ").nth(1).unwrap();
                    let length = length.lines().next().unwrap().parse::<usize>().unwrap();
                    if body.len() == length {
                        break (head.to_string(), body.to_string());
                    }
                };
                asked.push((head.split(' ').nth(1).unwrap().to_string(), body));
                stream.write_all(answer.as_bytes()).unwrap();
            }
            asked
        });
        Self { address, thread }
    }

    fn asked(self) -> Vec<(String, String)> {
        self.thread.join().unwrap()
    }
}

const NO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse";
const YES: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue";
const LOSS: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nloss";

#[test]
fn the_first_points_make_the_window_and_others_are_added() {
    let server = Server::start(vec![NO, LOSS, LOSS, LOSS]);
    let mut board = Visdom::connect(&*server.address).unwrap().environment("a \"b\"");
    board.curve("loss", "train", [(0.0, 0.5), (1.0, f64::NAN)]).unwrap();
    board.point("loss", "test", 1.0, 1e-300).unwrap();
    board.image("loss", &tensor![[0_u8]]).unwrap();
    // Nothing is nothing to post.
    board.curve("loss", "train", []).unwrap();
    let asked = server.asked();
    assert_eq!(asked[0], ("/win_exists".into(), r#"{"win":"","eid":"main"}"#.into()));
    assert_eq!(asked[1].0, "/events");
    assert_eq!(
        asked[1].1,
        r#"{"win":"loss","eid":"a \"b\"","data":[{"type":"scatter","mode":"lines","name":"train","x":[0.0,1.0],"y":[0.5,null]}],"layout":{"title":"loss","showlegend":true,"margin":{"l":60,"r":60,"t":60,"b":60}},"opts":{"title":"loss"}}"#
    );
    assert_eq!(
        asked[2],
        (
            "/update".into(),
            r#"{"win":"loss","eid":"a \"b\"","data":[{"type":"scatter","mode":"lines","name":"test","x":[1.0],"y":[1e-300]}],"name":"test","append":true}"#.into()
        )
    );
    assert!(asked[3].1.contains(r#""src":"data:image/png;base64,iVBORw0KGgo"#), "{}", asked[3].1);
}

#[test]
fn a_run_that_goes_on_keeps_its_windows() {
    let server = Server::start(vec![NO, YES, LOSS, LOSS]);
    let mut board = Visdom::connect(&*server.address).unwrap().keep();
    board.point("loss", "train", 7.0, 0.5).unwrap();
    board.point("loss", "train", 8.0, 0.25).unwrap();
    let paths: Vec<String> = server.asked().into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["/win_exists", "/win_exists", "/update", "/update"]);
}

#[test]
fn errors_name_the_server_the_fix_and_the_line() {
    let is_server_error = |error: Error, said: &str| {
        let text = error.to_string();
        assert!(matches!(error, Error::Server { .. }) && text.contains(said), "{text}");
        assert!(text.contains("\n  help: ") && text.contains("tests/visdom.rs"), "{text}");
    };
    // A port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    is_server_error(Visdom::connect(free).unwrap_err(), "python -m visdom.server");
    for (answer, said) in [
        ("HTTP/1.1 404 Not Found\r\n\r\n", "it is not a Visdom server"),
        ("HTTP/1.1 200 OK\r\n\r\n<html>", "it is not a Visdom server"),
        ("SSH-2.0\r\n\r\n", "the answer is not HTTP"),
    ] {
        let server = Server::start(vec![answer]);
        is_server_error(Visdom::connect(&*server.address).unwrap_err(), said);
    }
    let server = Server::start(vec![
        NO,
        "HTTP/1.1 500 Error\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nwin is not scatter",
    ]);
    let mut board = Visdom::connect(&*server.address).unwrap();
    is_server_error(board.text("t", "x").unwrap_err(), "it answers 500 to /events");
    is_server_error(board.point("loss", "a", 0.0, 0.0).unwrap_err(), "win is not scatter");
    for error in [
        board.point("loss", "a", f64::NAN, 0.0).unwrap_err(),
        board.point("loss", "", 0.0, 0.0).unwrap_err(),
        board.point("", "a", 0.0, 0.0).unwrap_err(),
        board.image("i", &Tensor::<f32>::zeros([5])).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(matches!(error, Error::Value { .. }) && text.contains("tests/visdom.rs"), "{text}");
    }
}

#[test]
fn a_companion_posts_steps_and_epochs() {
    let step = "HTTP/1.1 200 OK\r\n\r\nloss by step";
    let rate = "HTTP/1.1 200 OK\r\n\r\nlearning_rate";
    let server = Server::start(vec![NO, step, LOSS, rate, step, LOSS, rate]);
    let loader = DataLoader::new(synth::linear::<f32>(40, 3.0, 4.0, 0.5, 0), 10).unwrap();
    let model = Linear::new(1, 1, &mut Rng::new(0));
    let (criterion, mut optimizer) = (MseLoss::new(), Sgd::new(model.parameters(), 0.01));
    let board = Visdom::connect(&*server.address).unwrap();
    let mut trainer = Trainer::new(&model, &criterion, &mut optimizer).with(board);
    assert!(trainer.to_string().contains("Visdom, at 127.0.0.1:"), "{trainer}");
    let history = trainer.fit(&loader, 2).unwrap();
    let asked = server.asked();
    assert!(asked[4].1.contains(r#""name":"train","x":[4.0,5.0,6.0,7.0],"y":["#), "{}", asked[4].1);
    let loss = history.epochs[1].train_loss;
    assert!(asked[5].1.contains(&format!(r#""x":[2.0],"y":[{loss:?}]"#)), "{}", asked[5].1);
}
