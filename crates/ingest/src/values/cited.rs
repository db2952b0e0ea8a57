//! What follows from sections of law: roles, the principal offence, its category and the categories linked with it.

use naqsha_model::{Adjacent, Category, Code, Offence, OffenceRole};

use crate::reference::Statutes;

/// Sections as cited, principal first, with what follows from them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cited {
    pub(crate) offences: Vec<Offence>,
    /// For each offence whether the text leaves open which year's or province's act it means.
    pub(crate) undated: Vec<bool>,
    /// Category of the principal offence.
    pub(crate) category: Category,
    /// Other categories of the substantive sections, as first cited.
    pub(crate) linked: Vec<Category>,
}

/// Crime outside the mapped categories.
const OTHER: Category = Category::Adjacent(Adjacent::Other);

/// A section with what the table says of it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) offence: Offence,
    category: Category,
    weight: f64,
    /// Whether the text leaves open which year's or province's act it means.
    pub(crate) undated: bool,
}

/// The section as its table has it; E201 for one that no table has.
pub(crate) fn known(statute: &str, section: &str, statutes: &Statutes) -> Result<Known, Code> {
    let found = statutes.find(statute, section);
    let number: u32 = section
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    // The table holds the sections that matter; the rest of the penal code is other crime, not an error.
    if found.is_none() && !(statute == "PPC-1860" && (1..=511).contains(&number)) {
        return Err(Code::E201);
    }
    let (role, category, iccs, weight) = match found {
        Some(row) => (row.role, row.category, row.iccs.clone(), row.weight),
        None => (
            OffenceRole::Substantive,
            Category::Adjacent(Adjacent::Other),
            String::new(),
            0.0,
        ),
    };
    // `9(c)` says what was held and how much: it stands for the offence, where a bare `9` only punishes one.
    let part = found.is_some_and(|row| row.number != section) && section.contains(['(', '-']);
    let role = if role == OffenceRole::Punishment && part && statute.contains("CNSA") {
        OffenceRole::Substantive
    } else {
        role
    };
    let section = spelled(statute, section, found.map(|row| row.number.as_str()));
    let offence = Offence {
        statute: statute.to_owned(),
        section,
        role,
        iccs,
        principal: false,
        attempted: false,
        raw: None,
    };
    Ok(Known {
        offence,
        category,
        weight,
        undated: true,
    })
}

/// The statute's own spelling: `9(c)` in the narcotics acts, `22A` where the table has it so, else `365-A`.
fn spelled(statute: &str, section: &str, table: Option<&str>) -> String {
    if let Some(table) = table.filter(|table| table.replace('-', "") == section.replace('-', "")) {
        return table.to_owned();
    }
    match section.split_once('-') {
        Some((number, rest)) if statute.contains("CNSA") => {
            let (letter, groups) = rest.split_at(rest.find('(').unwrap_or(rest.len()));
            format!("{number}({}){groups}", letter.to_lowercase())
        }
        _ => section.to_owned(),
    }
}

/// Principal: mapped crimes before other ones, then the greatest harm, then the first cited.
///
/// A punishment or context section counts only where its statute has no substantive section cited: `9(c)` alone stands
/// for the offence it punishes. Modifiers never count; PPC 511 makes an attempt of what is cited beside it.
pub(crate) fn derive(mut sections: Vec<Known>) -> Result<Cited, Code> {
    let counts: Vec<bool> = sections
        .iter()
        .map(|known| counts(known, &sections))
        .collect();
    let attempted = sections
        .iter()
        .any(|known| known.offence.statute == "PPC-1860" && known.offence.section == "511");
    let rank = |known: &Known| (known.category != OTHER, known.weight);
    let best = (0..sections.len())
        .filter(|&i| counts.get(i) == Some(&true))
        .reduce(
            |best, next| match (sections.get(best), sections.get(next)) {
                (Some(a), Some(b)) if rank(b) > rank(a) => next,
                _ => best,
            },
        );
    let Some(best) = best else {
        return Err(if sections.is_empty() {
            Code::E201
        } else {
            Code::E202
        });
    };
    let mut linked: Vec<Category> = Vec::new();
    for (known, counts) in sections.iter_mut().zip(counts) {
        known.offence.attempted = attempted && counts;
        let other = known.category != OTHER && !linked.contains(&known.category);
        if counts && other && known.offence.role == OffenceRole::Substantive {
            linked.push(known.category);
        }
    }
    let mut principal = sections.remove(best);
    principal.offence.principal = true;
    let category = principal.category;
    linked.retain(|other| *other != category);
    let (offences, undated) = std::iter::once(principal)
        .chain(sections)
        .map(|known| (known.offence, known.undated))
        .unzip();
    Ok(Cited {
        offences,
        undated,
        category,
        linked,
    })
}

fn counts(known: &Known, all: &[Known]) -> bool {
    let defined = || {
        all.iter().any(|other| {
            other.offence.role == OffenceRole::Substantive
                && other.offence.statute == known.offence.statute
        })
    };
    match known.offence.role {
        OffenceRole::Substantive => true,
        OffenceRole::Punishment | OffenceRole::Context => !defined(),
        OffenceRole::Modifier => false,
    }
}

#[cfg(test)]
mod tests {
    use naqsha_model::{Adjacent, Category, Code};

    use crate::Reference;
    use crate::values::section::sections;

    fn cited(text: &str) -> super::Cited {
        sections(text, "PPC-1860", &Reference::embedded().statutes).unwrap()
    }

    #[test]
    fn the_gravest_mapped_section_decides_and_the_others_are_linked() {
        for (text, principal, category, linked) in [
            (
                "11-H ATA r/w 3/4 AMLA",
                "ATA-1997:11-H",
                Category::TerrorFinancing,
                vec![Category::Adjacent(Adjacent::MoneyLaundering)],
            ),
            (
                "420/468 PPC, 14/16 PECA",
                "PECA-2016:16",
                Category::Cybercrime,
                vec![],
            ),
            (
                "3(2) PTPA & 374 PPC",
                "PTPA-2018:3(2)",
                Category::HumanTrafficking,
                vec![Category::Adjacent(Adjacent::ForcedLabour)],
            ),
            (
                "9(c) CNSA/13 AO",
                "CNSA-1997:9(c)",
                Category::DrugTrafficking,
                vec![Category::Adjacent(Adjacent::Arms)],
            ),
            (
                "12 PECA/11-N ATA",
                "ATA-1997:11-N",
                Category::TerrorFinancing,
                vec![],
            ),
            (
                "9(c)/15 CNSA",
                "CNSA-1997:9(c)",
                Category::DrugTrafficking,
                vec![],
            ),
        ] {
            let read = cited(text);
            let first = read.offences.first().unwrap();
            assert_eq!(
                format!("{}:{}", first.statute, first.section),
                principal,
                "{text}"
            );
            assert_eq!((read.category, read.linked), (category, linked), "{text}");
            assert_eq!(first.raw.as_deref(), Some(text));
        }
    }

    #[test]
    fn an_attempt_is_told_and_never_counted_alone() {
        let read = cited("9(c) CNSA, 511/34 PPC");
        let attempted: Vec<(String, bool)> = read
            .offences
            .into_iter()
            .map(|o| (o.section, o.attempted))
            .collect();
        assert_eq!(
            attempted,
            [
                ("9(c)".to_owned(), true),
                ("511".to_owned(), false),
                ("34".to_owned(), false)
            ]
        );
        assert!(cited("9(c) CNSA").offences.iter().all(|o| !o.attempted));
        let alone = sections("511 PPC", "PPC-1860", &Reference::embedded().statutes);
        assert_eq!(alone, Err(Code::E202));
    }

    #[test]
    fn only_a_stated_year_says_which_act_is_meant() {
        assert_eq!(cited("9(c) CNSA").undated, [true]);
        assert_eq!(cited("9(c) CNSA 1997").undated, [false]);
        assert_eq!(
            cited("9(c) CNSA 2025").offences.first().unwrap().statute,
            "PB-CNSA-2025"
        );
        assert_eq!(
            cited("9(d) KPCNSA").offences.first().unwrap().statute,
            "KP-CNSA-2019"
        );
    }

    #[test]
    fn the_words_of_the_source_are_kept_short_and_without_persons() {
        let long = format!("9(c) CNSA {}", "and ".repeat(60));
        assert_eq!(
            cited(&long)
                .offences
                .first()
                .unwrap()
                .raw
                .as_ref()
                .unwrap()
                .chars()
                .count(),
            120
        );
    }
}
