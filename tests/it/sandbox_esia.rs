//! The stand-in ESIA as a client system meets it: over HTTP, with signatures made here from the protocol's description. The suite of the
//! second generation needs the GOST engine (`OPENSSL_CONF=certs/openssl-gost.cnf`); `GOSBADGE_REQUIRE_GOST=1` makes its absence a failure.

mod adapter;
mod command_line;
mod faults;
mod first_generation;
mod pages;
mod parameters;
mod refusals;
mod rest;
mod second_generation;
mod stand;
