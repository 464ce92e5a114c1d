//! How the demo tells its story: numbered steps, what was checked under each, and how long it took. Colour only on a
//! terminal; `anstream` strips it elsewhere.

use std::time::Instant;

use owo_colors::OwoColorize as _;

/// The story so far.
pub struct Report {
    number: u32,
    began: Instant,
    step_began: Instant,
}

#[expect(clippy::disallowed_methods, reason = "shows how long a step took; nothing depends on it")]
fn now() -> Instant {
    Instant::now()
}

impl Report {
    /// The heading.
    pub fn begin() -> Self {
        anstream::println!("{}", "gosbadge demo: a community gets its badge, a platform checks it, an admin takes it back".bold());
        anstream::println!(
            "{}",
            "Three servers on loopback: the service, a stand-in Gosuslugi (ESIA), a stand-in social network.".dimmed()
        );
        Self { number: 0, began: now(), step_began: now() }
    }

    /// A new step.
    pub fn step(&mut self, title: &str) {
        self.number += 1;
        self.step_began = now();
        anstream::println!();
        anstream::println!("{} {}", format!("{}.", self.number).cyan().bold(), title.bold());
    }

    /// Something that was checked and holds.
    pub fn held(&self, what: &str) {
        anstream::println!("   {} {what}", "✓".green().bold());
    }

    /// Something to look at.
    pub fn show(&self, text: &str) {
        for line in text.lines() {
            anstream::println!("     {}", line.dimmed());
        }
    }

    /// The step is over.
    pub fn done(&self) {
        anstream::println!("   {}", format!("{} ms", self.step_began.elapsed().as_millis()).dimmed());
    }

    /// Everything held.
    pub fn end(&self) {
        anstream::println!();
        anstream::println!("{} {} steps, every one held, in {} ms.", "✓".green().bold(), self.number, self.began.elapsed().as_millis());
        anstream::println!();
    }

    /// A step did not hold.
    pub fn broke(&self, why: &str) {
        anstream::println!("   {} {why}", "✗".red().bold());
        anstream::println!();
        anstream::println!("{}", format!("Step {} did not hold.", self.number).red());
    }
}
