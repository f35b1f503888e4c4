"""A shop's own templates that break no rule of the lint, and changes by which they break one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PAGE = """<!doctype html>
<html lang="en"><head><title>Come back</title><style>
.words { color: #1c1f1d; }
@media (prefers-color-scheme: dark) {
  .words { color: #eeeeee !important; }
  .card { background-color: #111111 !important; }
}
</style></head>
<body class="card" style="background-color:#ffffff">
<div style="display:none">Your code waits</div>
<table role="presentation"><tr><td class="words">
<h1>Come back, {{ first_name | default("friend") }}</h1>
<p>Enjoy {{ offer.text }} with code {{ offer.code }} until {{ offer.until }}.</p>
<p><a href="{{ shop_url }}" style="color:#14532d;background-color:#ffffff">Visit us</a></p>
<p><img src="https://cdn.example.net/mug.png" alt="A blue mug"></p>
<p>{{ brand }}, {{ postal_address }},
<a href="{{ unsubscribe_url }}" style="color:#14532d;background-color:#ffffff">Unsubscribe</a></p>
</td></tr></table></body></html>
"""
PLAIN = """Hi {{ first_name | default("friend") }},

enjoy {{ offer.text }} with code {{ offer.code }}.

Visit us: {{ shop_url }}

{% include "_footer.txt" %}
"""
SUBJECT = "Your {{ offer.text }} is waiting"
TEXT = (
    "{{ brand }}: Hi {{ first_name | default('friend') }}, enjoy {{ offer.text }} with code "
    "{{ offer.code }}: {{ shop_url }} Reply STOP to opt out"
)
IMAGE = '<p><img src="https://cdn.example.net/mug.png" alt="A blue mug"></p>'
FOOTER = "{{ brand }}, {{ postal_address }}\nUnsubscribe: {{ unsubscribe_url }}\n"
FILES = {
    "own/1.html": PAGE,
    "own/1.txt": PLAIN,
    "own/1.subject.txt": SUBJECT,
    "own/2.txt": TEXT,
    "own/2.media.txt": "https://cdn.example.net/mug.png\n",
    "_footer.txt": FOOTER,
}


def write(folder: Path, **changes: tuple[str, str]) -> Path:
    """The templates in a folder; a change names `html`, `txt`, `subject` or `sms`."""
    named = {
        "html": "own/1.html", "txt": "own/1.txt", "subject": "own/1.subject.txt", "sms": "own/2.txt"
    }  # fmt: skip
    files = dict(FILES)
    for name, (old, new) in changes.items():
        file = named[name]
        assert old in files[file], old
        files[file] = files[file].replace(old, new)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def a_table(cell: str) -> tuple[str, str]:
    """A change of the page that puts something into its table."""
    return "<h1>", f"{cell}<h1>"


def both(address: str) -> dict[str, Any]:
    """A change of where the text and the page of a mail lead."""
    return dict.fromkeys(("html", "txt"), ("{{ shop_url }}", address))


# By rule, changes of which each alone breaks it.
BREAKS: dict[str, list[dict[str, Any]]] = {
    "alphabet": [{"sms": ("enjoy", "enjoy 😀")}],
    "length": [{"channel": "mms", "sms": ("enjoy", "enjoy " + "the tea " * 33)}],
    "capitals": [
        {"sms": ("enjoy", "BUY MORE TODAY")},
        {"txt": ("enjoy", "ENJOY WHAT WE HAVE FOR YOU")},
        {"subject": ("is waiting", "ENDS VERY SOON")},
    ],
    "placeholder": [
        {"sms": ("enjoy", "[First Name], enjoy")},
        {"txt": ("enjoy", "*|FNAME|*, enjoy")},
        {"html": ("Enjoy", "Lorem ipsum. Enjoy")},
        {"subject": ("is waiting", "is {{ '{{' }} waiting")},
        {"sms": ("enjoy", "None, enjoy")},
    ],
    "promise": [
        {"sms": ("enjoy", "see what's new. Enjoy")},
        {"txt": ("enjoy", "read our reviews. Enjoy")},
        {"html": ("Enjoy", "Your loyalty points wait. Enjoy")},
        {"subject": ("is waiting", "and new arrivals")},
        {"txt": ("enjoy", "others also bought it, enjoy")},
        {"sms": ("enjoy", "almost gone! Enjoy")},
        {"txt": ("enjoy", "the price drop, enjoy")},
        {"html": ("Enjoy", "It was $12.50. Enjoy")},
        {"txt": ("enjoy", "you often choose what is eco, enjoy")},
        {"sms": ("enjoy", "join our club. Enjoy")},
        {"subject": ("is waiting", "and back in stock")},
    ],
    "foreign_link": [
        {"sms": ("{{ shop_url }}", "https://bit.ly/x")},
        both("https://example.org"),
        both("https://shop.example.com.evil.net"),
        both("https://shop.example.com@evil.net"),
    ],
    "insecure_link": [
        {"sms": ("{{ shop_url }}", "http://shop.example.com")},
        {"html": ("https://cdn", "http://cdn")},
    ],
    "twin_links": [
        {"html": ("{{ shop_url }}", "{{ shop_url }}/tea")},
        {"txt": ("{{ shop_url }}", "{{ shop_url }}/tea")},
    ],
    "subject": [{"subject": ("waiting", "waiting for you and for all that you love in our shop")}],
    "no_subject": [{"subject": (SUBJECT, "{# nothing #}")}],
    "preheader": [{"html": ("Your code waits", "")}],
    "lang": [{"html": (' lang="en"', "")}, {"html": ('lang="en"', 'lang="de"')}],
    "one_h1": [{"html": ("h1>", "h2>")}, {"html": ("<p>Enjoy", "<h1>Two</h1><p>Enjoy")}],
    "img_alt": [
        {"html": (' alt="A blue mug"', "")},
        {"html": ('>Visit us<', '><img src="https://cdn.example.net/x.png" alt=""><')},
    ],
    "table_role": [{"html": (' role="presentation"', "")}],
    "contrast": [
        {"html": ("color: #1c1f1d", "color: #999999")},
        {"html": ("color:#14532d;background-color:#ffffff", "color:#777;background-color:white")},
        # In dark alone: the words stay as they are on what becomes dark.
        {"html": (".words { color: #eeeeee !important; }", "")},
        {"html": ("</style>", "[data-ogsb] .card { background-color: #111 !important; }</style>")},
    ],
    "contrast_inverted": [
        {"html": ("<p>Enjoy", '<p style="color:#ffff00;background-color:#757500">Enjoy')},
    ],
    "feature": [
        {"html": a_table('<div style="display:flex">x</div>')},
        {"html": a_table('<p style="position:absolute">x</p>')},
        {"html": a_table('<p style="width:calc(100% - 8px)">x</p>')},
        {"html": a_table('<p style="margin:2rem">x</p>')},
        {"html": a_table('<video src="https://cdn.example.net/a.mp4"></video>')},
        {"html": a_table("<form><p>x</p></form>")},
        {"html": a_table('<img src="https://cdn.example.net/a.webp" alt="Tea">')},
        {"html": a_table('<img src="data:image/png;base64,AAAA" alt="Tea">')},
        {"html": ("</style>", ".line { background: linear-gradient(#fff, #eee); }</style>")},
        {"html": ("</style>", "@import url(https://cdn.example.net/x.css);</style>")},
        {"html": ("</style>", ".words::before { content: '>'; }</style>")},
    ],
    "size": [{"html": a_table("<p>tea and copper </p>" * 4_600)}],
    "mostly_images": [{"html": a_table('<img src="https://cdn.example.net/x.png" alt="Tea">' * 9)}],
}  # fmt: skip

# Changes that break no rule, close to those that do.
KEEPS: list[dict[str, Any]] = [
    {"sms": ("enjoy", "STOP waiting, ENJOY")},
    {"sms": ("enjoy", "the lower price, a new year, none of it, and")},
    {"txt": ("enjoy", "None of us forgot you, enjoy")},
    both("{{ shop_url }}/tea"),
    both("https://sale.shop.example.com"),
    both("https://www.shop.example.com"),
    {"html": (IMAGE, '<img src="https://cdn.example.net/line.png" alt="">')},
    {"html": (IMAGE, f'<a href="{{{{ shop_url }}}}">{IMAGE}</a>')},
    {"html": a_table("<table><tr><th>Tea</th><td>2</td></tr></table>")},
    {"html": a_table('<p style="display:block;display:flex">x</p>')},
    {"html": a_table('<p style="background-color:red;background:linear-gradient(red,blue)"></p>')},
    {"html": a_table('<p style="margin:32px;margin:2rem">x</p>')},
    {"html": a_table('<video><img src="https://cdn.example.net/a.png" alt="Tea"></video>')},
    {"html": ("</style>", "@media (min-width:480px) { .words { display: flex; } }</style>")},
    {"html": a_table("<!--[if mso]><table><tr><td>x</td></tr></table><![endif]-->")},
    {"html": ("<p>Enjoy", '<p style="font-size:24px;color:#949494">Enjoy')},
    {"html": ("</style>", (
        "[data-ogsc] .words { color: #eee !important; } "
        "[data-ogsb] .card { background-color: #111 !important; }</style>"
    ))},
]  # fmt: skip
