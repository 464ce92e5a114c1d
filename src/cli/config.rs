//! `gosbadge config`: checks a configuration without starting anything, and prints the default file.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::config::{self, Config, ConfigErrors};

/// What to do with the configuration.
#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Check the configuration and tell every fault at once
    Check(CheckArgs),
    /// Print the default configuration file, every setting explained
    Default,
}

/// Which configuration to check.
#[derive(Args)]
pub struct CheckArgs {
    /// File to check [default: gosbadge.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print the result as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Runs the command on this process's environment, standard output and standard error.
///
/// # Errors
/// When the output cannot be written.
pub fn run(command: ConfigCommand) -> io::Result<ExitCode> {
    let sound = run_with(command, config::process_env(), &mut io::stdout().lock(), &mut io::stderr().lock())?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The command with everything it touches as arguments; says whether the configuration is sound.
fn run_with(
    command: ConfigCommand,
    env: impl Iterator<Item = (String, String)>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<bool> {
    match command {
        ConfigCommand::Default => {
            out.write_all(Config::default_toml().as_bytes())?;
            Ok(true)
        }
        ConfigCommand::Check(args) => {
            let path = config::file_to_read(args.config);
            let result = config::load(path.as_deref(), env);
            let file = path.map_or_else(|| "no file".to_owned(), |path| path.display().to_string());
            if args.json {
                report_json(&result, &file, out)?
            } else {
                report(&result, &file, out, err)?
            }
            Ok(result.is_ok())
        }
    }
}

fn report(result: &Result<Config, ConfigErrors>, file: &str, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<()> {
    match result {
        Ok(config) => {
            for warning in &config.warnings {
                writeln!(err, "warning: {warning}")?;
            }
            writeln!(out, "The configuration is sound ({file}, environment).")
        }
        Err(errors) => {
            writeln!(err, "{errors}")?;
            writeln!(err, "The configuration has {} fault(s); nothing was started.", errors.0.len())
        }
    }
}

fn report_json(result: &Result<Config, ConfigErrors>, file: &str, out: &mut dyn Write) -> io::Result<()> {
    let (errors, warnings) = match result {
        Ok(config) => (&[][..], &config.warnings[..]),
        Err(errors) => (&errors.0[..], &[][..]),
    };
    writeln!(out, "{}", json!({ "sound": result.is_ok(), "file": file, "errors": errors, "warnings": warnings }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(env: &[(&str, &str)], json: bool) -> (bool, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let command = ConfigCommand::Check(CheckArgs { config: None, json });
        let sound = run_with(command, env, &mut out, &mut err).unwrap();
        (sound, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn a_sound_configuration_is_said_to_be_so() {
        let (sound, out, err) = check(&[("GOSBADGE__ADMIN__LISTEN", "0.0.0.0:8081")], false);
        assert!(sound);
        assert!(out.contains("sound"), "{out}");
        assert!(err.starts_with("warning: admin.listen"), "{err}");
    }

    #[test]
    fn faults_are_told_in_text_and_in_json() {
        let bad = [("GOSBADGE__DEV", "yes"), ("GOSBADGE__OAUTH__CODE_LIFETIME", "1d")];
        let (sound, _, err) = check(&bad, false);
        assert!(!sound);
        assert!(err.contains("dev (in GOSBADGE__DEV)") && err.contains("oauth.code_lifetime") && err.contains("2 fault(s)"), "{err}");
        let (sound, out, _) = check(&bad, true);
        let told: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert!(!sound);
        assert_eq!(told["errors"].as_array().unwrap().len(), 2);
        assert_eq!(told["errors"][0]["code"], "config-wrong-type");
    }

    #[test]
    fn the_default_file_is_printed() {
        let mut out = Vec::new();
        assert!(run_with(ConfigCommand::Default, std::iter::empty(), &mut out, &mut Vec::new()).unwrap());
        assert_eq!(String::from_utf8(out).unwrap(), Config::default_toml());
    }
}
