#!/usr/bin/env python3
"""The HTML edition: links that arrive, the numbers of the printed one, pages
that fit a phone and the dark."""
import glob
import html
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.chdir(ROOT)
sys.path.insert(0, "tests")
import epub  # noqa: E402
import tap  # noqa: E402

SITE = "build/html"
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--allow-file-access-from-files", "--hide-scrollbars"]
PHONE, DESK = 360, 1280


def ok(good, name, details=()):
    return tap.ok(good, name, *list(details)[:20])


def run(*command, timeout=None):
    env = {k: v for k, v in os.environ.items() if k != "LOOM_DRAFT"}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=env,
                          timeout=timeout)
    return done.returncode, done.stdout, done.stderr


class Page(html.parser.HTMLParser):
    """The identifiers and links of one page, and whether its tags nest."""
    VOID = {"meta", "link", "img", "br", "hr", "col", "input"}

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.sources, self.scripts = [], [], [], 0
        self.open, self.wrong = [], []
        with open(path, encoding="utf-8") as f:
            self.feed(f.read())

    def handle_starttag(self, tag, attrs):
        self.note(tag, dict(attrs))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.note(tag, dict(attrs))

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()
        elif tag not in self.VOID:
            self.wrong.append(f"</{tag}> closes <{self.open[-1] if self.open else ''}>, line {self.getpos()[0]}")
            if tag in self.open:
                while self.open.pop() != tag:
                    pass

    def note(self, tag, attrs):
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag in ("a", "link") and "href" in attrs:
            self.links.append(attrs["href"])
        if "src" in attrs:
            self.sources.append(attrs["src"])
        self.scripts += tag == "script"


def test_links(pages):
    doubles, lost, wrong = [], [], []
    for name, page in pages.items():
        doubles += [f"{name}: {i}" for i in set(page.ids) if page.ids.count(i) > 1]
        wrong += [f"{name}: {w}" for w in page.wrong]
        for link in page.links + page.sources:
            if re.match(r"\w+:", link):
                continue
            file, _, fragment = link.partition("#")
            target = file or name
            if not os.path.exists(f"{SITE}/{target}"):
                lost.append(f"{name}: {link}")
            elif fragment and fragment not in pages[target].ids:
                lost.append(f"{name}: {link}")
    ok(not lost, "every link and every picture is there", lost)
    ok(not doubles, "no identifier is used twice on a page", doubles)
    ok(not wrong, "tags are nested", wrong)
    order = {link.partition("#")[0] for link in pages["index.html"].links if re.match(r"\d\d-", link)}
    ok(order == {p for p in pages if re.match(r"\d\d-", p)}, "the contents list every chapter and section",
       sorted(order ^ {p for p in pages if re.match(r"\d\d-", p)}))
    marks = [f"{n}: {m}" for n in pages for m in
             re.findall(r'<strong class="missing">.*?</strong>', open(f"{SITE}/{n}", encoding="utf-8").read())]
    ok(not marks, "nothing is missing", marks)


LARGEST = 400_000


def test_sizes():
    large = [f"{p}: {os.path.getsize(p)}" for p in glob.glob(f"{SITE}/*.html") if os.path.getsize(p) > LARGEST]
    ok(not large, f"no page is above {LARGEST // 1000} KB", large)


def test_rooms():
    """Back rooms are folded, each under the heading of its stub."""
    count, wrong = 0, []
    for path in glob.glob(f"{SITE}/*.html"):
        text = open(path, encoding="utf-8").read()
        count += text.count('<details class="backroom">')
        if '<details class="backroom" open' in text:
            wrong.append(path)
    stubs = sum(len(re.findall(r"^###? .*\.back[ }]", open(p, encoding="utf-8").read(), re.M))
                for p in glob.glob("chapters/*/main.nw"))
    ok(count == stubs and not wrong, f"{stubs} back rooms are folded", [f"{count} folds", *wrong])


def test_numbers():
    """Sections have one number in both editions, if both are of the same chapters."""
    sources = glob.glob("chapters/*/*.nw")
    volumes = [p for p in glob.glob("build/loom-*.pdf") if re.search(r"-\d+(-back)?\.pdf", p)]
    if not volumes or min(map(os.path.getmtime, volumes)) < max(map(os.path.getmtime, sources)):
        return tap.skip("numbers are those of the printed edition", "no printed edition of these chapters")
    printed = {}
    for path in glob.glob("build/weave/pdf/loom-*.toc"):
        text = open(path, encoding="utf-8", errors="replace").read()
        printed.update((n, re.sub(r"\W|\\[a-z]+", "", t)) for n, t in
                       re.findall(r"\\contentsline \{section\}\{\\numberline \{([\d.]+)\}(.*)\}\{\d+\}\{", text))
    seen = {}
    for path in glob.glob(f"{SITE}/[0-9][0-9]-*.html"):
        for n, t in re.findall(r'<h2[^>]*><span class="secno">([\d.]+)</span>\s*(.*?) <a class="permalink"',
                               open(path, encoding="utf-8").read(), re.S):
            seen[n] = re.sub(r"\W", "", html.unescape(re.sub(r"<[^>]*>", "", t)))
    different = [f"{n}: {seen[n]}, printed {printed[n]}" for n in seen if n in printed
                 and re.sub(r"\W|texttt|textgreater|textless|nwcode|allowbreak|_", "", printed[n]) != seen[n].replace("_", "")]
    common = set(seen) & set(printed)
    ok(common and not different, "numbers are those of the printed edition", different)


SEARCH = """<!DOCTYPE html><meta charset="utf-8"><body><script>
(async () => {
  const frame = document.createElement('iframe');
  frame.style.cssText = 'width:1280px;height:800px';
  await new Promise(done => { frame.onload = done; frame.src = 'index.html'; document.body.append(frame); });
  const d = frame.contentDocument, q = d.getElementById('query'), out = {};
  for (const words of %s) {
    q.value = words; q.dispatchEvent(new Event('input'));
    out[words] = [...d.querySelectorAll('#hits a')].map(a => [a.textContent, a.getAttribute('href')]);
  }
  const pre = document.createElement('pre'); pre.id = 'result';
  pre.textContent = JSON.stringify(out); document.body.append(pre);
})();
</script></body>"""


def test_search(pages):
    """Headings, chunks and identifiers are found from a file, without a server."""
    words = ["memblock_add_range", "what must hold", "zonelist", "nosuchthing"]
    found = probe(SEARCH % json.dumps(words)) or {}
    first = found.get("memblock_add_range", [["", ""]])[0]
    ok(first[0] == "memblock_add_range", "search finds an identifier", [str(found)[:300]])
    ok(any("What must hold" in title for title, _ in found.get("what must hold", [])), "and headings")
    ok(len(found.get("zonelist", [])) > 3 and found.get("nosuchthing") == [], "and nothing that is not there")
    lost = [href for hits in found.values() for _, href in hits
            if href.partition("#")[2] not in pages[href.partition("#")[0]].ids]
    ok(found and not lost, "what is found is where it says", lost)


PROBE = """<!DOCTYPE html><meta charset="utf-8"><body><script>
const pages = %s, widths = %s, out = [];
function look(page, width) {
  return new Promise(done => {
    const frame = document.createElement('iframe');
    frame.style.cssText = `width:${width}px;height:800px;border:0`;
    frame.onload = async () => {
      const d = frame.contentDocument, w = frame.contentWindow;
      await d.fonts.ready;
      const broken = [...d.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src);
      const wide = d.documentElement.scrollWidth <= width ? [] : [...d.body.querySelectorAll('*')]
        .filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest('pre, .table, .equation'))
        .slice(0, 3).map(e => e.outerHTML.slice(0, 90));
      out.push({page, width, scroll: d.documentElement.scrollWidth, broken, wide,
        paper: w.getComputedStyle(d.body).backgroundColor, ink: w.getComputedStyle(d.body).color,
        fonts: [...d.fonts].filter(f => f.status == 'error').map(f => f.family)});
      frame.remove(); done();
    };
    frame.src = page; document.body.append(frame);
  });
}
(async () => {
  for (const width of widths) for (const page of pages) await look(page, width);
  const pre = document.createElement('pre'); pre.id = 'result';
  pre.textContent = JSON.stringify(out); document.body.append(pre);
})();
</script></body>"""


def probe(text, *options):
    """What a page of scripts beside the pages finds out."""
    profile = tempfile.mkdtemp(prefix="chromium-")
    page = f"{SITE}/probe.html"
    with open(page, "w", encoding="utf-8") as f:
        f.write(text)
    try:
        _, dom, errors = run(*CHROMIUM, f"--user-data-dir={profile}", "--window-size=1400,900",
                             "--virtual-time-budget=200000", *options, "--dump-dom",
                             "file://" + os.path.abspath(page), timeout=900)
        found = re.search(r'<pre id="result">(.*?)</pre>', dom, re.S)
        return json.loads(html.unescape(found[1])) if found else None
    except subprocess.TimeoutExpired:
        return None
    finally:
        os.remove(page)
        shutil.rmtree(profile, ignore_errors=True)


def browse(pages, widths, *options):
    """What a browser makes of the pages at these widths."""
    return probe(PROBE % (json.dumps(pages), json.dumps(widths)), *options) or []


def luminance(color):
    r, g, b = (int(x) for x in re.findall(r"\d+", color)[:3])
    return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255


def test_browser(pages):
    names = sorted(pages)
    seen = browse(names, [PHONE, DESK])
    if not ok(len(seen) == 2 * len(names), "a browser loads every page", [f"{len(seen)} of {2 * len(names)}"]):
        return
    wide = [f"{s['page']} at {s['width']}: {s['scroll']} {s['wide']}" for s in seen if s["scroll"] > s["width"]]
    ok(not wide, f"no page scrolls sideways at {PHONE} pixels", wide)
    broken = [f"{s['page']}: {b}" for s in seen for b in s["broken"]]
    ok(not broken, "every figure loads", broken)
    fonts = [f"{s['page']}: {f}" for s in seen for f in s["fonts"]]
    ok(not fonts, "every face loads", fonts)
    ok(all(luminance(s["paper"]) > 0.8 > 0.4 > luminance(s["ink"]) for s in seen), "pages are light by day")
    dark = browse(names[:2], [DESK], "--blink-settings=preferredColorScheme=0")
    ok(dark and all(luminance(s["paper"]) < 0.2 < 0.6 < luminance(s["ink"]) for s in dark), "and dark by night",
       [str(s) for s in dark])


code, said, errors = run("book/weave/html")
if ok(code == 0, "the pages are woven", (said + errors).splitlines()[-15:]):
    site = {os.path.basename(p): Page(p) for p in glob.glob(f"{SITE}/*.html")}
    test_links(site)
    test_sizes()
    test_rooms()
    test_numbers()
    test_browser(site)
    test_search(site)
code, said, errors = run("book/weave/epub")
if ok(code == 0, "the EPUB is made", (said + errors).splitlines()[-15:]):
    count, lost = epub.lost_links("build/loom.epub")
    ok(count > 1000 and not lost, f"{count} links of the EPUB arrive", lost)
tap.done()
