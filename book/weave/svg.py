"""Figures of the HTML edition: TikZ and plots as SVG.

Starting TeX costs more than a drawing, so all that changed are set as pages of
one document, and pdftocairo takes them apart again.
"""
from common import BOOK, Failure, Stamp, WORK, read, run, say, write
import texlog

SOURCES = f"{WORK}/figures"
PREAMBLE = r"""\documentclass[multi=figurepage,border=1.5pt]{standalone}
\newenvironment{figurepage}{}{}
\input{fonts}\usepackage{figures}\usepackage{chunks}
\newcommand\nolink[1]{}
\begin{document}
"""


def make(names, outdir):
    """Bring the SVGs of the named figures up to date in outdir."""
    stale = []
    for name in names:
        stamp = Stamp(f"{outdir}/{name}.svg", f"{SOURCES}/{name}.tex",
                      f"{BOOK}/fonts.tex", f"{BOOK}/figures.sty")
        if not stamp.fresh():
            stale.append((name, stamp))
    if not stale:
        return
    say(f"draw   {len(stale)} figures")
    body = "".join(f"\\begin{{figurepage}}\\sffamily\n{read(f'{SOURCES}/{name}.tex')}\\end{{figurepage}}\n"
                   for name, _ in stale)
    work = f"{WORK}/svg"
    write(f"{work}/figures.tex", PREAMBLE + body + "\\end{document}\n")
    done = run(["lualatex", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error",
                f"-output-directory={work}", f"{work}/figures.tex"], check=False,
               env={"TEXINPUTS": f"{BOOK}:", "max_print_line": "1000"})
    if done.returncode:
        raise Failure("TeX stopped in a figure:\n" + texlog.errors(f"{work}/figures.log"))
    for page, (name, stamp) in enumerate(stale, 1):
        out = f"{outdir}/{name}.svg"
        run(["pdftocairo", "-svg", "-f", str(page), "-l", str(page), f"{work}/figures.pdf", out])
        stamp.set()
