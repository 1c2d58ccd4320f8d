"""The masked layer and MADE itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from zlib import crc32

import torch
import torch.nn.functional as F
from torch import BoolTensor, Generator, LongTensor, Tensor, nn

from .arguments import check_choice, check_count, check_number
from .heads import Bernoulli
from .masks import (
    DEGREE_DRAWS,
    build_masks,
    check_mask,
    check_ordering,
    direct_mask,
    draw_degrees,
    input_degrees,
)
from .sampling import sample_incremental, sample_naive

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "silu": nn.SiLU}
SAMPLING_METHODS = ("incremental", "naive")
SAMPLES_AT_ONCE = 1024


class MaskedLinear(nn.Linear):
    r"""A linear layer some of whose weights are held at zero: :math:`y = x (W \odot M)^\top + b`.

    The mask is applied at every forward pass, so that a masked weight has no effect and gets a
    gradient of exactly zero. It is a buffer: it moves and is saved with the layer, and no optimizer
    sees it. A new layer is unmasked.

    Args:
        in_features, out_features, bias: as for ``nn.Linear``.

    Source:
        Germain et al. 2015, "Masked Autoencoders".

    Example:
        >>> layer = MaskedLinear(2, 1, bias=False)
        >>> layer.set_mask(torch.tensor([[True, False]]))
        >>> layer(torch.tensor([[0.0, 1.0]])).item()  # x2 has no way to the output
        0.0
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        # of the weights' dtype: torch multiplies two floats many times faster than float and bool
        self.register_buffer("mask", torch.ones_like(self.weight, requires_grad=False))

    def set_mask(self, mask: Tensor) -> None:
        """Use another mask: zeros and ones of any dtype, (out_features, in_features).

        Raises:
            TypeError: if it is not a tensor.
            ValueError: if its shape differs from the weight's, or a value is neither 0 nor 1.
        """
        mask = check_mask(mask, self.weight.shape)
        with torch.no_grad():
            self.mask.copy_(mask)

    def masked_weight(self) -> Tensor:
        r"""The weights that count, :math:`W \odot M`: (out_features, in_features)."""
        return self.weight * self.mask

    def forward(self, x: Tensor) -> Tensor:
        """(..., in_features) to (..., out_features)."""
        return F.linear(x, self.masked_weight(), self.bias)


class MADE(nn.Module):
    r"""Masked autoencoder for distribution estimation, over binary vectors.

    .. math::
        \log p(x) = \sum_{i=1}^{D} \log p(x_i \mid x_{j} : m^0(j) < m^0(i))

    One forward pass gives all D conditionals: the masks see to it that output i depends only on the
    variables generated before variable i.

    Args:
        input_dim: number of variables D.
        hidden_dims: width of each hidden layer; ``()`` leaves D logistic regressions.
        natural_order: generate x₁ first and x_D last; False draws a random ordering.
        activation: ``"relu"``, ``"tanh"`` or ``"silu"``.
        ordering: (D,) permutation of 0..D-1 to use instead; ``ordering[t]`` is generated at step t.
        degrees: how hidden degrees are drawn, ``"uniform"``, ``"paper"`` or ``"even"``: see
            :func:`made_course.masks.hidden_degrees`.
        head: what an output means; only :class:`made_course.heads.Bernoulli` yet.
        direct: add masked connections from the inputs straight to the outputs; they start at zero.
        dropout: share of hidden units switched off at random while training.
        conditioning: not available yet.
        num_masks: only 1 yet.
        seed: governs orderings and degrees, and nothing else; None draws them from torch's stream.

    Raises:
        TypeError, ValueError: if an argument is not as described.
        NotImplementedError: for the options that are not available yet.

    Source:
        Germain et al. 2015, "Masked Autoencoders" and Algorithm 1.

    Example:
        >>> model = MADE(3, hidden_dims=(4, 4), ordering=[1, 2, 0], seed=0)  # x2, x3, x1
        >>> model.order
        tensor([3, 1, 2])
        >>> x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)  # all 2³ inputs
        >>> round(model.log_prob(x).exp().sum().item(), 5)
        1.0
    """

    def __init__(
        self,
        input_dim: int,
        hidden_dims: Sequence[int] = (512, 512),
        natural_order: bool = True,
        activation: str = "relu",
        *,
        ordering: Tensor | Sequence[int] | None = None,
        degrees: str = "uniform",
        head: Bernoulli | None = None,
        direct: bool = False,
        dropout: float = 0.0,
        conditioning: bool = False,
        num_masks: int | None = 1,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.input_dim = check_count("input_dim", input_dim)
        self.hidden_dims = _check_widths(hidden_dims)
        self.natural_order = bool(natural_order)
        self.degree_draw = check_choice("degrees", degrees, DEGREE_DRAWS)
        self.act = ACTIVATIONS[check_choice("activation", activation, tuple(ACTIVATIONS))]()
        self.dropout = check_number("dropout", dropout)
        if self.dropout >= 1:
            raise ValueError(f"dropout must be less than 1, got {dropout}")
        self.head = _check_head(head)
        self.seed = None if seed is None else check_count("seed", seed, smallest=0)
        self.has_given_ordering = ordering is not None
        if ordering is not None:
            ordering = check_ordering(ordering, self.input_dim)
        if conditioning:
            raise NotImplementedError("conditioning=True is not available yet: leave it False")
        if num_masks != 1:
            raise NotImplementedError(f"only num_masks=1 is available yet, got {num_masks!r}")

        sizes = [self.input_dim, *self.hidden_dims, self.input_dim]
        self.net = nn.ModuleList(MaskedLinear(below, above) for below, above in pairwise(sizes))
        self.direct = MaskedLinear(self.input_dim, self.input_dim, bias=False) if direct else None
        if direct:
            nn.init.zeros_(self.direct.weight)
        for layer in self.modules():  # masks follow from the degrees: the state dict holds these
            if isinstance(layer, MaskedLinear):
                layer.register_buffer("mask", layer.mask, persistent=False)

        # What the state dict keeps of the masks: one row for each set of masks, small integers.
        small = torch.int16 if self.input_dim < 2**15 else torch.int32
        self.register_buffer("orders", torch.zeros(1, self.input_dim, dtype=small))
        self.register_buffer("hidden_degrees", torch.zeros(1, sum(self.hidden_dims), dtype=small))
        self.register_buffer("position", torch.tensor(-1))  # counts draws; none yet
        if ordering is not None:
            self.orders.copy_(input_degrees(ordering))
        self.resample_masks()
        self.register_load_state_dict_pre_hook(_check_degrees)
        self.register_load_state_dict_post_hook(_install_masks)

    # ---- structure --------------------------------------------------------------------------

    @property
    def order(self) -> LongTensor:
        """(D,) degrees m⁰ of the variables: 1 + the step at which each is generated."""
        return self.orders[0].long()

    @property
    def degrees(self) -> list[LongTensor]:
        """Degrees of the inputs and of each hidden layer, from below upwards."""
        return [self.order, *self.hidden_degrees[0].long().split(self.hidden_dims)]

    @property
    def masks(self) -> list[BoolTensor]:
        """Mask of every layer (out_features, in_features), without the direct connections'."""
        return [layer.mask.bool() for layer in self.net]

    def n_parameters(self) -> int:
        """Number of weights and biases, masked ones included.

        Example:
            >>> MADE(784, hidden_dims=(512, 512)).n_parameters()
            1066768
        """
        return sum(p.numel() for p in self.parameters())

    def extra_repr(self) -> str:
        """What ``print(model)`` says of its arguments."""
        settings = {
            "input_dim": self.input_dim,
            "hidden_dims": self.hidden_dims,
            "natural_order": self.natural_order,
            "degrees": self.degree_draw,
            "dropout": self.dropout,
            "seed": self.seed,
        }
        if self.has_given_ordering:
            ordering = torch.argsort(self.order).tolist()
            # long ones by a checksum, so that two that differ still read differently
            shown = ordering if len(ordering) <= 10 else hex(crc32(repr(ordering).encode()))
            settings["ordering"] = shown
        return ", ".join(f"{name}={value!r}" for name, value in settings.items())

    @torch.no_grad()
    def resample_masks(self) -> None:
        """Draw new hidden degrees and, with ``natural_order=False``, a new ordering.

        An ordering that was given explicitly stays. Call it between two training steps, never
        between a forward pass and its ``backward()``: that raises RuntimeError.
        """
        self.position += 1
        generator = None
        if self.seed is not None:  # each draw has a seed of its own, so that a copy goes on alike
            seed = (self.seed + 1_000_003 * int(self.position)) % 2**63
            generator = Generator().manual_seed(seed)
        if self.has_given_ordering:
            order = self.order.cpu()
        elif self.natural_order:
            order = torch.arange(1, self.input_dim + 1, device="cpu")
        else:
            order = torch.randperm(self.input_dim, generator=generator, device="cpu") + 1
        degrees = draw_degrees(order, self.hidden_dims, self.degree_draw, generator)
        self.orders.copy_(order)
        if self.hidden_dims:
            self.hidden_degrees.copy_(torch.cat(degrees[1:]))
        _install_masks(self)

    # ---- density ----------------------------------------------------------------------------

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, D): output i is the logit of p(xᵢ = 1 | the variables before xᵢ).

        Args:
            x: (B, D); any leading dimensions will do.

        Raises:
            TypeError: if ``x`` is not a tensor.
            ValueError: if its last dimension is not D.
        """
        x = self._as_input(x)
        h = x
        for layer in self.net[:-1]:
            h = F.dropout(self.act(layer(h)), self.dropout, self.training)
        logits = self.net[-1](h)
        if self.direct is not None:
            logits = logits + self.direct(x)
        if logits.requires_grad and not _is_transformed():
            mask = self.net[-1].mask
            logits.register_hook(partial(_require_same_masks, mask, mask._version))
        return logits

    def log_prob(self, x: Tensor, ensemble: int | None = None) -> Tensor:
        """Log-probability of each row in nats.

        Args:
            x: (B, D) of zeros and ones; bool and integers are cast.
            ensemble: not available yet.

        Returns:
            (B,) log-probabilities, all ≤ 0.

        Raises:
            TypeError: if ``x`` is not a tensor.
            ValueError: if it is not (B, D), or a value is neither 0 nor 1.

        Source:
            Germain et al. 2015, "Distribution Estimation as Autoregression".
        """
        if ensemble is not None:
            raise NotImplementedError("ensembles are not available yet: leave ensemble=None")
        x = self._as_input(x)
        if not _is_transformed():
            self.check_data(x)
        return self.head.log_prob(self.forward(x), x).sum(dim=-1)

    def check_data(self, x: Tensor) -> None:
        """Raise unless ``x`` is what this model gives a probability to: (B, D) of zeros and ones.

        Raises:
            TypeError: if ``x`` is not a tensor.
            ValueError: if it is not (B, D), or a value is neither 0 nor 1.
        """
        if not isinstance(x, Tensor):
            raise TypeError(f"x must be a torch.Tensor, got {type(x).__name__}")
        if x.dim() != 2 or x.shape[1] != self.input_dim:
            raise ValueError(
                f"x must have shape (B, {self.input_dim}), got {tuple(x.shape)}: "
                "for images, use x.reshape(len(x), -1); for one row, x[None]"
            )
        self.head.check(x)

    def _as_input(self, x: Tensor) -> Tensor:
        if not isinstance(x, Tensor):
            raise TypeError(f"x must be a torch.Tensor, got {type(x).__name__}")
        if x.dim() == 0 or x.shape[-1] != self.input_dim:
            raise ValueError(
                f"the last dimension of x must be input_dim = {self.input_dim}, "
                f"got shape {tuple(x.shape)}"
            )
        return x.to(self.net[0].weight.dtype)

    # ---- samples ----------------------------------------------------------------------------

    @torch.no_grad()
    def sample(
        self,
        n_samples: int,
        device: torch.device | str | None = None,
        *,
        method: str = "incremental",
        noise: Tensor | None = None,
        generator: Generator | None = None,
    ) -> Tensor:
        r"""Draw samples, variable by variable in the model's ordering.

        Variable i of a row is 1 where its noise is at most :math:`p(x_i = 1 \mid x_{before})`.
        Dropout is off meanwhile, and the training mode stays as it was.

        Args:
            n_samples: number of rows n; any number, memory is bounded.
            device: where the samples go; None is the model's device.
            method: ``"incremental"`` (fast) or ``"naive"`` (D forward passes, to be read); on the
                same noise they give the same samples, up to rounding in float32.
            noise: (n, D) uniforms in [0, 1] to use instead of fresh ones.
            generator: source of the noise, on the model's device; None is torch's global stream.

        Returns:
            (n, D) zeros and ones.

        Raises:
            TypeError, ValueError: if an argument is not as described.

        Example:
            >>> model = MADE(3, hidden_dims=(4,), seed=0)
            >>> model.sample(2, noise=torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]))
            tensor([[1., 0., 1.],
                    [0., 1., 0.]])
        """
        n_samples = check_count("n_samples", n_samples)
        check_choice("method", method, SAMPLING_METHODS)
        weight = self.net[0].weight
        if noise is not None:
            _check_noise(noise, (n_samples, self.input_dim), generator)
            noise = noise.to(weight.device)
        samples = weight.new_empty(n_samples, self.input_dim, device=device)
        with torch.autocast(weight.device.type, enabled=False):
            for start in range(0, n_samples, SAMPLES_AT_ONCE):
                part = samples[start : start + SAMPLES_AT_ONCE]
                if noise is None:
                    u = torch.rand(
                        part.shape, generator=generator, dtype=weight.dtype, device=weight.device
                    )
                else:
                    u = noise[start : start + SAMPLES_AT_ONCE]
                part.copy_(self._sample_rows(u, method))
        return samples

    @torch.inference_mode()  # a fifth faster than no_grad; what leaves is a copy outside of it
    def _sample_rows(self, noise: Tensor, method: str) -> Tensor:
        if method == "naive":
            with evaluation_mode(self):
                return sample_naive(self.forward, self.order, noise, self.head)
        return sample_incremental(
            [layer.masked_weight() for layer in self.net],
            [layer.bias for layer in self.net],
            self.degrees,
            self.act.forward,
            noise,
            self.head,
            None if self.direct is None else self.direct.masked_weight(),
        )


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Switch dropout and the like off inside a ``with``, and leave every module as it was.

    Example:
        >>> model = MADE(3, dropout=0.5)
        >>> with evaluation_mode(model):
        ...     print(model.training)
        False
        >>> model.training
        True
    """
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


def _is_transformed() -> bool:
    """Whether torch.compile or torch.func is tracing: no check may then depend on values.

    PyTorch has no public way to ask the latter; a test fails if this one goes.
    """
    return torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()


def _require_same_masks(mask: Tensor, version: int, _grad: Tensor) -> None:
    if mask._version != version:
        raise RuntimeError(
            "the masks were resampled between forward and backward, so these gradients belong to "
            "another network: call resample_masks() after the optimizer's step, before the next "
            "forward pass"
        )


def _install_masks(model: MADE, _incompatible_keys: object = None) -> None:
    """Set every layer's mask from the model's degrees; also runs after ``load_state_dict``."""
    degrees = model.degrees
    for layer, mask in zip(model.net, build_masks(degrees), strict=True):
        layer.set_mask(mask)
    if model.direct is not None:
        model.direct.set_mask(direct_mask(degrees[0]))


def _check_degrees(model: MADE, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    """Refuse a state dict whose orders or degrees make no masks, before anything is copied."""
    for order in state.get(f"{prefix}orders", ()):
        check_ordering(order.cpu().long() - 1, model.input_dim)
    degrees = state.get(f"{prefix}hidden_degrees")
    top = max(model.input_dim - 1, 1)
    if degrees is not None and not bool(((degrees >= 1) & (degrees <= top)).all()):
        raise ValueError(f"hidden degrees in a state dict must lie in 1..{top}")


def _check_widths(hidden_dims: Sequence[int]) -> list[int]:
    if isinstance(hidden_dims, str) or not isinstance(hidden_dims, Sequence):
        raise TypeError(
            f"hidden_dims must be a tuple of whole numbers such as (512, 512), got {hidden_dims!r}"
        )
    return [check_count("each of hidden_dims", width) for width in hidden_dims]


def _check_head(head: Bernoulli | None) -> Bernoulli:
    if head is None:
        return Bernoulli()
    if not isinstance(head, Bernoulli):
        raise NotImplementedError(f"only head=Bernoulli() is available yet, got {head!r}")
    return head


def _check_noise(noise: Tensor, shape: tuple[int, int], generator: Generator | None) -> None:
    if generator is not None:
        raise ValueError("give either noise or a generator of noise, not both")
    if not isinstance(noise, Tensor):
        raise TypeError(f"noise must be a torch.Tensor, got {type(noise).__name__}")
    if noise.shape != shape:
        raise ValueError(
            f"noise must have shape (n_samples, input_dim) = {shape}, got {tuple(noise.shape)}"
        )
    if not bool(((noise >= 0) & (noise <= 1)).all()):
        raise ValueError("noise must lie between 0 and 1: draw it with torch.rand")
