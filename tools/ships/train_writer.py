"""Train notebook 10's Transformer of text: ``python -m tools.ships.train_writer``.

The command takes about a minute on one core, and writes into ``shipped/files``. At the end it
prints the NLL of the test text.
"""

import torch

from made_course import Categorical, Transformer, fit
from made_lessons.notebook_10.texts import encode, load_text, nats_per_character
from tools.ships.train_weights import write_asset


def main() -> None:
    train, _, test = load_text()
    alphabet = "".join(sorted(set(train)))
    pieces = encode(train, alphabet).unfold(0, 64, 8)
    torch.manual_seed(0)
    writer = Transformer(64, width=64, layers=2, heads=4, head=Categorical(len(alphabet)))
    fit(writer, pieces, epochs=2, batch_size=16, lr=0.01, precision="float32", seed=0)
    write_asset("writer.pt", writer.half().state_dict())
    nats = nats_per_character(writer.float(), encode(test, alphabet))
    print(f"test text: {nats:.3f} nats per character")


if __name__ == "__main__":
    main()
