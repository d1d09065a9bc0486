"""How figures look where the code does not say otherwise: matplotlib's own settings file.

matplotlib reads it when it is imported, so the code's own settings come later and win; `plt.style.use` and
`plt.rcdefaults` work as everywhere.

The colours are Okabe and Ito's where these stand out from white by at least 3 to 1 (WCAG 2.2, 1.4.11); those
of theirs that do not are replaced. Every two of them stay apart by at least 15 (CIE 1976) for people with
deuteranopia or protanopia, too; test_style.py holds that.
"""

COLOURS = ("0072B2", "D55E00", "009E73", "CC79A7", "4C9BD1", "7A4B1E", "8B1A5A", "000000")

SETTINGS = f"""\
axes.prop_cycle: cycler('color', [{", ".join(repr(colour) for colour in COLOURS)}])
font.size: 11
axes.titlesize: 13
axes.labelsize: 11
xtick.labelsize: 10
ytick.labelsize: 10
legend.fontsize: 10
legend.title_fontsize: 10
figure.titlesize: 14
axes.spines.top: False
axes.spines.right: False
axes.axisbelow: True
lines.linewidth: 2
"""
