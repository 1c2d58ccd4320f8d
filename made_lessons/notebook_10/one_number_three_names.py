"""Exercise 10.4: nats, bits per byte and perplexity."""

import math

from ..checking import Exercise, choose, draw_uniform, edit, further_cases


def in_other_words(nats: float, n_bytes: int, n_tokens: int) -> tuple[float, float]:
    """Return the bits per byte and the perplexity per token."""
    return nats / math.log(2) / n_bytes, math.exp(nats / n_tokens)


EXERCISE = Exercise(
    title="One number, three names",
    stars=1,
    reference=in_other_words,
    cases=((1400.0, 1000, 1000), (1400.0, 1000, 250), (90.0, 40, 16)),
    vary=further_cases(
        lambda key: (
            round(900 * draw_uniform(key, 1).item()) + 100.0,
            choose(key, [400, 500, 800]),
            choose(key, [90, 120, 160]),
        )
    ),
    hints=(
        "A bit is ln 2 = 0.693 nats, so the same cost has more bits than nats.",
        "Perplexity is e to the power of the mean nats per token. It is the number of equally "
        "likely tokens among which one would be as hard to guess.",
    ),
    mistakes={
        "you multiplied the nats by ln 2. A bit is the smaller unit, so there are more bits than "
        "nats. Divide by ln 2": edit("/ math.log(2)", "* math.log(2)"),
        "you returned nats per byte. Divide by ln 2": edit(" / math.log(2)", ""),
        "you returned bits per token. Models are compared in bits per byte, because their "
        "tokenizers split the same text into different tokens": edit("/ n_bytes", "/ n_tokens"),
        "you returned the perplexity per byte. Return it per token, because a longer token is "
        "harder to guess": edit("/ n_tokens", "/ n_bytes"),
        "you returned the mean nats per token. Perplexity is e to the power of it": edit(
            "math.exp(nats / n_tokens)", "nats / n_tokens"
        ),
        "e belongs to nats and 2 to bits, so e to the power of the mean bits is too large. Use the "
        "nats": edit("math.exp(nats / n_tokens)", "math.exp(nats / math.log(2) / n_tokens)"),
        "2 belongs to bits and e to nats, so 2 to the power of the mean nats is too small. Use "
        "math.exp": edit("math.exp(nats / n_tokens)", "2 ** (nats / n_tokens)"),
        "perplexity is e to the power of the *mean* nats per token. First divide the sum, which "
        "grows with the text": edit(
            "math.exp(nats / n_tokens)", "math.exp(min(nats, 700.0)) / n_tokens"
        ),
    },
)
