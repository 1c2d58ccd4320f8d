"""A plain MADE with a plain training loop, for comparison with the package.

Everything that takes time is done as in the notebook with which the course began
(docs/origins.md): images are decoded, turned into tensors and collated one at a time, every mask is
multiplied into its weights at every pass, Adam runs in float32, and a sample takes 784 passes.
"""

import contextlib
import io
import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets, transforms

from made_course import load_mnist
from made_course.data.mnist import mnist_folder

RECIPE = {"lr": 2e-3, "batch_size": 512, "natural_order": False}
HIDDEN, EPOCHS = (512, 512), 10


class GreyImages(Dataset):
    """The images of the small set, decoded one at a time, as torchvision's MNIST does."""

    def __init__(self, grey, transform):
        self.grey, self.transform = grey.view(-1, 28, 28), transform

    def __len__(self):
        return len(self.grey)

    def __getitem__(self, index):
        image = Image.fromarray(self.grey[index].numpy())
        return self.transform(image), index % 10


def make_loaders(batch_size):
    """Return loaders of full MNIST if it is present, else of the small set."""
    to_tensor = transforms.ToTensor()
    # without printing, because the package's own loaders print the same line
    with contextlib.redirect_stdout(io.StringIO()):
        *grey, name = load_mnist("auto")
    if name == "full":
        root = mnist_folder().parents[1]
        sets = [datasets.MNIST(root, train=train, transform=to_tensor) for train in (True, False)]
    else:
        sets = [GreyImages(images, to_tensor) for images in grey]

    def collate(pairs):
        images = torch.stack([image for image, _ in pairs])
        return (images > 0.5).float().view(len(pairs), -1)

    return [
        DataLoader(data, batch_size=batch_size, shuffle=shuffle, collate_fn=collate)
        for data, shuffle in zip(sets, (True, False), strict=True)
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
        self.input_dim = input_dim
        self.act = nn.ReLU()
        sizes = [input_dim, *hidden_dims, input_dim]
        self.net = nn.ModuleList(MaskedLinear(*pair) for pair in pairwise(sizes))
        order = torch.arange(input_dim) if natural_order else torch.randperm(input_dim)
        hidden = [torch.randint(1, input_dim, (width,)) for width in hidden_dims]
        self.connect(order + 1, hidden)

    def connect(self, order, hidden):
        """Install the masks of these degrees."""
        below = order
        for layer, degrees in zip(self.net, [*hidden, None], strict=True):
            if degrees is None:
                layer.set_mask(order[:, None] > below[None, :])
            else:
                layer.set_mask(degrees[:, None] >= below[None, :])
                below = degrees
        self.register_buffer("order", order)

    def forward(self, x):
        for layer in self.net[:-1]:
            x = self.act(layer(x))
        return self.net[-1](x)

    def log_prob(self, x):
        logits = self(x)
        log_p1, log_p0 = -F.softplus(-logits), -F.softplus(logits)
        return (x * log_p1 + (1 - x) * log_p0).sum(dim=1)

    @torch.no_grad()
    def sample(self, n):
        x = torch.zeros(n, self.input_dim)
        for i in torch.argsort(self.order).tolist():
            p = torch.sigmoid(self(x)[:, i])
            x[:, i] = torch.rand_like(p).le(p).float()
        return x


def train(epochs, hidden, lr=2e-3, batch_size=512, natural_order=False):
    """Train with Adam, print a line per epoch, and return the model and its last test NLL."""
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
        print(
            f"Epoch {epoch:02d} | train NLL: {total / rows:.3f} | test NLL: {test_nll:.3f} "
            f"| bpd: {test_nll / (784 * math.log(2)):.3f}"
        )
    return model, test_nll
