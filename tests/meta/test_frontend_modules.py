"""The dashboard's modules make no HTML out of text, load nothing and lack no words.

A text is asked for by `say("key")`: that is `common.dashboard_key` of the translations.
Where the key is computed, a comment of the same file lists all that it can be; dots
stand for what a caller gives, who then has to list it:

    // @says status_hashing status_paused
    // @says ...
"""

from pathlib import Path
import re

from ..each import for_each
from .package import ALL_MODULES, INTEGRATION, ROOT, load_json

MODULES = sorted((INTEGRATION / "frontend").rglob("*.js"))
TESTS = sorted((ROOT / "tests" / "frontend").rglob("*.mjs"))
SPEAKER = "words.js"
"""The module that has `say` for all others."""

PREFIX = "dashboard_"
WORDS = {
    key.removeprefix(PREFIX)
    for key in load_json(INTEGRATION / "translations" / "en.json")["common"]
    if key.startswith(PREFIX)
}

SVG = "http://www.w3.org/2000/svg"
DOCUMENTATION = load_json(INTEGRATION / "manifest.json")["documentation"]
MOST_LINES = 400

DANGEROUS = re.compile(
    r"\b(?:innerHTML|outerHTML|insertAdjacentHTML|setHTML\w*|parseHTML\w*|srcdoc"
    r"|createContextualFragment|DOMParser|unsafeHTML)\b"
    r"|\bdocument\s*\.\s*write(?:ln)?\b|\beval\s*\(|\bFunction\s*\("
    r"|\bset(?:Timeout|Interval)\(\s*[\"'`]|javascript:"
)
IMPORT = re.compile(
    r"\bfrom\s*[\"']([^\"']*)|\bimport\s*[\"']([^\"']*)"
    r"|\bimport\s*\(\s*(?:[\"'`]([^\"'`]*)|[^\"'`\s])"
)
URL = re.compile(r"\bhttps?://[^\s\"'`<>)}]*|(?<=[\"'`])//[^\s\"'`]+")
COMMENT = re.compile(r"/\*.*?\*/|(?<!\S)//[^\n]*", re.DOTALL)
SAYS = re.compile(r"\bsay\(\s*(?:\"(\w+)\"\s*[,)]|[^)\s])")
LISTED = re.compile(r"@says((?:[ ,]+(?:\w+|\.\.\.))+)")


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def strange_imports(text: str) -> list[str]:
    """Return imports of anything but a file nearby, also in the types."""
    found = ["".join(part or "" for part in match) for match in IMPORT.findall(text)]
    return [name for name in found if not name.startswith(("./", "../"))]


def strange_urls(text: str) -> list[str]:
    """Return addresses that are neither the namespace of SVG nor our documentation."""
    return [
        url
        for url in URL.findall(text)
        if url not in {SVG, DOCUMENTATION} and not url.startswith(f"{DOCUMENTATION}/")
    ]


def said(text: str) -> tuple[set[str], bool]:
    """Return the keys that a module asks for, and whether it computes others."""
    keys = SAYS.findall(COMMENT.sub("", text))
    return {key for key in keys if key}, "" in keys


def listed(text: str) -> set[str]:
    """Return the keys that comments list, and dots where they do."""
    return {
        key for line in LISTED.findall(text) for key in re.split(r"[ ,]+", line) if key
    }


def test_modules_are_found() -> None:
    assert SPEAKER in {path.name for path in MODULES}
    assert TESTS


@for_each(
    "code",
    [
        "row.innerHTML = name",
        'row["outerHTML"] = name',
        "row.insertAdjacentHTML('beforeend', name)",
        "row.setHTMLUnsafe(name)",
        "document.write(name)",
        "document . writeln(name)",
        "eval (name)",
        "new Function(name)",
        'setTimeout("run()", 1)',
        "new DOMParser()",
        'link.href = "javascript:run()"',
    ],
)
def test_danger_is_seen(code: str) -> None:
    assert DANGEROUS.search(code)


@for_each(
    ("code", "strange"),
    [
        ('import { a } from "./lib/a.js";', []),
        ('import {\n  a,\n} from "../lib/a.js";\nexport * from "./b.js";', []),
        ('/** @typedef {import("./types.js").Hass} Hass */', []),
        ("await import(`./cards/${name}.js`)", []),
        ("new URL(import.meta.url)", []),
        ('import { html } from "lit";', ["lit"]),
        ('import "https://cdn.example/a.js";', ["https://cdn.example/a.js"]),
        ('export * from "/local/a.js";', ["/local/a.js"]),
        ("await import(address)", [""]),
        ("await import(`${address}`)", ["${address}"]),
    ],
)
def test_strange_import_is_seen(code: str, strange: list[str]) -> None:
    assert strange_imports(code) == strange


@for_each(
    ("code", "strange"),
    [
        (f'"{SVG}"', []),
        (f'"{DOCUMENTATION}/blob/main/README.md"', []),
        ('"https://cdn.example/a.js"', ["https://cdn.example/a.js"]),
        ('"//cdn.example/a.js"', ["//cdn.example/a.js"]),
        (f'"{DOCUMENTATION}.evil.example"', [f"{DOCUMENTATION}.evil.example"]),
        ("a // comment", []),
    ],
)
def test_strange_url_is_seen(code: str, strange: list[str]) -> None:
    assert strange_urls(code) == strange


@for_each(
    ("code", "keys", "computed"),
    [
        ('say("online")', {"online"}, False),
        ('texts.say("online_of", { online })', {"online_of"}, False),
        ('say(\n  "online",\n)', {"online"}, False),
        ("say(key)", set(), True),
        ("say(`status_${status}`)", set(), True),
        ('say(on ? "on" : "off")', set(), True),
        ('say("status_" + status)', set(), True),
        ('// say("online") tells that', set(), False),
        ('/* say("online") */ essay("x"); say()', set(), False),
    ],
)
def test_keys_are_seen(code: str, keys: set[str], computed: bool) -> None:
    assert said(code) == (keys, computed)


def test_lists_are_seen() -> None:
    text = "// @says one two, three\n/**\n * @says four\n */\n// @says ...\n"
    assert listed(text) == {"one", "two", "three", "four", "..."}


@for_each("path", MODULES, ids=_relative)
def test_module(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert DANGEROUS.search(text) is None
    assert strange_imports(text) == []
    assert strange_urls(text) == []


@for_each("path", [*MODULES, *TESTS], ids=_relative)
def test_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.match(r"// \w|/\*\*?\s+(?:\* )?\w", text), "says first what it is"
    assert len(text.splitlines()) <= MOST_LINES


@for_each("path", [path for path in MODULES if path.name != SPEAKER], ids=_relative)
def test_words_are_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    keys, computed = said(text)
    assert (keys | listed(text)) - {"..."} <= WORDS
    assert not computed or listed(text), "computes a key and does not list them"


def test_no_word_is_unused() -> None:
    used = set()
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        used |= said(text)[0] | listed(text)
    for path in ALL_MODULES:
        used |= set(re.findall(rf"\b{PREFIX}(\w+)", path.read_text(encoding="utf-8")))
    assert WORDS - used == set()
