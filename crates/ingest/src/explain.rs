//! The wording of every code, in English and Urdu: what it means and what the clerk does about it.

use naqsha_model::Code;

/// What a code means and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// What it means, in English.
    pub en: &'static str,
    /// What to do, in English.
    pub what_to_do_en: &'static str,
    /// What it means, in Urdu.
    pub ur: &'static str,
    /// What to do, in Urdu.
    pub what_to_do_ur: &'static str,
}

/// The wording of a code.
pub fn explain(code: Code) -> Explanation {
    let (_, (en, what_to_do_en, ur, what_to_do_ur)) = WORDS
        .iter()
        .find(|(of, _)| *of == code)
        .copied()
        .expect("the table has every code, as its test says");
    Explanation {
        en,
        what_to_do_en,
        ur,
        what_to_do_ur,
    }
}

/// English, what to do, Urdu, what to do.
type Words = (&'static str, &'static str, &'static str, &'static str);

const RESEND_EN: &str = "correct the row and send it again";
const RESEND_UR: &str = "سطر درست کر کے دوبارہ بھیجیں";
const NOTHING_EN: &str = "nothing to do; check the value in the report";
const NOTHING_UR: &str = "کچھ کرنا ضروری نہیں؛ رپورٹ میں قدر دیکھ لیں";
const ADMIN_EN: &str = "ask the service's administrator";
const ADMIN_UR: &str = "سروس کے منتظم سے رابطہ کریں";

#[rustfmt::skip] // one code a line
const WORDS: [(Code, Words); 63] = [
    (Code::E102, ("two columns have the same header", "rename or remove one of them", "دو کالموں کا عنوان ایک ہے", "ایک کالم کا نام بدلیں یا اسے ہٹائیں")),
    (Code::E103, ("a column is neither mapped nor dropped by the profile", "remove the column, or have the profile extended", "کالم پروفائل میں شامل نہیں", "کالم ہٹائیں یا پروفائل میں شامل کروائیں")),
    (Code::E104, ("a value is not in the closed list", RESEND_EN, "قدر مقررہ فہرست میں نہیں", RESEND_UR)),
    (Code::E110, ("the spreadsheet turned the FIR number into a date", "format the column as text and type the number again, as 604/23", "اسپریڈشیٹ نے ایف آئی آر نمبر کو تاریخ بنا دیا", "کالم کو ٹیکسٹ بنا کر نمبر دوبارہ لکھیں، مثلاً 604/23")),
    (Code::E111, ("the FIR number is unreadable", "write number and year, as 604/23", "ایف آئی آر نمبر پڑھا نہیں جا سکا", "نمبر اور سال لکھیں، مثلاً 604/23")),
    (Code::E112, ("a long number was destroyed by the spreadsheet (3.52E+12)", "format the column as text and copy the number again", "اسپریڈشیٹ نے لمبا نمبر خراب کر دیا", "کالم کو ٹیکسٹ بنا کر نمبر دوبارہ لکھیں")),
    (Code::B901, ("the text encoding is unreadable", "save the file as CSV UTF-8", "فائل کی انکوڈنگ پڑھی نہیں جا سکی", "فائل کو CSV UTF-8 میں محفوظ کریں")),
    (Code::B902, ("these bytes were received before; nothing changed", "nothing to do", "یہ فائل پہلے موصول ہو چکی ہے", "کچھ کرنا ضروری نہیں")),
    (Code::B903, ("the accepted total differs from the stated control total", "compare the totals by category", "منظور شدہ تعداد بتائے گئے مجموعے سے مختلف ہے", "ہر زمرے کا مجموعہ ملائیں")),
    (Code::B904, ("more than a fifth of the rows were rejected: the batch is held", "correct the rows in the report and send the file again", "پانچویں حصے سے زیادہ سطریں مسترد: فائل روک لی گئی", "رپورٹ کی سطریں درست کر کے فائل دوبارہ بھیجیں")),
    (Code::B905, ("the mapping profile has expired", ADMIN_EN, "پروفائل کی میعاد ختم ہو گئی", ADMIN_UR)),
    (Code::B906, ("the file is empty or has only a header", "export the file again", "فائل خالی ہے یا صرف عنوان ہے", "فائل دوبارہ ایکسپورٹ کریں")),
    (Code::B907, ("the compressed file is truncated or damaged", "compress and send it again", "کمپریس فائل نامکمل یا خراب ہے", "دوبارہ کمپریس کر کے بھیجیں")),
    (Code::B908, ("the file is not in the declared format", "export it as CSV", "فائل مقررہ شکل میں نہیں", "CSV میں ایکسپورٹ کریں")),
    (Code::B909, ("the file exceeds a limit", "split the file, and look for an unclosed quote", "فائل حد سے بڑی ہے", "فائل تقسیم کریں اور کھلا ہوا واوین دیکھیں")),
    (Code::B910, ("the rows are aggregates, not incidents", "send one row per incident", "سطریں مجموعے ہیں، واقعات نہیں", "ہر واقعے کی الگ سطر بھیجیں")),
    (Code::I901, ("the row is outside the mapped categories", "nothing to do", "سطر متعلقہ زمروں سے باہر ہے", "کچھ کرنا ضروری نہیں")),
    (Code::H951, ("the handling code is missing", RESEND_EN, "ہینڈلنگ کوڈ موجود نہیں", RESEND_UR)),
    (Code::H952, ("a recipient in releasable_to is unknown", RESEND_EN, "وصول کنندہ نامعلوم ہے", RESEND_UR)),
    (Code::E101, ("a required value is missing", "fill it in and send the row again", "ضروری قدر موجود نہیں", "قدر لکھ کر سطر دوبارہ بھیجیں")),
    (Code::E201, ("the statute or section is unknown", "write section and act, as 9(c) CNSA", "قانون یا دفعہ نامعلوم ہے", "دفعہ اور قانون لکھیں، مثلاً 9(c) CNSA")),
    (Code::E202, ("only modifier sections are cited (34, 109, 149 …)", "add the section of the offence itself", "صرف معاون دفعات درج ہیں", "اصل جرم کی دفعہ شامل کریں")),
    (Code::E203, ("the value is not in the profile's map", "use a listed value, or have the map extended", "قدر پروفائل کے نقشے میں نہیں", "فہرست کی قدر لکھیں یا اسے شامل کروائیں")),
    (Code::W204, ("the section was repealed or not yet in force on the date", "check section and date", "دفعہ اس تاریخ پر نافذ نہیں تھی", "دفعہ اور تاریخ جانچیں")),
    (Code::W205, ("the sections give another category than the column", "check the sections", "دفعات سے مختلف زمرہ بنتا ہے", "دفعات جانچیں")),
    (Code::E302, ("the date is in the future", RESEND_EN, "تاریخ مستقبل کی ہے", RESEND_UR)),
    (Code::E303, ("reported before it occurred", RESEND_EN, "رپورٹ وقوعہ سے پہلے کی ہے", RESEND_UR)),
    (Code::W304, ("this local time does not exist (clocks went forward)", NOTHING_EN, "یہ مقامی وقت موجود نہیں تھا", NOTHING_UR)),
    (Code::W305, ("this local time came twice (clocks went back)", NOTHING_EN, "یہ مقامی وقت دو بار آیا", NOTHING_UR)),
    (Code::W306, ("reported more than two years after it occurred", "check both dates", "رپورٹ وقوعہ کے دو سال بعد کی ہے", "دونوں تاریخیں جانچیں")),
    (Code::W307, ("a Hijri date was converted: a day either way", NOTHING_EN, "ہجری تاریخ تبدیل کی گئی: ایک دن کا فرق ممکن", NOTHING_UR)),
    (Code::W308, ("an Excel serial number was read as a date", "format the column as a date", "ایکسل کا سیریل نمبر تاریخ پڑھا گیا", "کالم کو تاریخ بنائیں")),
    (Code::W309, ("a two-digit year was placed in its century", NOTHING_EN, "دو ہندسوں کا سال صدی میں رکھا گیا", NOTHING_UR)),
    (Code::E301, ("the date is unreadable", "write day, month and year, as 03-04-2024", "تاریخ پڑھی نہیں جا سکی", "دن، مہینہ اور سال لکھیں، مثلاً 03-04-2024")),
    (Code::E401, ("the place is outside Pakistan, or the coordinate is incomplete", RESEND_EN, "مقام پاکستان سے باہر ہے یا نامکمل ہے", RESEND_UR)),
    (Code::W402, ("latitude and longitude were swapped and set right", NOTHING_EN, "طول بلد اور عرض بلد الٹ تھے", NOTHING_UR)),
    (Code::W403, ("the place is known by name only: its centre stands for it", "give a coordinate where there is one", "مقام صرف نام سے معلوم ہے", "ممکن ہو تو کوآرڈینیٹ دیں")),
    (Code::E404, ("the district is unknown", RESEND_EN, "ضلع نامعلوم ہے", RESEND_UR)),
    (Code::W405, ("the district was renamed or split", NOTHING_EN, "ضلع کا نام بدلا یا تقسیم ہوا", NOTHING_UR)),
    (Code::E406, ("the place or station is ambiguous", "add the district", "مقام یا تھانہ مبہم ہے", "ضلع بھی لکھیں")),
    (Code::W407, ("the point is not in the stated district", "check coordinate and district", "نقطہ بتائے گئے ضلع میں نہیں", "کوآرڈینیٹ اور ضلع جانچیں")),
    (Code::W408, ("the point is (0, 0) or repeated too often: no place", "give the real coordinate", "نقطہ صفر ہے یا بار بار آیا", "اصل کوآرڈینیٹ دیں")),
    (Code::W409, ("the spelling of a place was corrected", NOTHING_EN, "مقام کے ہجے درست کیے گئے", NOTHING_UR)),
    (Code::E501, ("the value is not a number", RESEND_EN, "قدر عدد نہیں", RESEND_UR)),
    (Code::W502, ("the unit was inferred", "write the unit", "اکائی اندازے سے لی گئی", "اکائی لکھیں")),
    (Code::W503, ("the quantity is implausible", "check the quantity", "مقدار غیر معمولی ہے", "مقدار جانچیں")),
    (Code::E504, ("the quantity is zero or negative", RESEND_EN, "مقدار صفر یا منفی ہے", RESEND_UR)),
    (Code::E505, ("the unit does not fit the drug", RESEND_EN, "اکائی اس منشیات کی نہیں", RESEND_UR)),
    (Code::W506, ("a legacy unit was converted", NOTHING_EN, "پرانی اکائی تبدیل کی گئی", NOTHING_UR)),
    (Code::W507, ("the mass of a tablet was assumed", NOTHING_EN, "گولی کا وزن فرض کیا گیا", NOTHING_UR)),
    (Code::P601, ("an identity-card, phone or account number was redacted", "leave such numbers out", "شناختی یا فون نمبر مٹا دیا گیا", "ایسے نمبر نہ لکھیں")),
    (Code::P602, ("a personal name was redacted", "leave names out", "شخصی نام مٹا دیا گیا", "نام نہ لکھیں")),
    (Code::P603, ("personal data in more than 1% of a column: the batch is held", "remove the data from the column and send the file again", "کالم میں ذاتی معلومات ہیں: فائل روک لی گئی", "ذاتی معلومات ہٹا کر دوبارہ بھیجیں")),
    (Code::P604, ("a victim is identifiable in a trafficking or sexual-offence record", "remove whatever identifies the victim", "متاثرہ فرد کی شناخت ظاہر ہے", "شناخت ظاہر کرنے والی معلومات ہٹائیں")),
    (Code::P605, ("caste or religion is not accepted", "remove the column", "ذات یا مذہب قبول نہیں", "کالم ہٹائیں")),
    (Code::D701, ("the row repeats a record already held", "nothing to do", "سطر پہلے سے موجود ہے", "کچھ کرنا ضروری نہیں")),
    (Code::D702, ("a record with this number is held with other content", "send it as a correction", "اسی نمبر کا مختلف ریکارڈ موجود ہے", "اسے تصحیح کے طور پر بھیجیں")),
    (Code::D703, ("another agency probably reported the same matter", "review the pair", "غالباً یہی معاملہ دوسرے ادارے نے بھی بھیجا", "دونوں کا جائزہ لیں")),
    (Code::C801, ("human trafficking without act, means or purpose", "review the record", "انسانی سمگلنگ کے عناصر درج نہیں", "ریکارڈ کا جائزہ لیں")),
    (Code::C802, ("a minor victim: means are not needed", "nothing to do", "متاثرہ نابالغ ہے: ذرائع ضروری نہیں", "کچھ کرنا ضروری نہیں")),
    (Code::C803, ("smuggling of migrants without a border or foreign place", "review the record", "مہاجر سمگلنگ بغیر سرحد کے", "ریکارڈ کا جائزہ لیں")),
    (Code::C804, ("the status went backwards", "give the reason", "حیثیت پیچھے گئی", "وجہ لکھیں")),
    (Code::C805, ("a complaint is counted as a case", "check the record stage", "شکایت مقدمہ شمار ہوئی", "مرحلہ جانچیں")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_its_own_words_in_both_languages() {
        let mut seen = HashSet::new();
        for &code in Code::ALL {
            let words = explain(code);
            assert!(seen.insert((words.en, words.ur)), "{code} shares its words");
            assert!(
                words
                    .ur
                    .chars()
                    .any(|c| ('\u{600}'..='\u{6ff}').contains(&c)),
                "{code}"
            );
            assert!(!words.what_to_do_en.is_empty() && !words.what_to_do_ur.is_empty());
        }
    }
}
