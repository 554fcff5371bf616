"""Values that are copied letter for letter: addresses, paths, code, placeholders, keys, emoji."""

import re
import string
from random import Random

from fidelity_grammar.items import Item, Maker, literal, tag_pair

_HOSTS = ("example.com", "www.example.org", "docs.example.net", "shop.example.co.uk", "museum.example.de")
_PAGES = ("help", "products", "users/list", "about-us", "download", "blog", "wiki/Main_Page", "en/tickets")
_FIRST_NAMES = ("anna", "tom", "sarah", "mike", "lucy", "omar", "jane", "pedro")
_LAST_NAMES = ("miller", "smith", "jones", "brown", "taylor", "lee", "garcia", "khan")
_FOLDERS = ("/etc", "/var/log", "/home/anna", "~/Documents", "./build", "../data", "src", "docs/images")
_FILES = (
    "config.yaml", "report.pdf", "main.py", "index.html", "setup.exe", "notes.txt", "photo_01.jpg", "run.sh",
)  # fmt: skip
_WINDOWS = (r"C:\Users\anna", r"D:\backup", r"C:\Program Files\Tool", r"\\server\share")
_NAMES = (
    "user", "file", "count", "total", "order", "page", "status", "title", "price", "date", "size", "city",
)  # fmt: skip
_OTHER_NAMES = ("max", "min", "last", "default", "new", "old", "is", "local", "remote", "cache")
_FUNCTIONS = ("open", "close", "read_file", "getUser", "sort", "os.path.join", "print", "parse", "init")
_COMMANDS = (
    "git status", "npm install", "docker ps -a", "SELECT * FROM users", "x = y + z", "ls -l", "make test",
)  # fmt: skip
_MODELS = ("XR{}", "T-{}", "A{}", "KX-{}", "Z{}s", "GT{}")
_TAGGED = ("red", "name", "password", "phone number", "large files", "address", "new rules", "green")
_ELEMENTS = (
    ("b", ""), ("i", ""), ("strong", ""), ("em", ""), ("0", ""), ("1", ""), ("a", ' href="help.html"'),
    ("span", ' class="x"'),
)  # fmt: skip
_EMOJI = (
    "😀", "😂", "🎉", "👍", "👍🏽", "❤️", "🔥", "🙏", "😎", "🍕", "🍷", "🚀", "🇩🇪", "👩\u200d💻", "☀️", "🥳", "🐶",
    "🎂", "🤔", "✅",
)  # fmt: skip
_TOPICS = (
    "Climate",
    "Summer",
    "Berlin",
    "Vote",
    "Football",
    "Opera",
    "Monday",
    "Street",
    "Open",
    "Green",
    "Food",
)
_STREETS = (
    "Mill",
    "Oak",
    "High",
    "Queen's",
    "Old Market",
    "Station",
    "Rose",
    "Victoria",
    "Park",
    "Harbour View",
)
_LONE_SIGNS = ("€", "£", "¥", "±", "÷", "≠", "≤", "≥", "∞", "√", "∑", "‰", "§", "†", "™", "→")
_RARE_NAMES = (
    "Dvořák", "Janáček", "Čapek", "Škvorecký", "Wałęsa", "Miłosz", "Žižek", "Brâncuși", "Erdoğan", "Łódź", "Plzeň",
    "Győr", "Gdańsk", "Timișoara", "İzmir", "Šibenik", "Poznań",
)  # fmt: skip
"""Names with letters that neither English nor German has."""
_HEX = "0123456789abcdef"


def _digits(random: Random, length: int) -> str:
    """Random digits, none of them 0 at first."""
    return random.choice("123456789") + "".join(random.choices(string.digits, k=length - 1))


def link(random: Random) -> Item:
    """An address on the web."""
    host, page = random.choice(_HOSTS), random.choice(_PAGES)
    forms = (
        f"https://{host}/{page}",
        f"https://{host}/{page}?id={_digits(random, 3)}",
        f"http://{host}:{_digits(random, 4)}/{page}",
        f"https://{host}/{page}#part-{_digits(random, 2)}",
        f"www.example.{random.choice(('com', 'org', 'net'))}/{page}",
        f"https://en.wikipedia.org/wiki/{random.choice(_TOPICS)}_(film)",
        f"{random.choice(('shop', 'docs', 'api'))}.example.{random.choice(('com', 'org', 'net'))}",
    )
    return literal("link", random.choice(forms))


def email(random: Random) -> Item:
    """An email address."""
    first, last = random.choice(_FIRST_NAMES), random.choice(_LAST_NAMES)
    host = random.choice(("example.com", "mail.example.org", "example.co.uk"))
    name = random.choice(
        (f"{first}.{last}", f"{first}_{last}", f"{first}{_digits(random, 2)}", f"{first}+news")
    )
    return literal("email", f"{name}@{host}")


def path(random: Random) -> Item:
    """A file or a folder."""
    folder, file = random.choice(_FOLDERS), random.choice(_FILES)
    forms = (
        f"{folder}/{file}",
        f"{folder}/{random.choice(_NAMES)}/{file}",
        f"{random.choice(_WINDOWS)}\\{file}",
        f"{folder}/{random.choice(_NAMES)}{_digits(random, 2)}.csv",
        f"{random.choice(_NAMES)}_{file}",
        f"/{random.choice(('usr', 'opt', 'mnt'))}/{random.choice(_NAMES)}",
    )
    return literal("path", random.choice(forms))


def code(random: Random) -> Item:
    """Code between backticks."""
    name = random.choice(_NAMES)
    forms = (
        f"`{random.choice(_FUNCTIONS)}()`",
        f"`{random.choice(_FUNCTIONS)}({name}, {_digits(random, 2)})`",
        f"`{random.choice(_COMMANDS)}`",
        f"`{name}_{random.choice(_NAMES)}`",
        f"`--{name}={_digits(random, 2)}`",
        f"`{name}[0].{random.choice(_NAMES)}`",
    )
    return literal("code", random.choice(forms))


def placeholder(random: Random) -> Item:
    """What a program replaces before it shows the text."""
    name, place = random.choice(_NAMES), random.randint(1, 9)
    forms = (
        f"{{{name}}}",
        f"{{{place}}}",
        f"{{{{{name}}}}}",
        f"${{{name}}}",
        "%s",
        f"%{place}$s",
        f"%({name})s",
        f":{name}",
        f"<{place}/>",
        f"[[{name}]]",
        f"__{name.upper()}__",
    )
    return literal("placeholder", random.choice(forms))


def tag(random: Random) -> Item:
    """A word between two tags."""
    name, attributes = random.choice(_ELEMENTS)
    return tag_pair(name, attributes, random.choice(_TAGGED))


def ampersand(random: Random) -> Item:
    """An entity in place of "and"."""
    return literal("entity", random.choice(("&amp;", "&#38;", "&#x26;")))


def sign(random: Random) -> Item:
    """An entity for a sign behind a name."""
    return literal("entity", random.choice(("&copy;", "&#169;", "&reg;", "&trade;", "&#xAE;")))


def entity(random: Random) -> Item:
    """An entity that is talked about."""
    return literal(
        "entity", random.choice(("&lt;", "&gt;", "&nbsp;", "&quot;", "&#39;", "&#8364;", "&#xA0;"))
    )


def colour(random: Random) -> Item:
    """A colour as a web page has it."""
    return literal(
        "hash", "#" + "".join(random.choices(_HEX, k=random.choice((2, 5)))) + random.choice("048")
    )


def checksum(random: Random) -> Item:
    """The name of a commit, a checksum, a UUID or a number in hexadecimal digits."""
    parts = [
        random.choice(string.digits) + "".join(random.choices(_HEX, k=length - 1))
        for length in (8, 4, 4, 4, 12)
    ]
    forms = (f"a{parts[0]}", f"{parts[0]}{parts[4]}f{parts[1]}", "-".join(parts), f"0x{parts[1].upper()}")
    return literal("hash", random.choice(forms))


def identifier(random: Random) -> Item:
    """A name in a program."""
    first, second = random.choice(_OTHER_NAMES), random.choice(_NAMES)
    forms = (
        f"{first}_{second}",
        f"{first}_{second}".upper(),
        f"{second}{_digits(random, 2)}",
        f"{first}_{second}_{_digits(random, 1)}",
        f"__{first}_{second}",
        random.choice(("utf8", "x86_64", "IPv6", "base64", "UTF-8", "ISO-8859-1", "md5", "sha256")),
    )
    return literal("identifier", random.choice(forms))


def model(random: Random) -> Item:
    """The name of a product."""
    return literal("identifier", random.choice(_MODELS).format(_digits(random, random.choice((2, 3, 4)))))


def version(random: Random) -> Item:
    """The version of a program."""
    major, minor, patch = random.randint(1, 30), random.randint(0, 20), random.randint(0, 20)
    forms = (
        f"{major}.{minor}.{patch}",
        f"v{major}.{minor}",
        f"v{major}.{minor}.{patch}",
        f"{major}.{minor}-rc{random.randint(1, 5)}",
        f"{major}.{minor}.{_digits(random, 5)}",
    )
    return literal("version", random.choice(forms))


def phone(random: Random) -> Item:
    """A telephone number."""
    forms = (
        f"+49 {_digits(random, 2)} {_digits(random, 7)}",
        f"+1 {_digits(random, 3)} 555 {_digits(random, 4)}",
        f"({_digits(random, 3)}) 555-{_digits(random, 4)}",
        f"{_digits(random, 3)}-555-{_digits(random, 4)}",
        f"0{_digits(random, 2)}/{_digits(random, 6)}",
        f"1-800-555-{_digits(random, 4)}",
    )
    return literal("phone", random.choice(forms))


def account(random: Random) -> Item:
    """An account number as an IBAN has it, in groups or not."""
    country, length = random.choice((("DE", 18), ("AT", 16), ("GB", 18), ("FR", 20)))
    number = country + _digits(random, 2) + "".join(random.choices(string.digits, k=length))
    groups = [number[start : start + 4] for start in range(0, len(number), 4)]
    return literal("account", " ".join(groups) if random.random() < 0.75 else number)


def address(random: Random) -> Item:
    """The number of a house and its street."""
    street = f"{random.choice(_STREETS)} {random.choice(('Street', 'Road', 'Lane', 'Avenue'))}"
    return literal("address", f"{random.randint(1, 300)}{random.choice(('', '', 'A', 'B'))} {street}")


def order(random: Random) -> Item:
    """An order number."""
    forms = (
        f"{_digits(random, 3)}-{_digits(random, 7)}-{_digits(random, 7)}",
        f"INV-{random.randint(2001, 2029)}-0{_digits(random, 3)}",
        f"{random.choice('ABKRX')}{_digits(random, 2)}-{_digits(random, 4)}/{_digits(random, 1)}",
        f"RX-{_digits(random, 2)}-{_digits(random, 4)}",
        f"#{_digits(random, 5)}",
    )
    return literal("order number", random.choice(forms))


def emoji(random: Random) -> Item:
    """An emoji, also one of several characters."""
    return literal("emoji", random.choice(_EMOJI))


def hashtag(random: Random) -> Item:
    """The topic of a post."""
    first, second = random.sample(_TOPICS, 2)
    return literal(
        "hashtag", "#" + random.choice((first, first + second, f"{first}{random.randint(2010, 2029)}"))
    )


def mention(random: Random) -> Item:
    """The name of a person in a network."""
    first, last = random.choice(_FIRST_NAMES), random.choice(_LAST_NAMES)
    return literal(
        "mention", "@" + random.choice((first + last, f"{first}_{last}", f"{last}{_digits(random, 2)}"))
    )


def lone_sign(random: Random) -> Item:
    """A sign that belongs to no value."""
    return literal("lone sign", random.choice(_LONE_SIGNS))


def rare_name(random: Random) -> Item:
    """The name of a person or a town."""
    name = random.choice(_RARE_NAMES)
    pattern = re.compile(rf"(?<!\w){name}(?:s|['’]s?)?(?!\w)")
    return Item("rare name", name, name, pattern, pattern, is_literal=True)


SLOTS: dict[str, dict[str, Maker]] = {
    "link": {"link": link},
    "email": {"email": email},
    "path": {"path": path},
    "code": {"code": code},
    "placeholder": {"placeholder": placeholder},
    "tag": {"tag": tag},
    "ampersand": {"entity": ampersand},
    "sign": {"entity": sign},
    "entity": {"entity": entity},
    "colour": {"hash": colour},
    "hash": {"hash": checksum},
    "identifier": {"identifier": identifier},
    "model": {"identifier": model},
    "version": {"version": version},
    "phone": {"phone": phone},
    "account": {"account": account},
    "address": {"address": address},
    "order": {"order number": order},
    "emoji": {"emoji": emoji},
    "hashtag": {"hashtag": hashtag},
    "mention": {"mention": mention},
    "lone": {"lone sign": lone_sign},
    "name": {"rare name": rare_name},
}
"""For each slot that holds a copied value, the kinds that fit, and what makes one."""
