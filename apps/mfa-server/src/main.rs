//! Program `mfa-server`: command line, settings, listener, banner and shutdown.

use std::error::Error;
use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;
use mfa_infra::Mfa;
use mfa_infra::settings::{Settings, Sources};
use mfa_infra::telemetry::LogTarget;
use mfa_server::{Banner, Signals};

/// A verification takes a tenth less processor time than with the allocator of the C library, see ADR 0042.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Timeout for running tasks after HTTP has stopped.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// Run the NOVA MFA server
///
/// Reads the settings from the environment, from `.env` and from `config/` in the working directory. Without settings, the
/// server runs in development mode with an embedded database in `data/`. For all settings, see `.env.example`.
#[derive(Debug, Parser)]
#[command(name = "mfa-server", version, args_conflicts_with_subcommands = true)]
struct Args {
    /// Check the settings and exit; does not open the database
    #[arg(long, conflicts_with = "print_openapi")]
    check_config: bool,
    /// Print the OpenAPI document for these settings as JSON and exit
    #[arg(long)]
    print_openapi: bool,
    /// Change to DIR first: .env, config/, data/ and relative paths are found there
    #[arg(short = 'C', global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<ServerCommand>,
}

#[derive(Debug, Subcommand)]
enum ServerCommand {
    /// Print the completion script of a shell
    Completions {
        /// Shell that runs the script
        shell: Shell,
    },
    /// Create the manual page in a directory
    #[command(hide = true)]
    Man {
        /// Existing directory
        dir: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the output of the requested command. Its reader, such as `head`, may stop reading before the end.
fn print(text: &str) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write the output: {error}").into())
        }
        _ => Ok(()),
    }
}

/// Returns the completion script of a shell.
fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "mfa-server", &mut script);
    // The generator for bash writes the dash of the program's name in two ways, of which its script expects one.
    String::from_utf8_lossy(&script).trim_end().replace("mfa__subcmd__server", "mfa__server")
}

fn run(args: &Args) -> Result<(), Box<dyn Error>> {
    if let Some(dir) = &args.dir {
        std::env::set_current_dir(dir)
            .map_err(|error| format!("cannot change to {} ({error})", dir.display()))?;
    }
    match &args.command {
        Some(ServerCommand::Completions { shell }) => return print(&completions(*shell)),
        Some(ServerCommand::Man { dir }) => return Ok(clap_mangen::generate_to(Args::command(), dir)?),
        None => {}
    }
    let settings = Settings::load(&Sources::from_process()?)?;
    if args.print_openapi {
        return print(&mfa_http::openapi_json(&settings, true)?);
    }
    Mfa::check(&settings)?;
    if args.check_config {
        Mfa::check_certificate(&settings)?;
        return print("The settings are valid.");
    }
    serve(settings)
}

fn serve(settings: Settings) -> Result<(), Box<dyn Error>> {
    let bind = settings.server.bind;
    // Listens before it opens the database, so that a second server on the same address does not change the data.
    let listener =
        mfa_server::listen(bind).map_err(|error| mfa_server::listen_failure(bind, &error, "MFA_BIND"))?;
    let mfa = Arc::new(Mfa::open(settings)?);
    // From here on, the server must shut down in order.
    let signals = Signals::catch()?;
    let server = mfa_server::serve(Arc::clone(&mfa), listener)?;
    let banner = Banner::new(&mfa, &server);
    if mfa.settings().log.target == LogTarget::Stdout {
        // Standard output then has JSON lines only.
        eprintln!("{banner}");
    } else if let Err(error) = print(&banner.to_string()) {
        eprintln!("error: {error}");
    }
    let ended = server.until_signalled(signals, || {
        if let Err(error) = mfa.telemetry().reopen() {
            eprintln!("error: {error}");
        }
    });
    mfa.stop(SHUTDOWN_TIMEOUT);
    Ok(ended?)
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    /// Phrases that a reader of other command-line tools would not understand.
    const IDIOMS: [&str; 8] =
        ["anew", " asks ", "hands ", "nobody", " says ", "stands in", "take over", "whoever"];

    #[test]
    fn every_help_text_starts_with_a_verb_and_has_no_idiom() {
        let mut command = Args::command();
        let about = command.get_about().unwrap().to_string();
        assert!(about.starts_with("Run "), "{about}");
        let options = command.get_arguments().filter_map(|it| it.get_help()).map(ToString::to_string);
        for help in options.collect::<Vec<_>>() {
            let verb = help.split(' ').next().unwrap();
            assert!(["Change", "Check", "Print"].contains(&verb), "{help}");
            assert!(!help.ends_with('.'), "{help}");
        }
        let help = command.render_long_help().to_string().to_lowercase();
        assert!(help.contains("usage: mfa-server [options]"), "{help}");
        for idiom in IDIOMS {
            assert!(!help.contains(idiom), "{idiom:?} in {help}");
        }
    }

    #[test]
    fn an_unknown_argument_is_a_usage_error_with_exit_code_2() {
        for arguments in [&["--none"][..], &["none"], &["--check-config", "--print-openapi"]] {
            let error = Args::try_parse_from([&["mfa-server"], arguments].concat()).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{arguments:?}");
            assert!(
                matches!(
                    error.kind(),
                    ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand | ErrorKind::ArgumentConflict
                ),
                "{arguments:?}"
            );
        }
    }
}
