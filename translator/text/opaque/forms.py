"""Regular expressions for the forms that are copied, in two tables: at letters and digits, and at marks."""

import re
from typing import Literal

from translator.text.sentences import PICTOGRAPH
from translator.text.values.patterns import COUNTED

OpaqueKind = Literal[
    "link", "email", "path", "code", "placeholder", "tag", "entity", "hash", "identifier", "version", "phone",
    "account", "hashtag", "mention", "option", "sign", "foreign", "private",
]  # fmt: skip


# Words used in the expressions, each list as an alternation.


def _any_of(words: str) -> str:
    return "|".join(map(re.escape, words.split()))


_DOMAINS = _any_of("""
    com org net edu gov mil int info biz io dev ai eu de ch uk fr es nl pl se dk fi ru ca au nz jp cn br mx ar cl pt gr
    cz sk hu ro bg hr si rs ua tr il za kr tw hk sg th vn ie lu li lt lv ee tv cc fm gg xyz co ly gl onion local
    COM ORG NET
""")
_WORD_DOMAINS = _any_of("""
    at in it is no me so to my am be us as do by id an app shop blog store online site cloud design news live world
    today life art name pro page link club tech space media team email work
""")
"""Top-level domains that are also English words: "house.it was" only lacks a space."""
_EXTENSIONS = _any_of("""
    txt md rst tex pdf docx odt rtf epub mobi djvu eps xls xlsx ods csv tsv ppt pptx odp png jpg jpeg gif bmp svg webp
    tif tiff ico heic psd xcf mp3 mp4 wav flac ogg oga ogv opus m4a m4v aac wma avi mkv mov webm wmv flv mpg mpeg srt
    vtt zip tar gz tgz bz2 xz 7z rar zst rpm deb dmg iso apk msi exe dll dylib whl egg py pyc pyi ipynb js mjs cjs jsx
    tsx css scss html htm xhtml xml xsl xsd json jsonl json5 yaml yml toml ini cfg conf sql sqlite db sh zsh bat cmd
    ps1 psm1 cc cpp cxx hpp hxx cs java kt kts rs rb php lua jl erl hs clj f90 asm graphql gradle cmake resx xliff xlf
    tmx arb ftl tf tfvars ttf otf woff woff2 eot pem crt csr asc p12 pfx gpg bak tmp swp dat ics vcf eml plist
""")
_WORD_EXTENSIONS = _any_of("""
    c h o r m s v doc pl pm po pot mo ts el ex ps sass vue svelte swift dart scala proto bash fish go key log lock bin
    map mod mid sum diff patch env jar lib lisp msg orig out pub properties rc reg sig strings torrent url war
""")
"""Extensions that count only in lower case: "a long log.Go home" only lacks a space."""
_DOT_FILES = _any_of("""
    env git gitignore gitattributes gitmodules github gitlab vscode idea venv ssh profile htaccess config cache local
    dockerignore editorconfig npmignore npmrc DS_Store
""")
_DIRECTORIES = _any_of(
    "src lib bin usr etc var tmp opt home dev docs tests app node_modules dist build include assets packages translator"
)
_NO_PATHS = _any_of("or and she her he his him s h day week month year hour min minute person kg km night mo")
"""Words that may follow a space and a slash, as in "$5 /month"."""
_BEGINNERS = _any_of("""
    a an the and or but nor yet so if then than because while although though when where what which who whom whose why
    how i he she it its we they them their there here this that these those my your his her our me him us is are you
    was were am be been do does did don has have had can could will won would should must may might not no yes ok okay
    please thanks thank sorry hello hi hey well maybe perhaps also just now still even only after before since until
    once again later soon today tomorrow yesterday in on at to from for with without by of as about into over under all
    some any many most each every both one two let lol btw oh however therefore instead finally first second meanwhile
""")
"""Words that start sentences: a dot before one of them is a full stop, although the space is missing."""
_ABBREVIATIONS = _any_of(
    "mr mrs ms dr prof st vs etc no nos fig figs vol vols approx ca cf al ed eds ch sec jr sr"
)
_SUFFIXES = _any_of(
    "rc alpha beta dev pre preview post snapshot SNAPSHOT final release stable lts LTS generic nightly git build"
)
_HTML_FLAGS = _any_of("""
    disabled checked selected required readonly hidden async defer multiple autofocus autoplay controls loop muted
    nowrap open novalidate
""")
_LATEX = _any_of("""
    name newline newpage newcommand renewcommand noindent neq ne nu nabla ref right rightarrow rho rm textbf textit
    texttt textsc text times theta tau tan title tiny table tableofcontents to today top
""")
"""Commands whose first letter would also form an escape sequence."""
_FLAGS = _any_of("la al lah lha ah aux Wall Wextra Werror Wpedantic std version help name type exec")
"""Options with one dash and several letters that include vowels."""
_NO_OPTIONS = _any_of("a an and but the he she it we they you i that this which who is was or so")
_UNITS = _any_of("""
    nm µm μm um mm cm dm km in ft yd mi m2 m3 mm2 mm3 cm2 cm3 km2 km3 ha px em pt ng µg μg ug mg g kg t lb lbs oz mol
    ml mL cl dl l L hl gal ns µs μs us ms s sec secs min mins h hr hrs KB kB kb MB Mb GB Gb TB PB KiB MiB GiB TiB kbit
    Mbit Gbit kbps Mbps Gbps Hz kHz MHz GHz THz V mV kV W mW kW MW GW Wh kWh MWh GWh TWh mA mAh Ah J kJ MJ cal kcal Pa
    hPa kPa MPa bar mbar psi N kN Nm cd lx lm dB mph kph kmh rpm ppm ppb fps dpi seconds second minutes minute hours
    hour days day weeks week months month years year people percent times dollars euros pounds bn mn million billion
""")
_CURRENCIES = _any_of(
    "USD EUR GBP CHF JPY CNY CAD AUD NZD INR SEK NOK DKK PLN CZK RUB BRL MXN ZAR TRY KRW HKD SGD"
)
_MONTHS = _any_of("""
    JAN FEB MAR APR MAY JUN JUL AUG SEP SEPT OCT NOV DEC JANUARY FEBRUARY MARCH APRIL JUNE JULY AUGUST SEPTEMBER OCTOBER
    NOVEMBER DECEMBER
""")
_PREFIXES = _any_of("""
    TOP UNDER OVER POST PRE MID NON SUB AGE AGES AGED DAY DAYS WEEK YEAR NUMBER NO CATCH CHAPTER PAGE In On At Or My Up
    To By No Go
""")
"""Words that a hyphen may join to a number: "UNDER-21"."""


# Parts of expressions.

LATIN = "A-Za-zÀ-ÖØ-öø-ɏ"
FREQUENT_LATIN = "A-Za-zÄÖÜßàáäèéëíïñóôöúü"
"""Letters that training corpora have often enough. Words with others are copied: a small model garbles them."""
LONE_SIGNS = "¡¢£¥¨¯±´¸¿÷‰‱⁃⁄‼⁇⁈⁉\u20a0-\u20c0№℃℉℗℮⁰¹²³⁴-⁹⁺⁻⁼⁽⁾₀-₉₊-₎"
"""Signs that are rare outside of values."""
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
_EXTENSION = rf"(?:(?i:{_EXTENSIONS})|{_WORD_EXTENSIONS}|so(?:\.\d{{1,5}}){{1,3}})(?!\w)"
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

_RELEASE = rf"(?:[-+~.](?:(?:{_SUFFIXES})(?!\w)|[A-Za-z]{{0,10}}\d[A-Za-z0-9]{{0,40}})){{1,4}}"
"""What may follow the three numbers of a version."""
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_VALUE = (
    r"(?:\d++(?:(?i:st|nd|rd|th|am|pm|s|ish|somethings?|odd|fold|plus)|[ap](?=\.m)"
    rf"|{_UNITS}|{_CURRENCIES}|h\d{{0,2}}(?:m|min)?|m(?:in)?\d{{1,2}}s|m(?= {COUNTED}))|(?:{_CURRENCIES})\d++)(?!\w)"
)
"""Ordinals, decades, times, quantities and money, which are converted."""

_ATTRIBUTE = (
    r"(?:\s++(?:[\w:@.*#-]{1,60}+\s{0,9}+=\s{0,9}+"
    r"""(?:"[^"]{0,500}+"|'[^']{0,500}+'|\{[^{}]{0,200}+\}|[^\s"'<>=`{}]{1,200}+)"""
    rf"|(?:{_HTML_FLAGS})(?![\w-])|[\w@]{{1,30}}+[:-][\w:-]{{1,60}}+(?=[\s>/])))"
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


_COMMANDS = _any_of("""
    apt apt-get awk aws brew cargo cat chmod chown conda cp curl cut dd df diff dig docker du env ffmpeg find gcc git go
    grep gzip head helm java journalctl kill kubectl ln ls make mkdir mount mv mysql nc netstat nmap node npm npx
    openssl patch pg_dump ping pip pip3 ps psql pytest python python3 rm rsync scp sed ssh sudo systemctl tail tar
    terraform top touch uname unzip wget xargs yarn yum zip
""")
_NO_ARGUMENTS = _any_of(
    "and or to in into on at for if then when while before after with without from as is was are the a an so again now "
    "first command option flag"
)
_ARGUMENT = rf"(?: (?!(?:{_NO_ARGUMENTS})(?!\w))(?:-{{1,2}}\w|[\w@~.])[\w=./:@~-]{{0,80}}(?<=\w))"
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
        rf"(?:sudo )?(?:{_COMMANDS}){_ARGUMENT}{{0,3}}? -{{1,2}}[A-Za-z][\w=./:@-]{{0,80}}(?<=\w){_ARGUMENT}{{0,2}}+",
    ),
)
LOG_LEVELS: Table = (
    (
        "code",
        r"(?:(?<=[\dZ\]] )|(?<=\d - )|(?<=\[))(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)(?!\w)",
    ),
)
ENUMERATORS: Table = (
    (
        "sign",
        r"(?:(?<![\s\S])|(?<=[\n\t])|(?<=[\n\t] )|(?<=[\n\t]  )|(?<=[.;:!?] ))"
        r"(?:\d{1,2}|[A-Za-z]|[ivx]{2,4})\)(?=[ \t])",
    ),
)
TYPOGRAPHY: Table = (
    (
        "sign",
        r"(?<![^\s\w])(?:\.{6,}+|(?<!\w)\.{4,}+|(?<!\w)\.(?: \.){3,}+)|(?<![=*~-])(?:={4,}+|\*{4,}+|~{4,}+|-{4,}+)",
    ),
    ("sign", r"(?<!\")\"{3}(?!\")|(?<!')'{3}(?!')"),
    (
        "sign",
        r"(?<![^\s.!?,])(?:[:;=](?:[-^o]|'-?)?[()DPpOo/|*\[\]]|8-\)|</?3|\^_?\^|-_-|\\o/|¯\\_\(ツ\)_/¯)"
        r"(?=[\s.,!?)]|\Z)",
    ),
)
"""Leaders and rules, triple quotation marks, emoticons."""
AT_WORDS: Table = (
    ("email", r"(?<![+%-])(?<!\w\.)\w[\w.+%-]{0,63}+@\w++(?:[.-]\w++|-++\w++)*+"),
    ("link", rf"[A-Za-z][A-Za-z0-9+.-]{{0,30}}+://{_ADDRESS}++"),
    (
        "link",
        rf"(?:(?:mailto|urn|doi|magnet|arXiv|arxiv):(?=[\w?])|(?:tel|sms):(?=[+\d])|data:(?=\w++/)){_ADDRESS}++",
    ),
    ("link", rf"(?i:www)\.(?=\w){_ADDRESS}++"),
    ("link", rf"{_LABELS}(?:{_DOMAINS}|{_WORD_DOMAINS})(?!\w){_PORT}{_REST}"),
    ("link", rf"{_LABELS}(?!(?:{_EXTENSIONS})/)[a-z]{{2,18}}+/(?=[\w~?#%({{]){_ADDRESS}++"),
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
    ("path", rf"{_WHOLE_NAME}(?:{_DIRECTORIES})/{_PART}++(?:/{_PART}++){{1,20}}+/?"),
    (
        "path",
        rf"{_WHOLE_NAME}(?={_DIRECTORY}/{_DIRECTORY}/\w)(?=[\w.+/-]{{0,200}}?(?:_|[A-Za-z]\d|\d[A-Za-z]))"
        rf"{_DIRECTORY}(?:/{_PART}++){{2,20}}+/?",
    ),
    ("link", rf"{_LABELS}(?:{_DOMAINS})(?!\w){_PORT}"),
    ("link", rf"(?<![@/-])(?<!\w\.)(?:[^\W_][\w-]{{1,62}}+\.){{2,8}}(?:{_WORD_DOMAINS})(?!\w)"),
    (
        "link",
        r"(?:(?<=\b[Aa]t )|(?<=\b[Oo]n )|(?<=\bto )|(?<=\bby )|(?<=[Ff]rom )|(?<=[Vv]isit ))"
        rf"{_LABELS}(?:{_WORD_DOMAINS})(?!\w)",
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
        rf"(?<![/.,-])\d{{1,10}}-(?!(?:{_MONTHS}|TO|AND|OR|BY|IN)-)[A-Z]{{1,6}}-\d{{1,10}}(?:-[A-Z0-9]{{1,10}}){{0,5}}+"
        r"(?![\w-])",
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
        rf"{_NO_FRACTION}\d{{1,9}}(?:\.\d{{1,9}}){{1,8}}+(?:(?:a|b|rc)\d{{1,4}}|-(?:{_SUFFIXES})[.-]?\d{{0,4}})(?!\w)",
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
    ("code", rf"{_WHOLE_NAME}(?=[\w.]{{0,100}}?_){_NAME}(?:\.(?!(?i:{_BEGINNERS})(?!\w)){_NAME}){{1,8}}+"),
    (
        "code",
        rf"{_WHOLE_NAME}(?!(?i:{_ABBREVIATIONS})\.)[^\W\d_](?:\w|-(?=\w)){{1,60}}+"
        rf"(?:\.(?!(?:{_BEGINNERS})(?!\w)|(?:{_DOMAINS}|{_EXTENSIONS})-)[^\W\dA-Z](?:\w|-(?=\w)){{1,60}}+){{1,8}}+",
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
        rf"(?<!\d-)(?!(?:{_PREFIXES}|{_MONTHS})[-/])(?=[A-Z0-9/-]{{0,120}}?[0-9]|[A-Z][a-z]-\d|MiG)"
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
    ("foreign", rf"(?<![{LATIN}]-)(?=[{FREQUENT_LATIN}-]*+[{LATIN}])[{LATIN}]++(?:-[{LATIN}]++)*+"),
    ("identifier", r"(?i:utf|iso|sha|aes|gpt|rfc|cve|covid|x86)(?:-\d{1,7}){1,3}+(?!\w)"),
    ("identifier", rf"{_NO_FRACTION}\d{{1,20}}+(?:\.\d{{1,20}}+)?[eE][+-]?\d{{1,4}}+(?!\w|\.\d)"),
    ("identifier", r"(?:[cC]\+\+\d{0,2}+|[CF]#)(?!\w)"),
)
AT_MARKS: tuple[tuple[str, OpaqueKind, str], ...] = (
    ("", "sign", r"(?<![\d.,])(?<!\d )[¢£¥\u20a0-\u20c0](?! ?\d|[.,]\d)"),
    (
        "",
        "sign",
        r"[¡¨¯´¸¿÷⁃⁄‼⁇⁈⁉℃℉℗℮]|[‰‱](?<!\d.)(?<!\d[ \u00a0].)|±(?! ?\d)(?<!\d.)|(?<=\d )±(?= [\d£€$])",
    ),
    ("", "sign", r"(?<![\w)\]⁰¹²³⁴-⁹⁺⁻₀-₉])[⁰¹²³⁴-⁹⁺⁻⁼⁽⁾₀-₉₊-₎]++(?!\w)"),
    (
        "",
        "sign",
        rf"(?!{PICTOGRAPH}|.\ufe0f)[§¶·†‡©®™•‣※¦¬¤\u2190-\u2211\u2213-\u23ff\u2500-\u27bf\u2900-\u2bff]\ufe0e?",
    ),
    ("", "private", "[\U000f0000-\U000f00ff]++"),
    (
        "/",
        "path",
        rf"{_PATH_BEGINS}/(?=[A-Za-z_{{$]|\.\w|[\w.-]{{1,60}}+/)(?!(?:{_NO_PATHS})(?![\w/-]|\.\w)){_PARTS}"
        rf"(?:\?\w[\w.=&%+-]{{0,200}}(?<=\w))?{_LINE}",
    ),
    ("~", "path", rf"(?<![\w/~])~(?:[a-z_]\w{{0,40}}+)?/(?:{_PARTS})?{_LINE}"),
    (".", "path", rf"{_DOT_BEGINS}(?:\.\.?[/\\]){{1,20}}+(?:{_PARTS}{_LINE}|(?<=/)(?!\w))"),
    (
        "$%{",
        "path",
        rf"(?<!\w)(?:(?:\${_NAME}|\$?\{{\w{{1,60}}+\}}|%\w{{1,60}}+%)/|%\w{{1,60}}+%\\){_PARTS}{_LINE}",
    ),
    ("\\", "path", r"(?<!\\)\\\\[\w.-]{1,60}+(?:\\[\w.$%-]{0,60}[\w$%]){1,20}+"),
    ("\\", "path", r"(?<![\w\\])\\(?![nrt])[A-Za-z_]\w{1,60}+(?:\\[\w.$%-]{0,60}[\w$%]){1,20}+"),
    ("*", "path", rf"(?<![\w*])\*\.{_EXTENSION}"),
    (
        ".",
        "path",
        rf"{_DOT_BEGINS}\.(?:(?:{_DOT_FILES})(?!\w)|\w{{2,20}}rc(?!\w)|bash_\w++|env\.\w++)(?:/{_PARTS})?",
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
    ("%", "placeholder", rf"%\([\w.-]{{1,60}}+\){_PRINTF}[A-Za-z]|%<\w{{1,60}}+>{_PRINTF}[a-z]"),
    (
        "%",
        "placeholder",
        rf"(?<!\d)%(?:\d{{1,3}}\$)?{_PRINTF}(?:[A-Za-z](?![A-Za-z])|[dsiufxX](?![a-z]{{4}})|@)",
    ),
    ("%", "placeholder", r"(?<![\w%])%L?\d(?![\w%]|[.,]\d)"),
    ("%", "placeholder", r"(?:%%)++(?:\w{1,60}+%%)?"),
    ("%", "placeholder", r"(?<!\d)%(?![hlzjt]{0,2}[a-zA-Z]%)[A-Za-z_]\w{1,60}+%(?!%)"),
    (":", "placeholder", r"(?<![^\s\"'“‘(\[]):[a-z_][a-z0-9_]{1,60}+(?![\w:])"),
    (":", "placeholder", r"(?<!\w):(?=[0-9_+-]{0,40}[a-z]|[+-]1:)[a-z0-9_+-]{1,40}+:(?![\w:])"),
    ("[", "placeholder", r"\[\[[^\[\]\n]{1,80}+\]\]"),
    ("@#", "placeholder", r"@@[\w.-]{1,60}+@@|##\w{1,60}+##"),
    ("<", "placeholder", r"<%[^\n]{0,300}?%>|<\?[^\n]{1,300}?\?>"),
    (
        "\\",
        "placeholder",
        r"(?:\\\\)++(?:[nrt](?![a-z]))?|\\(?:[nrt!-/:-@\[-`{-~]|\d{1,3}+|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})",
    ),
    ("<", "tag", rf"</?[A-Za-z][\w:.-]{{0,60}}+{_ATTRIBUTE}{{0,20}}+\s{{0,9}}+/?>"),
    ("<", "tag", r"</?\d{1,3}+\s?/?>|</>"),
    ("<", "tag", r"<!--[\s\S]{0,1000}?-->|<![A-Za-z\[][^<>]{0,300}+>"),
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
    ("\\", "code", rf"\\(?:(?![nrt])[A-Za-z]{{1,30}}+|(?:{_LATEX})(?![A-Za-z]))\*?"),
    (
        "-",
        "option",
        rf"{_OPTION_BEGINS}--(?!(?:{_NO_OPTIONS})(?![\w=-]))[a-z][A-Za-z0-9]*+(?:[-_.][A-Za-z0-9]++)*+(?![\w-])"
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
        rf"{_OPTION_BEGINS}-(?:[A-Za-z]{{1,20}}+\d\w{{0,20}}+|[bcdfghjklmnpqrstvwxz]{{2,5}}+|Wno-[\w-]{{1,40}}+|{_FLAGS})"
        r"(?![\w-]|['’]\w)",
    ),
)
