"""Values of English texts and their German forms."""

import pytest

from tests.time_limit import cpu_limit
from translator.text.values import find_values


def forms(text: str) -> list[tuple[str, str]]:
    """Return the values found and their German forms, without numbers up to twelve."""
    return [
        (text[value.start : value.end], value.german) for value in find_values(text) if value.kind != "small"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # numbers
        ("About 1,234.56 of them.", [("1,234.56", "1.234,56")]),
        ("Some 1,000,000 people.", [("1,000,000", "1.000.000")]),
        ("It weighs 3.75 or .5 of it.", [("3.75", "3,75"), (".5", "0,5")]),
        ("There are 10000 files.", [("10000", "10000")]),
        ("Add -15, −4 and +3.", [("-15", "-15"), ("−4", "−4"), ("+3", "+3")]),
        ("It takes 3½ hours or ¾ of one.", [("3½", "3½"), ("¾", "¾")]),
        ("Multiply by 10⁻³ and 2.5×10⁶.", [("10⁻³", "10⁻³"), ("2.5×10⁶", "2,5×10⁶")]),
        ("It is 3 × 10⁻⁶ or 10⁸.", [("3 × 10⁻⁶", "3 × 10⁻⁶"), ("10⁸", "10⁸")]),
        ("Odd ones: 1,23 and 12,3456.", [("1,23", "1,23"), ("12,3456", "12,3456")]),
        ("₹1,50,000.50 for 12,34,56,789", [
            ("₹1,50,000.50", "150.000,50 ₹"), ("12,34,56,789", "123.456.789"),
        ]),
        ("5'10\" tall, 6′ 2″, 12' by 9'", [("5'10\"", "5'10\""), ("6′ 2″", "6′ 2″"), ("12'", "12'")]),
        ("An average of 1.35 million and 2.5 bn", [("1.35 million", "1,35 Millionen"), ("2.5 bn", "2,5 Mrd.")]),
        ("1.4 billion, 1 million and 3 thousand", [
            ("1.4 billion", "1,4 Milliarden"), ("1 million", "1 Million"), ("3 thousand", "3 Tausend"),
        ]),
        ("At 1:25,000, 10 000 km, CHF 1'234.50", [
            ("1:25,000", "1:25.000"), ("10 000 km", "10.000 km"), ("CHF 1'234.50", "1.234,50 CHF"),
        ]),
        ("101 102 103 and 2x or 1.5k", [
            ("101", "101"), ("102", "102"), ("103", "103"), ("2x", "2x"), ("1.5k", "1,5k"),
        ]),
        ("25mins, 2.5hrs, 12V, 10Ω, 50kph", [
            ("25mins", "25 min"), ("2.5hrs", "2,5 h"), ("12V", "12 V"), ("10Ω", "10 Ω"), ("50kph", "50 km/h"),
        ]),
        ("Half of it, 1/2, in 16:9 and 24/7.", [("1/2", "1/2"), ("16:9", "16:9"), ("24/7", "24/7")]),
        ("Room 101, line 42.", [("101", "101"), ("42", "42")]),
        ("Agent 007 and 05 more.", [("007", "007"), ("05", "05")]),
        ("A 15-year-old with 64-bit.", [("15", "15"), ("64", "64")]),
        # money
        ("It costs €5.", [("€5", "5 €")]),
        ("(total: €1,234.56)", [("€1,234.56", "1.234,56 €")]),
        ("$1,299.99, £45,000 and ¥900", [("$1,299.99", "1.299,99 $"), ("£45,000", "45.000 £"), ("¥900", "900 ¥")]),
        ("5€ or 12.50 € or US$20", [("5€", "5 €"), ("12.50 €", "12,50 €"), ("US$20", "20 US$")]),
        ("USD 500 and 1,200 EUR", [("USD 500", "500 USD"), ("1,200 EUR", "1.200 EUR")]),
        ("$5 million or €3.2bn", [("$5 million", "5 Millionen $"), ("€3.2bn", "3,2 Mrd. €")]),
        ("$1 million, £2.5 billion", [("$1 million", "1 Million $"), ("£2.5 billion", "2,5 Milliarden £")]),
        ("It rose by $5k to -$3.", [("$5k", "5.000 $"), ("-$3", "-3 $")]),
        ("£52.5k, €1.2k-1.5k, $1.2345k", [
            ("£52.5k", "52.500 £"), ("€1.2k-1.5k", "1.200–1.500 €"), ("$1.2345k", "1,2345 Tsd. $"),
        ]),
        ("I paid 15,- or 15,-- for it, 15.- is odd", [("15,-", "15,-"), ("15,--", "15,--"), ("15", "15")]),
        ("$5–$10 a day, €20-30 a week", [("$5–$10", "5–10 $"), ("€20-30", "20–30 €")]),
        ("2x$25 or 3x€10.50", [("2x$25", "2 × 25 $"), ("3x€10.50", "3 × 10,50 €")]),
        ("629m in sales, 629m people", [("629m", "629 Mio."), ("629m", "629 Mio.")]),
        ("CHF 1,200.- or 99¢", [("CHF 1,200.-", "1.200 CHF"), ("99¢", "99 ¢")]),
        ("$5/month", [("$5", "5 $")]),
        ("20 bn euros, 20 m euros, 20bn dollars, 1.7m people", [
            ("20 bn", "20 Mrd."), ("20 m", "20 Mio."), ("20bn", "20 Mrd."), ("1.7m", "1,7 Mio."),
        ]),
        ("£3BN DEAL, CITY TO SPEND £1.3BN, A €2MN GRANT", [
            ("£3BN", "3 Mrd. £"), ("£1.3BN", "1,3 Mrd. £"), ("€2MN", "2 Mio. €"),
        ]),
        ("1.5M WITHOUT POWER, 20M PEOPLE, 2.5M users", [
            ("1.5M", "1,5 Mio."), ("20M", "20 Mio."), ("2.5M", "2,5 Mio."),
        ]),
        ("€1.4 m, EUR 109 m, 20 m long", [("€1.4 m", "1,4 Mio. €"), ("EUR 109 m", "109 Mio. EUR"), ("20 m", "20 m")]),
        ("EUR 29 430 million, 4 500 000 EUR", [
            ("EUR 29 430 million", "29.430 Millionen EUR"), ("4 500 000 EUR", "4.500.000 EUR"),
        ]),
        # percentages and quantities
        ("The 1,500m race, 10,000m", [("1,500m", "1.500 m"), ("10,000m", "10.000 m")]),
        ("2.5% of it, 50 % of that", [("2.5%", "2,5 %"), ("50 %", "50 %")]),
        ("5-10% or −3%", [("5-10%", "5–10 %"), ("−3%", "−3 %")]),
        ("5km, 12 m², 20 µg", [("5km", "5 km"), ("12 m²", "12 m²"), ("20 µg", "20 µg")]),
        ("180°C, −5 °C, a 90° turn", [("180°C", "180 °C"), ("−5 °C", "−5 °C"), ("90°", "90°")]),
        ("3.5 GB at 16GB/s", [("3.5 GB", "3,5 GB"), ("16GB/s", "16 GB/s")]),
        ("5 m wide, ½ l", [("5 m", "5 m"), ("½ l", "½ l")]),
        ("26º C, −5 ° C, a 90º turn", [("26º C", "26 °C"), ("−5 ° C", "−5 °C"), ("90º", "90°")]),
        ("Bake for 45–50 min. until brown, for 5 min. Stop.", [("45–50 min.", "45–50 min"), ("5 min", "5 min")]),
        ("3840 × 2160 px, 5 × 7 cm", [("3840 × 2160 px", "3840 × 2160 px"), ("5 × 7 cm", "5 × 7 cm")]),
        ("the under-18s waited 18s", [("18s", "18-Jährige"), ("18s", "18 s")]),
        ("Under 18s? Free for under 5s, it loads in under 15s", [
            ("18s", "18-Jährige"), ("5s", "5-Jährige"), ("15s", "15 s"),
        ]),
        # inches, but not a number before the end of a quotation
        ('A 12" disk, a 5.5"-phone, a ¾" pipe', [('12"', '12"'), ('5.5"', '5,5"'), ('¾"', '¾"')]),
        ('It is 12" x 6" x 3/4".', [('12"', '12"'), ('6"', '6"'), ('3/4"', '3/4"')]),
        ('“Yes”, he said: a 24” and a 27″ screen', [("24”", "24”"), ("27″", "27″")]),
        ('She said "yes" to the 15" one.', [('15"', '15"')]),
        ('He said "We need 15" and "We need 5.5" again.', [("15", "15"), ("5.5", "5,5")]),
        ("“We need 15” is all", [("15", "15")]),
        ("22.5h, 8.25l, 30g", [("22.5h", "22,5 h"), ("8.25l", "8,25 l"), ("30g", "30 g")]),
        ("It is 10.5 x 7.25 in. The frame is old.", [("10.5", "10,5"), ("7.25 in", "7,25 Zoll")]),
        ("8 in. x 10 in. or 3½ in. deep", [("8 in.", "8 Zoll"), ("10 in.", "10 Zoll"), ("3½ in.", "3½ Zoll")]),
        ("He let 15 in. Then 16 in all.", [("15", "15"), ("16", "16")]),
        ("10–15 kg", [("10–15 kg", "10–15 kg")]),
        # times
        ("It leaves at 3:30 p.m. from here.", [("3:30 p.m.", "15:30 Uhr")]),
        ("It leaves at 3:30 p.m. The shop is shut.", [("3:30 p.m", "15:30 Uhr")]),
        ("We meet at 9 a.m.", [("9 a.m", "9 Uhr")]),
        ("9 a.m.\tat 8 p.m.\tbus", [("9 a.m.", "9 Uhr"), ("8 p.m.", "20 Uhr")]),
        ("9 a.m.", [("9 a.m.", "9 Uhr")]),
        ("DOORS OPEN AT 5 P.M. ON MAY 12.", [("5 P.M.", "17 Uhr"), ("MAY 12", "12. Mai")]),
        ("IT CLOSES AT 5 P.M. THE BAR DOES NOT.", [("5 P.M", "17 Uhr")]),
        ("It closes at 5 P.M. On Monday it is shut.", [("5 P.M", "17 Uhr")]),
        ("Call before 9am or after 11 PM.", [("9am", "9 Uhr"), ("11 PM", "23 Uhr")]),
        ("12:15 am and 12:15 pm", [("12:15 am", "0:15 Uhr"), ("12:15 pm", "12:15 Uhr")]),
        ("12 a.m. is midnight, 12 p.m. is noon", [("12 a.m.", "0 Uhr"), ("12 p.m.", "12 Uhr")]),
        ("Open 9:30–5 p.m. on weekdays", [("9:30–5 p.m.", "9:30–17 Uhr")]),
        ("Open 9 a.m.–5 p.m. on weekdays", [("9 a.m.–5 p.m.", "9–17 Uhr")]),
        ("Open 9 a.m.–5 p.m., in the hall", [("9 a.m.–5 p.m.", "9–17 Uhr")]),
        ("Do we meet at 5 p.m.?", [("5 p.m.", "17 Uhr")]),
        ("Half past 12 am, quarter to 1 a.m.", [("Half past 12 am", "0:30 Uhr"), ("quarter to 1 a.m", "0:45 Uhr")]),
        ("quarter past 3 p.m. is early", [("quarter past 3 p.m.", "15:15 Uhr")]),
        ("Between 8 and 10 p.m. and from 11 to 1 p.m. here", [
            ("8", "20 Uhr"), ("10 p.m.", "22 Uhr"), ("11", "11 Uhr"), ("1 p.m.", "13 Uhr"),
        ]),
        ("From 10–12 a.m. or a quarter to 9 p.m. here", [
            ("10–12 a.m.", "10–12 Uhr"), ("a quarter to 9 p.m.", "20:45 Uhr"),
        ]),
        ("From 11–1 p.m. we rest", [("11–1 p.m.", "11–13 Uhr")]),
        ("at 15:30, until 18:00", [("15:30", "15:30 Uhr"), ("18:00", "18:00 Uhr")]),
        ("The video runs 4:33.", [("4:33", "4:33")]),
        ("The log says 10:30:15.", [("10:30:15", "10:30:15")]),
        # dates
        ("on May 12, 2025, we met", [("May 12, 2025", "12. Mai 2025")]),
        ("on 12 May 2025", [("12 May 2025", "12. Mai 2025")]),
        ("the 12th of May", [("12th of May", "12. Mai")]),
        ("March 1st and Jan. 5", [("March 1st", "1. März"), ("Jan. 5", "5. Januar")]),
        ("on Sept. 11", [("Sept. 11", "11. September")]),
        ("BY DECEMBER 13, 2004, ON THE 18TH OF MAY", [
            ("DECEMBER 13, 2004", "13. Dezember 2004"), ("18TH OF MAY", "18. Mai"),
        ]),
        ("from May 5–7, 2024", [("May 5–7, 2024", "5.–7. Mai 2024")]),
        ("the '90s", [("'90s", "90er")]),
        ("fig. 2.1, ch. 3.2", [("fig. 2.1", "Abb. 2.1"), ("ch. 3.2", "Kap. 3.2")]),
        ("The answer is no. 15 people left.", [("15", "15")]),
        ("Your seat is no. 15 in row B.", [("no. 15", "Nr. 15")]),
        ("2025-05-12", [("2025-05-12", "2025-05-12")]),
        ("12/31/2025 or 31/12/2025", [("12/31/2025", "31.12.2025"), ("31/12/2025", "31.12.2025")]),
        ("5/12/2025 may be two days", [("5/12/2025", "5/12/2025")]),
        ("04-02-2026 or 31-12-2025", [("04-02-2026", "04-02-2026"), ("31-12-2025", "31.12.2025")]),
        ("You may 12 times say May 2025", [("2025", "2025")]),
        # years, decades, ordinals, ranges
        ("in 2019 and 1066", [("2019", "2019"), ("1066", "1066")]),
        ("in '68, the summer of ’69, in the '80s", [("'68", "’68"), ("’69", "’69"), ("'80s", "80er")]),
        ("He said '68 of them' and ran to '24.15'", [("68", "68"), ("24.15", "24,15")]),
        ("IN THE 1990S AND THE 80S", [("1990S", "1990er"), ("80S", "80er")]),
        ("the 1990s, the 80s and the 880s", [("1990s", "1990er"), ("80s", "80er"), ("880s", "880er")]),
        ("in his 30s, retry in 30s, wait 5s", [("30s", "30er"), ("30s", "30 s"), ("5s", "5 s")]),
        ("the early 20s and the ’60s", [("20s", "20er"), ("’60s", "60er")]),
        ("the 1st floor, the 21st century, the 1,000th", [("1st", "1."), ("21st", "21."), ("1,000th", "1.000.")]),
        ("1990–1995, 2020-21", [("1990–1995", "1990–1995"), ("2020-21", "2020-21")]),
        ("2-3 days, 1,000–2,000 people", [("2-3", "2-3"), ("1,000–2,000", "1.000–2.000")]),
        # labels
        ("Order no. 4711 and No. 5", [("no. 4711", "Nr. 4711"), ("No. 5", "Nr. 5")]),
        ("Order no. AB-2024/00123 came.", [("no. AB-2024/00123", "Nr. AB-2024/00123")]),
        ("Seat no. 12A, no. 12/3 (no. R-77).", [
            ("no. 12A", "Nr. 12A"), ("no. 12/3", "Nr. 12/3"), ("no. R-77", "Nr. R-77"),
        ]),
        ("Room No. A12", [("No. A12", "Nr. A12")]),
        ("Did you see it? No. U2 played.", []),
        ("Is it full? No. 25 came.", [("25", "25")]),
        ("The answer is no. A12 is free.", []),
        ("p. 12, pp. 12–15", [("p. 12", "S. 12"), ("pp. 12–15", "S. 12–15")]),
        ("fig. 3a, ch. 2, vol. 4, art. 5", [
            ("fig. 3a", "Abb. 3a"), ("ch. 2", "Kap. 2"), ("vol. 4", "Bd. 4"), ("art. 5", "Art. 5"),
        ]),
        ("approx. 5 euros, approx. $20", [("approx. 5", "ca. 5"), ("approx. $20", "ca. 20 $")]),
        ("incl. 19% VAT, excl. €5", [("incl. 19%", "inkl. 19 %"), ("excl. €5", "exkl. 5 €")]),
        ("Customer no.: 88123", [("no.: 88123", "Nr.: 88123")]),
        # Roman numerals
        ("Louis XIV and Henry VIII", [("XIV", "XIV."), ("VIII", "VIII.")]),
        ("WHO WAS CHARLES IV?", [("IV", "IV.")]),
        ("Part III, Title IX, Super Bowl LV, ANNEX II", [
            ("III", "III"), ("IX", "IX"), ("LV", "LV"), ("II", "II"),
        ]),
        ("Act V, Scene II of Book XIV", [("V", "V"), ("II", "II"), ("XIV", "XIV")]),
        ("Chapters I–IV, Acts I, II and III, Grade I to II", [
            ("I", "I"), ("IV", "IV"), ("I", "I"), ("II", "II"), ("III", "III"), ("I", "I"), ("II", "II"),
        ]),
        ("A phase III trial of type II", [("III", "III"), ("II", "II")]),
        ("In Part I, Part I of it, (Class I) and Section I: here", [("I", "I")] * 4),
        ("Part I liked best, the part I know, Part I’m in, step X, Class C, Group IIa", []),
        ("Part II and I agree", [("II", "II")]),
        ("A class XL shirt, a post-part II", []),
        ("World War II and WORLD WARS I AND II, Malcolm X", [("II", "II"), ("I", "I"), ("II", "II")]),
        ("World War I began, a World War I veteran, before World War I we", [("I", "I")] * 3),
        # versions and sections keep their point
        ("Python 3.11 is fast, the price 3.11 is not.", [("3.11", "3.11"), ("3.11", "3,11")]),
        ("See section 4.2 of Ubuntu 22.04.", [("4.2", "4.2"), ("22.04", "22.04")]),
        ("Room 4.12, room 4.13 and rooms 3.9 and 3.10, the price 3.10", [
            ("4.12", "4.12"), ("4.13", "4.13"), ("3.9", "3.9"), ("3.10", "3.10"), ("3.10", "3,10"),
        ]),
        ("Sections 3.8, 3.9, and 3.10 apply.", [("3.8", "3.8"), ("3.9", "3.9"), ("3.10", "3.10")]),
        ("It is 4.12 metres long and costs $4.12, Bolt ran 9.58 seconds", [
            ("4.12", "4,12"), ("$4.12", "4,12 $"), ("9.58", "9,58"),
        ]),
        ("4.2 Safety rules", [("4.2", "4.2")]),
        ("IT SHOWS +17.1 AND WAS BELOW 16.5, see PHP 8.1", [("+17.1", "+17,1"), ("16.5", "16,5"), ("8.1", "8.1")]),
        ("2.5 Cups of milk", [("2.5", "2,5")]),
        ("4.2 is more\n3.10 Noise", [("4.2", "4,2"), ("3.10", "3.10")]),
        ("§4.2, § 433 and §§ 4–7a", [("§4.2", "§ 4.2"), ("§ 433", "§ 433"), ("§§ 4–7a", "§§ 4–7a")]),
        ("iOS 17.4 and macOS 13.5, npm 9.6 or watchOS 9.2", [
            ("17.4", "17.4"), ("13.5", "13.5"), ("9.6", "9.6"), ("9.2", "9.2"),
        ]),
        ("Upgrade from 1.9 to 2.0, then to 10.15.7.", [("1.9", "1.9"), ("2.0", "2.0"), ("10.15.7", "10.15.7")]),
        ("The new version, 4.2, is faster than 3.11.", [("4.2", "4.2"), ("3.11", "3.11")]),
        ("2.10.3 replaces 1.9.", [("2.10.3", "2.10.3"), ("1.9", "1.9")]),
        ("Is Python 3.9 slower than 3.11?", [("3.9", "3.9"), ("3.11", "3.11")]),
        ("Version 2.10.3 is 1.9 times faster than the 2.5 kg one.", [
            ("2.10.3", "2.10.3"), ("1.9", "1,9"), ("2.5 kg", "2,5 kg"),
        ]),
        ("In the new version it fell from 4.2 to 3.1.", [("4.2", "4,2"), ("3.1", "3,1")]),
        ("The new version has a rating of 4.2. Prices went from 1.9 to 2.0.", [
            ("4.2", "4,2"), ("1.9", "1,9"), ("2.0", "2,0"),
        ]),
        ("In 3.5 hours I ran 7.2 miles.", [("3.5", "3,5"), ("7.2", "7,2")]),
        # times with a point, if the adjacent words say so
        ("We meet at 15.30 in the hall, until 17.45.", [("15.30", "15:30 Uhr"), ("17.45", "17:45 Uhr")]),
        ("The 8.15 train, my 9.40 flight", [("8.15", "8:15 Uhr"), ("9.40", "9:40 Uhr")]),
        ("Open from 9.00 to 17.30.", [("9.00", "9:00 Uhr"), ("17.30", "17:30 Uhr")]),
        ("On Monday 9.00–17.30.", [("9.00–17.30", "9:00–17:30 Uhr")]),
        ("The 8.15 a.m. bus", [("8.15 a.m.", "8:15 Uhr")]),
        ("Take the 8:15 train.", [("8:15", "8:15 Uhr")]),
        ("At 1530 hours, at 15:30 hrs", [("1530 hours", "15:30 Uhr"), ("15:30 hrs", "15:30 Uhr")]),
        ("At 0230 UTC or 1400 GMT, in 2024 UTC changed", [
            ("0230", "2:30 Uhr"), ("1400", "14:00 Uhr"), ("2024", "2024"),
        ]),
        ("It sold at 15.30 euros, rose by 8.15, fell from 9.15 to 8.30.", [
            ("15.30", "15,30"), ("8.15", "8,15"), ("9.15", "9,15"), ("8.30", "8,30"),
        ]),
        ("The price is 15.30, at 15.30 points, 1530 hours", [
            ("15.30", "15,30"), ("15.30", "15,30"), ("1530", "1530"),
        ]),
        ("Upgrade to version 8.15 by 9.75", [("8.15", "8.15"), ("9.75", "9,75")]),
        ("It peaked at 12.11 in at noon, we met at 12.11 in the hall", [("12.11", "12,11"), ("12.11", "12:11 Uhr")]),
        ("It is at 1.59 – 1.79 now", [("1.59 – 1.79", "1,59 – 1,79")]),
        # durations are not times of day
        ("It took 13:45.67 minutes, 1:45.6 or 1:02:03.5.", [
            ("13:45.67", "13:45,67"), ("1:45.6", "1:45,6"), ("1:02:03.5", "1:02:03,5"),
        ]),
        ("It closed after 00:02:37, at 08:15:00.", [("00:02:37", "00:02:37"), ("08:15:00", "08:15:00 Uhr")]),
        ("It takes 1:30 h, after 1:30 h, at 1:30 h.", [("1:30", "1:30"), ("1:30", "1:30"), ("1:30 h", "1:30 Uhr")]),
        ("It took 1h 45m, 2h30m or 5m 30s.", [
            ("1h 45m", "1 h 45 min"), ("2h30m", "2 h 30 min"), ("5m 30s", "5 min 30 s"),
        ]),
        ("A row of 1s and 0s, wait 1s", [("1s", "Einsen"), ("0s", "Nullen"), ("1s", "1 s")]),
        # spoken times without a half of the day
        ("At half past 3, a quarter past 12, quarter to 1", [
            ("half past 3", "halb 4"), ("a quarter past 12", "Viertel nach 12"), ("quarter to 1", "Viertel vor 1"),
        ]),
        ("Half past 12 is late", [("Half past 12", "halb 1")]),
        # clock times in words
        ("At half past three, a quarter past five, quarter to one", [
            ("half past three", "halb vier"), ("a quarter past five", "Viertel nach fünf"),
            ("quarter to one", "Viertel vor eins"),
        ]),
        ("Half past twelve, twenty past eight, five minutes past two", [
            ("Half past twelve", "halb eins"), ("twenty past eight", "zwanzig nach acht"),
            ("five minutes past two", "fünf nach zwei"),
        ]),
        ("At ten to six, it is ten minutes to four.", [
            ("ten to six", "zehn vor sechs"), ("ten minutes to four", "zehn vor vier"),
        ]),
        ("We work from ten to six, go past two houses, and need half past ten percent.", []),
        # signs written as words
        ("It is minus 5 degrees, minus 40 °C.", [("minus 5", "−5"), ("minus 40 °C", "−40 °C")]),
        ("A growth of negative 3%", [("negative 3%", "−3 %")]),
        ("20 minus 15, x minus 15, twenty minus 15", [
            ("20", "20"), ("15", "15"), ("15", "15"), ("15", "15"),
        ]),
        ("She has 12 negative 15-word reviews", [("15", "15")]),
        # dates
        ("March 3 miles north, on March 3 miles away", [("March 3", "3. März")]),
        ("It was 5-10 June, or 5–10 June 2024", [("5-10 June", "5.–10. Juni"), ("5–10 June 2024", "5.–10. Juni 2024")]),
        ("From 5 to 10 June, the 5th and 10th of June", [
            ("5", "5."), ("10 June", "10. Juni"), ("5th", "5."), ("10th of June", "10. Juni"),
        ]),
        ("From May 5 to 10, 2024", [("May 5 to 10, 2024", "5. bis 10. Mai 2024")]),
        ("Since May 5 to 15 people came", [("May 5", "5. Mai"), ("15", "15")]),
        ("On 1/15/20", [("1/15/20", "15.01.20")]),
        ("In May 2024, since Sept 2025, by Sept. 2026, early March 1999", [
            ("2024", "2024"), ("Sept 2025", "September 2025"), ("Sept. 2026", "September 2026"), ("1999", "1999"),
        ]),
        ("IN MAY 2024 AND DECEMBER 2023", [("MAY 2024", "Mai 2024"), ("DECEMBER 2023", "Dezember 2023")]),
        ("From Apr 1978 to Oct 1991: Jan. 2011–Dec. 2012", [
            ("Apr 1978", "April 1978"), ("Oct 1991", "Oktober 1991"), ("Jan. 2011", "Januar 2011"),
            ("Dec. 2012", "Dezember 2012"),
        ]),
        ("May '68 and September ’99", [("'68", "’68"), ("’99", "’99")]),
        ("May 2027 bring you luck, mid-June 2010", [("2027", "2027"), ("2010", "2010")]),
        ("May 2,000 people march 2000 miles, March 2000 miles north", [
            ("2,000", "2.000"), ("2000", "2000"), ("2000", "2000"),
        ]),
        # pages and volumes in Roman numerals
        ("See p. xii, pp. iv–ix, vol. II, ch. I", [
            ("p. xii", "S. xii"), ("pp. iv–ix", "S. iv–ix"), ("vol. II", "Bd. II"), ("ch. I", "Kap. I"),
        ]),
        ("I love art. I know it. Wait a sec. I will.", []),
        # numbers in code
        ("Set beta = 1.25 and x += 0.5, y >= -2.5.", [("1.25", "1.25"), ("0.5", "0.5"), ("-2.5", "-2.5")]),
        ("if (x > 3.5) return 1,000;", [("3.5", "3.5"), ("1,000", "1,000")]),
        ("p = 0.05, one euro = 1.08 dollars, 1 mile = 1.609 km, return 1,000;", [
            ("0.05", "0,05"), ("1.08", "1,08"), ("1.609 km", "1,609 km"), ("1,000", "1.000"),
        ]),
        # text that looks like something else
        ("In 2019, May 3 came", [("2019", "2019"), ("May 3", "3. Mai")]),
        ("15 minutes, 15 mins, 15 million", [("15", "15"), ("15 mins", "15 min"), ("15 million", "15 Millionen")]),
        ("(2,000), [15]; 16! 5’ 10”", [("2,000", "2.000"), ("15", "15"), ("16", "16"), ("5’ 10”", "5’ 10”")]),
    ],
)  # fmt: skip
def test_values_and_their_german_forms(text: str, expected: list[tuple[str, str]]) -> None:
    assert forms(text) == expected


@pytest.mark.parametrize("number", range(13))
def test_numbers_up_to_twelve_stay_words_of_the_sentence(number: int) -> None:
    (value,) = find_values(f"Take {number} of them.")
    assert (value.kind, value.german) == ("small", str(number))
    (thirteen,) = find_values("Take 13 of them.")
    assert thirteen.kind == "number"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("ten thousand dollars", {"ten thousand": 10_000}),
        ("Two hundred and fifty million", {"Two hundred and fifty million": 250_000_000}),
        ("a hundred and fifty thousand", {"a hundred and fifty thousand": 150_000}),
        ("a fifty-thousand-dollar car", {"fifty-thousand": 50_000}),
        ("nineteen hundred and five", {"nineteen hundred and five": 1905}),
        ("twenty-one thousand three hundred", {"twenty-one thousand three hundred": 21_300}),
        ("between one and two hundred", {"two hundred": 200}),
        ("two or three thousand", {"three thousand": 3000}),
        ("a thousand thanks, hundreds of them, one point five million, sixteen hundred millions", {}),
        ("five hundred, six hundred", {}),  # or 5.600, if it has a comma between thousands
        ("two thousand and three thousand", {}),
        ("two million five hundred thousand", {}),  # zwei Millionen fünfhunderttausend
        ("The train is forty-two minutes late.", {"forty-two": 42}),
        ("Twenty-one ships sank; thirty two were saved.", {"Twenty-one": 21, "thirty two": 32}),
        ("a twenty-minute walk, between ten and twenty, twenty to thirty", {"twenty": 20, "thirty": 30}),
        ("six hundred and sixty six", {"six hundred and sixty six": 666}),
        ("nineteen eighty-four, twenty-twenty, at six thirty, ten forty-five, fifty-fifty, sixty-odd", {}),
        ("the twenty-first, twenty third, fifties, twentieth, forty-niners, twenty-somethings, forty's", {}),
        ("twenty past six, twenty minutes to six, twenty to six, five and twenty, forty winks", {}),
        ("forty-two point five, thirty-one and a half, a twenty, several hundred and twenty", {}),
    ],
)  # fmt: skip
def test_numbers_of_twenty_or_more_in_words(text: str, values: dict[str, int]) -> None:
    found = find_values(text)
    assert {text[one.start : one.end]: int(one.key) for one in found if one.kind == "small"} == values
    assert {one.kind for one in found} <= {"small", "time"}


def test_a_month_before_a_year_stays_a_word() -> None:
    text = "In May 2024, mid-June 2010 and since March 1999; May 2027 bring luck, in May."
    found = [(text[one.start : one.end], one.kind, one.german, one.key) for one in find_values(text)]
    assert [one for one in found if one[1] == "small"] == [
        ("May", "small", "Mai", "month 5"),
        ("March", "small", "März", "month 3"),
    ]


def test_a_magnitude_is_shared_with_the_number_before_it() -> None:
    ten, twelve = find_values("from 10 to 12 million")
    assert (ten.german, ten.also, twelve.key) == ("10", ("10000000",), "12000000")
    (thirty,) = find_values("a 30-million-euro project")
    assert (thirty.german, thirty.also) == ("30", ("30000000",))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,000", "1000"), ("3.50", "3.5"), ("½", "0.5"), ("$5 million", "$5,000,000"), ("3:30 p.m.", "15:30"),
        ("May 12, 2025", "2025-05-12"), ("1/15/20", "January 15, 2020"), ("1/15/85", "1/15/1985"),
        ("12 May", "May 12th"), ("Oct 2025", "OCT. 2025"), ("5 µg", "5 μg"), ("1,000th", "1000th"),
    ],
)  # fmt: skip
def test_equal_values_have_equal_keys(one: str, other: str) -> None:
    (first,), (second,) = find_values(f"at {one} of"), find_values(f"at {other} of")
    assert first.key == second.key


@pytest.mark.parametrize(
    ("one", "other"), [("5 km", "5 cm"), ("€5", "£5"), ("-5", "5"), ("9 a.m.", "9 p.m."), ("minus 5", "5")]
)
def test_different_values_have_different_keys(one: str, other: str) -> None:
    (first,), (second,) = find_values(f"at {one} of"), find_values(f"at {other} of")
    assert first.key != second.key


def test_a_number_of_a_million_digits_has_no_value_and_is_fast() -> None:
    (value,) = find_values("7" * 1_000_000)
    assert value.german == value.key == "7" * 1_000_000


@pytest.mark.parametrize(
    "run",
    [
        "1",
        "1,",
        "1.",
        "1-",
        "$1",
        "1:",
        "1 ",
        "½",
        "May ",
        "1,000",
        "-",
        "1/",
        "1–",
        "p.",
        "1h ",
        "1.30 ",
        "in '68 ",
        "2x$2",
        "5 in. ",
        "under 1s ",
        "version 1.3 to ",
        "from 1.3 ",
        "1.2.3, 1.2, ",
        "minus ",
        "half past 3 ",
        "1 to ",
        "0s and ",
        "XIV ",
        "Part I, ",
        "Part I, II, ",
        "vol. I",
        "one hundred ",
        '1" ',
        '"1 ',
        "Xx 1.5 ",
        "§ 1.",
    ],
)
@pytest.mark.slow
def test_long_runs_take_no_quadratic_time(run: str) -> None:
    """Quadratic time would take minutes; linear time takes a second."""
    with cpu_limit(10):
        find_values((run * 100_000)[:100_000])
