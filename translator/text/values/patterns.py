"""Regular expressions for the forms of values in an English text.

Each form starts at a digit, a letter or a sign. A cheap lookahead rules out most positions, so that the many
expressions need not be tried there.
"""

import re

from translator.text.numbers import ENGLISH_NUMBER, VULGAR
from translator.text.values.keys import CURRENCY_CODES, CURRENCY_SIGNS, UNITS

MAGNITUDES: dict[str, tuple[int, str, str]] = {
    "thousand": (10**3, "Tausend", "Tausend"),
    "million": (10**6, "Million", "Millionen"),
    "billion": (10**9, "Milliarde", "Milliarden"),
    "trillion": (10**12, "Billion", "Billionen"),
    "k": (10**3, "Tsd.", "Tsd."),
    "m": (10**6, "Mio.", "Mio."),
    "mn": (10**6, "Mio.", "Mio."),
    "b": (10**9, "Mrd.", "Mrd."),
    "bn": (10**9, "Mrd.", "Mrd."),
    "tn": (10**12, "Bio.", "Bio."),
}
"""The factor, and the German singular and plural."""
LABELS = {
    "no": "Nr.", "nos": "Nr.", "p": "S.", "pp": "S.", "fig": "Abb.", "figs": "Abb.", "ch": "Kap.", "chap": "Kap.",
    "vol": "Bd.", "art": "Art.", "sec": "Abschn.", "sect": "Abschn.", "para": "Abs.", "eq": "Gl.",
}  # fmt: skip
"""English abbreviations before a number, and the German ones."""
NO_ANSWER = r"(?<![?!][ \u00a0])" + "".join(
    rf"(?<!\b{word} )" for word in ("answer is", "answer was", "says", "said", "answered", "means", "meant")
)
"""Excludes “no. 5” where a sentence ends after “no”: “The answer is no. 5 people left.”, “Is it full? No. 5 came.”"""
_DECADE_WORDS = ("the", "his", "her", "their", "my", "your", "our", "early", "late", "mid")
_BEFORE_DECADES = "|".join(
    rf"(?<=\b{word}[ -])|(?<=\b{word} [’'])" for word in (*_DECADE_WORDS, *map(str.upper, _DECADE_WORDS))
)
"""Without one of these words, `30s` means seconds."""
_LONGEST_FIRST = "|".join(sorted(UNITS.split("|"), key=len, reverse=True))
_SPACED_UNITS = "m|g|l|L|t|s|h|W|V|Ω"
"""After a whole number, `m` needs a space: `5m` may be five million."""

_BEGIN = r"(?<![\w])(?<!\d[.,:/])"
_SIGN = r"(?:(?<![\w)\]%°])[-−–+±])?+"
_DASH = r"(?:[-–]|[ \u00a0]–[ \u00a0])"
_BLANK = r"[ \u00a0\u2009\u202f]?"
_MAGNITUDE = r"(?:[ \u00a0](?i:thousand|million|billion|trillion|mn|bn|tn)|bn|mn|tn|BN|MN|TN|[kKmMbB])(?!\w)"
_MONEY_MAGNITUDE = rf"(?:{_MAGNITUDE}|[ \u00a0]m(?!\w))"
_MAGNITUDE_WORD = r"(?:[ \u00a0](?i:thousand|million|billion|trillion)|[ \u00a0]?(?:bn|mn|tn))(?!\w)"
COUNTED = (
    r"(?:(?:US|Canadian|Australian|British|Swiss|Hong Kong|New Zealand) )?(?:euros?|dollars?|pounds?|francs?|yen|yuan|"
    r"rupees?|roubles?|rubles?|kron(?:a|e|er|or)|pesos?|won|rand|people|users|customers|consumers|viewers|visitors|"
    r"tourists|passengers|workers|employees|jobs|homes|households|copies|downloads|views|followers|subscribers|"
    r"members|voters|votes|residents|inhabitants|refugees|children|women|men|students|patients|shares|barrels|tonnes|"
    r"tons)(?!\w)"
)
MILLIONS_OF = (
    rf" (?i:{COUNTED}|without(?!\w)|in (?:sales|revenues?|turnover|profits?|cash|debts?|funding|losses|damages|aid"
    r"|grants|loans|taxes|fees|bonds|assets|costs|savings|fines)(?!\w))"
)
"""What follows `20m` or `20M` if it is 20 million, not 20 metres."""
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MONTH_NAME = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|"
    r"Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_MONTH = f"(?:{_MONTH_NAME}|{_MONTH_NAME.upper()})"
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_LAST_DAY = (
    rf"[-–]{_DAY}|[ \u00a0](?:to|TO|through|THROUGH)[ \u00a0]{_DAY}"
    r"(?=,?[ \u00a0]\d{4}(?!\d)|[.,;:!?)]*+\Z|[.;:!?)]|,[ ][a-z])"
)
"""A range after a month must have a year or end the clause: “from May 5 to 10 people” is not a range."""
_AM_PM = r"[ \u00a0]?[ap](?:\.[ \u00a0]?m\.?|m)(?!\w)"
_CLOCK_12 = r"(?:1[0-2]|0?[1-9])(?:[:.][0-5]\d)?"
_CLOCK_24 = r"(?:[01]?\d|2[0-4]):[0-5]\d"
CLOCK_WITH_POINT = r"(?:[01]?\d|2[0-3])\.[0-5]\d"
TIME_ZONES = "UTC|GMT|CES?T|[ECMP][SD]T|BST"
_ORDINAL_END = r"(?:st|nd|rd|th|ST|ND|RD|TH)"
_SMALL_ROMAN = r"(?=[ivxlc])(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
_ROMAN = rf"(?:{_SMALL_ROMAN}|{_SMALL_ROMAN.upper()})"
_ROMAN_LABELS = "|".join(one for one in LABELS if not one.startswith("no"))
_NUMBER = ENGLISH_NUMBER
CODE = r"[A-Z]{0,6}+[-/]?\d[A-Za-z\d]{0,20}+(?:[-/][A-Za-z\d]{1,20}+){0,4}+(?![\w/-]|[.,:]\d)"
"""What follows “no.” besides a number: “A12”, “AB-2024/00123”, “12/3”."""
_SPACED = r"\d{1,3}(?: \d{3})++(?:\.\d++)?+(?!\d|[.,]\d)"
"""4 500 000: only beside a currency, since elsewhere it may be several numbers."""

_AT_LETTERS = {
    "label": rf"(?<![\w.])(?:(?!(?i:no)\.)|{NO_ANSWER})(?i:(?P<label>{'|'.join(LABELS)}))\.(?P<colon>:?){_BLANK}"
    r"(?P<labelled>\d++(?:\.\d++)*+[a-z]?(?:[-–]\d++[a-z]?)?)"
    r"(?!\w|[.,:/-]\d)",
    "code": rf"(?<![\w.]){NO_ANSWER}(?:no|(?<=[\w)] )N[oO])\.(?P<code_colon>:?){_BLANK}(?P<code>{CODE})",
    "roman_label": rf"(?<![\w.])(?i:(?P<volume>{_ROMAN_LABELS}))\.{_BLANK}(?P<numeral>{_ROMAN})"
    rf"(?:[-–](?P<upto_numeral>{_ROMAN}))?(?<=[ivxlcIVXLC])(?![\w'’])",
    "month_day": rf"\b(?P<month1>{_MONTH})[ \u00a0](?P<day1>{_DAY})(?P<nth>{_ORDINAL_END})?(?P<to1>{_LAST_DAY})?"
    r"(?:,?[ \u00a0](?P<year1>\d{4}))?(?![\d:]|[.,]\d|\w)",
    "month_name": rf"(?<![\w-])(?P<month4>{'|'.join(MONTHS)})"
    r"(?=[ \u00a0](?:(?:1\d|20)\d\d(?!\w|[.,:/–-]\d)|['’]\d\d(?![\w'’]|[.,:/–-]\d)))",
    "month_year": rf"(?<![\w-])(?P<month3>{_MONTH})[ \u00a0](?P<year3>(?:1\d|20)\d\d)(?!\w|[.,:/–-]\d)",
    "spoken_time": rf"(?i:\b(?:a )?(?P<quarter>half past|quarter past|quarter to)[ \u00a0](?P<hour>1[0-2]|0?[1-9])"
    rf"(?P<spoken_half>{_AM_PM})?)(?![\w%°€$£{VULGAR}]|[.,:/–-]\d)",
}
_AT_DIGITS = {
    "plain": rf"{_BEGIN}(?P<plain>\d{{1,4}}|\d{{1,3}}(?:,\d{{3}})+)(?=[.,;:!?)\]]++(?:\s|\Z)|\Z"
    r"| (?!and|until|till|through|thousand|million|billion|trillion|hours|kbps|mbar|kcal|mins|secs)"
    r"[a-z]{4,}+(?![\w²³/])| (?=\d)(?!\d{3}(?!\d)|\d++/\d))",
    "day_month": rf"{_BEGIN}(?P<day2>{_DAY}){_ORDINAL_END}?(?P<to2>[-–]{_DAY})?(?:[ \u00a0](?:of|OF))?[ \u00a0]"
    rf"(?P<month2>{_MONTH})(?:,?[ \u00a0](?P<year2>\d{{4}}))?(?![\d:]|\w)",
    "shared_month": rf"{_BEGIN}(?P<shared_day>{_DAY}){_ORDINAL_END}?"
    rf"(?= (?:to|and|or|until|till|through) (?:the )?{_DAY}{_ORDINAL_END}?(?: of)? (?P<shared_month>{_MONTH})(?!\w))",
    "iso_date": rf"{_BEGIN}\d{{4}}-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])(?![\d-])",
    "slash_date": rf"{_BEGIN}(?:\d{{1,2}}/\d{{1,2}}/(?:\d{{4}}|\d\d)(?![\d/])|\d{{1,2}}-\d{{1,2}}-\d{{4}}(?![\d-]))",
    "dot_date": rf"{_BEGIN}\d{{1,2}}\.\d{{1,2}}\.\d{{4}}(?!\d|\.\d)",
    "scale": rf"{_BEGIN}1:\d{{1,3}}(?:,\d{{3}})++(?!\d|,\d|\w)",
    "shared_half": rf"(?i:(?:(?<=\bfrom )|(?<=\bbetween )){_BEGIN}(?P<shared>{_CLOCK_12})"
    rf"(?= (?:to|and|until|till) (?P<until12>{_CLOCK_12})(?P<until_half>{_AM_PM})))",
    "hours": rf"(?i:{_BEGIN}(?P<from12>{_CLOCK_12})(?P<half1>{_AM_PM})?{_DASH}"
    rf"(?P<to12>{_CLOCK_12})(?P<half2>{_AM_PM}))",
    "time12": rf"(?i:{_BEGIN}(?P<clock12>{_CLOCK_12})(?P<half>{_AM_PM}))",
    "stopwatch": rf"{_BEGIN}(?:\d{{1,3}}:)?\d{{1,3}}:[0-5]\d\.\d{{1,3}}(?!\w|[.,:]\d)",
    "times": rf"{_BEGIN}(?P<from24>{_CLOCK_24}){_DASH}(?P<to24>{_CLOCK_24})(?![\d:])",
    "time24": rf"{_BEGIN}{_CLOCK_24}(?::[0-5]\d)?(?![\d:]|[.,]\d)",
    "military_time": rf"{_BEGIN}(?P<military>(?:[01]\d|2[0-3])[0-5]\d)(?=[ \u00a0]?(?:hours|hrs|h|{TIME_ZONES})(?!\w))",
    "duration": rf"{_BEGIN}(?P<hours>\d{{1,3}}){_BLANK}(?:h|hrs?){_BLANK}(?P<minutes>[0-5]?\d){_BLANK}(?:m|mins?)"
    rf"(?:{_BLANK}(?P<seconds>[0-5]?\d){_BLANK}(?:s|secs?))?(?!\w)",
    "short_duration": rf"{_BEGIN}(?P<minutes2>\d{{1,3}}){_BLANK}(?:m|mins?){_BLANK}"
    rf"(?P<seconds2>[0-5]?\d){_BLANK}(?:s|secs?)(?!\w)",
    "bit": rf"{_BEGIN}(?:(?P<bit>[01])s(?= (?:and|or) [01]s(?!\w))"
    r"|(?:(?<=\b[01]s and )|(?<=\b[01]s or ))(?P<other_bit>[01])s(?!\w))",
}
_AT_DIGITS_OR_SIGNS = {
    "money": rf"(?P<sign1>{_SIGN})(?<![\w$])(?P<currency1>{CURRENCY_SIGNS}|(?:{CURRENCY_CODES})(?=[ \u00a0\d])){_BLANK}"
    rf"(?P<minus1>[-−])?(?P<amount1>(?<=[A-Z][ \u00a0]){_SPACED}|{_NUMBER})(?P<magnitude1>{_MONEY_MAGNITUDE})?"
    rf"(?:{_DASH}(?:{CURRENCY_SIGNS})?(?P<upto1>{_NUMBER})(?P<magnitude3>{_MONEY_MAGNITUDE})?)?(?:\.[-–—](?![\w-]))?(?!\w)",
    "money_after": rf"{_BEGIN}(?P<sign2>{_SIGN})"
    rf"(?P<amount2>{_SPACED}(?={_BLANK}(?:[$€£¥]|[A-Z]{{3}}(?!\w)))|{_NUMBER})(?:{_DASH}(?P<upto2>{_NUMBER}))?"
    rf"(?P<magnitude2>{_MAGNITUDE})?{_BLANK}(?P<currency2>{CURRENCY_SIGNS}|(?:{CURRENCY_CODES})(?!\w))(?![\d])",
    "times_money": rf"{_BEGIN}(?P<times>\d{{1,4}})[x×](?P<each_currency>{CURRENCY_SIGNS})(?P<each>{_NUMBER})(?!\w)",
    "inch_words": rf"{_BEGIN}(?P<inch_words>{_NUMBER}|\d*[{VULGAR}]){_BLANK}in(?=\.)",
    "short_year": r"(?<!\w)['’](?P<short_year>\d\d)(?![\w'’]|[.,:/–-]\d)",
    "decade": rf"(?:(?P<decade>(?:1\d|20)\d0|(?:{_BEFORE_DECADES})[1-9]?\d0)"
    r"|(?<!\w)['’](?P<short_decade>\d0))[sS](?!\w)",
    "percent": rf"{_BEGIN}(?P<sign3>{_SIGN})(?P<part>{_NUMBER}|\d*[{VULGAR}])%?(?:{_DASH}(?P<upto3>{_NUMBER}))?{_BLANK}"
    r"(?P<percent>[%‰])(?!\w)",
    "short_million": rf"{_BEGIN}(?P<sign7>{_SIGN})(?P<millions>{_NUMBER})[ \u00a0]?[mM](?={MILLIONS_OF})",
    "quantity": rf"{_BEGIN}(?P<sign4>{_SIGN})(?P<size>{_NUMBER}|\d*[{VULGAR}])(?:{_DASH}(?P<upto4>{_NUMBER}))?"
    rf"(?:{_BLANK}(?P<unit>{_LONGEST_FIRST}|[°º] ?[CF](?!\w)|[°º])"
    rf"|(?:[ \u00a0]|(?<=[.,]\d)|(?<=[.,]\d\d)|(?<=,\d{{3}})|(?=[ghlstLVWΩ]))"
    rf"(?P<spaced_unit>{_SPACED_UNITS}))(?![\w²³])",
    "ordinal": rf"{_BEGIN}(?P<ordinal>\d{{1,3}}(?:,\d{{3}})++|\d{{1,6}}){_ORDINAL_END}(?!\w)",
    "power": rf"{_BEGIN}{_SIGN}(?:\d++(?:\.\d++)?{_BLANK}[×·]{_BLANK})?+\d++(?:\.\d++)?[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]++",
    "inches": rf"{_BEGIN}(?P<inches>(?:\d++[ -])?\d++/\d++|{_NUMBER}|\d*[{VULGAR}])[\"”″](?![^\W_x])",
    "mixed": rf"{_BEGIN}(?P<sign5>{_SIGN})(?P<mixed>\d*[{VULGAR}])(?!\w)",
    "section_sign": rf"(?<!\w)§{{1,2}}{_BLANK}(?P<sections>\d++(?:\.\d++)*+[a-z]?(?:[-–]\d++(?:\.\d++)*+[a-z]?)?)"
    r"(?!\w|[.,:/-]\d)",
    "feet": rf"{_BEGIN}\d++(?:['’′]{_BLANK}\d++(?:\.\d++)?[{VULGAR}]?[\"”″](?!\w)|[′″]"
    r"|'(?= (?:by|x|×|wide|long|tall|high|deep)\b))",
    "no_cents": rf"{_BEGIN}\d++,(?:--?|[–—])(?![\w–—-])",
    "literal": rf"{_BEGIN}\d++(?:(?:[ \u00a0]?[×][ \u00a0]?\d++)++(?:{_BLANK}(?:{_LONGEST_FIRST})(?![\w²³]))?"
    r"|(?:[:/]\d++)++)(?!\w)",
    "time_with_point": rf"{_BEGIN}(?P<from_point>{CLOCK_WITH_POINT})"
    rf"(?:(?P<to>{_DASH})(?P<to_point>{CLOCK_WITH_POINT}))?(?![\w%‰]|[.,:]\d|{_DASH}\d|{_MAGNITUDE_WORD})",
    "range": rf"{_BEGIN}(?P<first>{_NUMBER}){_DASH}(?P<last>{_NUMBER})(?![-–]\d|\w)",
    "number": rf"{_BEGIN}(?P<sign6>{_SIGN})(?P<number>{_NUMBER})(?P<magnitude5>{_MAGNITUDE_WORD})?(?!\w)",
    "factor": rf"{_BEGIN}(?P<factor>{_NUMBER})(?P<factor_sign>[kKMBx])(?!\w)",
    "odd": r"(?<!\w)\d++(?:[.,]\d++)++(?!\w)",
}
_BEFORE_LETTERS = (
    r"(?=[A-Za-z]{1,9}+(?:(?:\.:?+)?+[ \u00a0\u2009\u202f]?(?:['’]?\d|[ivxlcIVXLC]{1,9}+(?!\w))"
    r"|\.:?+[ \u00a0\u2009\u202f]?[A-Z]{1,6}+[-/]?\d"
    r"|[ \u00a0](?i:past|to|quarter)[ \u00a0]))"
)
"""Matches where a form may start with letters: a number follows soon."""
_BEFORE_DIGITS = rf"(?=[\d{VULGAR}])"
_BEFORE_SIGNS = rf"(?=[\d{VULGAR}'’.+±−–$€£¥₹₽₩₺₴₪฿₫₱₿¢§-]|[A-Z]{{1,2}}\$|[A-Z]{{3}}[ \u00a0\d])"


def _any_of(table: dict[str, str]) -> str:
    return "(?:" + "|".join(f"(?P<as_{name}>{form})" for name, form in table.items()) + ")"


ANY_VALUE = re.compile(
    rf"(?<!\w)(?:{_BEFORE_LETTERS}{_any_of(_AT_LETTERS)}|{_BEFORE_DIGITS}{_any_of(_AT_DIGITS)}"
    rf"|{_BEFORE_SIGNS}{_any_of(_AT_DIGITS_OR_SIGNS)})"
)
"""The last group of a match is named `as_` plus the name of its form."""
MAY_HOLD_DIGITS = re.compile(rf"[\d{VULGAR}]|\.[ \u00a0]?[ivxlcIVXLC]+(?!\w)")
