"""Lists of words in the forms that are copied, each as an alternation of a regular expression."""

import re


def _any_of(words: str) -> str:
    return "|".join(map(re.escape, words.split()))


DOMAINS = _any_of("""
    com org net edu gov mil int info biz io dev ai eu de ch uk fr es nl pl se dk fi ru ca au nz jp cn br mx ar cl pt gr
    cz sk hu ro bg hr si rs ua tr il za kr tw hk sg th vn ie lu li lt lv ee tv cc fm gg xyz co ly gl onion local
    COM ORG NET
""")
WORD_DOMAINS = _any_of("""
    at in it is no me so to my am be us as do by id an app shop blog store online site cloud design news live world
    today life art name pro page link club tech space media team email work
""")
"""Top-level domains that are also English words: "house.it was" only lacks a space."""
EXTENSIONS = _any_of("""
    txt md rst tex pdf docx odt rtf epub mobi djvu eps xls xlsx ods csv tsv ppt pptx odp png jpg jpeg gif bmp svg webp
    tif tiff ico heic psd xcf mp3 mp4 wav flac ogg oga ogv opus m4a m4v aac wma avi mkv mov webm wmv flv mpg mpeg srt
    vtt zip tar gz tgz bz2 xz 7z rar zst rpm deb dmg iso apk msi exe dll dylib whl egg py pyc pyi ipynb js mjs cjs jsx
    tsx css scss html htm xhtml xml xsl xsd json jsonl json5 yaml yml toml ini cfg conf sql sqlite db sh zsh bat cmd
    ps1 psm1 cc cpp cxx hpp hxx cs java kt kts rs rb php lua jl erl hs clj f90 asm graphql gradle cmake resx xliff xlf
    tmx arb ftl tf tfvars ttf otf woff woff2 eot pem crt csr asc p12 pfx gpg bak tmp swp dat ics vcf eml plist
""")
WORD_EXTENSIONS = _any_of("""
    c h o r m s v doc pl pm po pot mo ts el ex ps sass vue svelte swift dart scala proto bash fish go key log lock bin
    map mod mid sum diff patch env jar lib lisp msg orig out pub properties rc reg sig strings torrent url war
""")
"""Extensions that count only in lower case: "a long log.Go home" only lacks a space."""
DOT_FILES = _any_of("""
    env git gitignore gitattributes gitmodules github gitlab vscode idea venv ssh profile htaccess config cache local
    dockerignore editorconfig npmignore npmrc DS_Store
""")
DIRECTORIES = _any_of(
    "src lib bin usr etc var tmp opt home dev docs tests app node_modules dist build include assets packages translator"
)
NO_PATHS = _any_of("or and she her he his him s h day week month year hour min minute person kg km night mo")
"""Words that may follow a space and a slash, as in "$5 /month"."""
BEGINNERS = _any_of("""
    a an the and or but nor yet so if then than because while although though when where what which who whom whose why
    how i he she it its we they them their there here this that these those my your his her our me him us is are you
    was were am be been do does did don has have had can could will won would should must may might not no yes ok okay
    please thanks thank sorry hello hi hey well maybe perhaps also just now still even only after before since until
    once again later soon today tomorrow yesterday in on at to from for with without by of as about into over under all
    some any many most each every both one two let lol btw oh however therefore instead finally first second meanwhile
""")
"""Words that start sentences: a dot before one of them is a full stop, although the space is missing."""
ABBREVIATIONS = _any_of(
    "mr mrs ms dr prof st vs etc no nos fig figs vol vols approx ca cf al ed eds ch sec jr sr"
)
SUFFIXES = _any_of(
    "rc alpha beta dev pre preview post snapshot SNAPSHOT final release stable lts LTS generic nightly git build"
)
HTML_FLAGS = _any_of("""
    disabled checked selected required readonly hidden async defer multiple autofocus autoplay controls loop muted
    nowrap open novalidate
""")
LATEX = _any_of("""
    name newline newpage newcommand renewcommand noindent neq ne nu nabla ref right rightarrow rho rm textbf textit
    texttt textsc text times theta tau tan title tiny table tableofcontents to today top
""")
"""Commands whose first letter would also form an escape sequence."""
ARGUMENTS = _any_of("args argv argc kwargs kwds opts ptr self this rest params")
"""Names behind an asterisk in code: `*args`; other words there have a footnote or are emphasised."""
FLAGS = _any_of("la al lah lha ah aux Wall Wextra Werror Wpedantic std version help name type exec")
"""Options with one dash and several letters that include vowels."""
NO_OPTIONS = _any_of("a an and but the he she it we they you i that this which who is was or so")
UNITS = _any_of("""
    nm µm μm um mm cm dm km in ft yd mi m2 m3 mm2 mm3 cm2 cm3 km2 km3 ha px em pt ng µg μg ug mg g kg t lb lbs oz mol
    ml mL cl dl l L hl gal ns µs μs us ms s sec secs min mins h hr hrs KB kB kb MB Mb GB Gb TB PB KiB MiB GiB TiB kbit
    Mbit Gbit kbps Mbps Gbps Hz kHz MHz GHz THz V mV kV W mW kW MW GW Wh kWh MWh GWh TWh mA mAh Ah J kJ MJ cal kcal Pa
    hPa kPa MPa bar mbar psi N kN Nm cd lx lm dB mph kph kmh rpm ppm ppb fps dpi seconds second minutes minute hours
    hour days day weeks week months month years year people percent times dollars euros pounds bn mn million billion
""")
CURRENCIES = _any_of(
    "USD EUR GBP CHF JPY CNY CAD AUD NZD INR SEK NOK DKK PLN CZK RUB BRL MXN ZAR TRY KRW HKD SGD"
)
STREETS = _any_of("""
    Street St Road Rd Avenue Ave Lane Square Boulevard Blvd Terrace Crescent Gardens Mews Highway Parkway Embankment
    Quay STREET ROAD AVENUE LANE SQUARE
""")
STREETS_OR_VERBS = _any_of("Drive Court Place Close Way Row")
AFTER_STREETS = _any_of("""
    and or in is are was were at on to for from since by with where near before after which has will until as when
    between open opens
""")
"""Words in lower case after an address; a noun there makes it a description, as in “10 High Street shops”."""
MONTHS = _any_of("""
    JAN FEB MAR APR MAY JUN JUL AUG SEP SEPT OCT NOV DEC JANUARY FEBRUARY MARCH APRIL JUNE JULY AUGUST SEPTEMBER OCTOBER
    NOVEMBER DECEMBER
""")
NO_HOUSES = (
    "the", "The", "all", "All", "of", "Of", "these", "These", "those", "Those", "first", "First", "last", "Last",
    "their", "Their", "Some", "some", "Bus", "Route", "Line", "Season", "Chapter", "Episode", "Step", "exit", "Exit",
    *MONTHS.title().split("|"),
)  # fmt: skip
"""Words before a number that is not that of a house."""
CAPITAL_PREFIXES = _any_of("""
    ALL ANTI EIGHTY FIFTY FIVE FORTY FOUR FULL HALF HIGH LONG LOW MULTI NINETY NON ONE OVER POST PRE SELF SEMI SEVENTY
    SHORT SIXTY SUB SUPER TEN THE THIRTY THREE TWENTY TWO UNDER VICE WELL
""")
"""Words that a hyphen may join to another word: “a HALF-PRICE ticket”."""
PREFIXES = _any_of("""
    TOP UNDER OVER POST PRE MID NON SUB AGE AGES AGED DAY DAYS WEEK YEAR NUMBER NO CATCH CHAPTER PAGE In On At Or My Up
    To By No Go
""")
"""Words that a hyphen may join to a number: "UNDER-21"."""


COMMANDS = _any_of("""
    apt apt-get awk aws brew cargo cat chmod chown conda cp curl cut dd df diff dig docker du env ffmpeg find gcc git go
    grep gzip head helm java journalctl kill kubectl ln ls make mkdir mount mv mysql nc netstat nmap node npm npx
    openssl patch pg_dump ping pip pip3 ps psql pytest python python3 rm rsync scp sed ssh sudo systemctl tail tar
    terraform top touch uname unzip wget xargs yarn yum zip
""")
NO_ARGUMENTS = _any_of(
    "and or to in into on at for if then when while before after with without from as is was are the a an so again now "
    "first command option flag"
)
