"""Use the words around a number to tell versions, inches, times of day, negative numbers and months that are verbs.

All checks look at a bounded number of characters.
"""

import re

from translator.text.units import english_unit_after
from translator.text.values.patterns import CLOCK_WITH_POINT

_LOOK_BACK = 40
"""How many characters before a number to inspect."""
_LOOK_AHEAD = 30
"""How many characters after a number to inspect."""

# Versions and section numbers.

_SOFTWARE_NAMES = """
    windows python java ubuntu debian fedora android firefox chrome linux php perl ruby node node.js mysql postgresql
    usb http html css tls ssl bluetooth qt gtk gnome kde apache exchange sql directx opengl office ios ipados macos
    watchos npm pnpm pip gcc clang cuda django numpy pytorch tensorflow docker kubernetes git safari nginx redis sqlite
    mariadb typescript javascript wordpress libreoffice gimp blender xcode gradle cmake maven jquery vulkan
"""
_VERSIONED_WORDS = f"""
    version versions release releases section sections chapter chapters figure figures table tables part item items
    step level build firmware kernel point equation equations article articles paragraph paragraphs clause clauses rule
    rules example examples exercise exercises lesson appendix annex note update room rooms gate unit question theorem
    lemma definition listing requirement problem task v ver arxiv {_SOFTWARE_NAMES}
"""
_VERSIONED = frozenset(_VERSIONED_WORDS.split())
"""Words before a version, section or room number, which keeps its decimal point."""
_NO_NAME_WORDS = """
    the a an in at on of for to from by with about over under only around nearly almost up and or but is was are were
    has have had it he she we they you i this that these there between roughly approximately some add use mix take
    give all another other no not than then when where while
"""
_NO_NAMES = frozenset(_NO_NAME_WORDS.split())
"""Words that are not names even if capitalised."""
_LAST_WORD = re.compile(r"([^\W\d_][\w.+#-]*+)[ \u00a0]\Z")
_OTHERS_BEFORE = re.compile(r"[ \u00a0](?:\d{1,4}(?:\.\d{1,4}){1,3}(?:,|,? (?:and|or|to|&)) ){1,3}\Z")
"""The other numbers of a list: the “3.9 and ” of “sections 3.9 and 3.10”."""
_LINE_BEGINS = re.compile(r"(?:\A|\n)[ \t\u00a0\"'“‘(\[*#>-]*+\Z")
_HEADING = re.compile(r"[ \t\u00a0]++(?!(?:Cups?|Tbsp|Tsp|Stars?|Points?|Percent)\b)[A-Z][a-z]")
_IN_CAPITALS = re.compile(r"(?<!\w)[A-Z]{2,}[ \u00a0][A-Z]{2,}[ \u00a0]\Z")
_MIXED_CASE = re.compile(r"[a-z]++[A-Z]\w*+")
"""Matches “iOS” and “openSUSE”."""
_BEFORE_OTHER_VERSIONS = re.compile(
    r"(?:\A|\n|[,(/]|(?<!\w)(?:from|to|than|and|or|between|with|in|replace[sd]?|supersedes?))[ \u00a0]?\Z",
    re.IGNORECASE,
)
_AFTER_VERSIONS = re.compile(
    r"[.,;:!?)\]\"”’/]|\s*\Z|[ \u00a0](?:\(|(?:to|and|or|is|are|was|were|has|have|had|in|on|from|with|does|did|will|can"
    r"|could|should|must|brings?|fixes|adds|needs|requires?|replace[sd]?|because|which|if|but|for|then|when|as|by|than"
    r"|now|today|yet|only|instead|later|onwards?|works?|came|comes)(?!\w))"
)
_LONG_VERSION = r"(?<![\w.,])v?\d{1,4}(?:\.\d{1,4}){2}(?<!\.\d{4})(?!\w|,\d)"
_AFTER_OTHER_VERSION = re.compile(
    rf"(?:(?<!\w)(?:versions?|releases?|(?:up|down)grad(?:es?|ed|ing)|migrat(?:e[sd]?|ing|ion)"
    r"|updat(?:e|ed|ing) (?:from|to)"
    rf"|(?:{'|'.join(map(re.escape, _SOFTWARE_NAMES.split()))}) v?\d[\d.]{{0,9}}|v\d[\d.]{{0,9}})(?!\w)"
    rf"|{_LONG_VERSION})"
    r"(?:[^.!?\n]|[.!?](?!\s)){0,60}+\Z",
    re.IGNORECASE,
)
_OF_AMOUNTS = re.compile(
    r"(?<!\w)(?:rose|rises?|rising|fell|falls?|grew|grows?|dropp?\w*|(?:in|de)creas\w*|reduc\w*|improv\w*|scor\w*"
    r"|rat(?:e[sd]?|ings?)|forecasts?)(?!\w)",
    re.IGNORECASE,
)
_BEFORE_OTHER_VERSION = re.compile(rf"(?:[^.!?\n]|[.!?](?!\s)){{0,40}}?{_LONG_VERSION}")
_PART_OF_HEADING = re.compile(r"\d{1,2}\.\d{1,2}")


def is_version(number: str, text: str, start: int, end: int) -> bool:
    """Whether a decimal is a version or section number: “Python 3.11”, “Section 4.2”, “4.2 Safety” as a heading."""
    if "." not in number or "," in number:
        return False
    begin = max(0, start - _LOOK_BACK)
    if _LINE_BEGINS.search(text, begin, start):
        is_part = _PART_OF_HEADING.fullmatch(number) and _HEADING.match(text, end)
        return bool(is_part) and not english_unit_after(text, end)
    others = _OTHERS_BEFORE.search(text, begin, start)
    before = _LAST_WORD.search(text, begin, others.start() + 1 if others else start)
    if before and _is_version_after(before, text, start, end, is_listed=others is not None):
        return True
    return _is_beside_version(text, start, end)


def _is_version_after(before: re.Match[str], text: str, start: int, end: int, *, is_listed: bool) -> bool:
    """Whether the word before a decimal, or before a list of them, is one that a version or section number follows."""
    word = before[1].lower().rstrip(".")
    if word in _VERSIONED:
        return True
    if _MIXED_CASE.fullmatch(before[1]):
        return not english_unit_after(text, end)
    is_name = before[1][0].isupper() and word not in _NO_NAMES and not is_listed
    begins_text = _LINE_BEGINS.search(
        text, max(0, start - _LOOK_BACK), before.start()
    ) or _IN_CAPITALS.search(text, max(0, start - _LOOK_BACK), start)
    is_inside = not begins_text and text[before.start() - 1 : before.start()] == " "
    return is_name and is_inside and not english_unit_after(text, end)


def _is_beside_version(text: str, start: int, end: int) -> bool:
    """Whether a decimal is compared or listed with a version: “Upgrade from 1.9 to 10.15.7”, “faster than 3.11”."""
    if not _AFTER_VERSIONS.match(text, end):
        return False
    if not _BEFORE_OTHER_VERSIONS.search(text, max(0, start - 12), start):
        return False
    begin = max(0, start - 2 * _LOOK_BACK)
    if _OF_AMOUNTS.search(text, begin, start):
        return False
    is_after = _AFTER_OTHER_VERSION.search(text, begin, start)
    return bool(is_after or _BEFORE_OTHER_VERSION.match(text, end, end + 2 * _LOOK_BACK))


# Code.

_BEFORE_CODE = re.compile(
    r"(?:(?<!\w)(?<!\d )(?:(?![prn]\W)[a-z_]\w{0,30}+ (?:[-+*/%:!=<>]?=)|(?:if|while|elif) \(?\w{1,30}+ [<>])[ \u00a0]"
    r"|\) return )\Z"
)


def is_in_code(text: str, start: int, end: int) -> bool:
    """Whether a number is assigned or compared in code: “beta = 1.25”, “if (x > 3.5)”; not “a euro = 1.08 dollars”."""
    before = _BEFORE_CODE.search(text, max(0, start - _LOOK_BACK), start)
    return before is not None and not english_unit_after(text, end)


# Inches.

_LONGEST_QUOTATION = 200
_AFTER_INCHES = re.compile(r"[ \u00a0]?[x×](?!\w)|[ \u00a0]?[x×]?[ \u00a0]?\d|-[a-z]")
_QUOTATION = {
    '"': re.compile(r'(?<![\w.,:;!?…)])"(?=\S)(?:[^"]*+(?:(?<=\d)"[^"]*+)*+)\Z'),
    "”": re.compile(r"“(?:[^“”]*+(?:(?<=\d)”[^“”]*+)*+)\Z"),
}
"""An opening quotation mark without a closing one, which would follow a word; one after a digit may mean inches."""


def is_inch_mark(text: str, end: int) -> bool:
    """Whether the mark before `end`, which follows a number, means inches and closes no quotation."""
    mark = text[end - 1]
    if mark == "″" or _AFTER_INCHES.match(text, end):
        return True
    return not _QUOTATION[mark].search(text, max(0, end - _LONGEST_QUOTATION), end - 1)


# Times of day.

_BEFORE_CLOCK_TIMES = re.compile(
    r"\b(?:at|by|from|to|until|till|before|after|since|around|about|between|and|than)[ \u00a0]\Z",
    re.IGNORECASE,
)
_BEFORE_HOURS = re.compile(
    r"\b(?:at|by|from|to|until|till|before|after|since|between)[ \u00a0]\Z", re.IGNORECASE
)
_DURATION = re.compile(r"[ \u00a0]?(?:h|hrs?|hours?|m|mins?|minutes?)(?!\w)", re.IGNORECASE)
_TRAVEL = re.compile(
    r"(?:[ \u00a0][a-z]+)?[ \u00a0](?:train|bus|flight|ferry|tram|plane|express|coach|boat|departure|service|"
    r"performance|showing|screening)(?!\w)",
    re.IGNORECASE,
)
_BEFORE_TRAVEL = re.compile(
    r"\b(?:the|an?|my|your|his|her|our|their|this|that|last|next)[ \u00a0]\Z", re.IGNORECASE
)
_CHANGED_WORDS = """
    rose rise rises risen rising fell fall falls fallen falling grew grow grows growing up down drop drops dropped
    increase increases increased increasing decrease decreases decreased reduce reduced raise raised lower lowered
    multiply multiplied divide divided times scale scaled shift shifted move moved change changed cut won lost beat
    value values price prices ratio ratios score scores result results rate rates cost costs factor grade grades
    improve improved exceed exceeded outscored ahead behind differ differs range ranges ranged ranging subtract deduct
    upgrade upgraded update updated migrate migrated downgrade downgraded traded trading sold priced valued quoted
    pegged bought estimated calculated measured stood stands listed rated averaged averaging scored
"""
_CHANGED = frozenset(_CHANGED_WORDS.split())
"""Words before “by 8.15”, “at 8.15” or “from 8.15 to 9.30” that indicate amounts, not times."""
_BEFORE_POINT = re.compile(
    r"(?<!\w)(?P<word>at|by|until|till|before|after|since|from|between|"
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,?|today|tomorrow|tonight)[ \u00a0]\Z",
    re.IGNORECASE,
)
_BETWEEN_POINTS = re.compile(
    rf"(?<!\w)(?:from|between)[ \u00a0]{CLOCK_WITH_POINT}[ \u00a0](?:to|and|until|till)[ \u00a0]\Z",
    re.IGNORECASE,
)
_AFTER_FROM = re.compile(
    rf"[ \u00a0](?:(?:to|until|till|and)[ \u00a0]{CLOCK_WITH_POINT}(?![\w%]|[.,]\d)|on(?:wards?)?(?!\w))"
)
_AFTER_TIMES = re.compile(
    r"[.,;:!?)\]\"”’…]|\Z|[ \u00a0](?:[-–—(]"
    r"|in (?:[A-Z]|(?:the|an?|my|your|our|his|her|their|this|every|each|all|front)(?!\w))"
    r"|(?:on|at|from|and|or|but|to|until|till|for|by|with|the|a|an|we|he|she|"
    r"they|it|I|you|this|that|today|tomorrow|tonight|yesterday|sharp|every|each|daily|because|so|when|while|as|is|was|"
    r"will|precisely|exactly|local|hours|hrs|h|G?MT|UTC|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)(?!\w))"
)


def names_time_of_day(text: str, start: int, end: int) -> bool:
    """Whether a 24-hour time is a time of day, not a duration or score: “at 15:30”, not “it ran 4:33”."""
    if _TRAVEL.match(text, end, end + _LOOK_AHEAD) and _BEFORE_TRAVEL.search(
        text, max(0, start - _LOOK_BACK), start
    ):
        return True
    is_duration = _DURATION.match(text, end, end + _LOOK_AHEAD) or text.count(":", start, end) > 1
    wanted = _BEFORE_HOURS if is_duration else _BEFORE_CLOCK_TIMES
    is_after = is_duration and text[max(0, start - 6) : start].lower() == "after "
    return not is_after and wanted.search(text, max(0, start - _LOOK_BACK), start) is not None


_IN_THE_EVENING = re.compile(
    r"[ \u00a0](?:(?:this|in the|tomorrow|yesterday|every|each|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)[ \u00a0]"
    r"(?:afternoon|evening)|tonight|at night)(?!\w)"
)


def is_in_the_evening(text: str, end: int) -> bool:
    """Whether a time is said to be in the afternoon or later: “5.30 this evening”."""
    return _IN_THE_EVENING.match(text, end) is not None


def is_time_with_point(text: str, start: int, end: int) -> bool:
    """Whether 15.30 is a time, as in “at 15.30” and “the 8.15 train”, not “rose by 8.15” or “at 15.30 euros”."""
    look_back = max(0, start - _LOOK_BACK)
    if _TRAVEL.match(text, end, end + _LOOK_AHEAD):
        return _BEFORE_TRAVEL.search(text, look_back, start) is not None
    before = _BEFORE_POINT.search(text, look_back, start) or _BETWEEN_POINTS.search(text, look_back, start)
    if before is None or not _AFTER_TIMES.match(text, end):
        return False
    word = _LAST_WORD.search(text, look_back, before.start())
    if word and word[1].lower() in _CHANGED:
        return False
    if before.re is _BEFORE_POINT and before["word"].lower() in ("from", "between"):
        other = _AFTER_FROM.match(text, end)
        return other is not None and _AFTER_TIMES.match(text, other.end()) is not None
    return True


# Signs written as words.

_MINUS = re.compile(r"(?<![\w-])(?:minus|negative)[ \u00a0]\Z", re.IGNORECASE)
_NUMBER_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million equals"
)
_MINUEND = re.compile(
    rf"(?:[\d)\]%°²³½]|(?<!\w)[A-Za-z]|(?<!\w)(?:{'|'.join(_NUMBER_WORDS.split())}))[ \u00a0]\Z",
    re.IGNORECASE,
)
_BEFORE_NEGATIVE = re.compile(
    r"(?:\A|[(\[:,]|(?<!\w)(?:is|was|of|to|at|equals|by|from|than|be|=))[ \u00a0]?\Z", re.IGNORECASE
)


def start_of_minus(text: str, start: int) -> int | None:
    """Return the start of a preceding word that negates a number: “minus 5 degrees”, not “6 minus 5”."""
    word = _MINUS.search(text, max(0, start - 10), start)
    if word is None:
        return None
    look_back = max(0, word.start() - _LOOK_BACK)
    if text[word.start()] in "nN" and not _BEFORE_NEGATIVE.search(text, look_back, word.start()):
        return None  # “12 negative 5-star reviews”
    return None if _MINUEND.search(text, look_back, word.start()) else word.start()


# Months that are also verbs.

_MEASURE = re.compile(
    r"[ \u00a0](?:more )?(?:miles?|km|kilomet(?:er|re)s?|met(?:er|re)s?|feet|yards?|blocks?|steps?|paces?|times?|"
    r"hours?|minutes?|days?|weeks?|months?|abreast|laps?|leagues?)(?!\w)",
    re.IGNORECASE,
)
_BEFORE_DATES = re.compile(
    r"\b(?:on|by|of|until|till|since|before|after|from|to|between|and|or|for|the)[ \u00a0]\Z", re.IGNORECASE
)


_WISH = re.compile(
    r"[ \u00a0](?:also |finally |not )?(?:be|become|bring|continue|end|fill|find|give|go|grant|have|hold|make|prove"
    r"|remain|see|start|treat|turn)(?!\w)",
    re.IGNORECASE,
)


def is_verb(month: str, text: str, start: int, end: int) -> bool:
    """Whether a month is a verb, as in “March 3 miles north” and “May 2027 bring luck”; “on March 3” is a date."""
    if month.lower() == "may" and _WISH.match(text, end):
        return True
    return (
        month.lower() in ("march", "may")
        and _MEASURE.match(text, end) is not None
        and not _BEFORE_DATES.search(text, max(0, start - _LOOK_BACK), start)
    )
