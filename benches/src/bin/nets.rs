//! Microseconds a training step of nets beyond the MLP, as a JSON line each: `nets gru nanogpt`, `nets` for all.
//!
//! `NETS` is the directory of their data. `THREADS` (2), `WINDOWS` (7) of `WINDOW_S` (0.5) seconds. `LOSS_ONLY=1` takes 21 steps
//! and no time.
#![allow(clippy::print_stdout)]

use std::path::PathBuf;

use wengert::tensor::kernel::pool;
use wengert_benches::nets::{ALL, Data, Net};
use wengert_benches::{clock, workload::Failure};

fn main() -> Result<(), Failure> {
    pool::set_threads(clock::threads());
    let directory = std::env::var_os("NETS").map(PathBuf::from);
    let directory = directory.ok_or("NETS must be the directory of the data")?;
    let asked: Vec<String> = std::env::args().skip(1).collect();
    for net in ALL.iter().filter(|net| asked.is_empty() || asked.iter().any(|a| a == net.name)) {
        line(*net, &Data::read(&directory, net.name)?)?;
    }
    Ok(())
}

fn line(net: Net, data: &Data) -> Result<(), Failure> {
    let mut step = (net.start)(data)?;
    // The loss with the weights after 20 steps, which the next one reads.
    let losses = (0..21).map(|_| step()).collect::<Result<Vec<f32>, _>>()?;
    drop(step);
    if std::env::var_os("LOSS_ONLY").is_some() {
        println!("{} {:.8} {:.8}", net.name, losses[0], losses[20]);
        return Ok(());
    }
    let t = clock::time(|| (net.start)(data))?;
    println!(
        "{{\"peer\":\"wengert\",\"workload\":\"{}\",\"threads\":{},\"us_per_step\":{:.3},\"us_best\":{:.3},\
         \"us_floor\":{:.3},\"cpu_us\":{:.3},\"others_cores\":{:.2},\"loss20\":{:.8},\"loss_first\":{:.8},\
         \"gflops_best\":{:.1},\"peak_rss_mb\":{:.1}}}",
        net.name,
        clock::threads(),
        t.median,
        t.best,
        t.floor,
        t.cpu,
        t.others,
        losses[20],
        losses[0],
        net.mflop / t.best * 1e3 / 1e3,
        clock::peak_rss_mb(),
    );
    Ok(())
}
