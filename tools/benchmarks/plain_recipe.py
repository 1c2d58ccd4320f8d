"""A plain MADE with a plain training loop, for comparison with the package.

Everything that takes time is done as in the notebook with which the course began
(docs/origins.md): images are decoded, turned into tensors and collated one at a time, every mask is
multiplied into its weights at every pass, and Adam runs in float32.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from made_course import load_mnist

RECIPE = {"lr": 2e-3, "batch_size": 512, "natural_order": False}
HIDDEN, EPOCHS = (512, 512), 10


class GreyImages(Dataset):
    """The images of MNIST, decoded one at a time, as torchvision's MNIST does."""

    def __init__(self, grey):
        self.grey, self.to_tensor = grey.view(-1, 28, 28), transforms.ToTensor()

    def __len__(self):
        return len(self.grey)

    def __getitem__(self, index):
        return self.to_tensor(Image.fromarray(self.grey[index].numpy()))


def make_loaders(batch_size):
    """Return loaders of full MNIST if it is present, else of the small set."""

    def collate(images):
        return (torch.stack(images) > 0.5).float().view(len(images), -1)

    train, test, _ = load_mnist("auto")
    return [
        DataLoader(GreyImages(grey), batch_size=batch_size, shuffle=shuffle, collate_fn=collate)
        for grey, shuffle in ((train, True), (test, False))
    ]


class MaskedLinear(nn.Linear):
    def __init__(self, in_features, out_features):
        super().__init__(in_features, out_features)
        self.register_buffer("mask", torch.ones(out_features, in_features))

    def set_mask(self, mask):
        self.mask.data.copy_(mask)

    def forward(self, x):
        return F.linear(x, self.weight * self.mask, self.bias)


class MADE(nn.Module):
    def __init__(self, input_dim, hidden_dims, natural_order):
        super().__init__()
        sizes = [input_dim, *hidden_dims, input_dim]
        self.net = nn.ModuleList(MaskedLinear(*pair) for pair in pairwise(sizes))
        order = torch.arange(input_dim) if natural_order else torch.randperm(input_dim)
        self.register_buffer("order", order + 1)
        degrees = [self.order, *(torch.randint(1, input_dim, (width,)) for width in hidden_dims)]
        for layer, (below, above) in zip(self.net, pairwise(degrees), strict=False):
            layer.set_mask(above[:, None] >= below[None, :])
        self.net[-1].set_mask(self.order[:, None] > degrees[-1][None, :])

    def forward(self, x):
        for layer in self.net[:-1]:
            x = F.relu(layer(x))
        return self.net[-1](x)

    def log_prob(self, x):
        logits = self(x)
        log_p1, log_p0 = -F.softplus(-logits), -F.softplus(logits)
        return (x * log_p1 + (1 - x) * log_p0).sum(dim=1)


def train(epochs, hidden, lr, batch_size, natural_order):
    """Train with Adam, print a line per epoch, and return the last test NLL."""
    train_loader, test_loader = make_loaders(batch_size)
    model = MADE(784, hidden, natural_order)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for epoch in range(1, epochs + 1):
        model.train()
        total, rows = 0.0, 0
        for x in train_loader:
            nll = -model.log_prob(x).mean()
            optimizer.zero_grad()
            nll.backward()
            optimizer.step()
            total += nll.item() * len(x)
            rows += len(x)
        model.eval()
        test_total, test_rows = 0.0, 0
        with torch.no_grad():
            for x in test_loader:
                test_total -= model.log_prob(x).sum().item()
                test_rows += len(x)
        test_nll = test_total / test_rows
        print(f"epoch {epoch}: train NLL {total / rows:.3f}, test NLL {test_nll:.3f}")
    return test_nll
