//! `naqsha cluster`: records of different agencies that are probably one matter.

use clap::{Args, Subcommand};
use naqsha_store::{Act, Cluster, ClusterLink, Decision, Snapshot};
use serde_json::{Value, json};

use super::{Context, print_line};
use crate::exit::Usage;
use crate::{actor, clock};

#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// The clusters, and the links that ask for a review.
    List,
    /// One cluster by its id or the id of one of its incidents, with its links.
    Show {
        /// Id of the cluster or of an incident.
        id: String,
    },
    /// State that the two incidents of a link are one matter.
    Confirm(DecisionArgs),
    /// State that they are not; confirming takes it back.
    Unlink(DecisionArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DecisionArgs {
    /// Number of the link.
    link: u64,
    /// Why: a reason code or a few words.
    #[arg(long)]
    reason: String,
    /// Who decides, where that is not the login name.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

pub(super) async fn run(context: &Context, command: ClusterCommand) -> anyhow::Result<()> {
    let store = context.open_store().await?;
    match command {
        ClusterCommand::List => list(context, &store.snapshot()),
        ClusterCommand::Show { id } => show(&store.snapshot(), &id),
        ClusterCommand::Confirm(args) => {
            let version = store
                .decide(args.link, Decision::Confirm, args.act()?)
                .await?;
            say(context, args.link, "confirmed", version)
        }
        ClusterCommand::Unlink(args) => {
            let version = store
                .decide(args.link, Decision::Unlink, args.act()?)
                .await?;
            say(context, args.link, "unlinked", version)
        }
    }
}

impl DecisionArgs {
    fn act(&self) -> Result<Act, Usage> {
        if self.reason.trim().is_empty() {
            return Err(Usage("--reason is empty".to_owned()));
        }
        Ok(Act {
            actor: self.by.clone().unwrap_or_else(actor::name),
            reason: self.reason.clone(),
            at: clock::now(),
        })
    }
}

fn say(context: &Context, link: u64, now: &str, version: u64) -> anyhow::Result<()> {
    print_line(&if context.json {
        json!({ "link": link, "state": now, "data_version": version }).to_string()
    } else {
        format!("link {link} is {now}, version {version}")
    })
}

fn list(context: &Context, snapshot: &Snapshot) -> anyhow::Result<()> {
    let (clusters, links) = (snapshot.clusters(), snapshot.cluster_links());
    let review = || {
        links
            .iter()
            .filter(|link| link.decision.is_none() && !link.linked)
    };
    if context.json {
        let clusters: Vec<Value> = clusters.iter().map(describe).collect();
        let review: Vec<Value> = review().map(describe_link).collect();
        let (reported, deduplicated) = (snapshot.live(), snapshot.deduplicated().live());
        return print_line(
            &json!({ "clusters": clusters, "review": review, "reported": reported, "deduplicated": deduplicated })
                .to_string(),
        );
    }
    for cluster in &clusters {
        print_line(&format!(
            "{}  {} incidents, {} counts",
            cluster.id,
            cluster.incidents.len(),
            cluster.counted
        ))?;
    }
    for link in review() {
        let [left, right] = link.incidents;
        print_line(&format!(
            "review link {}: {left} and {right}, {} ({})",
            link.number,
            score(link),
            link.basis
        ))?;
    }
    Ok(())
}

fn show(snapshot: &Snapshot, id: &str) -> anyhow::Result<()> {
    let clusters = snapshot.clusters();
    let has = |cluster: &&Cluster| {
        cluster
            .incidents
            .iter()
            .any(|incident| incident.to_string() == id)
    };
    let Some(cluster) = clusters.iter().find(has) else {
        return Err(anyhow::anyhow!("no cluster has the incident {id:?}"));
    };
    let links = snapshot.cluster_links();
    let links = links.iter().filter(|link| {
        link.incidents
            .iter()
            .any(|incident| cluster.incidents.contains(incident))
    });
    let mut described = describe(cluster);
    described["links"] = links.map(describe_link).collect();
    print_line(&serde_json::to_string_pretty(&described)?)
}

fn score(link: &ClusterLink) -> f64 {
    f64::from(link.score) / 100.0
}

fn describe(cluster: &Cluster) -> Value {
    let incidents: Vec<String> = cluster.incidents.iter().map(ToString::to_string).collect();
    json!({
        "cluster": cluster.id.to_string(),
        "incidents": incidents,
        "counted": cluster.counted.to_string(),
        "links": cluster.links,
    })
}

fn describe_link(link: &ClusterLink) -> Value {
    let [left, right] = link.incidents.map(|incident| incident.to_string());
    let decision = link.decision.as_ref().map(|(decision, act)| {
        json!({ "decision": decision.word(), "by": act.actor, "reason": act.reason, "at": act.at.to_string() })
    });
    json!({
        "link": link.number,
        "incidents": [left, right],
        "score": score(link),
        "basis": link.basis.split(' ').collect::<Vec<_>>(),
        "linked": link.linked,
        "decision": decision,
    })
}
