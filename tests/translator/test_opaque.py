import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.time_limit import cpu_limit
from translator.text import opaque
from translator.text.opaque import OpaqueKind, OpaqueSpan, find_opaque

_MARKED = re.compile("⟦(.*?)⟧", re.DOTALL)

SENTENCES: dict[OpaqueKind, list[str]] = {
    "link": [
        "See ⟦https://example.com/a/b?x=1&y=2#top⟧.",
        "⟦http://example.org⟧ is down!",
        "It is explained at ⟦https://en.wikipedia.org/wiki/Foo_(bar)⟧, (⟦https://example.com/a_(b)/c⟧).",
        'They wrote "⟦https://example.com⟧", “⟦https://example.com/x⟧”, and <⟦https://example.com/y⟧>.',
        "Why ⟦https://example.com/what⟧?! No: ⟦https://example.com/why⟧?",
        "The files are on ⟦ftp://files.example.org/pub/⟧; mirrors are planned.",
        "Write to ⟦mailto:help@example.com?subject=Hello⟧, please.",
        "Go to ⟦www.example.org/readme⟧: it is there.",
        "Visit ⟦example.com⟧.",
        "⟦example.com⟧'s owner moved to ⟦docs.example.org/page?x=1#y⟧",
        "Amazon is at ⟦www.amazon.co.uk⟧ and at ⟦amazon.co.uk⟧, isn't it?",
        "[the manual](⟦https://example.com/manual⟧) and [more](⟦example.net/more⟧)",
        "The server at ⟦localhost:8080/api⟧ answers, ⟦http://localhost:3000⟧ does not.",
        "Call ⟦https://example.com/users/{id}/posts?page={{page}}⟧ for each user.",
        "**⟦https://example.com/bold⟧** and *⟦example.com⟧*",
        "It is ⟦https://example.com/müller/straße⟧…",
        "The address is ⟦https://me:secret@example.com:8443/x;y=1,2?z=[3]⟧.",
        "Follow ⟦bit.ly/abc⟧ or ⟦youtu.be/dQw4w9WgXcQ⟧, or read on at ⟦orf.at⟧.",
        "⟦tel:+49301234567⟧ and ⟦doi:10.1000/182⟧ are links, as is ⟦arXiv:1706.03762⟧.",
        "Ask ⟦HTTP://EXAMPLE.COM⟧ or EXAMPLE, ⟦EXAMPLE.COM⟧!",
        "A Booking.Com of its own, ⟦Booking.com⟧-style; ⟦ASP.NET⟧ too",
    ],
    "email": [
        "Write to ⟦a.b+c@example.co.uk⟧.",
        "⟦anna@example.com⟧ wrote this.",
        "Is it ⟦anna_bell@mail.example.org⟧?",
        "Send it to Anna (⟦anna@example.com⟧) or Ben <⟦ben@example.com⟧>.",
        'The sender was "⟦no-reply@example-shop.com⟧", I think.',
        "‘⟦anna@example.com⟧’, ‘⟦ben@example.com⟧’",
        "Both ⟦x@example.com⟧/⟦y@example.com⟧ bounced!",
        "Mail:⟦anna@example.com⟧; phone: none",
        "Log in as ⟦root@localhost⟧ now.",
        "Connect to ⟦git@192.168.0.1⟧ first.",
        "Ask ⟦müller@example.de⟧, ⟦a1@b2.io⟧, ⟦first.last@sub.domain.example.museum⟧…",
        "It came from ⟦100@example.com⟧",
        "[⟦info@example.com⟧]",
        "ANNA'S ADDRESS IS ⟦ANNA@EXAMPLE.COM⟧!",
    ],
    "path": [
        "Open ⟦/etc/passwd⟧.",
        "⟦~/x⟧ is a folder, ⟦~/.ssh/config⟧ is a file, and ⟦~anna/notes.txt⟧ is hers.",
        "Run ⟦./run.sh⟧, then look into ⟦../a⟧ and ⟦../../b/c⟧!",
        "Save it as ⟦C:\\Users\\me\\a.txt⟧, please.",
        "It is in ⟦C:\\Program Files\\Heron Tools\\x12⟧ or ⟦C:\\Program Files (x86)\\Heron⟧. Open ⟦C:\\Temp⟧ Now.",
        "Create a ⟦\\build\\net40⟧ folder and the share ⟦\\FPS01\\users⟧.",
        "The share (⟦\\\\server\\share⟧) is full; so is ⟦\\\\server\\share\\folder\\file.txt⟧.",
        "The error is in ⟦src/main.c⟧: a bracket is missing.",
        "Send me ⟦report.pdf⟧, ⟦index.html⟧ and ⟦.bashrc⟧.",
        'Did you read "⟦report.final.pdf⟧"?',
        "⟦main.py⟧ imports ⟦translator/text/opaque.py⟧.",
        "⟦src/main.c:12:5⟧: error here, ⟦main.py:40⟧ too",
        "Unpack ⟦archive.tar.gz⟧ into [⟦/usr/local/bin/⟧].",
        "All of ⟦*.txt⟧ goes to ⟦/var/log/*.log⟧ or ⟦/tmp/*⟧, they say.",
        "The folder ⟦usr/share/doc⟧ and ⟦my_project/data/raw⟧ are empty.",
        "Edit ⟦.gitignore⟧, ⟦.env⟧ and ⟦.github/workflows⟧; ⟦.pdf⟧ files are ignored.",
        "Read ⟦README.md⟧, ⟦README.TXT⟧ and ⟦README.Txt⟧?",
        "It needs ⟦libc.so.6⟧ and ⟦libpython.so⟧ and ⟦jquery-3.6.0.min.js⟧, ⟦01.mp3⟧ does not.",
        "Copy ⟦bin\\Release\\netstandard⟧ and ⟦HKLM\\Software\\Farm⟧.",
        "Use ⟦C:/Windows/System32⟧ or ⟦D:\\⟧ or ⟦%APPDATA%\\tool\\settings.ini⟧ or ⟦$HOME/bin⟧ or ⟦{base}/img⟧.",
        "GET ⟦/api/v1/users?page=2&size=10⟧ gives a list, ⟦/users/:id⟧ one of them.",
        "The command ⟦/help⟧ explains ‘⟦/join⟧’.",
        "PATH=⟦/usr/bin⟧:⟦/bin⟧",
        "Look at ⟦/a/./b/../c.txt⟧…",
        "⟦photo_01.JPG⟧",
    ],
    "code": [
        'If ⟦a == ""⟧ or ⟦b1 !== ""⟧, stop; but A = B == C',
        'The value ⟦""⟧ is empty, so is (⟦""⟧).',
        "See ⟦$x = 5$⟧, ⟦$a_1 > b$⟧ and ⟦$\\alpha + 2^n$⟧; it is 5 $ < 6 $.",
        "It costs $5 = 4€, not $6; US$5 = A$6 < 7$.",
        "Use ⟦''⟧ for an empty string, or ⟦x_1 == ''⟧.",
        'He said ""no"" twice, and ""(yes)"".',
        "It is 5' 6'' long, like ''this''.",
        "Set ⟦<code>max-width: 1.5em</code>⟧, press ⟦<kbd>Ctrl</kbd>⟧ and see ⟦<code class=\"x\">a < 1,000</code>⟧.",
        "Use ⟦alpha=0.05⟧, ⟦model.rate=-1.5⟧ and ⟦[1.5, 2.5, -3]⟧, but p=0.05, see [1, 2] and [1].",
        "⟦<code>if (<var>x</var> > 1.5)</code>⟧ and ⟦<samp>File not found.</samp>⟧",
        "⟦@param name⟧ the name, ⟦@throws {Error} e⟧ if it is late, ⟦:param str size:⟧ the size",
        "12:30:01 ⟦INFO⟧ Started [⟦WARN⟧]: the disk is full",
        "Type ⟦ssh -p 2222 host⟧ and wait.",
        "Run ⟦git commit -m⟧ now, then ⟦make -j4⟧.",
        "Use ⟦sudo apt-get install -y curl⟧ first.",
        "With ⟦grep -r name⟧ in the folder",
        "The formula ⟦f(x)⟧ holds.",
        "Type ⟦`a b`⟧ now.",
        "⟦`x`⟧, ⟦``a ` b``⟧ and ⟦```c d```⟧.",
        "It holds ⟦`C:\\Program Files\\x.txt`⟧!",
        "Call ⟦foo()⟧ first (or ⟦bar(1)⟧).",
        "⟦os.path.join(a, b)⟧ joins; ⟦len(items)⟧ counts.",
        'Use ⟦print("Hello to all of you")⟧, then stop.',
        "⟦f(g(x))⟧ is ⟦max(a, b)⟧?",
        "Set ⟦$HOME⟧ and ⟦$user_name⟧ before that.",
        "The arguments are '⟦$1⟧' and “⟦$2⟧”.",
        "The argument ⟦$1⟧ is missing.",
        "⟦$1⟧ moved the page ⟦$2⟧, and then to ⟦$3⟧.",
        "⟦foo().bar(x).baz⟧ is a chain, ⟦MyClass.run()⟧ and ⟦getName(user)⟧ are not.",
        "The manual page is ⟦printf(3)⟧.",
        "The value of ⟦std::string::npos⟧ is large.",
        "Import ⟦os.path⟧, ⟦user.name⟧ and ⟦com.example.reader⟧!",
        "The time is ⟦O(1)⟧, or ⟦O(n)⟧.",
        "Here ⟦\\alpha⟧ stands for a letter.",
        "It is in ⟦\\textbf⟧ and ⟦\\name⟧.",
        "⟦$this->name⟧ and ⟦$app->run(1)⟧ are PHP.",
        "⟦Point(x=1)⟧, ⟦Foo()⟧",
        "A ⟦pandas.DataFrame⟧ of ⟦my_module.MyClass⟧, ⟦com.example.Reader⟧ or ⟦MyClass.my_method⟧.",
    ],
    "placeholder": [
        "⟦%1%⟧ of ⟦%2%⟧ copied (⟦%3%⟧ complete), not 5%1 or 20%",
        "Hello ⟦{x}⟧, you have ⟦{0}⟧ messages in ⟦{}⟧.",
        "⟦{{x}}⟧ and ⟦{{ x.y }}⟧ and ⟦{{{x}}}⟧!",
        "“⟦${x}⟧”, '⟦$(x)⟧', (⟦#{x}⟧), ⟦%{x}⟧?",
        "⟦%s⟧ has ⟦%d⟧ of ⟦%ld⟧ files (⟦%1$s⟧ and ⟦%2$d⟧).",
        "The price is ⟦%-5.2f⟧; ⟦%(name)s⟧ has paid ⟦%@⟧.",
        "Done: ⟦%d⟧⟦%%⟧ of it, or 100⟦%%⟧.",
        "There are ⟦:count⟧ items (⟦:name⟧).",
        "⟦[[x]]⟧, ⟦__NAME__⟧ and ⟦@@x@@⟧: not found",
        "⟦<%= x %>⟧ or ⟦<?php echo $x; ?>⟧ or ⟦{% if x %}⟧.",
        "Hello ⟦%NAME%⟧, ⟦%appData%⟧ is missing.",
        "⟦{{#if x}}⟧Welcome back⟦{{/if}}⟧",
        "Well done ⟦:smile:⟧ ⟦:+1:⟧ ⟦:white_check_mark:⟧!",
        "First line⟦\\n⟧Second line⟦\\t⟧and ⟦\\\"⟧a quotation⟦\\\"⟧",
        "⟦{user name}⟧, ⟦{price, number}⟧ and ⟦{:.2f}⟧.",
        "⟦%s⟧⟦%s⟧/⟦%s⟧, ⟦%d⟧MB free",
        "⟦%1⟧ of ⟦%2⟧ files are open.",
        "On ⟦%Y⟧-⟦%m⟧-⟦%d⟧ at ⟦%H⟧:⟦%M⟧",
        "The ratio is ⟦{0}⟧% of ⟦{{{total}}}⟧.",
        "⟦{ name }⟧",
    ],
    "tag": [
        "⟦<b>⟧Careful⟦</b>⟧, it is hot.",
        "One line⟦<br/>⟧another⟦<br>⟧a third⟦<br />⟧!",
        'Click ⟦<a href="page" class="wide">⟧here⟦</a>⟧.',
        "⟦<!-- a comment of ours -->⟧ There is nothing.",
        "⟦<!DOCTYPE html>⟧",
        'Look: ⟦<img alt="a > b" src=\'x\'>⟧.',
        "Press ⟦<0/>⟧ or ⟦<1>⟧this⟦</1>⟧?",
        'Hello ⟦<x id="1"/>⟧, how are you?',
        "(⟦<em>⟧never⟦</em>⟧)",
        "“⟦<strong>⟧Always⟦</strong>⟧”",
        "The file ⟦<name>⟧ is missing.",
        "⟦<my-tag v-else>⟧text⟦</my-tag>⟧ and ⟦<ns:item xml:lang=\"en\">⟧",
        "⟦<input type=text disabled>⟧ is a field.",
        "a < b and ⟦<i>⟧c⟦</i>⟧ > d",
        "⟦<a onclick={go}>⟧Go⟦</a>⟧ ⟦<!---->⟧",
    ],
    "entity": [
        "Fish ⟦&amp;⟧ chips",
        "⟦&copy;⟧ by Anna",
        "It costs ⟦&pound;⟧5.",
        "a⟦&nbsp;⟧b",
        "Caf⟦&eacute;⟧, please!",
        "The sign (⟦&#169;⟧) is there.",
        "“⟦&#x1F600;⟧”",
        "a ⟦&lt;⟧ b ⟦&gt;⟧ c",
        "⟦&quot;⟧Yes⟦&quot;⟧, she said.",
        "Wait⟦&hellip;⟧",
        "One⟦&#xA0;⟧thing: ⟦&frac12;⟧.",
        "Bread⟦&mdash;⟧and butter",
        "That⟦&rsquo;⟧s it⟦&#33;⟧",
    ],
    "hash": [
        "The colour is ⟦#ffff00⟧.",
        "⟦#fff0⟧ or ⟦#0a0⟧, which?",
        "Use ⟦#1E90FF⟧ (or ⟦#1e90ff80⟧)!",
        "Paint it “⟦#decade⟧”.",
        "Commit ⟦4d0793b⟧ broke it.",
        "See ⟦0123456789abcdef0123456789abcdef01234567⟧; then revert.",
        "The key is ⟦550e8400-e29b-41d4-a716-446655440000⟧.",
        "At address ⟦0x1F⟧, (⟦0xdeadBEEF⟧)",
        "⟦0XFF⟧ is 255.",
        "Reverts ⟦c4750a4⟧, ⟦8acea5f⟧ and ⟦b999b25⟧",
        "The digest '⟦d41d8cd98f00b204e9800998ecf8427e⟧' is of nothing.",
        "[⟦A1B2C3D4⟧]",
        "Is ⟦#00ff7f⟧ green?",
    ],
    "identifier": [
        "[⟦worker-3⟧] and [worker] stopped [⟦x.y2⟧]",
        "Use ⟦SOME-CODE-A⟧ or “⟦ABQZ-KLMN-OPRS⟧” for the first order.",
        "Enter the code ⟦WELCOMENOW⟧, the password is ⟦SWORDFISH⟧",
        "Part ⟦XKCDRSTV⟧ is sold out, ⟦LEMMOQMU⟧ is not.",
        "Our ⟦BIC⟧ is ⟦COBADEFFXXX⟧, the ⟦CVC⟧ is on the card.",
        "Set ⟦max_open_files⟧ to ten.",
        "⟦MAX_VALUE⟧ is too small, ⟦_private_name⟧ too!",
        "An ⟦MP3⟧ file, a ⟦4K⟧ film, ⟦H2O⟧ and ⟦CO2⟧.",
        "Is it ⟦x86⟧ or ⟦Win32⟧? ⟦utf8⟧, ⟦IPv6⟧, ⟦B2B⟧",
        "Print it on ⟦A4⟧ (in ⟦3D⟧).",
        "⟦5G⟧ is faster than ⟦4G⟧/⟦3G⟧.",
        "⟦COVID-19⟧ came first, ⟦Covid-19⟧-style.",
        "The ⟦F-16⟧ and the ⟦J-10⟧ met two ⟦MiG-29s⟧.",
        "Save it as ⟦ISO-8859-1⟧, ⟦UTF-8⟧ or ⟦utf-16⟧!",
        "“⟦RFC-2616⟧” and ‘⟦CVE-2024-1234⟧’",
        "This closes ⟦#123⟧.",
        "(⟦#7⟧) is a duplicate of ⟦#4711⟧",
        "It ran a ⟦5k⟧ in ⟦5m⟧, ⟦10x⟧ faster.",
        "The ⟦A320-200⟧ and ⟦R2-D2⟧; ⟦python3.11⟧ too",
        "Order ⟦INV/2024/001⟧ of ⟦Q3⟧ is late.",
        "⟦1080p⟧, ⟦2FA⟧, ⟦WW2⟧, ⟦G20⟧ and ⟦C++⟧",
        "Ask ⟦Qwen3-0.6B⟧ or ⟦GPT-3.5⟧ on ⟦x86-64⟧ by ⟦HTTP/1.1⟧; ⟦1.5e-3⟧",
        "⟦max_value⟧.The rest is missing, ⟦MP3⟧-player, ⟦B2B⟧-sales.",
        "Room ⟦12b⟧, please; ⟦221B⟧ in Baker Street",
        "The code ⟦ffff00⟧ is no colour here.",
        "⟦snake_case⟧'s friend is ⟦two__underscores⟧",
    ],
    "version": [
        "Install ⟦2.6.0⟧.",
        "⟦v1.2⟧ is out, ⟦V2.0⟧ is not!",
        "Between ⟦1.0-rc1⟧ and ⟦1.0b2⟧ nothing changed.",
        "Python ⟦3.11.7⟧ (⟦3.12.0rc1⟧) on Windows ⟦10.0.19041⟧",
        "The server is ⟦192.168.0.1⟧, or ⟦192.168.0.1:8080⟧, in ⟦192.168.0.0/24⟧.",
        "“⟦fe80::1⟧” and ⟦::1⟧ and ⟦2001:db8:0:0:0:0:2:1⟧.",
        "The card is ⟦00:1A:2b:3C:4d:5E⟧; the other ⟦00-1A-2B-3C-4D-5E⟧.",
        "⟦00:01:02,500⟧ --> ⟦00:01:05,000⟧",
        "At ⟦00:01:02.500⟧, he laughs.",
        "It is ⟦1.2.3-beta.1+build.5⟧?",
        "Linux ⟦5.4.0-42-generic⟧ and the ⟦2.x⟧ series",
        "From ⟦1.9.1⟧ to ⟦1.10.0⟧: see ⟦v2.0.0⟧.",
        "⟦2025-05-12T15:30:00Z⟧ started",
        "⟦2025-05-12 15:30:00,123⟧ started",
        "[⟦127.0.0.1⟧]",
    ],
    "phone": [
        "Call ⟦+49 30 1234567⟧.",
        "⟦(555) 123-4567⟧ is our number!",
        "Or ⟦555-123-4567⟧, day and night.",
        "My office (⟦030/123456⟧) is closed.",
        "Toll-free: ⟦1-800-555-0199⟧",
        "In London it is ⟦+44 20 7946 0958⟧; at home ⟦020 7946 0958⟧.",
        "Call ⟦+1 (555) 123-4567⟧, extension five.",
        "Fax: ⟦+49 (0)30 1234567⟧?",
        "“⟦+491701234567⟧”",
        "⟦555.123.4567⟧ or ⟦555-0199⟧",
        "Text ⟦1-800-FLOWERS⟧ now.",
        "In Paris: ⟦+33 1 23 45 67 89⟧, in Berlin: ⟦030 1234567⟧.",
        "[⟦0800 123456⟧]",
        "From abroad, dial ⟦0049 30 1234567⟧.",
        "⟦(020) 7946 0958⟧",
    ],
    "account": [
        "Pay into ⟦DE89 3704 0044 0532 0130 00⟧.",
        "⟦BIC: COBADEFFXXX⟧, ⟦SWIFT code: DEUTDEFF⟧, Bank: any",
        "⟦GB29 NWBK 6016 1331 9268 19⟧ is in London.",
        "IBAN: ⟦DE89370400440532013000⟧, bank: any",
        "The book (⟦978-3-16-148410-0⟧) is sold out!",
        "ISBN ⟦0-306-40615-2⟧ or ⟦0-8044-2957-X⟧?",
        "The card ⟦4111 1111 1111 1111⟧ has expired.",
        "“⟦4111-1111-1111-1111⟧”",
        "Your order ⟦123-4567890-1234567⟧ is on its way.",
        "Order ⟦2024-0815-77⟧, ⟦4711-0815⟧ and ⟦128-1234567⟧; none came.",
        "Number ⟦123/4567/8901⟧ is yours.",
        "His number is ⟦123-45-6789⟧…",
        "Your ticket is ⟦2024-AB-17⟧.",
        "⟦FR14 2004 1010 0505 0001 3M02 606⟧ by Friday",
        "[⟦3782 822463 10005⟧]",
    ],
    "address": [
        "He lives at ⟦17 Mill Street⟧.",
        "⟦221B Abbey Road⟧, London",
        "Turn left at ⟦5th Avenue⟧, then right.",
        "The café on ⟦42nd Street⟧ is closed.",
        "Send it to ⟦350 Fifth Avenue⟧, Springfield, NY 10118.",
        "The shops at ⟦12–14 Queen's Road⟧ are empty.",
        "We moved from ⟦9 Elm Drive⟧.",
        "They live at ⟦1850 Old Mill Lane⟧.",
        "Flat 3, ⟦27 Park Square⟧",
        "WHO LIVES AT ⟦10 ROSE LANE⟧?",
        "Our office (⟦80 S 8th St⟧) opens early.",
        "We have lived at ⟦12 High Street⟧ since June.",
        "“⟦1 Market Street⟧”",
        "The hotel is at ⟦7 St. Mary's Terrace⟧.",
        "In 1999 we moved to ⟦4 Hill Close⟧.",
        "P.S. My address is ⟦12 Main St.⟧, Apt. 4, P.O. Box 99.",
        "No. ⟦10 Downing St.⟧ is No.10.",
        "He lives at ⟦12 Main St⟧. She does not.",
    ],
    "hashtag": [
        "I love ⟦#berlin⟧.",
        "⟦#Throwback⟧ to June!",
        "So nice (⟦#summer⟧, ⟦#sun⟧)",
        "“⟦#MeToo⟧” was everywhere.",
        "Is ⟦#winning⟧ a word?",
        "Vote! ⟦#vote⟧",
        "⟦#2024goals⟧ and ⟦#goals2024⟧: none",
        "Follow ⟦#snake_case⟧; stay.",
        "[⟦#offtopic⟧]",
        "‘⟦#über⟧’",
        "It is ⟦#bad⟧, ⟦#face⟧ is too",
        "We run.\n⟦#running⟧",
        "⟦#a⟧ ⟦#b⟧ ⟦#c⟧",
    ],
    "mention": [
        "Thanks, ⟦@anna⟧!",
        "⟦@ben_k⟧ said so.",
        "I asked (⟦@anna.bell⟧) and ⟦@ben-k⟧.",
        "“⟦@everyone⟧, come here”",
        "Did ⟦@Anna⟧ see it?",
        "cc ⟦@anna⟧, ⟦@ben⟧ and ⟦@carl99⟧",
        "[⟦@here⟧] we are",
        "It is ⟦@anna⟧'s turn.",
        "By ⟦@anna⟧: a song",
        "Tell ⟦@user123⟧…",
        "‘⟦@carl⟧’",
        "Ask ⟦@angular/core⟧ people.",
        "RT ⟦@news⟧: it rains",
    ],
    "option": [
        "Use ⟦--verbose⟧.",
        "⟦-p⟧ sets the port; ⟦-p 2222⟧ is usual.",
        "Add ⟦--key=value⟧, please!",
        "With (⟦-v⟧) or [⟦--quiet⟧]?",
        "Start it with “⟦--dry-run⟧” or '⟦-n⟧'.",
        "pigz ⟦-dk⟧ is enough, shred ⟦-fz⟧ is too much.",
        "Pass ⟦--path=<folder>⟧, ⟦--name=\"a b\"⟧ or ⟦--list=a,b⟧.",
        "Compile with ⟦-O2⟧ and ⟦-Wall⟧ and ⟦-std=c99⟧",
        "⟦-Xmx512m⟧ is for Java, ⟦-j4⟧ for make.",
        "Then ⟦--no-color⟧, ⟦--noEmit⟧; ⟦--all⟧",
        "mosh ⟦-p 22⟧ somewhere",
        "⟦-h⟧, ⟦--help⟧",
        "It needs ⟦--max-time=1.5⟧.",
    ],
    "sign": [
        "The signs ⟦€⟧, ⟦£⟧ and ⟦³⟧, 10 ⟦±⟧ £5, 100 ⟦÷⟧ 4, 25 ⟦℃⟧, €5, 5 €, 10 ‰ and 5 m².",
        "⟦✓⟧ Included",
        '⟦msgid "⟧Open it.⟦"⟧\n⟦msgstr[1] "⟧⟦"⟧\n"msgid" is a keyword',
        '⟦#~ msgid_plural "⟧The "old" one⟦"⟧',
        "⟦&⟧Open, Save ⟦&⟧As, R&D & more",
        "I ⟦<3⟧ you ⟦:-)⟧ ⟦;-p⟧ ⟦:D⟧ xD (-: ⟦8-)⟧",
        "Why ⟦:(⟧? Well ⟦:'(⟧, it is late ⟦^^⟧.",
        "Coffee ⟦........⟧ 5, tea⟦......⟧5, milk ⟦. . . .⟧ 5",
        "Name: ⟦____⟧ Date: ⟦______⟧ Signature____",
        "⟦1)⟧ Open it. ⟦2)⟧ Close it (see vol. 5) and (or 6) wait.\n⟦a)⟧ Yes\n ⟦iv)⟧ No",
        "⟦====⟧ Part one ⟦====⟧\n⟦----------⟧",
        '⟦"""⟧Read the file.⟦"""⟧',
        "Included: ⟦✓⟧, not included: ⟦✗⟧.",
        "⟦☐⟧ Buy milk",
        "Red ⟦·⟧ Green ⟦·⟧ Blue",
        "⟦←⟧ Back | Forward ⟦→⟧",
        "It´s the ⟦´⟧ key, and THEY´RE right.",
        "See ⟦§⟧ 3 and ⟦¶⟧ 4.",
        "⟦•⟧ First\n⟦•⟧ Second",
        "⟦©⟧ The owls",
        "⟦©⟧ 2024 Anna Bell. All rights reserved.⟦™⟧",
        "Save As⟦™⟧ is ours⟦®⟧.",
        "Press ⟦⌘⟧ and ⟦⏎⟧.",
        "File ⟦▸⟧ Open ⟦▸⟧ Recent",
        "He died⟦†⟧ there⟦‡⟧.",
    ],
    "foreign": [
        "⟦Dvořák⟧ lived in ⟦São⟧ Paulo and ⟦Škoda-Łódź⟧, ⟦François⟧' ⟦façade⟧ and ⟦Élodie⟧'s.",
        "Dr. ⟦Nguyễn⟧ met Ngô ⟦Đình⟧ ⟦Diệm⟧ in ⟦Huế⟧, at ⟦Smith-Phạm⟧'s.",
        "The ⟦ʻāina⟧ of ⟦Hawaiʻi⟧ isnʼt ours, but itʼs kept, as in ⟦Oʻahuʼs⟧ ⟦x\u0304y⟧.",
        "⟦Привет⟧, ⟦мир⟧!",
        "The word ⟦мир⟧ means peace.",
        "⟦日本語⟧ is Japanese.",
        "“⟦こんにちは⟧”, she said.",
        "An ⟦α⟧ particle and ⟦β⟧ decay",
        "In Greek, ⟦Καλημέρα κόσμε⟧.",
        "(⟦שלום⟧)",
        "⟦مرحبا بالعالم⟧",
        "They say ⟦안녕하세요⟧?",
        "The song “⟦Катюша⟧” by ⟦Блантер⟧",
        "Names: ⟦नमस्ते⟧, ⟦ภาษาไทย⟧",
        "She wrote ⟦Москва⟧; he read it.",
    ],
    "private": [
        "⟦\U000f0000⟧Hello",
        "Hello⟦\U000f0001⟧",
        "Hello ⟦\U000f0000\U000f0001⟧ there",
        "One⟦\U000f00ff⟧two",
        "(⟦\U000f0010⟧)",
        "⟦\U000f0020⟧",
        "“⟦\U000f0030⟧”, she said",
        "a⟦\U000f0000⟧b⟦\U000f0000⟧c",
        "The end ⟦\U000f0042⟧.",
        "5⟦\U000f0042⟧ km",
        "⟦\U000f0000\U000f0000\U000f0000⟧ thrice",
        "What⟦\U000f00fe\U000f00ff⟧?",
    ],
}  # fmt: skip
"""Sentences whose copied parts are all of one kind and marked with ⟦⟧."""


ORDINARY = [
    "The 10 Wall Street banks and all 12 Main Street shops were closed.",
    "In 1929 Wall Street crashed, and on 5 May St Patrick came.",
    "3 Men Drive Home",
    "About 1,500 High Street shops closed, at 10:30 High Court judges spoke.",
    "On 5 May 2020 Downing Street said no, and on March 15 Downing Street said yes.",
    "Win a £10 High Street voucher or a $50 Main Street gift card.",
    "Since 1986 Fleet Street is quiet, and their 1969 Abbey Road album is loud.",
    "The 9 Supreme Court justices and 12 High Court judges have 15 GB Google Drive storage.",
    "Some 500 Oxford Street shops, 2 Kew Gardens tickets and a 3 Bedroom Victorian Terrace",
    "Season 2 Sesame Street, Bus 42 Oxford Street, Step 3 Click Close.",
    "The 2nd St Andrews Open and the 3rd St Patrick’s Day",
    "We paid 5 dollars on Main Street and walked down the Long Road.",
    "Of 20 Park Square houses, the first 3 Mill Road ones were sold.",
    "The minister said on Monday that 4,711 people had left the city.",
    "Shares fell 3.5% to $1,299.99 on 5/12/2025, the lowest since 2019-2023.",
    "The company earned €3.2 million, or £45m, in the 1990s and the ’80s.",
    "U.S. officials met in Washington, D.C., at 3:30 p.m. on 2025-05-12.",
    "The team won 3-2, 6-4 and 10-20 in its 1st, 2nd and 33rd game.",
    "The 15-year-old was found at 15:30, two hours after the 24-hour search began.",
    "About 1.234.567 people live there, 12.05.2025 figures say.",
    "The Boeing 747-400 flew 5km at 180 °C, or 12 m² of ice at −5 °C.",
    "Nearly 50/50: the vote went 217-213 in the House.",
    "He was born in 1985/86 and died on 9/11.",
    "The bank raised $5m, $10k and US$20bn in 2024/25.",
    "It rose from $1 to $2, then to $3.",
    "The ticket costs $1, or $2 with a drink.",
    "You can have it for $5.",
    "Dear Mr.Smith, thank you for your letter of May 12, 2025.",
    "Dear Sir or Madam, please find my application and/or CV enclosed.",
    "He/she should sign his/her name, i.e. in full, e.g. with a middle initial.",
    '"Well," she said, "I don\'t know - maybe tomorrow."',
    "“No!” he cried. ‘Don’t go there,’ she’d said -- and he went.",
    "It was late--very late--and nobody came.",
    "He said --and I quote-- that it was over.",
    "Wait... what? No way…I can't believe it!",
    "That is the end.Next we shall see.",
    "Open the file.The door is closed.",
    "I like it.but she does not.",
    "We left.they stayed.",
    "Meet me @ noon, or at 10am, 3pm, 10a.m. or 10 p.m.",
    "See you at 7:30, not 19:30 h.",
    "Yours, A. B. Miller, Ph.D., M.A.",
    "Rock 'n' roll, y'all! It's 5 o'clock somewhere.",
    "- milk\n- eggs\n- bread",
    "* one\n* two",
    "-milk\n-Eggs",
    "1. Wash the rice.\n2. Boil it for 20 min.",
    "Add ½ cup of flour, 1/2 tsp salt and 200g sugar at 180 °C.",
    "Bake for 25-30 minutes (gas mark 4), then cool to 5 °C.",
    "Mix 3½ oz butter with 1.5kg flour, 500ml milk and 2l water.",
    "It weighs 5kg, runs 3h or 90min, and holds 16GB of 10MB files.",
    "20µg of it, 5 µm wide, at 230V and 2.4GHz for 15s",
    "The room is 12 m2 and 30 m3, the plot 5km2.",
    "It goes 100km/h or 60mph, 5 km/h on foot.",
    "10⁻³ is a thousandth.",
    "10 THINGS YOU NEED TO KNOW TODAY",
    "ONE KNIGHTSBRIDGE TO-DO-LIST FROM BUCKINGHAM-PALACE TO QATAR",
    "A NON-SMOKING area, an EU-US treaty, the ACP-EU talks and UNESCO, NOTHING else",
    "YOUR ID NUMBER IS NEW; SWIFT SOFTWARE",
    "TOP-10 FILMS OF THE 1990S: OUR 15-YEAR-OLD CRITIC'S 5-STAR LIST",
    "UNDER-21 TEAM WINS 3-0 AFTER 24-HOUR TRIP",
    "9-TO-5 JOBS ARE OVER FROM 1-MAY-2025",
    "How to Win Friends and Influence People",
    "Chapter 2: The Man Who Was Not There",
    "The NATO, the EU, the UN and the U.N. agree; NASA and AT&T do, too.",
    "R&D, Q&A, B&B, H&M, rock & roll",
    "Louis XIV, Henry VIII and Pope John Paul II",
    "The iPhone, an eBay auction, McDonald's, YouTube and JavaScript",
    "See p. 12, pp. 12–15, fig. 3, vol. 4, no. 4711, ch. 2, art. 5, approx. 5.",
    "The 2nd-floor flat, the 4-day week, a 30-ish man, the 21st century",
    "It is well-known, up-to-date, state-of-the-art and half-baked.",
    "Is the suffix -ness or -ing?",
    "A T-shirt, an X-ray, a U-boat, e-mail and Wi-Fi",
    "24/7, w/o, c/o, n/a, TCP/IP, km/h, input/output, I/O, either/or",
    "red/white/blue, he/she/it, Mon/Tue/Wed, yes/no/maybe",
    "$5 /month, 30 km /h, he /she",
    "The word(s) and file(s), the child(ren), (s)he, wo(man)",
    "Berlin(the capital) and Rome (Italy) were there (see below).",
    "As Smith(2019) says, it is true (2020, 2021).",
    "a < b and c > d, a -> b, x <= y, 3 > 2",
    "20% off! 5 % des, 100 %, 20%off, 0.5%",
    "The ratio is 10:30, note:this and that: yes.",
    "The list: one, two; three. (Four) [five]",
    "Unbalanced {brace, and another one",
    "A sentence {that goes on for a long time, in braces} ends.",
    "`He said so,' and then `went away' again.",
    "Save _As, _Open and _File are in the menu.",
    "An ERROR message, INFO for you (see page 8) or 8) and the price:)",
    "She waited.... and -- as we know -- left, A = B == C",
    "_very_ important and *bold* and **bold** and ~gone~",
    "# Heading\n## Another one\n> quotation",
    "He is number one (#) in the charts.",
    "I paid 10€, £5, ¥900, 500 EUR, USD 500, USD500 and 20EUR.",
    "-5, +3, −5, ±2, 3 − 2 = 1, 2 + 2 = 4, 6 × 7",
    "1,000,000 or 1 000 000 or 1'000'000 or 1000000",
    "In 2019-2020-2021 and 2019/2020 we did nothing.",
    "Open 0900-1700, 9-5, Mon-Fri, May-June",
    "12-05-2025, 05/12/2025, 2025/05/12, 12.5.2025, 2025.05.12",
    "The years 1990–1995 and 1990-95; pages 10-20",
    "I came, I saw: I won; that's all, folks!",
    "Tom & Jerry; salt & pepper; you & I;",
    "C'est la vie, naïve café, Müller, Zoë, José",
    "What?! Really?? No!!! Yes…",
    "“Quotes”, ‘quotes’, «quotes», \"quotes\", 'quotes'",
    "He ran 5 k, 10 x, then 3 h.",
    "5'10\" tall, 6 ft 2 in, 90° turn, 5° C",
    "The 90s kids, the mid-1990s, the 20s and 1920s",
    "An emoji 😀 and another 🇩🇪 and ❤️ and 1️⃣",
    "I have a dog.He is old.His name is Rex.",
    "I don't know.maybe.",
    "It costs 3.99.She paid.",
    "To be, or not to be: that is the question:",
    "Prof. Dr. Miller et al. (eds.) vs. Jones Jr. & Co. Inc.",
    "etc.and so on, vs.them, approx.five, mr.smith",
    "The formula is a/b + c/d = e.",
    "100-200 people came, 1000-2000 were expected.",
    "It's a 3-2-1 start; 4-4-2 is a formation.",
    "",
    " \n\t ",
    "Anna",
    "...",
    "He took bus no. 4, i.e. the one at 4 a.m., cf. below.",
    "Roses are red, / violets are blue, / sugar is sweet.",
    "The temperature was between -5 and +5 degrees, -5 °C at night.",
    "Please press Ctrl+C, then Enter.",
    "20something and 30ish people, 10fold gains, 12odd men",
    "He is @ home, she is at 100%, and I'm in.",
    "Yes : no; here is a list :",
]
"""Sentences with nothing to copy, or only what other modules find."""


SAMPLES: dict[OpaqueKind, list[str]] = {
    "link": ["https://example.com/a_(b)?x=1#y", "www.example.org", "example.com", "ftp://example.org/pub/"],
    "email": ["a.b+c@example.co.uk", "anna@example.com"],
    "path": ["/etc/passwd", "~/x", "./run.sh", "../a", "C:\\Users\\me\\a.txt", "src/main.c", "report.final.pdf"],
    "code": ["`a b`", "foo()", "os.path.join(a, b)", "$HOME", "std::move"],
    "placeholder": [
        "{x}", "{0}", "{}", "{{x}}", "{{ x.y }}", "{{{x}}}", "${x}", "$(x)", "#{x}", "%{x}", "%s", "%d",
        "%1$s", "%-5.2f",
        "%(x)s", "%@", "%ld", "%%", "[[x]]", "__X__", "@@x@@", "<%= x %>", "<?php x ?>", "{% x %}", "%NAME%",
        "{{#if x}}", "{{/if}}", ":smile:", "\\n",
    ],
    "tag": ["<b>", "</b>", "<br/>", "<0/>", '<a href="x>y">', "<!-- a comment -->", "<!DOCTYPE html>"],
    "entity": ["&amp;", "&#169;", "&#x1F600;"],
    "hash": ["#ffff00", "#0af", "4d0793b", "0x1F", "550e8400-e29b-41d4-a716-446655440000"],
    "identifier": ["snake_case", "MAX_VALUE", "MP3", "4K", "utf8", "COVID-19", "ISO-8859-1", "#123", "5m", "10x"],
    "version": ["2.6.0", "v1.2", "1.0-rc1", "192.168.0.1:80", "fe80::1", "00:1a:2b:3c:4d:5e", "00:01:02,500"],
    "phone": ["+49 30 1234567", "555-123-4567", "030/123456", "1-800-555-0199"],
    "account": ["DE89 3704 0044 0532 0130 00", "978-3-16-148410-0", "4111 1111 1111 1111", "123-4567890-1234567"],
    "address": ["17 Mill Street", "221B Abbey Road", "5th Avenue"],
    "hashtag": ["#word"],
    "mention": ["@user"],
    "option": ["--verbose", "-p", "-p 2222", "--key=value", "-xzf"],
    "sign": ["→", "✓", "§"],
    "foreign": ["Привет", "日本語"],
    "private": ["\U000f0000\U000f0001"],
}  # fmt: skip
SURROUNDINGS = [
    "⟦{}⟧", "⟦{}⟧ is there.", "See ⟦{}⟧", "See ⟦{}⟧.", "(⟦{}⟧)", "“⟦{}⟧”", "‘⟦{}⟧’", '"⟦{}⟧"', "'⟦{}⟧'",
    "[⟦{}⟧]", "One, ⟦{}⟧, two",
    "A list: ⟦{}⟧; ⟦{}⟧", "Is it ⟦{}⟧?", "It is ⟦{}⟧!", "Well ⟦{}⟧…", "A dash – ⟦{}⟧ – here",
    "WHAT IS ⟦{}⟧ NOW?", "Two\n⟦{}⟧\nlines",
    "* ⟦{}⟧\n* ⟦{}⟧", "What Is ⟦{}⟧ for People?", "(see ⟦{}⟧, ⟦{}⟧.)", "He said, “⟦{}⟧.”",
]  # fmt: skip


def marked(sentence: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text without its brackets, and the places they enclosed."""
    text, end = "", 0
    places = []
    for match in _MARKED.finditer(sentence):
        text += sentence[end : match.start()]
        places.append((len(text), len(text) + len(match[1])))
        text += match[1]
        end = match.end()
    return text + sentence[end:], places


def spans(*places: tuple[int, int], kind: OpaqueKind) -> list[OpaqueSpan]:
    return [OpaqueSpan(start, end, kind) for start, end in places]


def found_in(text: str) -> list[tuple[str, OpaqueKind]]:
    return [(text[span.start : span.end], span.kind) for span in find_opaque(text)]


def test_every_kind_has_sentences_and_samples():
    assert set(SENTENCES) == set(SAMPLES) == set(get_args(OpaqueKind))
    assert min(map(len, SENTENCES.values())) >= 12


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [(kind, sentence) for kind, sentences in SENTENCES.items() for sentence in sentences],
)
def test_copied_parts_are_found(kind, sentence):
    text, places = marked(sentence)
    assert find_opaque(text) == spans(*places, kind=kind)


@pytest.mark.parametrize(
    ("kind", "sample"), [(kind, one) for kind, samples in SAMPLES.items() for one in samples]
)
def test_it_is_found_between_any_punctuation(kind, sample):
    for surroundings in SURROUNDINGS:
        text, places = marked(surroundings.replace("{}", sample))
        assert find_opaque(text) == spans(*places, kind=kind), text


@pytest.mark.parametrize("sentence", ORDINARY)
def test_ordinary_sentences_have_nothing_to_copy(sentence):
    assert found_in(sentence) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("You need {count, plural, one {one file} other {many files}}",
         ["{count, plural, one {", "} other {", "}}"]),
        ("You have {n, plural, =0 {no files} one {# file} other {# files of {name}}}.",
         ["{n, plural, =0 {", "} one {", "#", "} other {", "#", "{name}", "}}"]),
        ("{ g , select , male { He } female { She } other { They } } went.",
         ["{ g , select , male {", "} female {", "} other {", "} }"]),
        ("So {a, plural, one {{b, select, x {# of us} other {none}}} other {# of you}}",
         ["{a, plural, one {", "{b, select, x {", "} other {", "}}", "} other {", "#", "}}"]),
        ("So {a, select, p {{b, select, q {{c, select, r {deep} other {no}}} other {no}}} other {no}}",
         ["{a, select, p {", "{b, select, q {", "{c, select, r {", "} other {", "}}", "} other {", "}}",
         "} other {", "}}"]),
        ("{n, selectordinal, one {#st} two {#nd} other {#th}} floor",
         ["{n, selectordinal, one {", "#", "} two {", "#", "} other {", "#", "}}"]),
        ("{n, plural, offset:1 one {you} other {you and # more}} came",
         ["{n, plural, offset:1 one {", "} other {", "#", "}}"]),
        ("{n, number, integer} of {d, date, short}", ["{n, number, integer}", "{d, date, short}"]),
        ("{n, plural, one {a file, and then", []),
        ("{n, plural, no branch in this} message", []),
    ],
)  # fmt: skip
def test_the_syntax_of_a_message_is_copied_and_its_text_is_not(text, expected):
    assert found_in(text) == [(piece, "placeholder") for piece in expected]


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("{n, plural, one {# dog} other {# dogs}}", ["{n, plural, one {", "} other {", "}}"]),
        (" {n, select, a {a} other {b}}\t\nc", ["{n, select, a {", "} other {", "}}"]),
        ("- {n, select, a {a} other {b}}", ["{n, select, a {", "} other {", "}}"]),
        ("<p>{n, select, a {a} other {b}}</p>", ["{n, select, a {", "} other {", "}}"]),
        ("See “{n, select, a {a} other {b}}”", ["{n, select, a {", "} other {", "}}"]),
        ("{n, plural,\n one {# dog}\n other {# dogs}\n}", ["{n, plural,\n one {", "}\n other {", "}\n}"]),
        ("{n, select, a {a} other {b}} c", []),
        ("c {n, select, a {a} other {b}}", []),
        ("{n, select, a {a} other {b}}{n, select, a {a} other {b}}", []),
    ],
)
def test_the_branches_of_a_message_that_stands_alone_are_texts(text, signs):
    assert [piece for piece, kind in found_in(text) if kind == "sign"] == signs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The earliest, then the longest.
        ("Ask https://example.com/@anna/main.py?v=1.2.3#top.",
         [("https://example.com/@anna/main.py?v=1.2.3#top", "link")]),
        ("`rm -rf /tmp/{x}` is code", [("`rm -rf /tmp/{x}`", "code")]),
        ("--path=/etc/passwd and --url=https://example.com/a,b.",
         [("--path=/etc/passwd", "option"), ("--url=https://example.com/a,b", "option")]),
        ('<a href="https://example.com">%s</a>',
         [('<a href="https://example.com">', "tag"), ("%s", "placeholder"), ("</a>", "tag")]),
        ("main.py is a file, main.pyramid is not one, main.py() is a call.",
         [("main.py", "path"), ("main.pyramid", "code"), ("main.py()", "code")]),
        # Two adjacent ones.
        ("{x}{y}%s<b>#1</b>",
         [("{x}", "placeholder"), ("{y}", "placeholder"), ("%s", "placeholder"), ("<b>", "tag"), ("#1",
         "identifier"),
          ("</b>", "tag")]),
        ("example.com/x,@anna", [("example.com/x,@anna", "link")]),
        # Similar forms.
        ("20% off with %d, 20 %d, %d% and 100%",
         [("%d", "placeholder"), ("%d", "placeholder"), ("%d", "placeholder")]),
        ("#123 #fff #ff0 #facade #1 #0000ff",
         [("#123", "identifier"), ("#fff", "hashtag"), ("#ff0", "hash"), ("#facade", "hash"), ("#1", "identifier"),
          ("#0000ff", "hash")]),
        ("anna@example.com, @anna, anna @ home", [("anna@example.com", "email"), ("@anna", "mention")]),
        ("5kg, 5m, 10am, 10x, 1990s, 90s, 1st, 4K",
         [("5m", "identifier"), ("10x", "identifier"), ("4K", "identifier")]),
        ("1.2.3, 12.05.2025, 1.234.567, 1.2, v1.2", [("1.2.3", "version"), ("v1.2", "version")]),
        ("-5 °C, -v, - v, well-v, -v5, -5", [("-v", "option"), ("-v5", "option")]),
        ("-p 22 km, -p 22%, -p 2,222, -p 2222",
         [("-p 22", "option"), ("-p", "option"), ("-p", "option"), ("-p 2222", "option")]),
        ("It costs $5, $HOME does not.", [("$HOME", "code")]),
        ("From $1 to $2", [("$1", "code"), ("$2", "code")]),
        ("$1 and $5", []),
        ("$5 (see user_name) or US$", [("user_name", "identifier")]),
        ("$x_1 and 5 US$", [("$x_1", "code")]),
        ("$20 for <b>two</b> tickets, not 30$", [("<b>", "tag"), ("</b>", "tag")]),
        (r"$2 \times 3$ and $x \in A$", [(r"$2 \times 3$", "code"), (r"$x \in A$", "code")]),
        ("The price rose from $1 to $2.", []),
        ("see:count, 10:30, :count: and :count and :Count",
         [(":count:", "placeholder"), (":count", "placeholder")]),
        ("He{ll}o {unbalanced and {x} and}", [("{ll}", "placeholder"), ("{x}", "placeholder")]),
        ("a {b", []),
        ("I read it in example.comedy", [("example.comedy", "code")]),
        ("house.it was at house.it", [("house.it", "link")]),
        ("10:30:15 or 10:30:15.500", [("10:30:15.500", "version")]),
        ("2025-05-12 and 2025-05-12T10:30", [("2025-05-12T10:30", "version")]),
        ("<4 a<b <- <x> x < y > z <Your full name>", [("<x>", "tag")]),
    ],
)  # fmt: skip
def test_similar_forms_are_distinguished(text, expected):
    assert found_in(text) == expected


@pytest.mark.parametrize(
    "copied",
    [
        "https://example.org/a-path?q=dog#top", "ftp://files.example.org", "www.example.org/readme", "example.org",
        "notes.final.txt", "anna.bell+post@mail.example.org", "{0}", "{userName}", "${folderName}",
        "{{ count }}", "%s",
        "%1$s", "%(owner)s", "%5.2f", "%appData%", "<b>", "</span>", '<a href="page" class="wide">', "&nbsp;",
        "\\name",
        "max_open_files",
    ],
)  # fmt: skip
def test_what_the_augmentation_leaves_alone_is_found(copied):
    assert [found for found, _ in found_in(f"Take {copied} home")] == [copied]


def test_lines_do_not_affect_each_other():
    sentences = [marked(one)[0] for listed in SENTENCES.values() for one in listed] + ORDINARY
    expected, length = [], 0
    for sentence in sentences:
        for span in find_opaque(sentence):
            expected.append(OpaqueSpan(length + span.start, length + span.end, span.kind))
        length += len(sentence) + 2
    assert find_opaque("\n\n".join(sentences)) == expected


_FRAGMENTS = [
    "{", "}", "{{", "%", "s", "<", ">", "/", "\\", "`", "``", "$", "#", "@", ":", "-", "--", ".", ",", " ",
    "\n", "(", ")", "[[", "]]",
    "a", "ab", "A", "_", "1", "12", "0x", "com", "py", "http://", "&", ";", "=", '"', "'", "{n, plural, one {",
    "é", "²", "\U000f0000",
]  # fmt: skip


@given(st.lists(st.sampled_from(_FRAGMENTS), max_size=40).map("".join) | st.text(max_size=60))
def test_spans_are_ordered_disjoint_and_not_empty(text):
    end = 0
    for span in find_opaque(text):
        assert end <= span.start < span.end <= len(text)
        end = span.end


@given(st.lists(st.sampled_from(_FRAGMENTS), max_size=25).map("".join))
def test_all_private_characters_are_found(text):
    """In any context, since the tokenizer reads them as marks."""
    covered = {place for span in find_opaque(text) for place in range(span.start, span.end)}
    assert all(place in covered for place, character in enumerate(text) if character == "\U000f0000")


@given(st.lists(st.sampled_from(_FRAGMENTS), max_size=6).map("".join) | st.text(max_size=60))
def test_the_quick_check_misses_nothing(text):
    quickly = find_opaque(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opaque, "_MAY_HOLD_ANY", re.compile(""))
        assert find_opaque(text) == quickly


@pytest.mark.parametrize(
    "run",
    [
        "a.", "<", "{", "[[", "`", "%(", "0x", "@a", "a@", "/a", "((", "-a", ":a", "&#", "1-", "1.", "a_",
        "http://", "\\", "#{", "<code>", "<code>a<b", "<code><pre>", "%1", "<kbd> </kbd", "[1.", "[1, ", "a=1.",
        "x@a://", "{a,plural,one{", "{a,plural,a{}}", "<a b='", "`a ", "a().", "..a", "$1 ", "\\a", "a/b_",
        "ssh ", "ssh -a ", "α ", "x²", "→",
        "AB-", "ABC-", "a ABCDEF-", "BCDFG", "code ABCDE ", "BIC ", 'msgid "', '"msg" ',
    ],
)  # fmt: skip
@pytest.mark.slow
def test_long_runs_take_no_quadratic_time(run):
    """Quadratic time would take many minutes, and anybody could send such a text; linear time takes half a second."""
    with cpu_limit(10):
        find_opaque((run * 100_000)[:100_000])


def test_escapes_between_words_are_not_a_path() -> None:
    text = r"first\nsecond\tThird\nfourth"
    assert [text[span.start : span.end] for span in find_opaque(text)] == [r"\n", r"\t", r"\n"]
    text = r"Open the \"file\".\nDon\'t run .\tools\a.exe"
    assert [text[span.start : span.end] for span in find_opaque(text)] == [
        r"\"", r"\"", r"\n", r".\tools\a.exe",
    ]  # fmt: skip
