//! The words around personal data: what names a number, what leads to a name, and what is never part of one.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::plain::{Kind, Plain, Token};

fn set(words: &'static str) -> HashSet<&'static str> {
    words.split_whitespace().collect()
}

/// What a word says that the number behind it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    IdentityCard,
    Phone,
    Account,
}

/// The word up to five tokens before the number at `token`, and how few digits make it one of a person.
pub(super) fn keyword_of_number(plain: &Plain<'_>, token: usize) -> Option<(Named, usize)> {
    let mut seen = 0;
    for token in plain.tokens.get(..token)?.iter().rev() {
        let text = plain.of(token);
        match token.kind {
            Kind::Space => continue,
            Kind::Mark if matches!(text, "." | ":" | "#" | "-" | "(" | "+" | "=") => continue,
            Kind::Letters => {}
            Kind::Mark | Kind::Digits => return None,
        }
        let word = text.to_lowercase();
        match word.as_str() {
            "cnic" | "nic" | "nicop" | "شناختی" => return Some((Named::IdentityCard, 5)),
            "phone" | "ph" | "tel" | "telephone" | "mob" | "mobile" | "cell" | "contact"
            | "whatsapp" | "msisdn" | "فون" | "موبائل" | "رابطہ" => {
                return Some((Named::Phone, 6));
            }
            "account" | "acct" | "iban" | "imei" | "passport" | "اکاؤنٹ" | "کھاتہ" | "پاسپورٹ" =>
            {
                return Some((Named::Account, 6));
            }
            "no" | "number" | "num" | "nos" | "نمبر" | "کارڈ" | "card" | "is" if seen < 2 =>
            {
                seen += 1;
            }
            _ => return None,
        }
    }
    None
}

/// Whether a currency or a unit stands beside the number at `token`.
pub(super) fn currency(plain: &Plain<'_>, token: usize) -> bool {
    let word = |token: &Token| {
        matches!(
            plain.of(token).to_lowercase().as_str(),
            "rs" | "pkr"
                | "usd"
                | "eur"
                | "aed"
                | "sar"
                | "gbp"
                | "rupees"
                | "rupee"
                | "dollars"
                | "$"
                | "€"
                | "£"
                | "₨"
                | "روپے"
                | "روپیہ"
                | "مبلغ"
                | "amount"
                | "kg"
                | "kgs"
                | "grams"
                | "tablets"
                | "usdt"
                | "btc"
        )
    };
    let solid = |token: &&Token| token.kind != Kind::Space && !matches!(plain.of(token), "." | ":");
    let before = plain
        .tokens
        .get(..token)
        .and_then(|all| all.iter().rev().take(3).find(solid));
    let after = plain
        .tokens
        .get(token + 1..)
        .and_then(|all| all.iter().take(2).find(solid));
    before.is_some_and(word) || after.is_some_and(word)
}

/// Whether a folded, lower-case word can be no part of a name: it ends the names beside a relation marker.
pub(super) fn is_stop(word: &str) -> bool {
    STOP.contains(word) || is_place(word)
}

static STOP: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    set(
        "of near at the by in on to from and or with for is was were are has had his her their a an who that this shop \
         house home office resident residing caste age aged years year cnic nic no number phone mob mobile contact dated \
         via behind opposite opp along beside son daughter wife widow husband father mother brother alias urf redacted \
         fir case bearing car truck vehicle recovered arrested seized against under etc others unknown accused \
         complainant victim witness suspect deceased informant namely named name names r o s d w c h u ps police station \
         mr mrs ms mst miss outside inside owned owner property land premises belonging hotel where when after before \
         toward towards without license licence permit documents papers visa helmet any valid proper permission rent cash \
         redact نے کو کا کی کے سے میں پر اور نزد قریب مسمی مسماہ ملزم ملزمان مدعی مدعیہ گواہ متاثرہ مغویہ گھر مکان دکان \
         سکنہ ساکن قوم ذات عمر نام نامی بمقام واقع ہے تھا تھی ہمراہ عرف ولد بنت زوجہ بیوہ دختر پسر ولدیت نمبر شناختی فون \
         موبائل رہائشی سامنے عقب ایک دو جو کہ یہ وہ بھی تھانہ ضلع تحصیل پولیس مقدمہ بجے",
    )
});

/// Whether a word belongs to the name of a place.
pub(super) fn is_place(word: &str) -> bool {
    PLACE.contains(word)
}

static PLACE: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    set(
        "road rd street st gali chowk bazaar bazar market village mohalla mohallah muhalla chak colony town city district \
         tehsil post check checkpost border camp hospital school college university mosque masjid darbar shrine plaza \
         toll point bridge pull pul canal bypass park goth killi basti kot pind garden gate adda terminal airport port \
         interchange motorway highway morr sector phase block plot factory mill mills depot stadium library clinic pump \
         tower center centre house khel abad pur chungi flyover underpass roundabout square channu society scheme cantt \
         bank ground روڈ سڑک گلی چوک بازار مارکیٹ گاؤں محلہ چک کالونی ٹاؤن شہر ہسپتال اسکول سکول مسجد دربار پل نہر پارک \
         بستی اڈہ موڑ کیمپ بارڈر چوکی ناکہ موضع پلازہ بنک بینک",
    )
});

/// Whether a word is a common given name.
pub(super) fn is_given_name(word: &str) -> bool {
    GIVEN.contains(word)
}

static GIVEN: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    set(
        "muhammad mohammad mohammed muhammed mohd ali ahmed ahmad hussain hussein hassan hasan bilal imran usman umar \
         umer asif tariq abdul ghulam iqbal javed javaid naveed nadeem rashid shahid sajid waqas zubair yousaf yousuf \
         aslam akram arshad amjad khalid kamran faisal adnan zahid shahzad saleem salim rafiq riaz nawaz gul noor bashir \
         fatima ayesha aisha zainab maryam sana nasreen rubina shazia bibi parveen begum kausar sadia saima rukhsana \
         khadija amina hina raza محمد احمد علی حسین حسن اسلم اکرم غلام عبدال عبد عبدالرحمن اقبال جاوید ندیم راشد شاہد \
         ساجد عمران عثمان عمر آصف طارق بلال خالد کامران فیصل عدنان زاہد شہزاد سلیم رفیق ریاض نواز گل نور بشیر فاطمہ عائشہ \
         زینب مریم نسرین روبینہ شازیہ بی پروین بیگم کوثر رضا",
    )
});

/// A title that stands before a name or begins the name of a place.
pub(super) fn is_title(word: &str) -> bool {
    matches!(
        word,
        "haji"
            | "hafiz"
            | "maulana"
            | "molvi"
            | "mufti"
            | "qari"
            | "ch"
            | "chaudhry"
            | "chaudhary"
            | "chaudhri"
            | "malik"
            | "sardar"
            | "rana"
            | "mian"
            | "sheikh"
            | "shaikh"
            | "syed"
            | "pir"
            | "sufi"
            | "dr"
            | "حاجی"
            | "حافظ"
            | "مولانا"
            | "مولوی"
            | "مفتی"
            | "قاری"
            | "چوہدری"
            | "ملک"
            | "سردار"
            | "رانا"
            | "میاں"
            | "شیخ"
            | "سید"
            | "پیر"
            | "ڈاکٹر"
    )
}

/// A word that stands before a person's name and nothing else.
pub(super) fn is_honorific(word: &str) -> bool {
    matches!(
        word,
        "mr" | "mrs"
            | "ms"
            | "mst"
            | "miss"
            | "mister"
            | "musammat"
            | "musamat"
            | "mussamat"
            | "mussammat"
            | "مسمی"
            | "مسماہ"
            | "مسمات"
    )
}

/// A word for a person of a case, before whose name it may stand.
pub(super) fn is_party(word: &str) -> bool {
    matches!(
        word,
        "accused"
            | "complainant"
            | "victim"
            | "witness"
            | "suspect"
            | "deceased"
            | "informant"
            | "namely"
            | "named"
            | "abductee"
            | "survivor"
            | "ملزم"
            | "ملزمہ"
            | "مدعی"
            | "مدعیہ"
            | "گواہ"
            | "متاثرہ"
            | "مغویہ"
            | "مغوی"
            | "مقتول"
            | "نامی"
    )
}

/// A word for somebody an offence was done to.
pub(super) fn is_victim(word: &str) -> bool {
    matches!(
        word,
        "victim"
            | "abductee"
            | "survivor"
            | "deceased"
            | "girl"
            | "متاثرہ"
            | "مغویہ"
            | "مغوی"
            | "مقتول"
            | "لڑکی"
    )
}

/// A vehicle, before whose plate it may stand.
pub(super) fn is_vehicle(word: &str) -> bool {
    matches!(
        word,
        "car"
            | "vehicle"
            | "truck"
            | "van"
            | "bus"
            | "motorcycle"
            | "motorbike"
            | "bike"
            | "rickshaw"
            | "jeep"
            | "corolla"
            | "mehran"
            | "cultus"
            | "civic"
            | "trailer"
            | "tanker"
            | "hiace"
            | "dumper"
            | "pickup"
            | "registration"
            | "reg"
            | "plate"
            | "coach"
            | "suzuki"
            | "honda"
            | "toyota"
            | "گاڑی"
            | "کار"
            | "ٹرک"
            | "موٹرسائیکل"
            | "سائیکل"
            | "بس"
            | "رکشہ"
            | "ٹرالر"
            | "ٹینکر"
            | "ویگن"
    )
}

/// Upper-case letters that stand before digits without being a plate: months, laws, agencies, currencies, units, arms.
pub(super) fn is_no_plate(letters: &str) -> bool {
    NO_PLATE.contains(letters)
}

static NO_PLATE: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    set(
        "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC PPC ATA CNS AML FIR NIC PKR USD EUR AED SAR GBP KGS GMS LTR TON \
         ANF FIA CTD FBR ASF NHA GPO DHA SEC UTM WGS BPS PIA ISO SIM FCR HCL ICE LSD THC RPG SMG LMG GUN TTP ACT AND THE \
         FOR QTY AGE NTN COL LOT BOX ROW MAP BUS CAR VAN KM GT PS NO RS KG UC RD EB GB JB RB WB NB SB PP NA PK AK TT SR \
         LB HR HRS OZ ML LA PST PKT UTC GMT NH BHU RHC FC CP BP TAB BAG ALL LHC IHC SHC PHC CRL CRPC ER DIR POST GATE NEW \
         OLD VPO PO ST SRO NOC EOI ESA AO EO FA CA KPK KP BC AD NEAR OPP SEE RDS PIN ZIP DOB REF SNO CNG",
    )
});
