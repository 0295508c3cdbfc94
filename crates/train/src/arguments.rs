//! Settings of a run from its command line.

use wengert_autograd::nearest;

use crate::config::wrong;
use crate::{Config, Result, Setting};

impl Config {
    /// These settings with those of a command line in their place: `--name value` or `--name=value`. A setting that is the word
    /// `no` becomes `yes` by its name alone.
    ///
    /// ```
    /// use wengert_train::Config;
    ///
    /// let defaults = Config::new().with("lr", 0.01).with("epochs", 30).with("explore", "no");
    /// // std::env::args().skip(1) in a program
    /// let config = defaults.clone().arguments(["--lr", "0.1", "--explore", "--epochs=5"])?;
    /// assert_eq!(config.to_string(), "epochs 5, explore yes, lr 0.1");
    ///
    /// let error = defaults.arguments(["--epoch", "5"]).unwrap_err().to_string();
    /// assert!(error.starts_with("config: there is no option --epoch; did you mean --epochs?"), "{error}");
    /// # Ok::<(), wengert_train::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Config`](crate::Error::Config) if an option is not one of these settings, or has no value or, where the setting is a
    /// number, no finite number for it.
    #[track_caller]
    pub fn arguments<S: Into<String>>(
        mut self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Self> {
        let mut arguments = arguments.into_iter().map(Into::into);
        while let Some(argument) = arguments.next() {
            let Some(option) = argument.strip_prefix("--") else {
                return Err(wrong(format!("`{argument}` is no option; an option begins with --")));
            };
            let (name, value) = match option.split_once('=') {
                Some((name, value)) => (name, Some(value.to_string())),
                None => (option, None),
            };
            let Some(before) = self.get(name) else {
                return Err(wrong(unknown(name, &self)));
            };
            let is_switch = *before == Setting::from("no") || *before == Setting::from("yes");
            let is_number = matches!(before, Setting::Number(_));
            let value = match value {
                None if is_switch => Some("yes".to_string()),
                None => arguments.next(),
                given => given,
            };
            let Some(value) = value else {
                return Err(wrong(format!("--{name} needs a value")));
            };
            let setting = if is_number {
                let number: Option<f64> = value.parse().ok().filter(|x: &f64| x.is_finite());
                let rule = format!("--{name} is `{value}`, and must be a number");
                Setting::Number(number.ok_or_else(|| wrong(rule))?)
            } else {
                Setting::Word(value)
            };
            self = self.with(name, setting);
        }
        Ok(self)
    }
}

fn unknown(name: &str, settings: &Config) -> String {
    let near = match nearest(name, settings.iter().map(|(name, _)| name)).first() {
        Some(near) => format!("; did you mean --{near}?"),
        None => {
            let names: Vec<&str> = settings.iter().map(|(name, _)| name).collect();
            format!("; there are --{}", names.join(", --"))
        }
    };
    format!("there is no option --{name}{near}")
}
