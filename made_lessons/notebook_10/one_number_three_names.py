"""10.4: nats, bits per byte and perplexity."""

from __future__ import annotations

import math

from ..checking import but, drawn, exercise, further_cases, known_mistakes, one_of


@exercise(
    "10.4",
    "One number, three names",
    stars=1,
    cases=((1400.0, 1000, 1000), (1400.0, 1000, 250), (90.0, 40, 16)),
    vary=further_cases(
        lambda word: (
            round(900 * drawn(word, 1).item()) + 100.0,
            one_of(word, [400, 500, 800]),
            one_of(word, [90, 120, 160]),
        )
    ),
    hints=(
        "A bit is ln 2 = 0.693 nats, so the same sum is more bits than nats.",
        "Perplexity is e to the mean nats of a token: of so many equally likely ones each is as "
        "hard to guess.",
    ),
)
def in_other_words(nats: float, n_bytes: int, n_tokens: int) -> tuple[float, float]:
    """Bits per byte, and perplexity per token."""
    return nats / math.log(2) / n_bytes, math.exp(nats / n_tokens)


known_mistakes(
    {
        "the nats are multiplied by ln 2: a bit is the smaller unit, so there are more of them: "
        "divide": but("/ math.log(2)", "* math.log(2)"),
        "these are nats per byte: divide by ln 2": but(" / math.log(2)", ""),
        "these are bits per token: a byte is what texts are compared by, as each program cuts its "
        "own tokens": but("/ n_bytes", "/ n_tokens"),
        "this is the perplexity per byte: it is asked for per token, and a longer token is harder "
        "to guess": but("/ n_tokens", "/ n_bytes"),
        "2 goes with bits and e with nats: 2 to the mean nats is too little": but(
            "math.exp(nats / n_tokens)", "2 ** (nats / n_tokens)"
        ),
        "perplexity is e to the *mean* nats of a token: the sum must be divided first, as it grows "
        "with the text": but("math.exp(nats / n_tokens)", "math.exp(min(nats, 700.0)) / n_tokens"),
        "the two are swapped: bits per byte come first": (
            lambda nats, n_bytes, n_tokens: in_other_words(nats, n_bytes, n_tokens)[::-1]
        ),
    }
)
