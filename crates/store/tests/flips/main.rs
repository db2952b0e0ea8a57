//! Damaged bytes: bits flip, files are cut, blocks change places. What is damaged is named or the store refuses to open; all
//! else is served as it was, and nothing is ever served that was not there.
//!
//! `NAQSHA_FLIPS` says how many damages, `NAQSHA_FLIPS_SEED` which: `cargo xtask crash flips` sets both.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests, which the lints do not know as tests"
)]

mod damage;
mod kept;

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use damage::{Damage, Random};
use kept::{Answer, Kept};

/// Damages of a plain `cargo test`.
const FEW: u64 = 200;

/// Wrong answers that are told one by one.
const TOLD: usize = 20;

/// Panics of any thread: those of the store's own threads come back as errors and would pass for refusals.
static PANICS: AtomicUsize = AtomicUsize::new(0);

#[test]
fn what_is_damaged_is_named_or_refused_and_never_served() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        usual(panic);
    }));
    let number =
        |name: &str| std::env::var_os(name).and_then(|text| text.to_str()?.parse::<u64>().ok());
    let (damages, seed) = (
        number("NAQSHA_FLIPS").unwrap_or(FEW),
        number("NAQSHA_FLIPS_SEED").unwrap_or(1),
    );
    let mut random = Random::new(seed);
    let kept = Kept::make();
    let (mut named, mut refused, mut harmless, mut wrong) = (0, 0, 0, Vec::new());
    for number in 0..damages {
        let damage = Damage::any(&kept, &mut random);
        let panics = PANICS.load(Ordering::Relaxed);
        let answer = kept.answer_after(&damage);
        let panicked = PANICS.load(Ordering::Relaxed) > panics;
        match answer {
            _ if panicked => wrong.push(format!("damage {number}: {damage}: a panic")),
            Answer::Named if !damage.is_of_ledger() => named += 1,
            Answer::Refused | Answer::Named if damage.is_of_ledger() => refused += 1,
            Answer::AsItWas if damage.is_of_ledger() || !damage.is_of_current() => harmless += 1,
            other => wrong.push(format!("damage {number}: {damage}: {other:?}")),
        }
    }
    println!(
        "flips: {}",
        json!({ "damages": damages, "named": named, "ledgers_refused": refused, "ledgers_harmless": harmless,
            "wrong": wrong.iter().take(TOLD).collect::<Vec<_>>(), "wrong_count": wrong.len() })
    );
    assert!(
        damages == 0 || named + refused > 0,
        "no damage was found at all"
    );
    assert!(
        wrong.is_empty(),
        "seed {seed}: {} of {damages}: {:#?}",
        wrong.len(),
        wrong.first()
    );
}
