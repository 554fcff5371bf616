"""The colours of the report."""

COLOURS = {
    "ground": ("#ffffff", "#121716"),
    "ink": ("#1c2422", "#e6ebe9"),
    "soft": ("#5b6663", "#9aa7a3"),
    "line": ("#dfe2dd", "#303a38"),
    "series-0": ("#0072b2", "#4db1e8"),
    "series-1": ("#d55e00", "#ff8b4a"),
    "series-2": ("#009e73", "#3ccf9f"),
    "series-3": ("#b8589a", "#e79cc6"),
    "series-4": ("#a87500", "#e3b04b"),
    "series-5": ("#7b61c4", "#b7a3f0"),
}
"""Each colour in the light and in the dark theme; the picture is drawn in the light colours."""
GROUND, INK, SOFT, LINE, *SERIES = (light for light, _ in COLOURS.values())


def colour_rules() -> str:
    """Return CSS variables for all colours, in the light and in the dark theme."""
    light, dark = (
        " ".join(f"--{name}: {colours[theme]};" for name, colours in COLOURS.items()) for theme in (0, 1)
    )
    return (
        f":root {{ color-scheme: light dark; {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    )
