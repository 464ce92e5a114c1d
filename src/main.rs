//! Calls the command line and hands its exit status on.

fn main() -> std::process::ExitCode {
    gosbadge::cli::main()
}
