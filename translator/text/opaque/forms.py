"""Regular expressions for the forms that are copied, in tables: at letters and digits, at marks, and others."""

from typing import Literal

from translator.text.marks import MARK_RANGE
from translator.text.opaque.words import (
    ABBREVIATIONS,
    AFTER_STREETS,
    ARGUMENTS,
    BEGINNERS,
    COMMANDS,
    CURRENCIES,
    DIRECTORIES,
    DOMAINS,
    DOT_FILES,
    EXTENSIONS,
    FLAGS,
    HTML_FLAGS,
    LATEX,
    MONTHS,
    NO_ARGUMENTS,
    NO_HOUSES,
    NO_OPTIONS,
    NO_PATHS,
    PREFIXES,
    STREETS,
    STREETS_OR_VERBS,
    SUFFIXES,
    UNITS,
    WORD_DOMAINS,
    WORD_EXTENSIONS,
)
from translator.text.sentences import PICTOGRAPH
from translator.text.stand_ins import STAND_IN_RANGE
from translator.text.values.patterns import MILLIONS_OF

OpaqueKind = Literal[
    "link", "email", "path", "code", "placeholder", "tag", "entity", "hash", "identifier", "version", "phone",
    "account", "address", "hashtag", "mention", "option", "sign", "foreign", "private",
]  # fmt: skip


# Parts of expressions.

LATIN = r"A-Za-zÀ-ÖØ-öø-\u02c1\u02c6-\u02d1\u02e0-\u02e4\u0300-\u036f\u1e00-\u1eff"
"""All Latin letters, with those of phonetics, the letters ʻ and ʼ, and accents that stand alone."""
FREQUENT_LATIN = "A-Za-zÄÖÜßàáäèéëíïñóôöúü"
"""Letters that training corpora have often enough. Words with others are copied: a small model garbles them."""
LONE_SIGNS = "¡¢£¥¨¯±´¸¿÷‰‱⁃⁄‼⁇⁈⁉\u20a0-\u20c0№℃℉℗℮⁰¹²³⁴-⁹⁺⁻⁼⁽⁾₀-₉₊-₎"
"""Signs that are rare outside of values."""
_APOSTROPHE = r"(?:[\u02bc´]|\\')(?i:s|t|ll|re|ve|d|m)(?!\w)"
"""The end of “itʼs”, “it´s” and “it\\'s”, English words."""
_NO_ADDRESS = (
    r"(?<![\d.,:–$€£¥#-])"
    + "".join(rf"(?<!\b{word} )" for word in NO_HOUSES)
    + r"(?!(?:1[5-9]|20)\d\d (?<!\b[Aa]t .....)(?<!\bto .....))"
)
"""Excludes parts of numbers, dates and prices, years, and “the 10 Wall Street banks”."""
_STREET_NAME = rf"(?!(?i:{MONTHS})(?!\w)|Wall Street [a-z]|Bedroom)(?:[A-Z][\w'’-]{{0,30}}+\.?+ ){{1,4}}?"
_HOUSE = r"\d{1,5}[A-Za-z]?(?:[-–]\d{1,5}[A-Za-z]?)? "
_AFTER_STREET = rf"(?!\w| (?!(?:{AFTER_STREETS})\b)[a-z])"
"""Excludes “20 High Street shops”."""
_DIGIT = "0-9₀-₉"
_HEX = "[0-9A-Fa-f]"
_NO_FRACTION = r"(?<!\d[.,])"

_HARD_STOP = r"""\s<>"“”„«»‹›`}\\^|)\]–—"""
"""Characters that end an address."""
_SOFT_STOP = r"""'‘’.,;:!?…*"""
"""Characters that belong to an address only if more of it follows."""
_ADDRESS = (
    rf"(?:[^{_HARD_STOP}{_SOFT_STOP}(\[{{]++"
    rf"|[{_SOFT_STOP}]++(?=[^{_HARD_STOP}{_SOFT_STOP}])"
    r"""|\((?:[^\s()<>"]|\([^\s()<>"]{0,100}\)){0,200}+\)"""
    r"""|\[[^\s\[\]<>"]{0,100}\]"""
    r"|\{\{?[^\s{}]{1,60}\}\}?)"
)
"""A part of a link or value, with balanced brackets."""
_PORT = r"(?::\d{2,5}(?!\d))?"
_REST = rf"(?:/{_ADDRESS}*+|[?#](?=\w){_ADDRESS}++)"
"""The path of a link, or its query or fragment."""
_LABELS = r"(?<![@/-])(?<!\w\.)(?:[^\W_][\w-]{0,62}+\.){1,8}"
"""The labels of a domain, without the last."""

_WHOLE_NAME = r"(?<![@/\\-])(?<!\w\.)"
"""Asserts that the match does not start inside a path or dotted name."""
_DIRECTORY = r"[\w.+~@-]{1,100}+"
_PART = r"(?:[\w+~@%$=-]++|\.++(?=[\w/])|\*++(?=[\w./])|(?<=/)\*++|\{[\w.:-]{1,40}\}|(?<=/):(?=[a-z]))"
"""A part of a name in a path."""
_PARTS = rf"{_PART}++(?:[\\/]{_PART}++){{0,100}}+[\\/]?"
_EXTENSION = rf"(?:(?i:{EXTENSIONS})|{WORD_EXTENSIONS}|so(?:\.\d{{1,5}}){{1,3}})(?!\w)"
_FILE = (
    rf"(?!\d*+[^\W\d]\.\w(?!\w))(?:[\w+~%-]{{1,100}}+(?:\.[\w+~%-]{{1,100}}+){{0,8}}\.{_EXTENSION}"  # no "10 p.m."
    r"|lib[\w+-]{1,60}+\.so(?!\w))"
)
_LINE = r"(?::\d{1,6}(?![\w,]|\.\d)){0,2}"
"""The line and column in a file."""
_PATH_BEGINS = r"""(?<![^\s("“”'‘’`\[{=:>|;*])"""
_DOT_BEGINS = r"(?<![\w.…/)\]])"

_NAME = r"[A-Za-z_]\w{0,60}+"
_NAMES = rf"{_NAME}(?:(?:\.|::|->){_NAME}){{1,8}}+"
_ARGUMENTS = (
    r"(?!\(-?(?:s|es|y|ies|ed|d|r|ren|en|ing|he|man|men)\))"  # "file(s)"
    r"(?!\((?![\"'“])[^()\n]{0,60}?[^\W\d_]{2,30}+ [^\W\d_]{2})"  # prose
    r"\((?:[^()\n]|\([^()\n]{0,30}\)){0,60}+\)"
)
_CHAIN = rf"(?:\.[a-z_]\w{{0,60}}+(?:{_ARGUMENTS})?){{0,8}}+(?![\w(])"
"""Chained calls."""

_RELEASE = rf"(?:[-+~.](?:(?:{SUFFIXES})(?!\w)|[A-Za-z]{{0,10}}\d[A-Za-z0-9]{{0,40}})){{1,4}}"
"""What may follow the three numbers of a version."""
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_VALUE = (
    r"(?:\d++(?:(?i:st|nd|rd|th|am|pm|s|ish|somethings?|odd|fold|plus)|[ap](?=\.m)"
    rf"|{UNITS}|{CURRENCIES}|h\d{{0,2}}(?:m|min)?|m(?:in)?\d{{1,2}}s|[mM](?={MILLIONS_OF}))|(?:{CURRENCIES})\d++)(?!\w)"
)
"""Ordinals, decades, times, quantities and money, which are converted."""

_BARE_ATTRIBUTES = (
    r"(?:allowfullscreen|async|autofocus|autoplay|checked|clear|compact|controls|default|defer|disabled|formnovalidate"
    r"|hidden|inert|ismap|itemscope|loop|multiple|muted|nomodule|noshade|novalidate|nowrap|open|readonly|required"
    r"|reversed|selected)\b"
)
"""Attributes of HTML without a value. A “tag” with other words, such as `<first name>`, is a placeholder."""
_ATTRIBUTE = (
    r"(?:\s++(?:[\w:@.*#-]{1,60}+\s{0,9}+=\s{0,9}+"
    r"""(?:"[^"]{0,500}+"|'[^']{0,500}+'|\{[^{}]{0,200}+\}|[^\s"'<>=`{}]{1,200}+)"""
    rf"|(?:{HTML_FLAGS})(?![\w-])|[\w@]{{1,30}}+[:-][\w:-]{{1,60}}+(?=[\s>/])))"
)
_BRACED = (
    r"\{(?:[^\s{}]{0,80}+|[^\S\n]{0,9}+[^\s{}]{1,60}+(?:[^\S\n]{1,9}+[^\s{}]{1,60}+){0,3}+[^\S\n]{0,9}+)\}"
)
"""A name or a few words in braces; a sentence in braces is translated."""
_CODE_LINE = r"(?:[^`\n]++|(?!(?P=ticks)(?!`))`++){1,50}+"
"""Text up to the next run of as many backticks."""
_OPTION_BEGINS = r"""(?<![^\s(\[{"'“‘”’`|,=<>])"""
_OPTION_VALUE = rf"""=(?:"[^"\n]{{0,200}}+"|'[^'\n]{{0,200}}+'|<[\w-]{{1,60}}+>|{_ADDRESS}++)?+"""
_PRINTF = r"[-+0#]{0,5}+(?:\d{1,5}|\*)?+(?:\.(?:\d{1,5}|\*))?(?:hh|ll|[hlzjtqL])?"


_ARGUMENT = rf"(?: (?!(?:{NO_ARGUMENTS})(?!\w))(?:-{{1,2}}\w|[\w@~.])[\w=./:@~-]{{0,80}}(?<=\w))"
_OPERAND = r"(?:\d{1,9}+(?:\.\d{1,9}+)?|[A-Za-z](?!\w)|[A-Za-z](?=\w{0,60}?[_\d])\w{0,60}+)"
"""A number, a single letter or an identifier in a formula."""
_FOREIGN = (
    "[\u0370-\u1dff\u1f00-\u1fff\u2c80-\u2dff\u2e80-\u2fff\u3005-\u3007\u3021-\ud7ff\uf900-\ufaff\ufb1d-\ufdff"
    "\ufe70-\ufeff\uff66-\uffdc\U00010000-\U0001efff\U00020000-\U0003ffff]"
)
"""A letter of a script that neither English nor German uses."""


# The tables. Among matches with the same start and end, the first in the table gives the kind.

Table = tuple[tuple[OpaqueKind, str], ...]

COMMAND_LINES: Table = (
    (
        "code",
        rf"(?:sudo )?(?:{COMMANDS}){_ARGUMENT}{{0,3}}? -{{1,2}}[A-Za-z][\w=./:@-]{{0,80}}(?<=\w){_ARGUMENT}{{0,2}}+",
    ),
)
_NO_TEXT = r"(?:\"\"|'')"
FORMULAS: Table = (
    ("code", rf"{_NO_FRACTION}{_OPERAND} [!=]==? {_NO_TEXT}(?!\w)"),
    ("code", rf"{_NO_FRACTION}{_OPERAND}(?: (?:\*\*|&&|\|\|) {_OPERAND}){{1,8}}+(?![\w*|&]|[.,]\d)"),
    ("code", rf"[A-Za-z](?: \* {_OPERAND}){{1,8}}+(?![\w*]|[.,]\d)"),
)
"""“a == ""”, “2 ** 3”, “a || b”, “a * b”."""
LOG_LEVELS: Table = (
    (
        "code",
        r"(?:(?<=[\dZ\]] )|(?<=\d - )|(?<=\[))(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)(?!\w)",
    ),
)
_REFERENCES = """
    no nos p pp fig figs ch vol art sec para eq approx ca max min
"""
_NO_REFERENCE = "".join(rf"(?<!\b{word}\. )" for word in _REFERENCES.split())
"""Excludes “vol. 5) The”."""
ENUMERATORS: Table = (
    (
        "sign",
        rf"(?:(?<![\s\S])|(?<=[\n\t])|(?<=[\n\t] )|(?<=[\n\t]  )|(?<=[.;:!?] ){_NO_REFERENCE}(?=\w++\) [A-Z]))"
        r"(?:\d{1,2}|[A-Za-z]|[ivx]{2,4})\)(?=[ \t])",
    ),
)
TYPOGRAPHY: Table = (
    (
        "sign",
        r"(?<![^\s\w])(?:\.{6,}+|(?<!\w)\.{4,}+|(?<!\w)\.(?: \.){3,}+)|(?<![=*~-])(?:={4,}+|\*{4,}+|~{4,}+|-{4,}+)",
    ),
    ("sign", r"(?<!\")\"{3}(?!\")|(?<!')'{3}(?!')"),
    ("code", rf"(?<![^\s=(,:\[]){_NO_TEXT}(?=[\s,.;:!?)\]]|\Z)"),
    (
        "sign",
        r"(?<![^\s.!?,])(?:[:;=](?:[-^o]|'-?)?[()DPpOo/|*\[\]]|8-\)|</?3|\^_?\^|-_-|\\o/|¯\\_\(ツ\)_/¯)"
        r"(?=[\s.,!?)]|\Z)",
    ),
)
"""Leaders and rules, triple quotation marks, strings without a text, emoticons."""
AT_WORDS: Table = (
    # “2**3”, “width*height”, “f*ck”
    ("identifier", rf"{_NO_FRACTION}[^\W_]{{1,40}}+(?:\*{{1,2}}[^\W_]{{1,40}}+){{1,8}}+(?![\w*]|[.,]\d)"),
    ("email", r"(?<![+%-])(?<!\w\.)\w[\w.+%-]{0,63}+@\w++(?:[.-]\w++|-++\w++)*+"),
    ("link", rf"[A-Za-z][A-Za-z0-9+.-]{{0,30}}+://{_ADDRESS}++"),
    (
        "link",
        rf"(?:(?:mailto|urn|doi|magnet|arXiv|arxiv):(?=[\w?])|(?:tel|sms):(?=[+\d])|data:(?=\w++/)){_ADDRESS}++",
    ),
    ("link", rf"(?i:www)\.(?=\w){_ADDRESS}++"),
    ("link", rf"{_LABELS}(?:{DOMAINS}|{WORD_DOMAINS})(?!\w){_PORT}{_REST}"),
    ("link", rf"{_LABELS}(?!(?:{EXTENSIONS})/)[a-z]{{2,18}}+/(?=[\w~?#%({{]){_ADDRESS}++"),
    ("link", rf"localhost(?::\d{{2,5}}(?!\d){_REST}?|/{_ADDRESS}++)"),
    (
        "path",  # also "C:\\Program Files\\Heron"
        r"[A-Za-z]:(?:\\|/(?=\w))"
        r"(?:[\w$~%+@*-]++|\.++(?=\w)|[\\/]|(?: (?:[A-Z\d][\w.-]{0,30}|\(x86\))){1,3}(?=\\))*+",
    ),
    ("path", rf"{_WHOLE_NAME}(?:{_DIRECTORY}[/\\]){{0,20}}+{_FILE}(?:#[\w-]{{1,60}}+|{_LINE})"),
    (
        "path",  # folders of Windows without a drive, but no words around escapes such as \\n
        rf"{_WHOLE_NAME}(?=[\w.$-]{{1,60}}(?:\\[nrt][\w.$-]{{0,60}}){{0,20}}\\[^\W_nrt])"
        r"[\w$-]{1,60}(?:\\[\w.$-]{0,60}[\w$]){2,20}+\\?",
    ),
    ("path", rf"{_WHOLE_NAME}(?:{DIRECTORIES})/{_PART}++(?:/{_PART}++){{1,20}}+/?"),
    (
        "path",
        rf"{_WHOLE_NAME}(?={_DIRECTORY}/{_DIRECTORY}/\w)(?=[\w.+/-]{{0,200}}?(?:_|[A-Za-z]\d|\d[A-Za-z]))"
        rf"{_DIRECTORY}(?:/{_PART}++){{2,20}}+/?",
    ),
    ("link", rf"{_LABELS}(?:{DOMAINS})(?!\w){_PORT}"),
    ("link", rf"(?<![@/-])(?<!\w\.)(?:[^\W_][\w-]{{1,62}}+\.){{2,8}}(?:{WORD_DOMAINS})(?!\w)"),
    (
        "link",
        r"(?:(?<=\b[Aa]t )|(?<=\b[Oo]n )|(?<=\bto )|(?<=\bby )|(?<=[Ff]rom )|(?<=[Vv]isit ))"
        rf"{_LABELS}(?:{WORD_DOMAINS})(?!\w)",
    ),
    ("phone", r"(?<![-+.])(?:1[-. ])?\d{3}[-.]\d{3}[-.]\d{4}(?![\w-])"),
    ("phone", r"(?<![-+])1-8\d\d-(?:\d{3}-\d{4}|[A-Z][A-Z0-9-]{3,11})(?![\w-])"),
    ("phone", r"(?<![-+/.,])555-\d{4}(?![\w-])"),
    ("phone", r"(?<![-+/.,])0\d{1,4}(?:/| / )\d{4,9}(?:-\d{1,4})?(?![\w/-])"),
    ("phone", r"(?<![-+/.,])0\d{2,4}[ -](?:\d{5,9}|\d{3,4}[ -]\d{3,4})(?![\w-]|[.,]\d)"),
    ("phone", r"00[1-9]\d{0,2}[ -]\(?\d{1,5}\)?(?:[ /-]\d{2,9}){1,5}(?!\w)"),
    (
        "account",
        r"[A-Z]{2}\d\d [A-Z0-9]{4}(?: (?=[A-Z]{0,3}\d)[A-Z0-9]{4}){1,6}(?: (?=[A-Z]{0,2}\d)[A-Z0-9]{1,3})?(?!\w)",
    ),
    ("account", r"[A-Z]{2}\d\d[A-Z]{0,4}\d{8,26}(?!\w)"),
    ("account", r"97[89][- ](?:\d{1,7}[- ]){3}\d(?![\w-])"),
    ("account", r"(?=(?:\d-?){9}[\dX](?![\w-]))\d{1,5}-\d{1,7}-\d{1,7}-[\dX]"),
    ("account", r"(?<![-,.])(?:\d{4} ){3}\d{4}(?: \d{3})?(?!\w)|(?<![-,.])(?:\d{4}-){3}\d{4}(?![\w-])"),
    ("account", r"(?<![-,.])3\d{3}[ -]\d{6}[ -]\d{5}(?!\w)"),
    (
        "account",  # three groups or more, and no date
        r"(?<![/.,-])(?=[\d/-]{0,20}?\d{3})(?=(?:\d[/-]?){9})(?!(?:(?:19|20)\d\d[/-]){1,8}(?:19|20)\d\d(?!\d))"
        r"\d{1,12}(?:[/-]\d{1,12}){2,8}+(?![\w/-])",
    ),
    (
        "account",  # two groups, and no range: a number does not start with 0
        r"(?<![/.,-])(?![012]\d[0-5]\d-[012]\d[0-5]\d(?!\d))(?:0\d{2,11}[/-]\d{3,12}|\d{3,12}[/-]0\d{2,11}|\d{3}-\d{7,12})"
        r"(?![\w/-]|[.,]\d)",
    ),
    (
        "account",
        rf"(?<![/.,-])\d{{1,10}}-(?!(?:{MONTHS}|TO|AND|OR|BY|IN)-)[A-Z]{{1,6}}-\d{{1,10}}(?:-[A-Z0-9]{{1,10}}){{0,5}}+"
        r"(?![\w-])",
    ),
    (
        "address",
        rf"{_NO_ADDRESS}{_HOUSE}{_STREET_NAME}"
        rf"(?:(?:St|Rd|Ave|Blvd)\.(?=,| [a-z\d])|(?:{STREETS}){_AFTER_STREET})",
    ),
    (
        "address",
        rf"(?:(?<=\b[Aa]t )|(?<=\bto )|(?<=\b[Ff]rom )|(?<![\s\S])){_HOUSE}{_STREET_NAME}(?:{STREETS_OR_VERBS})"
        r"(?=[,.;:!?)]|\Z)",
    ),
    (
        "address",
        rf"(?:{_NO_ADDRESS}{_HOUSE}(?:(?:[NESW]|North|South|East|West) )?)?"
        rf"\d{{0,2}}(?:1st|2nd|3rd|\dth) (?:Street|Avenue|Ave|St(?!\.? [A-Z])){_AFTER_STREET}",
    ),
    ("version", rf"{_NO_FRACTION}(?:{_OCTET}\.){{3}}{_OCTET}(?!\.?\d){_PORT}(?:/{_ADDRESS}++)?"),
    (
        "version",  # no dots between thousands, no date
        rf"{_NO_FRACTION}(?!\d{{1,3}}(?:\.\d{{3}}){{1,8}}+(?!\d))(?!\d{{1,2}}\.\d{{1,2}}\.(?:1\d|20)\d\d(?![\d.]))"
        r"(?!(?:19|20)\d\d\.(?:0\d|1[0-2])\.[0-3]\d(?![\d.]))\d{1,9}(?:\.\d{1,9}){2,8}+(?!\d)"
        rf"(?:(?:a|b|rc|alpha|beta|dev|post)\d{{0,4}}(?!\w)|{_RELEASE})?(?!\w)",
    ),
    (
        "version",
        rf"{_NO_FRACTION}\d{{1,9}}(?:\.\d{{1,9}}){{1,8}}+(?:(?:a|b|rc)\d{{1,4}}|-(?:{SUFFIXES})[.-]?\d{{0,4}})(?!\w)",
    ),
    ("version", rf"{_NO_FRACTION}\d{{1,9}}(?:\.\d{{1,9}}){{0,8}}+\.x(?!\w)"),
    (
        "version",
        rf"[vV]\d{{1,9}}(?:\.\d{{1,9}}){{1,8}}+(?:(?:a|b|rc|alpha|beta)\d{{0,4}}(?!\w)|{_RELEASE})?(?!\w)",
    ),
    ("version", rf"(?<!:)(?:{_HEX}{{1,4}}:){{7}}{_HEX}{{1,4}}(?:/\d{{1,3}})?(?![\w:])"),
    (
        "version",
        rf"(?<!:)(?=[A-Fa-f:]{{0,40}}[0-9])(?:{_HEX}{{1,4}}:){{1,6}}(?::{_HEX}{{1,4}}){{1,6}}+(?:%\w{{1,16}}+)?(?:/\d{{1,3}})?(?![\w:])",
    ),
    ("version", rf"(?<![:-])(?:(?:{_HEX}{{2}}:){{5,31}}|(?:{_HEX}{{2}}-){{5}}){_HEX}{{2}}(?![\w:-])"),
    ("version", r"(?<![\d:])(?:\d{4}-\d\d-\d\d[ T])?\d{1,3}:[0-5]\d:[0-5]\d[.,]\d{3}(?!\w|[.,]\d)"),
    ("version", r"(?<!-)\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?(?![\w:])"),
    ("hash", rf"0[xX]{_HEX}++(?!\w)"),
    ("hash", rf"(?=[0-9]*+[A-Fa-f])(?=[A-Fa-f]*+[0-9]){_HEX}{{7,}}+(?!\w)"),
    ("hash", rf"{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}(?!\w)"),
    ("placeholder", r"__[^\W_]++(?:_[^\W_]++)*+__(?!\w)"),
    ("code", rf"{_NAMES}{_ARGUMENTS}{_CHAIN}"),
    ("code", rf"(?=\w{{0,60}}?(?:_|\d|[a-z][A-Z])){_NAME}{_ARGUMENTS}{_CHAIN}"),
    ("code", rf"[a-z]\w{{0,60}}+{_ARGUMENTS}{_CHAIN}"),
    ("code", rf"[A-Z]\w{{0,60}}+(?=\((?:[\"')]|[^()\n]{{0,60}}?[_=])){_ARGUMENTS}{_CHAIN}"),
    ("code", r"[A-Z]\([\w, +*/^-]{1,10}\)(?![\w(])"),  # mathematics
    ("code", rf"{_NAME}(?:::{_NAME}){{1,8}}+"),
    ("code", rf"{_WHOLE_NAME}(?:com|org|net|edu|java|javax|android)(?:\.{_NAME}){{2,8}}+"),
    ("code", rf"{_WHOLE_NAME}[a-z]\w{{1,60}}+\.[A-Z](?=\w{{0,60}}?[a-z][A-Z]){_NAME}"),
    ("code", rf"{_WHOLE_NAME}(?=[\w.]{{0,100}}?_){_NAME}(?:\.(?!(?i:{BEGINNERS})(?!\w)){_NAME}){{1,8}}+"),
    (
        "code",
        rf"{_WHOLE_NAME}(?!(?i:{ABBREVIATIONS})\.)[^\W\d_](?:\w|-(?=\w)){{1,60}}+"
        rf"(?:\.(?!(?:{BEGINNERS})(?!\w)|(?:{DOMAINS}|{EXTENSIONS})-)[^\W\dA-Z](?:\w|-(?=\w)){{1,60}}+){{1,8}}+",
    ),
    (
        "code",  # "alpha=0.05", but not the "p=0.05" of statistics
        r"(?<!\d )(?![prn]=)[A-Za-z_]\w{0,60}+(?:\.\w{1,60}+){0,8}+[-+*/%:!<>=]?="
        r"[-+]?\d{0,20}+\.\d{1,20}+[A-Za-z]{0,3}+(?!\w|[.,%]\d)",
    ),
    ("identifier", r"_{0,2}+[^\W_]++(?:_{1,2}+[^\W_]++)++_{0,2}+(?!\w)"),
    (
        "identifier",
        rf"(?!{_VALUE}|(?<=\d )[cdkm]?m[23](?!\w))(?=[{LATIN}]++[{_DIGIT}])[{LATIN}{_DIGIT}]++"
        r"(?:\.[0-9]++(?!\w))*+(?:-[0-9]++(?:\.[0-9]++)*+[A-Z]?(?!\w))*+(?!\w)",
    ),
    (
        "identifier",
        rf"(?<![$£€¥])(?<!\d[.,:/–-])(?!{_VALUE})(?=[0-9]++[{LATIN}])[{LATIN}{_DIGIT}]++(?!\w)",
    ),
    (
        "identifier",
        rf"(?<!\d-)(?!(?:{PREFIXES}|{MONTHS})[-/])(?=[A-Z0-9/-]{{0,120}}?[0-9]|[A-Z][a-z]-\d|MiG)"
        r"(?:[A-Z][A-Z0-9]{0,20}+|[A-Z][a-z]|MiG)(?:[-/][A-Z0-9]{1,20}+){1,8}+(?:\.\d{1,9}+){0,8}+s?(?!\w)",
    ),
    (
        "identifier",
        r"(?<!\d)(?<!\d[ \u00a0])[A-Za-z]{1,3}[⁰¹²³⁴-⁹₀-₉]++(?!\w)",
    ),  # x², CO₂; "report¹" is a word
    ("identifier", r"(?<=\[)[A-Za-z](?=[\w.-]{0,60}\d)[\w.-]{1,60}+(?=\])"),
    ("sign", r"_{3,}+(?!\w)"),
    *COMMAND_LINES,
    ("foreign", rf"{_FOREIGN}++(?:[ '’-]{_FOREIGN}++)*+"),
    (
        "foreign",
        rf"(?<![{LATIN}]-)(?=[{FREQUENT_LATIN}-]*+(?!{_APOSTROPHE})[{LATIN}])[{LATIN}]++(?:-[{LATIN}]++)*+",
    ),
    ("identifier", r"(?i:utf|iso|sha|aes|gpt|rfc|cve|covid|x86)(?:-\d{1,7}){1,3}+(?!\w)"),
    ("identifier", rf"{_NO_FRACTION}\d{{1,20}}+(?:\.\d{{1,20}}+)?[eE][+-]?\d{{1,4}}+(?!\w|\.\d)"),
    ("identifier", r"(?:[cC]\+\+\d{0,2}+|[CF]#)(?!\w)"),
)
AT_MARKS: tuple[tuple[str, OpaqueKind, str], ...] = (
    ("", "sign", r"(?<![\d.,])(?<!\d )[¢£¥\u20a0-\u20c0](?! ?\d|[.,]\d)"),
    (
        "",
        "sign",
        rf"(?!{_APOSTROPHE})[¡¨¯´¸¿÷⁃⁄‼⁇⁈⁉℃℉℗℮]|[‰‱](?<!\d.)(?<!\d[ \u00a0].)|±(?! ?\d)(?<!\d.)|(?<=\d )±(?= [\d£€$])",
    ),
    ("", "sign", r"(?<![\w)\]⁰¹²³⁴-⁹⁺⁻₀-₉])[⁰¹²³⁴-⁹⁺⁻⁼⁽⁾₀-₉₊-₎]++(?!\w)"),
    (
        "",
        "sign",
        rf"(?!{PICTOGRAPH}|.\ufe0f)[§¶·†‡©®™•‣※¦¬¤\u2190-\u2211\u2213-\u23ff\u2500-\u27bf\u2900-\u2bff]\ufe0e?",
    ),
    ("", "private", f"[{MARK_RANGE}]++"),
    ("", "tag", f"[{STAND_IN_RANGE}]"),
    (
        "/",
        "path",
        rf"{_PATH_BEGINS}/(?=[A-Za-z_{{$]|\.\w|[\w.-]{{1,60}}+/)(?!(?:{NO_PATHS})(?![\w/-]|\.\w)){_PARTS}"
        rf"(?:\?\w[\w.=&%+-]{{0,200}}(?<=\w))?{_LINE}",
    ),
    ("~", "path", rf"(?<![\w/~])~(?:[a-z_]\w{{0,40}}+)?/(?:{_PARTS})?{_LINE}"),
    # “Done.\nIt is”, with an escape sequence, is no path.
    (".", "path", rf"{_DOT_BEGINS}(?!\.\\[nrt][A-Z])(?:\.\.?[/\\]){{1,20}}+(?:{_PARTS}{_LINE}|(?<=/)(?!\w))"),
    (
        "$%{",
        "path",
        rf"(?<!\w)(?:(?:\${_NAME}|\$?\{{\w{{1,60}}+\}}|%\w{{1,60}}+%)/|%\w{{1,60}}+%\\){_PARTS}{_LINE}",
    ),
    ("\\", "path", r"(?<!\\)\\\\[\w.-]{1,60}+(?:\\[\w.$%-]{0,60}[\w$%]){1,20}+"),
    ("\\", "path", r"(?<![\w\\])\\(?![nrt])[A-Za-z_]\w{1,60}+(?:\\[\w.$%-]{0,60}[\w$%]){1,20}+"),
    ("*", "path", rf"(?<![\w*])\*\.{_EXTENSION}"),
    (
        "*",
        "code",
        rf"(?<![\w*])\*{{1,2}}(?:(?:{ARGUMENTS})(?!\w)|(?=[a-z]{{0,60}}[A-Z_\d])[a-z_]\w{{0,60}}+)(?![*-])",
    ),
    (
        ".",
        "path",
        rf"{_DOT_BEGINS}\.(?:(?:{DOT_FILES})(?!\w)|\w{{2,20}}rc(?!\w)|bash_\w++|env\.\w++)(?:/{_PARTS})?",
    ),
    (".", "path", rf"{_DOT_BEGINS}\.[a-z][\w-]{{1,40}}+/{_PARTS}"),
    (".", "path", rf"{_DOT_BEGINS}\.{_EXTENSION}"),
    (
        "+",
        "phone",
        r"\+(?:\d{7,15}|\d{1,3}(?:[ ./-]?\(\d{1,4}\)[ ./-]?\d{2,10}(?:[ ./-]\d{2,10}){0,4}|[ ./-]\d{6,12}"
        r"|[ ./-](?!000)\d{1,5}[ ./-](?:\d{5,10}(?:[ ./-]\d{2,6}){0,2}|\d{2,4}(?:[ ./-]\d{2,6}){1,4})))(?!\w|[.,]\d)",
    ),
    ("(", "phone", r"(?<!\w)\((?:\d{3}\) ?\d{3}[-. ]\d{4}|0\d{1,4}\) ?\d{3,5}(?:[ -]?\d{3,6})?)(?![\w-])"),
    (":", "version", rf"(?<![\w:])::(?:{_HEX}{{1,4}}:){{0,6}}{_HEX}{{1,4}}(?:/\d{{1,3}})?(?![\w:])"),
    ("{", "placeholder", r"\{\{\{[^{}\n]{0,120}+\}\}\}|\{\{[^{}\n]{0,200}+\}\}"),
    ("{", "placeholder", r"\{%[^\n]{0,300}?%\}|\{#[^{}\n]{0,300}?#\}"),
    ("{", "placeholder", _BRACED),
    ("$#%@", "placeholder", r"(?:\$\{[^{}\n]{0,80}+|[#%@]\{[^{}\n]{1,80}+)\}"),
    ("$", "placeholder", r"\$\((?![\d.,]++\))[^()\n]{1,80}+\)"),
    ("$", "placeholder", r"\$[A-Za-z_]\w{0,40}+\$"),
    (
        "$",
        "code",
        r"(?<![\w$\\])\$(?=[^\s$])(?!\d[\d.,]*+\s++(?![-+=<>*/^\\]))(?=[^$\n]{0,100}?[=^_\\<>])"
        r"[^$\n]{1,100}(?<![\s\\])(?<![A-Z]{2})\$(?![\w$])",
    ),  # TeX, but not what is between “$5 for” or “US$” and another amount
    ("%", "placeholder", rf"%\([\w.-]{{1,60}}+\){_PRINTF}[A-Za-z]|%<\w{{1,60}}+>{_PRINTF}[a-z]"),
    (
        "%",
        "placeholder",
        rf"(?<!\d)%(?:\d{{1,3}}\$)?{_PRINTF}(?:[A-Za-z](?![A-Za-z])|[dsiufxX](?![a-z]{{4}})|@)",
    ),
    ("%", "placeholder", r"(?<![\w%])%L?\d(?![\w%]|[.,]\d)"),
    ("%", "placeholder", r"(?<![\w%])%\d{1,2}%(?![\w%])"),
    ("%", "placeholder", r"(?:%%)++(?:\w{1,60}+%%)?"),
    ("%", "placeholder", r"(?<!\d)%(?![hlzjt]{0,2}[a-zA-Z]%)[A-Za-z_]\w{1,60}+%(?!%)"),
    (":", "placeholder", r"(?<![^\s\"'“‘(\[]):[a-z_][a-z0-9_]{1,60}+(?![\w:])"),
    (":", "placeholder", r"(?<!\w):(?=[0-9_+-]{0,40}[a-z]|[+-]1:)[a-z0-9_+-]{1,40}+:(?![\w:])"),
    (
        "[",
        "code",
        r"\[(?=[\d, +-]++\.\d)[-+]?\d{1,20}+(?:\.\d{1,20}+)?(?:, ?[-+]?\d{1,20}+(?:\.\d{1,20}+)?)++\]",
    ),
    ("[", "placeholder", r"\[\[[^\[\]\n]{1,80}+\]\]"),
    ("@#", "placeholder", r"@@[\w.-]{1,60}+@@|##\w{1,60}+##"),
    ("<", "placeholder", rf"(?<!\w)<[a-z]{{1,30}}+(?: (?!{_BARE_ATTRIBUTES})[a-z]{{1,30}}+){{1,4}}>"),
    ("<", "placeholder", r"<%[^\n]{0,300}?%>|<\?[^\n]{1,300}?\?>"),
    (
        "\\",
        "placeholder",
        rf"(?:\\\\)++(?:[nrt](?![a-z]))?|(?!(?<=[A-Za-z]){_APOSTROPHE})"
        rf"\\(?:[nrt!-/:-@\[-`{{-~]|\d{{1,3}}+|u[0-9A-Fa-f]{{4}}|x[0-9A-Fa-f]{{2}})",
    ),
    (
        "<",
        "code",
        rf"<(?P<element>code|pre|tt|kbd|samp|var){_ATTRIBUTE}{{0,20}}+\s{{0,9}}+>"
        r"(?:[^<\n]++|<(?!/?(?P=element)[\s>])){0,1000}+</(?P=element)\s{0,9}+>",
    ),
    ("<", "tag", rf"</?[A-Za-z][\w:.-]{{0,60}}+{_ATTRIBUTE}{{0,20}}+\s{{0,9}}+/?>"),
    ("<", "tag", r"</?\d{1,3}+\s?/?>|</>"),
    ("<", "tag", r"<!--[\s\S]{0,1000}?-->|<![A-Za-z\[][^<>]{0,300}+>"),
    (
        "@",
        "code",
        r"(?<![\w@.])@(?:param|arg|argument|property|throws|exception)(?: \{[^{}\n]{1,60}+\})? [A-Za-z_$][\w.$]{0,60}+",
    ),
    (":", "code", r"(?<!\w):(?:param|raises|type|ivar) [\w.*, ]{1,60}+:"),
    ("&", "sign", r"(?<!\w)&(?=[A-Za-z]{2,30}(?![\w;]))"),  # a menu's "&Open"
    ("&", "entity", r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31}+);"),
    (
        "#",
        "hash",
        rf"(?<![\w&#])#(?!\d++(?!\w))(?:(?=[A-Fa-f]*+[0-9]){_HEX}{{3,4}}+|{_HEX}{{6}}|(?=[A-Fa-f]*+[0-9]){_HEX}{{8}})(?!\w)",
    ),
    ("#", "identifier", r"(?<![\w&#])#\d{1,10}+(?!\w|[.,]\d)"),
    ("#", "hashtag", r"(?<![\w&#/])#(?=\w*[^\W\d_])\w++"),
    (
        "@",
        "mention",
        r"(?<![\w@.])@[A-Za-z_]\w{0,60}+(?:[.-][a-z0-9_]\w{0,60}+){0,8}+(?:/[a-z](?:\w|[.-](?=\w)){1,60}+)?",
    ),
    (
        "`",
        "code",
        r"(?<!`)(?P<ticks>`{1,3}+)(?!`)"
        rf"(?:(?=\S){_CODE_LINE}(?<=\S)|(?=[^\S\n]){_CODE_LINE}(?<=\s))(?P=ticks)",
    ),
    ("$", "code", rf"(?<![\w$])\$[A-Za-z_]\w*+(?:->{_NAME}){{0,8}}+(?:{_ARGUMENTS})?"),
    (
        "$",
        "code",
        r"""(?:(?<==)|(?<=["'“‘])(?=..["'”’])|(?<=argument )|(?<=parameter )|(?<=variable )|(?<=echo )|(?<=group )"""
        r"|(?<=file )|(?<=page )|(?<=named ))\$\d(?![\w%]|[.,]\d)",
    ),
    ("\\", "code", rf"\\(?:(?![nrt])[A-Za-z]{{1,30}}+|(?:{LATEX})(?![A-Za-z]))\*?"),
    (
        "-",
        "option",
        rf"{_OPTION_BEGINS}--(?!(?:{NO_OPTIONS})(?![\w=-]))[a-z][A-Za-z0-9]*+(?:[-_.][A-Za-z0-9]++)*+(?![\w-])"
        rf"(?:{_OPTION_VALUE})?",
    ),
    (
        "-",
        "option",
        rf"{_OPTION_BEGINS}-(?!I[ '’])[A-Za-z](?![\w-]|['’]\w)"
        r"(?: \d{1,9}+(?:\.\d{1,9}+)?(?![\w:/%°-]|[.,]\d| ?[%°€$£]))?",
    ),
    ("-", "option", rf"{_OPTION_BEGINS}-[A-Za-z][\w-]{{0,40}}+{_OPTION_VALUE}"),
    (
        "-",
        "option",
        rf"{_OPTION_BEGINS}-(?:[A-Za-z]{{1,20}}+\d\w{{0,20}}+|[bcdfghjklmnpqrstvwxz]{{2,5}}+|Wno-[\w-]{{1,40}}+|{FLAGS})"
        r"(?![\w-]|['’]\w)",
    ),
)
"""Each form with the marks that it may start with; none for the many other signs."""
