//! `naqsha key`: the keys by which a service knows who asks. A secret is shown once, when it is made; only its digest is kept.

use std::net::IpAddr;

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use ipnet::IpNet;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use naqsha_model::{Agency, BatchDigest, Credential, Role};
use naqsha_store::{AccessKey, Act, KnownKey, Store};
use serde_json::{Value, json};

use super::{Context, print_line};
use crate::exit::Usage;
use crate::{actor, clock};

/// Days after which a key opens nothing any more, where the configuration does not say otherwise (`[auth] key_days`).
pub(crate) const KEY_DAYS: u16 = 90;

/// Characters of a note.
const LONGEST_NOTE: usize = 200;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key. Its secret is shown once, here.
    Create(CreateArgs),
    /// All keys with their state, never with their secrets.
    List,
    /// Revoke a key for good: a running service refuses it within a second.
    Revoke {
        /// Public part of the key: the twelve digits after nq_.
        id: String,
        /// Why: a reason code or a few words.
        #[arg(long)]
        reason: String,
        /// Who does it, where that is not the login name.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateArgs {
    /// partner, analyst, uploader, approver, custodian or auditor.
    #[arg(long)]
    role: String,
    /// The agency it is for; uploaders and approvers are of one.
    #[arg(long)]
    agency: Option<String>,
    /// In how many days it expires, or the last day on which it is good (UTC). Default: as late as it may.
    #[arg(long, value_name = "DAYS|DATE")]
    expires: Option<String>,
    /// Network that it may be used from (10.1.0.0/16), or one address; repeatable. Default: any.
    #[arg(long, value_name = "CIDR")]
    network: Vec<String>,
    /// Certificate that has to be shown beside it (`[server] tls`): its SHA-256, as `openssl x509 -fingerprint -sha256`
    /// prints it. Default: none.
    #[arg(long, value_name = "SHA256")]
    certificate: Option<String>,
    /// Whose it is or what for; no secret and nothing about anybody else.
    #[arg(long)]
    note: Option<String>,
}

pub(super) async fn run(context: &Context, command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::Create(args) => {
            let key = args.key(context.config.key_days())?;
            let made = add(&context.open_store().await?, key).await?;
            print_line(&if context.json {
                made.json().to_string()
            } else {
                made.told()
            })
        }
        KeyCommand::List => list(context, &context.open_store().await?),
        KeyCommand::Revoke { id, reason, by } => {
            if reason.trim().is_empty() {
                return Err(Usage("--reason is empty".to_owned()).into());
            }
            let act = Act {
                actor: by.unwrap_or_else(actor::name),
                reason,
                at: clock::now(),
            };
            context.open_store().await?.revoke_key(&id, act).await?;
            print_line(&if context.json {
                json!({ "id": id, "state": "revoked" }).to_string()
            } else {
                format!("key {id} is revoked")
            })
        }
    }
}

/// A key that was just made, with the only sight of its secret.
pub(super) struct Made {
    key: AccessKey,
    credential: Credential,
}

impl Made {
    pub(super) fn json(&self) -> Value {
        let AccessKey {
            id,
            role,
            agency,
            expires_at,
            ..
        } = &self.key;
        json!({ "id": id, "secret": self.credential.reveal(), "role": role.code(),
            "agency": agency.as_ref().map(Agency::as_str), "expires": expires_at.to_string() })
    }

    pub(super) fn told(&self) -> String {
        let AccessKey {
            role,
            agency,
            expires_at,
            ..
        } = &self.key;
        let of = agency
            .as_ref()
            .map_or(String::new(), |agency| format!(" of {agency}"));
        format!(
            "{role} key{of}, good until {expires_at}; it is shown this once:\n{}",
            self.credential.reveal()
        )
    }
}

/// What is asked for; the credential comes when it is added.
pub(super) struct Asked {
    role: Role,
    agency: Option<Agency>,
    networks: Vec<IpNet>,
    certificate: Option<[u8; 32]>,
    note: Option<String>,
    now: Timestamp,
    expires_at: Timestamp,
}

/// The first key of a store: whoever has it can make the others.
pub(super) fn first_custodian(days: u16) -> anyhow::Result<Asked> {
    let now = clock::now();
    Ok(Asked {
        role: Role::Custodian,
        agency: None,
        networks: Vec::new(),
        certificate: None,
        note: Some("made with the store".to_owned()),
        now,
        expires_at: after(now, days)?,
    })
}

/// Makes a secret and adds the key.
pub(super) async fn add(store: &Store, asked: Asked) -> anyhow::Result<Made> {
    let (mut id, mut secret) = ([0; 6], [0; 32]);
    getrandom::fill(&mut id)
        .and_then(|()| getrandom::fill(&mut secret))
        .map_err(|error| anyhow!("asking the system for random bytes: {error}"))?;
    let credential = Credential::new(id, secret);
    let key = AccessKey {
        id: credential.id().to_owned(),
        sha256: credential.sha256(),
        role: asked.role,
        agency: asked.agency,
        networks: asked.networks,
        certificate: asked.certificate,
        note: asked.note,
        created_by: actor::name(),
        created_at: asked.now,
        expires_at: asked.expires_at,
    };
    store.add_key(key.clone()).await.context("adding the key")?;
    Ok(Made { key, credential })
}

impl CreateArgs {
    fn key(self, days: u16) -> anyhow::Result<Asked> {
        let usage = |text: String| anyhow::Error::from(Usage(text));
        let role = Role::parse(&self.role)
            .ok()
            .filter(|role| role.is_granted_by_key());
        let role = role.ok_or_else(|| {
            let roles = Role::ALL.iter().filter(|role| role.is_granted_by_key());
            let roles: Vec<&str> = roles.map(|role| role.code()).collect();
            usage(format!("--role is one of {}", roles.join(", ")))
        })?;
        let agency = self.agency.as_deref().map(Agency::new).transpose();
        let agency = agency.map_err(|error| usage(error.to_string()))?;
        if role.is_of_an_agency() && agency.is_none() {
            return Err(usage(format!("a key of role {role} needs --agency")));
        }
        let networks = self.network.iter().map(|text| network(text));
        let networks = networks.collect::<Result<_, _>>()?;
        let certificate = self.certificate.as_deref().map(fingerprint).transpose()?;
        if let Some(note) = &self.note
            && (note.chars().count() > LONGEST_NOTE || note.chars().any(char::is_control))
        {
            return Err(usage(format!(
                "--note is one line of at most {LONGEST_NOTE} characters"
            )));
        }
        let now = clock::now();
        Ok(Asked {
            role,
            agency,
            networks,
            certificate,
            note: self.note,
            now,
            expires_at: expiry(self.expires.as_deref(), now, days)?,
        })
    }
}

fn network(text: &str) -> Result<IpNet, Usage> {
    let net = text.parse::<IpNet>().map(|net| net.trunc());
    net.or_else(|_no_prefix| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_address| {
            Usage(format!(
                "--network {text:?} is not a network like 10.1.0.0/16"
            ))
        })
}

/// The SHA-256 of a certificate, in hexadecimal digits with or without colons.
fn fingerprint(text: &str) -> Result<[u8; 32], Usage> {
    let digits = text.replace(':', "").to_ascii_lowercase();
    let digest = BatchDigest::parse(&digits).map_err(|_hex| {
        Usage(format!(
            "--certificate {text:?} is not the SHA-256 of a certificate: 64 hexadecimal digits"
        ))
    })?;
    Ok(*digest.bytes())
}

/// When a key expires that is asked for so, at most so many days from now.
fn expiry(asked: Option<&str>, now: Timestamp, days: u16) -> anyhow::Result<Timestamp> {
    let latest = after(now, days)?;
    let Some(text) = asked else {
        return Ok(latest);
    };
    let usage = |text: String| anyhow::Error::from(Usage(text));
    let expires_at = if let Ok(number) = text.parse::<u16>() {
        after(now, number)?
    } else {
        let day = text.parse::<Date>().ok();
        let midnight = |day: Date| day.to_datetime(Time::midnight());
        let end = day.and_then(|day| {
            TimeZone::UTC
                .to_timestamp(midnight(day.tomorrow().ok()?))
                .ok()
        });
        end.ok_or_else(|| usage(format!("--expires {text:?} is neither days nor a date")))?
    };
    if expires_at <= now {
        return Err(usage("--expires is over already".to_owned()));
    }
    if expires_at > latest {
        return Err(usage(format!(
            "--expires is more than {days} days away ([auth] key_days allows more)"
        )));
    }
    Ok(expires_at)
}

fn after(now: Timestamp, days: u16) -> anyhow::Result<Timestamp> {
    now.checked_add(SignedDuration::from_hours(24 * i64::from(days)))
        .context("counting days")
}

fn list(context: &Context, store: &Store) -> anyhow::Result<()> {
    let (keys, now) = (store.access_keys(), clock::now());
    if context.json {
        let keys: Vec<Value> = keys.iter().map(|known| describe(known, now)).collect();
        return print_line(&json!({ "keys": keys }).to_string());
    }
    for known in keys.iter() {
        let AccessKey {
            id,
            role,
            agency,
            expires_at,
            note,
            ..
        } = &known.key;
        let line = format!(
            "{id}  {:<7}  {:<9}  {:<8}  until {expires_at}  {}",
            known.state(now).word(),
            role.code(),
            agency.as_ref().map_or("", Agency::as_str),
            note.as_deref().unwrap_or_default()
        );
        print_line(line.trim_end())?;
    }
    Ok(())
}

fn describe(known: &KnownKey, now: Timestamp) -> Value {
    let key = &known.key;
    let networks: Vec<String> = key.networks.iter().map(ToString::to_string).collect();
    let revoked = known
        .revoked
        .as_ref()
        .map(|act| json!({ "at": act.at.to_string(), "by": act.actor, "reason": act.reason }));
    json!({
        "id": key.id,
        "state": known.state(now).word(),
        "role": key.role.code(),
        "agency": key.agency.as_ref().map(Agency::as_str),
        "networks": networks,
        "certificate": key.certificate.map(|sha256| BatchDigest::new(sha256).to_string()),
        "note": key.note,
        "created_by": key.created_by,
        "created": key.created_at.to_string(),
        "expires": key.expires_at.to_string(),
        "revoked": revoked,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_expires_after_days_or_with_the_end_of_a_day_and_never_too_late() {
        let now = moment("2026-01-05T06:00:00Z");
        let expires = |asked: Option<&str>| expiry(asked, now, 90).map_err(|e| e.to_string());
        assert_eq!(expires(None), Ok(moment("2026-04-05T06:00:00Z")));
        assert_eq!(expires(Some("1")), Ok(moment("2026-01-06T06:00:00Z")));
        assert_eq!(expires(Some("90")), expires(None));
        assert_eq!(
            expires(Some("2026-01-05")),
            Ok(moment("2026-01-06T00:00:00Z"))
        );
        for wrong in ["0", "91", "2026-01-04", "2026-04-05", "soon", ""] {
            assert!(expires(Some(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn networks_are_networks_or_addresses() {
        let told = |text: &str| network(text).map(|net| net.to_string()).ok();
        assert_eq!(told("10.1.2.3/16").as_deref(), Some("10.1.0.0/16"));
        assert_eq!(told("192.0.2.7").as_deref(), Some("192.0.2.7/32"));
        assert_eq!(told("2001:db8::/32").as_deref(), Some("2001:db8::/32"));
        assert_eq!(told("10.1.0.0/33"), None);
        assert_eq!(told("example.org"), None);
    }

    #[test]
    fn a_fingerprint_is_read_as_openssl_prints_it() {
        let bytes = |text: &str| fingerprint(text).ok();
        let colons = ["0A"; 32].join(":");
        assert_eq!(bytes(&colons), Some([10; 32]));
        assert_eq!(bytes(&"0a".repeat(32)), Some([10; 32]));
        for wrong in ["", "0a", &"0g".repeat(32), &format!("{colons}:0A")] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
