//! The clock: windows of many steps, processor time, and how busy the rest of the machine was.
//!
//! On a machine that others use too the wall clock says little. Processor time on one thread says more, and the fastest
//! burst of about a millisecond, which fits between two preemptions, says most.

use std::fs::read_to_string;
use std::time::Instant;

use crate::workload::Failure;

/// Weights go back to their first values after so many steps, so that no one times another regime: thousands of steps on
/// one batch would drift into denormals.
const RESET: usize = 200;

/// Microseconds a step.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The median of the windows.
    pub median: f64,
    /// The best window.
    pub best: f64,
    /// The fastest burst.
    pub floor: f64,
    /// Processor time of all threads.
    pub cpu: f64,
    /// Cores that other processes kept busy.
    pub others: f64,
}

/// A number from the environment.
fn setting(name: &str, default: f64) -> f64 {
    std::env::var(name).ok().and_then(|s| s.parse().ok()).unwrap_or(default)
}

/// The number of threads: `THREADS`, 2 if it is unset.
pub fn threads() -> usize {
    setting("THREADS", 2.0) as usize
}

/// Times what `make` makes, in `WINDOWS` windows of `WINDOW_S` seconds. What is made is made anew after 200 steps, untimed
/// but for its processor time.
///
/// # Errors
/// As the step.
pub fn time<S: FnMut() -> Result<f32, Failure>>(
    mut make: impl FnMut() -> Result<S, Failure>,
) -> Result<Times, Failure> {
    let (window, windows) = (setting("WINDOW_S", 0.5), setting("WINDOWS", 7.0) as usize);
    let mut run = |seconds: f64, burst: usize| -> Result<(f64, f64, usize), Failure> {
        let (mut total, mut floor, mut steps) = (0.0, f64::INFINITY, 0);
        while total < seconds {
            let mut step = make()?;
            // The first step of a new optimiser makes its state.
            step()?;
            let mut taken = 0;
            while taken < RESET && total < seconds {
                let start = Instant::now();
                for _ in 0..burst {
                    step()?;
                }
                let t = start.elapsed().as_secs_f64();
                floor = f64::min(floor, t / burst as f64);
                (total, taken) = (total + t, taken + burst);
            }
            steps += taken;
        }
        Ok((total, floor, steps))
    };
    let (warm, _, steps) = run(0.2, 1)?;
    let burst = ((1e-3 / (warm / steps as f64)) as usize).clamp(1, RESET);
    run(0.1, burst)?;
    let (mut each, mut floor, mut steps) = (Vec::new(), f64::INFINITY, 0);
    let (cpu0, busy0, start) = (cpu_s(), busy_s(), Instant::now());
    for _ in 0..windows {
        let (t, least, n) = run(window, burst)?;
        each.push(t / n as f64);
        floor = floor.min(least);
        steps += n;
    }
    let (cpu, wall) = (cpu_s() - cpu0, start.elapsed().as_secs_f64());
    let others = ((busy_s() - busy0 - cpu) / wall).max(0.0);
    each.sort_by(f64::total_cmp);
    Ok(Times {
        median: each[each.len() / 2] * 1e6,
        best: each[0] * 1e6,
        floor: floor * 1e6,
        cpu: cpu / steps as f64 * 1e6,
        others,
    })
}

/// Whether a program's first argument, if it has one, is in this name.
pub fn wanted(name: &str) -> bool {
    std::env::args().nth(1).is_none_or(|filter| name.contains(&filter))
}

/// Nanoseconds that `f` takes: the best of so many rounds, each of about `ns`, long enough for the clock.
pub fn best(rounds: usize, ns: f64, mut f: impl FnMut()) -> f64 {
    let mut round = |times: usize| {
        let start = Instant::now();
        for _ in 0..times {
            f();
        }
        start.elapsed().as_nanos() as f64 / times as f64
    };
    let times = (ns / round(3).max(1.0)).ceil() as usize;
    (0..rounds).map(|_| round(times)).fold(f64::INFINITY, f64::min)
}

/// The most memory that this process has held, in MB.
pub fn peak_rss_mb() -> f64 {
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM"));
    let kb = line.and_then(|l| l.split_whitespace().nth(1)?.parse::<f64>().ok());
    kb.unwrap_or(0.0) / 1024.0
}

/// Seconds of processor time that this process's threads have used.
fn cpu_s() -> f64 {
    let of_thread = |task: std::fs::DirEntry| -> Option<f64> {
        let stat = read_to_string(task.path().join("schedstat")).ok()?;
        stat.split_whitespace().next()?.parse().ok()
    };
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks.filter_map(of_thread).sum::<f64>() * 1e-9
}

/// Seconds that all processors have been busy, in steps of 10 ms.
fn busy_s() -> f64 {
    let stat = read_to_string("/proc/stat").unwrap_or_default();
    let fields = stat.lines().next().unwrap_or("").split_whitespace().skip(1);
    let ticks: Vec<f64> = fields.filter_map(|v| v.parse().ok()).collect();
    let busy = [0, 1, 2, 5, 6, 7].iter().filter_map(|&i| ticks.get(i));
    busy.sum::<f64>() / 100.0
}
