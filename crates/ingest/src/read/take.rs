//! A mapped text into its place in the draft, by target.

use naqsha_model::{
    AgeBand, Amount, Category, Code, Coded, Concealment, Country, Currency, Day, DetectionMode,
    Grading, HandlingCode, LinkBasis, LinkedCategory, Members, RouteNode, RouteRole, Seizure,
    Status, Substance, TimePrecision, TravelMode, Unit,
};

use super::RowReader;
use crate::draft::Draft;
use crate::profile::{
    Action, CountTarget, ModusTarget, MoneyTarget, NumberForm, SeizurePart, TimeForm, TimeTarget,
    truth,
};
use crate::recall::Kept;
use crate::text::ascii_digits;
use crate::values::fir_number::fir_number;
use crate::values::number::money;
use crate::values::redact::{names_a_victim, redact};
use crate::values::section::sections;

/// Letters of a platform's name that are kept.
const PLATFORM_LETTERS: usize = 40;
/// Letters of a cross reference that are kept.
const REFERENCE_LETTERS: usize = 60;

impl RowReader<'_> {
    pub(super) fn take(
        &self,
        action: &Action,
        column: usize,
        text: &str,
        draft: &mut Draft,
    ) -> Result<(), Code> {
        match action {
            Action::SourceId => draft.source_id = Some(text.to_owned()),
            Action::Unit => draft.unit = Some(kept_text(column, text, draft)),
            Action::Time(target, form) => self.take_time((*target, *form), column, text, draft)?,
            Action::TimePrecision => {
                draft.occurred_precision = Some(member::<TimePrecision>(text)?);
            }
            Action::StatusAt => draft.details().status_at = Some(self.day(text)?),
            Action::Status => draft.status = Some(member::<Status>(text)?),
            Action::Detection => draft.detection = Some(member::<DetectionMode>(text)?),
            Action::Description { lower } => {
                let kept = kept_text(column, text, draft);
                draft.description = Some(if *lower { kept.to_lowercase() } else { kept });
            }
            Action::Category => {
                draft.category = Some(Category::parse(text).map_err(|_unknown| Code::E203)?);
            }
            Action::CaseNumber(form) => {
                draft.number = Some(self.number(*form, column, text, draft)?);
            }
            Action::Station(_) => draft.written_station = Some((column, text.to_owned())),
            Action::Sections { default_statute } => {
                let statutes = &self.reference.statutes;
                let citations = draft.recalled().citations(default_statute);
                let cited = citations.of(text, || sections(text, default_statute, statutes))?;
                (draft.offences, draft.cited) = (cited.offences, Some(cited.category));
                (draft.undated, draft.law_column) = (cited.undated, Some(column));
                for category in cited.linked {
                    let basis = LinkBasis::SectionCited;
                    draft
                        .details()
                        .linked
                        .push(LinkedCategory { category, basis });
                }
            }
            Action::Place(target) => self.take_place(*target, column, text, draft)?,
            Action::Route(role, part) => self.take_route(*role, *part, text, draft)?,
            Action::RouteMode => take_mode(member(text)?, draft),
            Action::Money(target) => take_money(*target, column, text, draft)?,
            Action::Seizure(part) => take_seizure(*part, column, text, draft)?,
            Action::Modus(target) => take_modus(*target, column, text, draft)?,
            Action::Count(target) => take_count(*target, text, draft)?,
            Action::AgeBand => draft.details().victims.age_band = Some(member::<AgeBand>(text)?),
            Action::Citizenship => draft.details().victims.citizenship = Some(country(text)?),
            Action::GroupCode => {
                draft.details().group_code =
                    Some(self.reference.group_code(text).ok_or(Code::E104)?);
            }
            Action::Key(target) => self.take_key(*target, column, text, draft),
            Action::CrossReference => {
                let kept = clipped(&kept_text(column, text, draft), REFERENCE_LETTERS);
                draft.details().linkage.cross_refs.push(kept);
            }
            Action::Grading => draft.grading = Some(Grading::parse(text).ok_or(Code::E104)?),
            Action::HandlingCode => draft.handling = Some(member::<HandlingCode>(text)?),
            Action::ReleasableTo => {
                let agency = text.to_ascii_uppercase();
                if !self.reference.knows_agency(&agency) {
                    return Err(Code::H952);
                }
                draft.releasable_to.push(agency);
            }
        }
        Ok(())
    }

    fn number(
        &self,
        form: NumberForm,
        column: usize,
        text: &str,
        draft: &mut Draft,
    ) -> Result<(String, Option<i16>), Code> {
        match form {
            // A destroyed number of a person is only dropped; a case cannot do without its own.
            NumberForm::Fir => {
                fir_number(text, self.profile.dates.pivot).map_err(|code| match code {
                    Code::E112 => {
                        draft.blame(code, column);
                        Code::E111
                    }
                    code => code,
                })
            }
            NumberForm::Plain => Ok((kept_text(column, text, draft), None)),
            NumberForm::Keyed if !text.contains(char::is_alphanumeric) => Err(Code::E101),
            NumberForm::Keyed => {
                let secret = self.secret.ok_or(Code::E101)?;
                Ok((secret.key("reference", text).to_string(), None))
            }
        }
    }

    fn take_time(
        &self,
        (target, form): (TimeTarget, TimeForm),
        column: usize,
        text: &str,
        draft: &mut Draft,
    ) -> Result<(), Code> {
        let (moment, remarks) = self.moments.read(form, text)?;
        remarks.into_iter().flatten().for_each(|code| {
            draft.blame(code, column);
            draft.fixed.push((column, moment.first.to_string()));
        });
        match target {
            TimeTarget::OccurredStart | TimeTarget::Occurred => draft.occurred = Some(moment),
            TimeTarget::OccurredEnd => draft.occurred_end = Some(moment),
            TimeTarget::Reported => draft.reported = Some(moment),
            TimeTarget::Registered => draft.registered = Some(moment),
        }
        Ok(())
    }

    fn day(&self, text: &str) -> Result<Day, Code> {
        let (moment, _remarks) = self.moments.read(TimeForm::Date, text)?;
        Day::new(moment.first).map_err(|_range| Code::E301)
    }
}

pub(super) fn member<T: Coded>(text: &str) -> Result<T, Code> {
    T::read(text).map_err(|_unknown| Code::E104)
}

pub(super) fn country(text: &str) -> Result<Country, Code> {
    Country::new(text).ok_or(Code::E104)
}

/// A text that is kept: personal data replaced, and the column remembered.
pub(super) fn kept_text(column: usize, text: &str, draft: &mut Draft) -> String {
    let kept = draft.recalled().texts.of(text, || {
        let redacted = redact(text);
        Kept {
            names_a_victim: names_a_victim(text, &redacted.codes),
            text: redacted.text.into_owned(),
            codes: redacted.codes,
        }
    });
    draft.names_a_victim |= kept.names_a_victim;
    if !kept.codes.is_empty() {
        draft.redacted.push(column);
        kept.codes
            .iter()
            .for_each(|&code| draft.blame(code, column));
    }
    kept.text
}

fn clipped(text: &str, letters: usize) -> String {
    text.chars().take(letters).collect()
}

pub(super) fn node(role: RouteRole, draft: &mut Draft) -> &mut RouteNode {
    let route = &mut draft.details().route;
    // Kept in order of travel: the roles are declared in it.
    let at = route.partition_point(|node| node.role < role);
    if route.get(at).is_none_or(|node| node.role != role) {
        route.insert(at, RouteNode::new(role));
    }
    route
        .get_mut(at)
        .expect("a node of the role is there, or was put there")
}

/// The mode of a record is that of every stretch of its route.
fn take_mode(mode: TravelMode, draft: &mut Draft) {
    if draft.details().route.is_empty() {
        node(RouteRole::Origin, draft);
    }
    for node in &mut draft.details().route {
        node.mode = Some(mode);
    }
}

fn take_money(
    target: MoneyTarget,
    column: usize,
    text: &str,
    draft: &mut Draft,
) -> Result<(), Code> {
    let (amount, currency) = money(text)?;
    if !text.trim().bytes().all(|b| b.is_ascii_digit()) {
        draft.fixed.push((column, format!("{amount} {currency}")));
    }
    let amount = Amount::new(amount).ok_or(Code::E504)?;
    let money = &mut draft.details().money;
    match target {
        MoneyTarget::Amount if currency == "PKR" => money.amount_pkr = Some(amount),
        MoneyTarget::Amount => {
            money.foreign = Some((amount, Currency::new(&currency).ok_or(Code::E501)?));
        }
        _ if currency != "PKR" => return Err(Code::E501),
        MoneyTarget::Frozen => money.frozen_pkr = Some(amount),
        MoneyTarget::FeePaid => money.fee_paid_pkr = Some(amount),
    }
    Ok(())
}

fn take_seizure(
    part: SeizurePart,
    column: usize,
    text: &str,
    draft: &mut Draft,
) -> Result<(), Code> {
    match part {
        SeizurePart::Substance => draft.seizures.push(Seizure::of(member::<Substance>(text)?)),
        SeizurePart::Quantity => draft.line_amount = Some((column, text.to_owned())),
        SeizurePart::Unit => draft.line_unit = Some(member::<Unit>(text)?),
        SeizurePart::Purity | SeizurePart::ForensicReport | SeizurePart::Concealment => {
            let line = draft.seizures.last_mut().ok_or(Code::E101)?;
            match part {
                SeizurePart::Purity => {
                    let percent = fast_float2::parse::<f64, _>(text.trim_end_matches(['%', ' ']))
                        .ok()
                        .filter(|percent| (0.0..=100.0).contains(percent));
                    line.purity_percent = Some(percent.ok_or(Code::E501)?);
                }
                SeizurePart::ForensicReport => {
                    line.forensic_report = Some(truth(text).ok_or(Code::E104)?);
                }
                _ => line.concealment = Some(member::<Concealment>(text)?),
            }
        }
    }
    Ok(())
}

fn take_modus(
    target: ModusTarget,
    column: usize,
    text: &str,
    draft: &mut Draft,
) -> Result<(), Code> {
    if let ModusTarget::Platform { lower } = target {
        let kept = clipped(&kept_text(column, text, draft), PLATFORM_LETTERS);
        draft.details().modus.platform = Some(if lower { kept.to_lowercase() } else { kept });
        return Ok(());
    }
    let modus = &mut draft.details().modus;
    match target {
        ModusTarget::TfStage => add(&mut modus.tf_stage, text)?,
        ModusTarget::TfChannel => add(&mut modus.tf_channel, text)?,
        ModusTarget::Exploitation => add(&mut modus.exploitation, text)?,
        ModusTarget::TipAct => add(&mut modus.tip_act, text)?,
        ModusTarget::ControlMeans => add(&mut modus.control_means, text)?,
        ModusTarget::Recruiter => add(&mut modus.recruiter, text)?,
        ModusTarget::SmugglingAbuse => add(&mut modus.smuggling_abuse, text)?,
        ModusTarget::Patronage => modus.patronage = Some(member(text)?),
        ModusTarget::CyberType => modus.cyber_type = Some(member(text)?),
        ModusTarget::CyberRelation => modus.cyber_relation = Some(member(text)?),
        ModusTarget::Circumstance(circumstance) => {
            let present = truth(text).ok_or(Code::E104)?;
            modus.circumstances.state(circumstance, present);
        }
        ModusTarget::Platform { .. } => {}
    }
    Ok(())
}

fn add<T: Coded>(members: &mut Members<T>, text: &str) -> Result<(), Code> {
    members.insert(member(text)?);
    Ok(())
}

fn take_count(target: CountTarget, text: &str, draft: &mut Draft) -> Result<(), Code> {
    let count = ascii_digits(text)
        .trim()
        .parse()
        .map_err(|_number| Code::E501)?;
    let details = draft.details();
    let (victims, suspects) = (&mut details.victims, &mut details.suspects);
    *match target {
        CountTarget::Victims => &mut victims.count,
        CountTarget::Female => &mut victims.female,
        CountTarget::Male => &mut victims.male,
        CountTarget::Transgender => &mut victims.transgender,
        CountTarget::SexUnknown => &mut victims.unknown,
        CountTarget::Minors => &mut victims.minors,
        CountTarget::Arrested => &mut suspects.arrested,
        CountTarget::Absconding => &mut suspects.absconding,
        CountTarget::ForeignNationals => &mut suspects.foreign_nationals,
    } = Some(count);
    Ok(())
}
